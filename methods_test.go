package tcbauth_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// contextMethods are the names of the methods of Auth that take a context.
func contextMethods() []string {
	var names []string
	auth := reflect.TypeFor[*tcbauth.Auth]()
	for i := range auth.NumMethod() {
		if m := auth.Method(i); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			names = append(names, m.Name)
		}
	}
	return names
}

func TestMethodRows(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for name := range methodRows {
		method, _, _ := strings.Cut(name, "/")
		rows[method] = true
	}
	assert.Equal(t, slices.Sorted(slices.Values(contextMethods())), slices.Sorted(maps.Keys(rows)), "each method needs a row of methodRows")
}

// forEachMethod runs test in a bubble for each row that want accepts.
func forEachMethod(t *testing.T, want func(methodRow) bool, test func(t *testing.T, name string, row methodRow)) {
	t.Helper()
	for name, row := range methodRows {
		if want != nil && !want(row) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, name, row) })
		})
	}
}

func (r methodRow) sends() bool { return !r.local }

func (r methodRow) needed() int { return max(r.steps, 1) }

func (r methodRow) good() answer {
	if r.answer != "" {
		return reply(http.StatusOK, r.answer)
	}
	return reply(http.StatusOK, goodAnswer)
}

// callMethod calls the method of a row. The result is nil where there is none.
func callMethod(ctx context.Context, a *tcbauth.Auth, name string, row methodRow) (result any, err error) {
	method, _, _ := strings.Cut(name, "/")
	args := []reflect.Value{reflect.ValueOf(ctx)}
	if row.req != nil {
		args = append(args, reflect.ValueOf(row.req))
	}
	out := reflect.ValueOf(a).MethodByName(method).Call(args)
	err, _ = out[len(out)-1].Interface().(error)
	if len(out) > 1 && !out[0].IsZero() {
		result = out[0].Interface()
	}
	return result, err
}

func TestMethodsSucceed(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		_, err := callMethod(t.Context(), newPeerApp(t, p, sessionStore(t), row.opts...).Auth(), name, row)
		require.NoError(t, err)
		if row.local {
			assert.Empty(t, p.requests())
		} else {
			assert.GreaterOrEqual(t, len(p.requests()), row.needed())
		}
		for _, r := range p.requests() {
			assert.Equal(t, methodHost, r.URL.Host)
			assert.Equal(t, r.Header.Get("Content-Type") != "", r.body != "", "what is announced is sent")
		}
	})
}

func TestMethodsUnderDoneContext(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		auth := newPeerApp(t, p, untouchable{t}, row.opts...).Auth()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := callMethod(ctx, auth, name, row)
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, errorOf(t, err).StatusCode)
		assert.Empty(t, p.requests())
	})
}

// A visitor's handle without a key must not act for anybody, least of all with the default session.
func TestMethodsWithoutUserKey(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		_, err := callMethod(t.Context(), newPeerApp(t, p, untouchable{t}, row.opts...).ForUser(""), name, row)
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		var invalid *tcbauth.ValidationError
		require.ErrorAs(t, err, &invalid)
		assert.Equal(t, "key", invalid.Field)
		requireError(t, err)
		assert.Empty(t, p.requests())
	})
}

// methodFault is what can become of a request on its way.
type methodFault struct {
	reply    func() answer
	status   int
	is       error
	repeated bool // if it is harmless to
}

const page = "<!DOCTYPE html><html><body>Please sign in to the network</body></html>"

// html answers with page.
func html(status int) answer { return reply(status, page, "Content-Type", "text/html") }

var hugeAnswer = `{"access_token":"` + strings.Repeat("x", 2<<20) + `","expires_in":7200}`

var methodFaults = map[string]methodFault{
	"500 HTML":       {func() answer { return html(500) }, 500, tcbauth.ErrInvalidResponse, false},
	"captive portal": {func() answer { return html(200) }, 200, tcbauth.ErrInvalidResponse, false},
	"cut JSON": {func() answer {
		return reply(200, goodAnswer[:len(goodAnswer)/2])
	}, 200, tcbauth.ErrInvalidResponse, false},
	"cut body": {func() answer {
		a := reply(200, goodAnswer[:len(goodAnswer)/2])
		a.length = int64(len(goodAnswer))
		return a
	}, 200, tcbauth.ErrOutcomeUnknown, true},
	"2 MiB body": {func() answer {
		return reply(200, hugeAnswer)
	}, 200, tcbauth.ErrInvalidResponse, false},
	"redirect": {func() answer {
		return reply(307, page, "Location", "https://elsewhere.example/auth")
	}, 307, tcbauth.ErrInvalidResponse, false},
	"lost reply": {func() answer {
		return lost(errors.New("connection reset by peer"))
	}, 0, tcbauth.ErrOutcomeUnknown, true},
}

func TestMethodsUnderFaults(t *testing.T) {
	t.Parallel()
	for name, row := range methodRows {
		if row.local {
			continue
		}
		for faultName, fault := range methodFaults {
			for step := range row.needed() {
				t.Run(fmt.Sprintf("%s/%s/request %d", name, faultName, step), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { testMethodFault(t, name, row, fault, step) })
				})
			}
		}
	}
}

// testMethodFault lets every request from the step-th on meet fault.
func testMethodFault(t *testing.T, name string, row methodRow, fault methodFault, step int) {
	p := &peer{answer: func(n int, _ arrived) answer {
		if n < step {
			return row.good()
		}
		return fault.reply()
	}}
	auth := newPeerApp(t, p, sessionStore(t), row.opts...).Auth()
	result, err := callMethod(t.Context(), auth, name, row)
	e := errorOf(t, err)
	if !row.partial {
		assert.Nil(t, result)
	}
	if row.polls && errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		require.ErrorIs(t, err, tcbauth.CodeExpiredToken)
		return
	}
	assert.Equal(t, fault.status, e.StatusCode)
	require.ErrorIs(t, err, fault.is)
	if errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		assert.ErrorIs(t, err, tcbauth.CodeUnreachable)
	}
	got := p.requests()
	require.Greater(t, len(got), step)
	want := step + 1
	if fault.repeated && repeatable(got[step]) {
		want = step + 3
	}
	assert.Len(t, got, want, "requests")
	for _, r := range got {
		assert.Equal(t, methodHost, r.URL.Host, "nothing goes to another host")
	}
	for _, r := range got[step:] {
		assert.Equal(t, got[step].Header.Get("X-Request-Id"), r.Header.Get("X-Request-Id"))
	}
	assert.Equal(t, got[step].Header.Get("X-Request-Id"), e.RequestID)
}

// repeatable is which requests have the same effect twice.
func repeatable(r arrived) bool {
	switch r.Method {
	case http.MethodGet:
		return true
	case http.MethodDelete:
		return !strings.HasSuffix(r.URL.Path, "/user/me")
	}
	return strings.HasSuffix(r.URL.Path, "/revoke")
}

// What fails after the session is stored does not make the sign-in fail: the person would try again, with a code that
// is used up.
func TestMethodsSignInWithoutUser(t *testing.T) {
	t.Parallel()
	signsIn := func(row methodRow) bool { return row.sends() }
	forEachMethod(t, signsIn, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(n int, _ arrived) answer {
			if n < row.needed() {
				return row.good()
			}
			return html(500)
		}}
		store := sessionStore(t)
		result, err := callMethod(t.Context(), newPeerApp(t, p, store, row.opts...).Auth(), name, row)
		require.NoError(t, err)
		state, ok := result.(*tcbauth.LoginState)
		if !ok || len(p.requests()) == row.needed() {
			return
		}
		requireError(t, state.UserErr)
		assert.Equal(t, plantedSub, state.User.Sub)
		assert.NotEmpty(t, state.Credentials.AccessToken)
		data, err := store.Get(t.Context(), "credentials_"+methodEnv)
		require.NoError(t, err)
		assert.Contains(t, string(data), state.Credentials.AccessToken)
	})
}
