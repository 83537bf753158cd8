package authtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	phone = "+86 13800000000"
	email = "a@b.cn"

	password = "passw0rd"
)

// object is a JSON object in a request or an answer.
type object map[string]any

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

// device is the x-device-id of every call that names no other.
const device = "device-0123456789"

// send makes one request and returns the status and the whole body, or the transport's error. headers are names and
// values in turn.
func send(ctx context.Context, srv *authtest.Server, method, path, bearer string, body []byte, headers ...string) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, srv.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("X-Device-Id", device)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	setHeaders(r, headers)
	resp, err := srv.Client().Do(r)
	if err != nil {
		return 0, nil, err
	}
	raw, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	return resp.StatusCode, raw, err
}

// setHeaders sets headers given as names and values in turn.
func setHeaders(r *http.Request, headers []string) {
	var name string
	for i, text := range headers {
		switch {
		case i%2 == 0:
			name = text
		case name == "Host":
			r.Host = text
		default:
			r.Header.Set(name, text)
		}
	}
}

// try calls an operation and returns its status and its answer, or the transport's or the decoder's error. The operation
// may begin with its method and a space; without one, it is GET if in is nil, and else POST.
func try(t *testing.T, srv *authtest.Server, operation, bearer string, in object, headers ...string) (int, object, error) {
	t.Helper()
	method, body := http.MethodPost, []byte(nil)
	if in == nil {
		method = http.MethodGet
	}
	if given, rest, ok := strings.Cut(operation, " "); ok {
		method, operation = given, rest
	}
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		require.NoError(t, err)
	}
	path := "/auth/v1/" + operation
	if strings.HasPrefix(operation, "v2/") {
		path = "/auth/" + operation
	}
	status, raw, err := send(t.Context(), srv, method, path, bearer, body, headers...)
	if err != nil {
		return 0, nil, err
	}
	var out object
	return status, out, json.Unmarshal(raw, &out)
}

// ok calls an operation that must succeed; in == nil is a GET.
func ok(t *testing.T, srv *authtest.Server, operation, bearer string, in object, headers ...string) object {
	t.Helper()
	status, out, err := try(t, srv, operation, bearer, in, headers...)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "%s: %v", operation, out)
	require.NotContains(t, out, "error")
	return out
}

// refused calls an operation that must be refused, and returns the error's text.
func refused(t *testing.T, srv *authtest.Server, operation, bearer string, in object, status int, word string, number int, headers ...string) string {
	t.Helper()
	got, out, err := try(t, srv, operation, bearer, in, headers...)
	require.NoError(t, err)
	require.Equal(t, status, got, "%s: %v", operation, out)
	require.Equal(t, word, out["error"])
	if number == 0 {
		require.NotContains(t, out, "error_code")
	} else {
		require.EqualValues(t, number, out["error_code"])
	}
	require.NotEmpty(t, out.text("error_description"))
	return out.text("error_description")
}

// signIn signs in by password.
func signIn(t *testing.T, srv *authtest.Server, username string) object {
	t.Helper()
	return ok(t, srv, "signin", "", object{"username": username, "password": password})
}

// prove goes through verification and verification/verify and returns the verification_token.
func prove(t *testing.T, srv *authtest.Server, to string) string {
	t.Helper()
	id := ok(t, srv, "verification", "", object{field(to): to}).text("verification_id")
	code, err := srv.WaitCode(t.Context(), to)
	require.NoError(t, err)
	out := ok(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": code})
	return out.text("verification_token")
}

// signUp makes an account and returns its session.
func signUp(t *testing.T, srv *authtest.Server, to string) object {
	t.Helper()
	return ok(t, srv, "signup", "", object{field(to): to, "verification_token": prove(t, srv, to)})
}

func field(to string) string {
	if strings.Contains(to, "@") {
		return "email"
	}
	return "phone_number"
}

func refresh(token string) object {
	return object{"grant_type": "refresh_token", "refresh_token": token}
}

// fakeT is a testing.TB that keeps what is reported to it. Its Fatalf returns.
type fakeT struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (f *fakeT) Helper()                        {}
func (f *fakeT) Errorf(format string, _ ...any) { f.errors = append(f.errors, format) }
func (f *fakeT) Fatalf(format string, _ ...any) { f.errors = append(f.errors, format) }
func (f *fakeT) Cleanup(run func())             { f.cleanups = append(f.cleanups, run) }
func (f *fakeT) finish() (errors []string) {
	for _, run := range f.cleanups {
		run()
	}
	return f.errors
}

// assertIs is assert.Equal for numbers out of JSON.
func assertIs(t *testing.T, want int, got any) {
	t.Helper()
	assert.EqualValues(t, want, got)
}
