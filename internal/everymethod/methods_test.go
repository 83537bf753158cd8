package everymethod_test

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
	"github.com/cloudbase-community/tcbauth/internal/testbed"
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
	for name := range testbed.MethodRows {
		method, _, _ := strings.Cut(name, "/")
		rows[method] = true
	}
	assert.Equal(t, slices.Sorted(slices.Values(contextMethods())), slices.Sorted(maps.Keys(rows)), "each method needs a row of testbed.MethodRows")
}

// forEachMethod runs test in a bubble for each row that want accepts.
func forEachMethod(t *testing.T, want func(testbed.MethodRow) bool, test func(t *testing.T, name string, row testbed.MethodRow)) {
	t.Helper()
	for name, row := range testbed.MethodRows {
		if want != nil && !want(row) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, name, row) })
		})
	}
}

func TestMethodsSucceed(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
		_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t), row.Opts...).Auth(), name, row)
		require.NoError(t, err)
		if row.Local {
			assert.Empty(t, p.Requests())
		} else {
			assert.GreaterOrEqual(t, len(p.Requests()), row.Needed())
		}
		for _, r := range p.Requests() {
			assert.Equal(t, testbed.MethodHost, r.URL.Host)
			assert.Equal(t, r.Header.Get("Content-Type") != "", r.Text != "", "what is announced is sent")
		}
	})
}

func TestMethodsUnderDoneContext(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
		auth := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, row.Opts...).Auth()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := testbed.CallMethod(ctx, auth, name, row)
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, testbed.ErrorOf(t, err).StatusCode)
		assert.Empty(t, p.Requests())
	})
}

// A visitor's handle without a key must not act for anybody, least of all with the default session.
func TestMethodsWithoutUserKey(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
		_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, row.Opts...).ForUser(""), name, row)
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		var invalid *tcbauth.ValidationError
		require.ErrorAs(t, err, &invalid)
		assert.Equal(t, "key", invalid.Field)
		testbed.RequireError(t, err)
		assert.Empty(t, p.Requests())
	})
}

// methodFault is what can become of a request on its way.
type methodFault struct {
	reply    func() testbed.Answer
	status   int
	is       error
	repeated bool // if it is harmless to
}

var hugeAnswer = `{"access_token":"` + strings.Repeat("x", 2<<20) + `","expires_in":7200}`

var methodFaults = map[string]methodFault{
	"500 HTML":       {func() testbed.Answer { return testbed.HTML(500) }, 500, tcbauth.ErrInvalidResponse, false},
	"captive portal": {func() testbed.Answer { return testbed.HTML(200) }, 200, tcbauth.ErrInvalidResponse, false},
	"cut JSON": {func() testbed.Answer {
		return testbed.Reply(200, testbed.GoodAnswer[:len(testbed.GoodAnswer)/2])
	}, 200, tcbauth.ErrInvalidResponse, false},
	"cut body": {func() testbed.Answer {
		a := testbed.Reply(200, testbed.GoodAnswer[:len(testbed.GoodAnswer)/2])
		a.Length = int64(len(testbed.GoodAnswer))
		return a
	}, 200, tcbauth.ErrOutcomeUnknown, true},
	"2 MiB body": {func() testbed.Answer {
		return testbed.Reply(200, hugeAnswer)
	}, 200, tcbauth.ErrInvalidResponse, false},
	"redirect": {func() testbed.Answer {
		return testbed.Reply(307, testbed.Page, "Location", "https://elsewhere.example/auth")
	}, 307, tcbauth.ErrInvalidResponse, false},
	"lost reply": {func() testbed.Answer {
		return testbed.Lost(errors.New("connection reset by peer"))
	}, 0, tcbauth.ErrOutcomeUnknown, true},
}

func TestMethodsUnderFaults(t *testing.T) {
	t.Parallel()
	for name, row := range testbed.MethodRows {
		if row.Local {
			continue
		}
		for faultName, fault := range methodFaults {
			for step := range row.Needed() {
				t.Run(fmt.Sprintf("%s/%s/request %d", name, faultName, step), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { testMethodFault(t, name, row, fault, step) })
				})
			}
		}
	}
}

// testMethodFault lets every request from the step-th on meet fault.
func testMethodFault(t *testing.T, name string, row testbed.MethodRow, fault methodFault, step int) {
	p := &testbed.Peer{Answer: func(n int, _ testbed.Arrived) testbed.Answer {
		if n < step {
			return row.Good()
		}
		return fault.reply()
	}}
	auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), row.Opts...).Auth()
	result, err := testbed.CallMethod(t.Context(), auth, name, row)
	e := testbed.ErrorOf(t, err)
	if !row.Partial {
		assert.Nil(t, result)
	}
	if row.Polls { // none of these is an answer of the service
		require.ErrorIs(t, err, tcbauth.CodeExpiredToken)
		return
	}
	assert.Equal(t, fault.status, e.StatusCode)
	require.ErrorIs(t, err, fault.is)
	if errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		assert.ErrorIs(t, err, tcbauth.CodeUnreachable)
	}
	got := p.Requests()
	require.Greater(t, len(got), step)
	want := step + 1
	if fault.repeated && repeatable(got[step]) {
		want = step + 3
	}
	assert.Len(t, got, want, "requests")
	for _, r := range got {
		assert.Equal(t, testbed.MethodHost, r.URL.Host, "nothing goes to another host")
	}
	for _, r := range got[step:] {
		assert.Equal(t, got[step].Header.Get("X-Request-Id"), r.Header.Get("X-Request-Id"))
	}
	assert.Equal(t, got[step].Header.Get("X-Request-Id"), e.RequestID)
	if errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		want := tcbauth.ErrOutcomeUnknown
		if repeatable(got[step]) || e.Op == "RefreshSession" { // there is nothing to look for first
			want = tcbauth.CodeUnreachable
		}
		assert.Equal(t, tcbauth.UserMessage(want, "en"), tcbauth.UserMessage(err, "en"), got[step].URL.Path)
		assert.Equal(t, http.StatusBadGateway, tcbauth.HTTPStatus(err))
	}
}

// repeatable is which requests have the same effect twice.
func repeatable(r testbed.Arrived) bool {
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
	signsIn := func(row testbed.MethodRow) bool { return row.Sends() }
	forEachMethod(t, signsIn, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(n int, _ testbed.Arrived) testbed.Answer {
			if n < row.Needed() {
				return row.Good()
			}
			return testbed.HTML(500)
		}}
		store := testbed.SessionStore(t)
		result, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, store, row.Opts...).Auth(), name, row)
		require.NoError(t, err)
		state, ok := result.(*tcbauth.LoginState)
		if !ok || len(p.Requests()) == row.Needed() {
			return
		}
		testbed.RequireError(t, state.UserErr)
		assert.Equal(t, testbed.PlantedSub, state.User.Sub)
		assert.NotEmpty(t, state.Credentials.AccessToken)
		data, err := store.Get(t.Context(), testbed.PeerKey)
		require.NoError(t, err)
		assert.Contains(t, string(data), state.Credentials.AccessToken)
	})
}
