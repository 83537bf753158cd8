package authtest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// exchange sends one refresh over a connection of its own and returns every byte that comes back until it is closed.
func exchange(t *testing.T, srv *authtest.Server, token string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(srv.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	body := `{"grant_type":"refresh_token","refresh_token":"` + token + `"}`
	_, err = fmt.Fprintf(conn, "POST /auth/v1/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	require.NoError(t, err)
	answer, err := io.ReadAll(bufio.NewReader(conn))
	require.NoError(t, err)
	return string(answer)
}

// What each kind of fault puts on the wire, byte by byte, and whether the refresh was carried out.
func TestFaultsOnTheWire(t *testing.T) {
	t.Parallel()
	whole := func(t *testing.T, answer, status, body string) {
		t.Helper()
		head, rest, ok := strings.Cut(answer, "\r\n\r\n")
		require.True(t, ok, answer)
		assert.True(t, strings.HasPrefix(head, "HTTP/1.1 "+status), head)
		assert.Contains(t, head, fmt.Sprintf("Content-Length: %d", len(rest)), "the answer is complete")
		assert.Contains(t, rest, body)
	}
	nothing := func(t *testing.T, answer string) { t.Helper(); assert.Empty(t, answer) }
	for name, test := range map[string]struct {
		fault   authtest.Fault
		check   func(t *testing.T, answer string)
		carried bool
	}{
		"none": {authtest.Fault{}, func(t *testing.T, answer string) { t.Helper(); whole(t, answer, "200 ", `"access_token":"`) }, true},
		"error": {
			authtest.Fault{Error: &authtest.Error{Code: "unavailable", Number: 14, Description: "later"}},
			func(t *testing.T, answer string) {
				t.Helper()
				whole(t, answer, "503 ", `{"error":"unavailable","error_code":14,"error_description":"later","code":"UNAVAILABLE"}`)
			}, false,
		},
		"delay":               {authtest.Fault{Delay: time.Millisecond}, func(t *testing.T, answer string) { t.Helper(); whole(t, answer, "200 ", `"access_token":"`) }, true},
		"close before commit": {authtest.Fault{Close: authtest.BeforeCommit}, nothing, false},
		"close after commit":  {authtest.Fault{Close: authtest.AfterCommit}, nothing, true},
		"cut body": {authtest.Fault{Body: authtest.CutBody}, func(t *testing.T, answer string) {
			t.Helper()
			head, rest, _ := strings.Cut(answer, "\r\n\r\n")
			assert.True(t, strings.HasPrefix(head, "HTTP/1.1 200 "), head)
			assert.NotEmpty(t, rest)
			assert.Contains(t, head, "Content-Length: ")
			assert.NotContains(t, head, fmt.Sprintf("Content-Length: %d\r\n", len(rest)))
			assert.NotContains(t, rest, "}")
		}, true},
		"bad JSON":    {authtest.Fault{Body: authtest.BadJSON}, func(t *testing.T, answer string) { t.Helper(); whole(t, answer, "200 ", `{"`) }, true},
		"page":        {authtest.Fault{Body: authtest.HTML}, func(t *testing.T, answer string) { t.Helper(); whole(t, answer, "502 ", "<html>") }, true},
		"page of 200": {authtest.Fault{Body: authtest.HTML, Status: 200}, func(t *testing.T, answer string) { t.Helper(); whole(t, answer, "200 ", "<html>") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := listen(t)
			token := signUp(t, srv, phone).text("refresh_token")
			if test.fault != (authtest.Fault{}) {
				test.fault.Operation, test.fault.Times = "token", 1
				injected := srv.Fault(test.fault)
				defer func() { assert.Equal(t, 1, injected.Fired()) }()
			}
			test.check(t, exchange(t, srv, token))
			status, _, err := try(t, srv, "token", "", refresh(token))
			require.NoError(t, err)
			want := 200
			if test.carried {
				want = 400 // the token was spent
			}
			assert.Equal(t, want, status)
		})
	}
}

func TestFaultEvery(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	down := &authtest.Error{Code: "unavailable", Number: 14, Description: "x"}
	third := srv.Fault(authtest.Fault{Operation: "certs", Every: 3, Times: 2, Error: down})
	var got []int
	for range 10 {
		status, _, err := try(t, srv, "certs", "", nil)
		require.NoError(t, err)
		got = append(got, status)
	}
	assert.Equal(t, []int{200, 200, 503, 200, 200, 503, 200, 200, 200, 200}, got)
	assert.Equal(t, 2, third.Fired())
}

// Calls that another fault hits count too.
func TestFaultEveryBesideAnother(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Fault(authtest.Fault{Operation: "certs", Times: 1, Error: &authtest.Error{Code: "aborted", Description: "x"}})
	srv.Fault(authtest.Fault{Operation: "certs", Every: 3, Error: &authtest.Error{Code: "unavailable", Description: "x"}})
	var got []int
	for range 7 {
		status, _, err := try(t, srv, "certs", "", nil)
		require.NoError(t, err)
		got = append(got, status)
	}
	assert.Equal(t, []int{409, 200, 503, 200, 200, 503, 200}, got)
}

// A fault for one address leaves everybody else alone, through every operation that is about that person.
func TestFaultTo(t *testing.T) {
	t.Parallel()
	const other = "+86 13900000000"
	srv := authtest.NewServer(t, authtest.Relaxed(), authtest.WithoutLimits())
	mine, theirs := signUp(t, srv, phone), signUp(t, srv, other)
	mail := signUp(t, srv, email)
	down := &authtest.Error{Code: "unavailable", Number: 14, Description: "x"}
	for _, operation := range []string{"verification", "signin", "token", "user/me", "revoke", "checkIfUserExist"} {
		srv.Fault(authtest.Fault{Operation: operation, To: "138-0000-0000", Error: down})
	}
	srv.Fault(authtest.Fault{Operation: "user/profile", To: strings.ToUpper(email), Error: down})

	refused(t, srv, "verification", "", object{"phone_number": phone}, 503, "unavailable", 14)
	id := ok(t, srv, "verification", "", object{"phone_number": other})["verification_id"]
	code, err := srv.WaitCode(t.Context(), other)
	require.NoError(t, err)
	proof := ok(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": code})["verification_token"]
	ok(t, srv, "signin", "", object{"verification_token": proof})
	refused(t, srv, "signin", "", object{"username": phone, "password": "x"}, 503, "unavailable", 14)
	refused(t, srv, "token", "", refresh(mine.text("refresh_token")), 503, "unavailable", 14)
	ok(t, srv, "token", "", refresh(theirs.text("refresh_token")))
	refused(t, srv, "user/me", mine.text("access_token"), nil, 503, "unavailable", 14)
	ok(t, srv, "user/me", theirs.text("access_token"), nil)
	refused(t, srv, "revoke", "", object{"token": mine["access_token"]}, 503, "unavailable", 14)
	refused(t, srv, "checkIfUserExist?username=%2B86+13800000000", "", nil, 503, "unavailable", 14)
	refused(t, srv, "PATCH user/profile", mail.text("access_token"), object{"name": "n"}, 503, "unavailable", 14)
	ok(t, srv, "PATCH user/profile", theirs.text("access_token"), object{"name": "n"})
	// What is sent to a number is about it, also where only the id says so.
	srv2 := authtest.NewServer(t)
	srv2.Fault(authtest.Fault{Operation: "verification/verify", To: phone, Error: down})
	srv2.Fault(authtest.Fault{Operation: "signin", To: email, Error: down})
	id = ok(t, srv2, "verification", "", object{"phone_number": phone})["verification_id"]
	refused(t, srv2, "verification/verify", "", object{"verification_id": id, "verification_code": "1"}, 503, "unavailable", 14)
	refused(t, srv2, "signin", "", object{"verification_token": prove(t, srv2, email)}, 503, "unavailable", 14)
	srv.Fault(authtest.Fault{Operation: "verification/verify", To: other, Times: 1, Error: down})
	id = ok(t, srv, "verification", "", object{"phone_number": other})["verification_id"]
	refused(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": "1"}, 503, "unavailable", 14)
}
