package testbed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Emulator starts a server in memory, inside a bubble of synctest, with both people on it.
func Emulator(t testing.TB, opts ...authtest.Option) *authtest.Server {
	t.Helper()
	srv := authtest.NewServer(t, append(opts, authtest.WithOnRequest(drove))...)
	srv.Seed(
		authtest.User{Sub: GopherSub, Username: Gopher, Phone: GopherPhone, Password: Password, Groups: []string{"staff"}},
		authtest.User{Sub: BadgerSub, Username: Badger, Phone: BadgerPhone, Password: Password},
	)
	return srv
}

// NewApp returns a client of srv, which goes by the server's clock.
func NewApp(t testing.TB, srv *authtest.Server, opts ...tcbauth.Option) *tcbauth.App {
	t.Helper()
	app, err := tcbauth.NewApp(srv.Env, append([]tcbauth.Option{
		tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithClock(srv.Now),
	}, opts...)...)
	require.NoError(t, err)
	return app
}

// Slow makes the next n calls of an operation take a second.
func Slow(srv *authtest.Server, operation string, n int) {
	srv.Fault(authtest.Fault{Operation: operation, Times: n, Delay: time.Second})
}

// RefuseBearers has the next n calls of user/me refused, as with a token that the server does not know any more.
func RefuseBearers(srv *authtest.Server, n int, delay time.Duration) {
	srv.Fault(authtest.Fault{
		Operation: "user/me", Times: n, Delay: delay, Error: &authtest.Error{Code: "unauthenticated", Number: 16},
	})
}

// DeviceIDs returns the device ids of all requests so far, each once.
func DeviceIDs(srv *authtest.Server) (ids []string) {
	seen := make(map[string]bool)
	for _, r := range srv.Requests() {
		if id := r.Header.Get("X-Device-Id"); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// MailingEmulator starts a server with both people on it, of whom Gopher has a mail address too.
func MailingEmulator(t testing.TB, opts ...authtest.Option) *authtest.Server {
	t.Helper()
	srv := Emulator(t, opts...)
	srv.Seed(authtest.User{Sub: GopherSub, Username: Gopher, Phone: GopherPhone, Email: GopherEmail, Password: Password})
	return srv
}
