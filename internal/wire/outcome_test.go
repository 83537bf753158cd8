package wire_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// An answer that tells nothing leaves open what became of a call that costs. One that is an error of the auth service's
// does not, whatever its status.
func TestOutcome(t *testing.T) {
	t.Parallel()
	const page, gateway = "<html>Sign in to this WiFi</html>", `{"code":"SERVER_TIMEOUT","message":"later"}`
	const service = `{"error":"unavailable","error_code":14,"error_description":"later"}`
	type is struct{ invalid, unknown bool }
	tests := map[string]struct {
		answer       said
		costs, other is // a call that costs, one that may be repeated
		code         string
	}{
		"page":                    {says(200, page), is{true, true}, is{true, false}, ""},
		"page, 201":               {says(201, page), is{true, true}, is{true, false}, ""},
		"broken JSON":             {says(200, `{"a":"b"`), is{true, true}, is{true, false}, ""},
		"two values":              {says(200, `{"a":"b"}{}`), is{true, true}, is{true, false}, ""},
		"null":                    {says(200, "null"), is{true, true}, is{true, false}, ""},
		"list":                    {says(200, "[]"), is{true, true}, is{true, false}, ""},
		"empty":                   {says(200, ""), is{true, true}, is{true, false}, ""},
		"no content":              {says(204, ""), is{true, true}, is{true, false}, ""},
		"too large":               {says(200, strings.Repeat(" ", 2<<20)), is{true, true}, is{true, false}, ""},
		"too large, announced":    {said{status: 200, body: "{}", length: 2 << 20}, is{true, true}, is{true, false}, ""},
		"cut":                     {said{status: 200, body: `{"a":`, length: 100}, is{true, true}, is{false, true}, "unreachable"},
		"cut error":               {said{status: 500, body: `{"a":`, length: 100}, is{false, true}, is{false, true}, "unreachable"},
		"error that is too large": {says(500, strings.Repeat(" ", 2<<20)), is{true, false}, is{true, false}, ""},
		"502 that is too large":   {says(502, strings.Repeat(" ", 2<<20)), is{true, true}, is{true, false}, ""},
		"error page":              {says(500, page), is{true, false}, is{true, false}, ""},
		"redirect":                {says(307, ""), is{true, false}, is{true, false}, ""},
		"502 page":                {says(502, page), is{false, true}, is{false, true}, "unreachable"},
		"504 without a body":      {says(504, ""), is{false, true}, is{false, true}, "unreachable"},
		"502 of the gateway":      {says(502, gateway), is{false, true}, is{}, "server_timeout"},
		"504 of the gateway":      {says(504, gateway), is{false, true}, is{}, "server_timeout"},
		"504, a number":           {says(504, `{"code":13,"message":"later"}`), is{false, true}, is{}, "internal"},
		"503 of the gateway":      {says(503, gateway), is{false, true}, is{}, "server_timeout"},
		"400 of the gateway":      {says(400, gateway), is{false, true}, is{}, "server_timeout"},
		"200 of the gateway":      {says(200, gateway), is{false, true}, is{}, "server_timeout"},
		"503, system error":       {says(503, `{"code":"SYS_ERR"}`), is{}, is{}, "sys_err"},
		"deadline of the service": {says(500, `{"error":"deadline_exceeded"}`), is{false, true}, is{}, "deadline_exceeded"},
		"502 of the service":      {says(502, service), is{}, is{}, "unavailable"},
		"504 of the service":      {says(504, service), is{}, is{}, "unavailable"},
		"504, a service's number": {says(504, `{"error_code":14}`), is{}, is{}, "unavailable"},
		"504, a number for code":  {says(504, `{"error":14}`), is{}, is{}, "unavailable"},
		"504 in both forms":       {says(504, `{"error":"unavailable","code":"SERVER_TIMEOUT"}`), is{}, is{}, "unavailable"},
		"200 of the service":      {says(200, service), is{}, is{}, "unavailable"},
	}
	for name, tt := range tests {
		for _, repeatable := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, repeatable), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					req, want := post, tt.costs
					if req.Repeatable = repeatable; repeatable {
						want = tt.other
					}
					_, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{tt.answer}}), new(req))
					f := failure(t, err)
					assert.Equal(t, want.invalid, errors.Is(f, wire.ErrInvalidResponse), "ErrInvalidResponse: %v", f.Err)
					assert.Equal(t, want.unknown, errors.Is(f, wire.ErrOutcomeUnknown), "ErrOutcomeUnknown: %v", f.Err)
					assert.Equal(t, tt.code, f.Code)
					assert.Equal(t, tt.answer.status, f.StatusCode)
				})
			})
		}
	}
}

// An answer without a field that a call needs says as little as a page.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	f := post.Incomplete("access_token")
	require.ErrorIs(t, f, wire.ErrInvalidResponse)
	require.ErrorIs(t, f, wire.ErrOutcomeUnknown)
	assert.Contains(t, f.Err.Error(), "no access_token")
	assert.Equal(t, []any{"Op", http.MethodPost, "/auth/v1/verification", 200, "id"}, []any{f.Op, f.Method, f.Path, f.StatusCode, f.RequestID})
	require.NotErrorIs(t, get.Incomplete("sub"), wire.ErrOutcomeUnknown)
}

// A failure names the request that failed, however it came about.
func TestFailureNamesItsRequest(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]said{
		"answer": says(400, `{"error":"internal"}`), "page": says(200, "x"), "lost": fails(errors.New("reset")),
		"dial": fails(&net.OpError{Op: "dial", Err: errors.New("refused")}), "cut": {status: 200, body: "{", length: 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				req := post
				req.Op = "RefreshSession"
				_, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{answer}}), new(req))
				f := failure(t, err)
				assert.Equal(t, []string{"RefreshSession", "POST", "/auth/v1/verification", "id"}, []string{f.Op, f.Method, f.Path, f.RequestID})
			})
		})
	}
}
