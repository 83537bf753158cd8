package emulator

// Config says what to run. The zero value is the environment "authtest" on the usual port.
type Config struct {
	Addr    string   // host and port; "" is 127.0.0.1 and port 9190, or the next one that is free
	Envs    []string // the ids of the environments, each on a port of its own; none is "authtest"
	Relaxed bool     // the mild rules of authtest.Relaxed; those of Seed stand
	Seed    string   // a file for authtest.WithSeed; "" is none
	URLFile string   // a file for the URLs, one a line, while the environments are there; "" is none
	Log     string   // a file to which the requests are appended as lines of JSON; "" is none
	Open    bool     // other machines may reach Addr
	Import  string   // a file that Export has written, which replaces what was answered before it is loaded; "" is none
	Export  string   // a file for the state at the end, with the keys; "" is none
	State   string   // a file for both, which need not be there at first; "" is none
	Watch   bool     // read Seed again whenever it changes
	Public  string   // the base URL by which clients reach it, if not by Addr; "" is Addr's
	TLS     string   // a file for the certificate of an authority that is made at the start and certifies the server; "" is no TLS
	TLSHost []string // more names by which TLS's certificate is good
	TLSCert string   // a file with a certificate in PEM, in place of a made one
	TLSKey  string   // and with its key
	Control string   // the token that opens the control API to other machines; "" is none
	Command []string // to be run with TCB_ENV and TCB_BASE_URL, which name the first environment; none waits for ctx
}
