package testbed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Reader is somebody who reads captchas. As the transport it keeps which picture has which token, so that the emulator
// can say what stands in a picture; as the solver it knows the picture alone, like a person.
type Reader struct {
	srv *authtest.Server
	Say func() (string, error) // what is answered; nil: what is right

	mu     sync.Mutex
	tokens map[string]string // by picture
	Seen   []tcbauth.Captcha
}

// NewReader returns a reader of the captchas of srv.
func NewReader(srv *authtest.Server) *Reader {
	return &Reader{srv: srv, tokens: make(map[string]string)}
}

// App is a client whose captchas r solves.
func (r *Reader) App(t testing.TB, opts ...tcbauth.Option) *tcbauth.App {
	t.Helper()
	return NewApp(t, r.srv, append(opts, tcbauth.WithHTTPClient(HTTPClient(r)), tcbauth.WithCaptchaSolver(r.Solve))...)
}

// RoundTrip implements http.RoundTripper.
func (r *Reader) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.srv.Client().Transport.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/captcha/data") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var shown struct{ Data, Token string }
	if err := json.Unmarshal(body, &shown); err != nil {
		return nil, err
	}
	_, encoded, _ := strings.Cut(shown.Data, ";base64,")
	picture, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens[string(picture)] = shown.Token
	return resp, nil
}

// Solve is a tcbauth.CaptchaSolver.
func (r *Reader) Solve(_ context.Context, c tcbauth.Captcha) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Seen = append(r.Seen, c)
	if r.Say != nil {
		return r.Say()
	}
	return r.srv.CaptchaAnswer(r.tokens[string(c.Image)]), nil
}

// Solved is how many captchas it was shown.
func (r *Reader) Solved() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.Seen)
}

// Token is the token of a picture.
func (r *Reader) Token(picture []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tokens[string(picture)]
}
