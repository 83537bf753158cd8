package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// said is one answer of a server, and what it is known to mean.
type said struct {
	name   string
	answer testbed.Answer
	facts  advice.Facts
}

// answersOf says what m means in each form that the server and what stands before it have.
func answersOf(m advice.Meaning) []said {
	status, text, known := m.Status, "x", m.Code
	if known == "" && status == 0 {
		known = "nobody_knows_it" // so that the text has to tell
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	if len(m.When.Text) > 0 {
		text = m.When.Text[0]
	}
	forms := []said{{
		"HTML", testbed.HTML(status), advice.Facts{Status: status},
	}}
	if known != "" {
		upper := strings.ToUpper(known)
		forms = append(forms,
			said{
				"auth", testbed.Reply(status, fmt.Sprintf(`{"error":%q,"error_code":%d,"error_description":%q,"code":%q}`, known, m.Number, text, upper)),
				advice.Facts{Code: known, Number: m.Number, Status: status, Description: text},
			},
			said{
				"gateway", testbed.Reply(status, fmt.Sprintf(`{"code":%q,"message":%q,"requestId":"r"}`, upper, text)),
				advice.Facts{Code: known, Status: status, Description: text, Gateway: true},
			},
		)
	}
	for i := range forms {
		forms[i].name = fmt.Sprintf("%s %d %s %s", known, status, text, forms[i].name)
	}
	return forms
}

const (
	mePath    = "/auth/v1/user/me"
	tokenPath = "/auth/v1/token" //nolint:gosec // where tokens come from, and none itself
	otherPath = "/v1/functions/f"
)

// server refuses the session's token with an answer, or every token, and refreshes or refuses that.
type server struct {
	refusal      testbed.Answer
	always       bool
	refuseTokens bool
}

func (s server) answer(_ int, r testbed.Arrived) testbed.Answer {
	switch {
	case r.URL.Path == tokenPath && s.refuseTokens:
		return s.refusal
	case r.URL.Path == tokenPath:
		return testbed.Reply(http.StatusOK, `{"access_token":"fresh","refresh_token":"next","expires_in":7200,"sub":"`+testbed.PlantedSub+`"}`)
	case s.always, !strings.HasSuffix(r.Header.Get("Authorization"), " fresh"):
		return s.refusal
	}
	return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.PlantedSub+`"}`)
}

// sent counts the requests to a path.
func sent(p *testbed.Peer, path string) (n int) {
	for _, r := range p.Requests() {
		if r.URL.Path == path {
			n++
		}
	}
	return n
}

// attempts is how often a call is tried that may be repeated and gets an answer with this status.
func attempts(status int) int {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 3
	}
	return 1
}

// TestMeanings makes real calls to a server that says each thing that it is known to say, in each form. What is refused is
// cured by one refresh and one repeat, what has ended ends the session, and everything else leaves it as it is.
func TestMeanings(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, m := range advice.All() {
		if !saidByServer(m) || len(m.When.Path) > 0 { // the latter are in TestMeaningsOfEndpoints
			continue
		}
		for _, s := range answersOf(m) {
			seen++
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { checkCall(t, s) })
				synctest.Test(t, func(t *testing.T) { checkEnd(t, s) })
				synctest.Test(t, func(t *testing.T) { checkRefresh(t, s) })
				synctest.Test(t, func(t *testing.T) { checkBare(t, s) })
				synctest.Test(t, func(t *testing.T) { checkTransport(t, s) })
			})
		}
	}
	assert.Greater(t, seen, 200)
}

func (s said) meaning(path string) advice.Meaning {
	f := s.facts
	f.Path = path
	return advice.Of(f)
}

// assertError: what the caller gets is what the table says.
func (s said) assertError(t *testing.T, err error, path string) {
	t.Helper()
	m, e := s.meaning(path), testbed.ErrorOf(t, err)
	assert.Equal(t, tcbauth.Category(m.Category), e.Category)
	assert.Equal(t, s.facts.Status, e.StatusCode)
	assert.NotEmpty(t, tcbauth.UserMessage(err, "zh-CN"))
	assert.GreaterOrEqual(t, tcbauth.HTTPStatus(err), 400)
	if e.Category == tcbauth.CategoryRateLimited {
		assert.Equal(t, m.Wait, e.RetryAfter)
		assert.Equal(t, http.StatusTooManyRequests, tcbauth.HTTPStatus(err))
	}
}

// checkCall: the session's token is refused once.
func checkCall(t *testing.T, s said) {
	t.Helper()
	p, store := &testbed.Peer{Answer: server{refusal: s.answer}.answer}, testbed.SessionStore(t)
	auth := testbed.NewPeerApp(t, p, store).Auth()
	_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	if s.meaning(mePath).Tokens&advice.RefusesAccess != 0 {
		require.NoError(t, err)
		assert.Equal(t, 2, sent(p, mePath))
		assert.Equal(t, 1, sent(p, tokenPath))
		assert.Equal(t, "fresh", testbed.Stored(t, store, testbed.PeerKey).AccessToken)
		return
	}
	s.assertError(t, err, mePath)
	assert.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
	assert.Equal(t, attempts(s.facts.Status), sent(p, mePath))
	assert.Zero(t, sent(p, tokenPath))
	assert.Equal(t, testbed.PlantedAccess, testbed.Stored(t, store, testbed.PeerKey).AccessToken)
}

// checkEnd: every token is refused. An error code of the server's ends the session; a bare status does not.
func checkEnd(t *testing.T, s said) {
	t.Helper()
	m := s.meaning(mePath)
	if m.Tokens&advice.RefusesAccess == 0 {
		return
	}
	p, store := &testbed.Peer{Answer: server{refusal: s.answer, always: true}.answer}, testbed.SessionStore(t)
	_, err := testbed.NewPeerApp(t, p, store).Auth().GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
	assert.Equal(t, http.StatusUnauthorized, tcbauth.HTTPStatus(err))
	assert.Equal(t, 2, sent(p, mePath))
	kept := testbed.Stored(t, store, testbed.PeerKey)
	if m.Code == "" {
		assert.NotErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, "fresh", kept.AccessToken)
		return
	}
	assert.ErrorIs(t, err, tcbauth.ErrSessionExpired)
	assert.Nil(t, kept)
}

// checkRefresh: the refresh is refused.
func checkRefresh(t *testing.T, s said) {
	t.Helper()
	p, store := &testbed.Peer{Answer: server{refusal: s.answer, refuseTokens: true}.answer}, testbed.SessionStore(t)
	auth := testbed.NewPeerApp(t, p, store).Auth()
	ends := make(chan tcbauth.AuthEvent, 9)
	defer auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
		if e.Event == tcbauth.EventSessionExpired {
			ends <- e
		}
	})()
	_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	synctest.Wait()
	s.assertError(t, err, tokenPath)
	assert.Equal(t, 1, sent(p, tokenPath))
	kept := testbed.Stored(t, store, testbed.PeerKey)
	if s.meaning(tokenPath).Tokens&advice.RefusesRefresh == 0 {
		assert.NotErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, testbed.PlantedAccess, kept.AccessToken)
		assert.Empty(t, ends)
		return
	}
	require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
	require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
	assert.Nil(t, kept)
	require.Len(t, ends, 1)
	assert.ErrorIs(t, (<-ends).Err, tcbauth.ErrSessionExpired)
}

// checkBare: a bare token is refused, and there is nothing to refresh.
func checkBare(t *testing.T, s said) {
	t.Helper()
	p := &testbed.Peer{Answer: server{refusal: s.answer}.answer}
	_, err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).ForToken("bare").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	s.assertError(t, err, mePath)
	refused := s.meaning(mePath).Tokens&advice.RefusesAccess != 0
	assert.Equal(t, refused, assert.ObjectsAreEqual(http.StatusUnauthorized, tcbauth.HTTPStatus(err)) && testbed.ErrorOf(t, err).Is(tcbauth.CodeUnauthenticated))
	if refused {
		assert.Equal(t, 1, sent(p, mePath))
	}
	assert.Zero(t, sent(p, tokenPath))
}

// checkTransport: other APIs are judged by the status alone.
func checkTransport(t *testing.T, s said) {
	t.Helper()
	p, store := &testbed.Peer{Answer: server{refusal: s.answer}.answer}, testbed.SessionStore(t)
	auth := testbed.NewPeerApp(t, p, store).Auth()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, auth.BaseURL()+otherPath, nil)
	require.NoError(t, err)
	resp, err := auth.Transport(p).RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	times, status := 1, s.facts.Status
	if status == http.StatusUnauthorized {
		times, status = 2, http.StatusOK
	}
	assert.Equal(t, status, resp.StatusCode)
	assert.Equal(t, times, sent(p, otherPath))
	assert.Equal(t, times-1, sent(p, tokenPath))
}

// saidByServer reports whether m is something that a server says. The rest has no answer, or beside it a cause.
func saidByServer(m advice.Meaning) bool { return m.Cause == advice.None && m.Code != "unreachable" }

// TestRefusalsByName has the error codes of a refused token, each written out.
func TestRefusalsByName(t *testing.T) {
	t.Parallel()
	const access, refresh = advice.RefusesAccess, advice.RefusesRefresh
	for body, want := range map[string]advice.Tokens{
		`{"code":"INVALID_REFRESH_TOKEN","message":"x"}`:                     refresh,
		`{"code":"REFRESH_TOKEN_EXPIRED","message":"x"}`:                     refresh,
		`{"code":"REFRESH_TOKEN_EXHAUSTED","message":"x"}`:                   refresh,
		`{"error":"invalid_grant","error_code":4026}`:                        refresh,
		`{"error_code":4026}`:                                                refresh,
		`{"error":"unauthenticated","error_code":16}`:                        access | refresh,
		`{"error_code":16}`:                                                  access | refresh,
		`{"code":"ACCESS_TOKEN_EXPIRED"}`:                                    access,
		`{"code":"ACCESS_TOKEN_INVALID"}`:                                    access,
		`{"code":"INVALID_ACCESS_TOKEN"}`:                                    access,
		`{"code":"ACCESS_TOKEN_KID_INVALID"}`:                                access,
		`{"code":"INVALID_CREDENTIALS"}`:                                     access,
		`{"code":"MISSING_CREDENTIALS"}`:                                     access,
		`{"code":"AUTHENTICATION_FAILED"}`:                                   access,
		`{"code":"CHECK_LOGIN_FAILED"}`:                                      access,
		`{"code":"SOMETHING_NEW"}`:                                           access,
		`{"error":"failed_precondition","error_description":"token expiry"}`: access,
		`{"error":"failed_precondition","error_description":"x"}`:            0,
		`{"error":"invalid_credentials"}`:                                    0,
		`{"error":"invalid_password"}`:                                       0,
		`{"error":"invalid_two_factor"}`:                                     0,
		`{"error":"invalid_verification_code"}`:                              0,
		`{"error":"captcha_required","error_code":4001}`:                     0,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			for _, refreshing := range []bool{false, true} {
				p := &testbed.Peer{Answer: server{refusal: testbed.Reply(http.StatusUnauthorized, body), refuseTokens: refreshing}.answer}
				store := testbed.SessionStore(t)
				auth := testbed.NewPeerApp(t, p, store).Auth()
				if refreshing {
					_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
					require.Error(t, err)
					assert.Equal(t, want&refresh != 0, testbed.Stored(t, store, testbed.PeerKey) == nil)
					assert.Equal(t, 1, sent(p, tokenPath))
					continue
				}
				_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
				assert.Equal(t, want&access != 0, err == nil, "%v", err)
				assert.NotNil(t, testbed.Stored(t, store, testbed.PeerKey))
			}
		})
	}
}

// TestWrongPasswordIsSentOnce: an answer about what a call carried is none about its access token, also where it is a 401.
func TestWrongPasswordIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"error":"invalid_password"}`, `{"code":"INVALID_PASSWORD"}`, `{"error":"wrong_password"}`, `{"error":"invalid_username_or_password","error_code":4043}`,
		`{"error":"invalid_credentials"}`, `{"code":"INVALID_CREDENTIALS","message":"x"}`, `{"error":"password_not_set","error_code":4029}`,
	} {
		p := &testbed.Peer{Answer: server{refusal: testbed.Reply(http.StatusUnauthorized, body)}.answer}
		store := testbed.SessionStore(t)
		_, err := testbed.NewPeerApp(t, p, store).Auth().Sudo(t.Context(), tcbauth.SudoRequest{Password: testbed.PlantedPassword})
		require.ErrorIs(t, err, tcbauth.ErrInvalidCredentials, body)
		assert.NotErrorIs(t, err, tcbauth.CodeUnauthenticated, body)
		assert.Len(t, p.Requests(), 1, body)
		assert.Equal(t, testbed.PlantedAccess, testbed.Stored(t, store, testbed.PeerKey).AccessToken, body)
	}
}
