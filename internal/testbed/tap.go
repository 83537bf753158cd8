package testbed

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Tap is a transport that a test can listen to and cut.
type Tap struct {
	Answered func(path string) // called when the whole answer is there

	base http.RoundTripper

	mu       sync.Mutex
	unplug   bool
	requests []tapped
}

type tapped struct{ path, authorization string }

// NewTap returns a way to srv that is open.
func NewTap(srv *authtest.Server) *Tap { return &Tap{base: srv.Client().Transport} }

// Client is the option that has a client use t.
func (t *Tap) Client() tcbauth.Option { return tcbauth.WithHTTPClient(HTTPClient(t)) }

// HTTPClient returns a client that sends by transport.
func HTTPClient(transport http.RoundTripper) *http.Client { return &http.Client{Transport: transport} }

// Unplugged cuts the way, or mends it.
func (t *Tap) Unplugged(yes bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unplug = yes
}

// Bearers returns the Authorization headers of the requests to a path so far.
func (t *Tap) Bearers(path string) (all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.requests {
		if r.path == path {
			all = append(all, r.authorization)
		}
	}
	return all
}

// RoundTrip sends r on, unless the way is cut.
func (t *Tap) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	t.requests = append(t.requests, tapped{r.URL.Path, r.Header.Get("Authorization")})
	unplug := t.unplug
	t.mu.Unlock()
	if unplug {
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	}
	resp, err := t.base.RoundTrip(r)
	if err != nil || t.Answered == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	t.Answered(r.URL.Path)
	return resp, nil
}
