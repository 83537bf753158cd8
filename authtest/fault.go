package authtest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Fault is something that shall go wrong with calls of one operation. It has a Delay, or one of Error, Close and Body,
// or a Delay and one of them.
type Fault struct {
	Operation string        // such as "token"; see the package comment
	Times     int           // how many calls it hits at most, from the next one on; 0 is every call until Lift or Reset
	Every     int           // hit the call of this number and its multiples: with 3 the third call, the sixth, ...; 0 is 1
	To        string        // hit only calls about this phone number or e-mail address; "" is all
	Delay     time.Duration // wait before anything is done; ends early, without an answer, when the caller gives up or the server closes
	Error     *Error        // answer this; nothing is done
	Close     Close         // close the connection instead of answering
	Body      Damage        // spoil the answer; what was asked for is done
	Status    int           // HTTP status of an HTML page; 0 is 502, as of a proxy
}

// Close says when a [Fault] closes the connection without an answer.
type Close int

// The moments of a Close. The zero value does not close.
const (
	BeforeCommit Close = iota + 1 // nothing was done
	AfterCommit                   // it was done, and the answer is lost
)

// Damage says how a [Fault] spoils an answer. The status and the Content-Type are those of the whole answer, but for HTML.
type Damage int

// The kinds of Damage. The zero value does none.
const (
	CutBody Damage = iota + 1 // the connection closes in the middle of the body, before its Content-Length is reached
	BadJSON                   // the body ends in the middle of its JSON, and the answer is complete as HTTP
	HTML                      // a page of HTML, as a proxy answers in the server's place
)

// Injected is a Fault in force.
type Injected struct {
	server *Server
	fault  Fault
	to     string // addressKey of fault.To
	met    int    // calls of its operation, about its address, since it is in force
	fired  int
	lifted bool
}

// Fired returns how many calls the fault has hit so far.
func (i *Injected) Fired() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.fired
}

// Lift ends the fault: it hits no call that comes from now on. To lift it again changes nothing.
func (i *Injected) Lift() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.lifted = true
}

// Fault puts a fault in force. A call is hit by one fault: the oldest for its operation that has it to hit. A call is about
// an address that its body or query has in the clear, that its code or verification_token was sent to, or that the account of its
// tokens has.
//
// A Fault that names an unknown operation or makes no sense fails the test, or panics if the server was made by
// Listen. A fault that never fired fails the test when the test ends; after Listen, ask Fired.
func (s *Server) Fault(f Fault) *Injected {
	s.helper()
	i, err := s.inject(f)
	if err != nil {
		s.fatalf("Fault: %v", err)
		return nil
	}
	return i
}

func (s *Server) inject(f Fault) (*Injected, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Error != nil {
		refusal := *f.Error
		f.Error = &refusal
	}
	i := &Injected{server: s, fault: f, to: addressKey(f.To)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.faults = append(s.state.faults, i)
	return i, nil
}

func (f Fault) check() error {
	effects := 0
	for _, has := range []bool{f.Error != nil, f.Close != 0, f.Body != 0} {
		if has {
			effects++
		}
	}
	switch {
	case !knownOperation(f.Operation):
		return fmt.Errorf("unknown operation %q", f.Operation)
	case f.Times < 0:
		return fmt.Errorf("negative Times: %d", f.Times)
	case f.Every < 0:
		return fmt.Errorf("negative Every: %d", f.Every)
	case f.To != "" && addressKey(f.To) == "":
		return errors.New("the address To is neither a phone number nor an e-mail address")
	case f.Delay < 0:
		return fmt.Errorf("negative Delay: %v", f.Delay)
	case f.Close < 0 || f.Close > AfterCommit:
		return fmt.Errorf("unknown Close: %d", f.Close)
	case f.Body < 0 || f.Body > HTML:
		return fmt.Errorf("unknown Body: %d", f.Body)
	case effects == 0 && f.Delay == 0:
		return errors.New("the fault has no effect")
	case effects > 1:
		return errors.New("more than one of Error, Close and Body")
	case f.Error != nil && f.Error.Word == "":
		return errors.New("Error has no Word")
	case f.Error != nil && !validStatus(f.Error.status()):
		return fmt.Errorf("Error has the status %d", f.Error.Status)
	case f.Status != 0 && f.Body != HTML:
		return errors.New("a Status without HTML")
	case f.Status != 0 && !validStatus(f.Status):
		return fmt.Errorf("the Status is %d", f.Status)
	}
	return nil
}

func validStatus(status int) bool { return status >= 200 && status <= 599 }

// takeFault returns the fault that hits this call of an operation, or the zero value. s.mu is held.
func (s *Server) takeFault(name string, c *call) Fault {
	var hit *Injected
	for _, i := range s.state.faults {
		if i.fault.Operation != name || i.to != "" && !s.isAbout(c, i.to) {
			continue
		}
		i.met++
		over := i.lifted || i.fault.Times > 0 && i.fired == i.fault.Times
		if hit == nil && !over && i.met%max(i.fault.Every, 1) == 0 {
			hit = i
		}
	}
	if hit == nil {
		return Fault{}
	}
	hit.fired++
	return hit.fault
}

// isAbout says whether a call is about the address with this key; see Fault. s.mu is held.
func (s *Server) isAbout(c *call, key string) bool {
	in, _ := c.fields("phone_number", "phone", "email", "username", "verification_id", "verification_token", "refresh_token",
		"token", "anonymous_token") // a malformed body names nobody
	query := c.request.URL.Query()
	for _, name := range []string{"phone_number", "phone", "email", "username"} {
		if addressKey(in[name]) == key || addressKey(query.Get(name)) == key {
			return true
		}
	}
	if v := s.state.verifications[in["verification_id"]]; v != nil && addressKey(v.to.String()) == key {
		return true
	}
	if p := s.state.proofs[in["verification_token"]]; p != nil && addressKey(p.to.String()) == key {
		return true
	}
	for _, token := range []string{c.token, in["refresh_token"], in["token"], in["anonymous_token"], query.Get("token")} {
		n := s.state.refresh[token]
		if held := s.state.access[token]; held != nil {
			n = held.session
		}
		if n != nil && (addressKey(n.user.Phone) == key || addressKey(n.user.Email) == key) {
			return true
		}
	}
	return false
}

// reportUnfired fails the test for every fault that has hit nothing.
func (s *Server) reportUnfired() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.state.faults {
		if i.fired == 0 {
			s.tb.Errorf("authtest: a Fault for %q never fired", i.fault.Operation)
		}
	}
}

// htmlPage is what a proxy says that has lost the server behind it.
const htmlPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n"

// send answers a call, spoiled as the fault says.
func (f Fault) send(w http.ResponseWriter, status int, body []byte) {
	half := body[:len(body)/2]
	switch f.Body {
	case HTML:
		writeBody(w, cmp.Or(f.Status, http.StatusBadGateway), "text/html", []byte(htmlPage), len(htmlPage))
	case BadJSON:
		writeBody(w, status, jsonType, half, len(half))
	case CutBody:
		writeBody(w, status, jsonType, half, len(body))
		_ = http.NewResponseController(w).Flush() // a caller who is gone is not the server's concern
		panic(http.ErrAbortHandler)
	default:
		writeBody(w, status, jsonType, body, len(body))
	}
}
