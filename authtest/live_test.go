package authtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// This file has the rules that are strict because the live service is, and the way to mild ones.

func TestSMSIntervals(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]struct {
		opts     []authtest.Option
		interval time.Duration
	}{
		"default":                    {nil, time.Minute},
		"relaxed":                    {[]authtest.Option{authtest.Relaxed()}, 30 * time.Second},
		"a rule after relaxed":       {[]authtest.Option{authtest.Relaxed(), authtest.WithSMSInterval(7 * time.Second)}, 7 * time.Second},
		"a relaxed file":             {[]authtest.Option{authtest.WithSeed([]byte(`{"rules":{"relaxed":true}}`))}, 30 * time.Second},
		"a rule in a relaxed file":   {[]authtest.Option{authtest.WithSeed([]byte(`{"rules":{"sms_interval":"7s","relaxed":true}}`))}, 7 * time.Second},
		"a file that is not relaxed": {[]authtest.Option{authtest.WithSeed([]byte(`{"rules":{"relaxed":false}}`))}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := authtest.NewServer(t, in.opts...)
				send := object{"phone_number": phone}
				ok(t, srv, "verification", "", send)
				<-time.After(in.interval - time.Nanosecond)
				text := refused(t, srv, "verification", "", send, http.StatusTooManyRequests, "resource_exhausted", 8)
				assert.Equal(t, "Your phone can receive up to 1 text message per minute.", text)
				ok(t, srv, "verification", "", object{"phone_number": "+86 13900000000"})
				<-time.After(time.Nanosecond)
				ok(t, srv, "verification", "", send)
			})
		})
	}
}

// The sessions that began first lose their refresh tokens, and those only.
func TestMaxSessions(t *testing.T) {
	t.Parallel()
	const signIns = 4
	seed := func(rules string) authtest.Option { return authtest.WithSeed([]byte(`{"rules":{` + rules + `}}`)) }
	for name, in := range map[string]struct {
		opts []authtest.Option
		left int
	}{
		"default":        {nil, 1},
		"three":          {[]authtest.Option{authtest.WithMaxSessions(3)}, 3},
		"any number":     {[]authtest.Option{authtest.WithMaxSessions(0)}, signIns},
		"relaxed":        {[]authtest.Option{authtest.Relaxed()}, signIns},
		"single":         {[]authtest.Option{authtest.Relaxed(), authtest.WithSingleSession()}, 1},
		"a file":         {[]authtest.Option{seed(`"max_sessions":2`)}, 2},
		"a single file":  {[]authtest.Option{authtest.Relaxed(), seed(`"single_session":true`)}, 1},
		"no single file": {[]authtest.Option{seed(`"single_session":false`)}, signIns},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authtest.NewServer(t, in.opts...)
			srv.Seed(authtest.User{Username: "user_01", Password: password}, authtest.User{Username: "other_01", Password: password})
			other := signIn(t, srv, "other_01")
			var sessions []object
			for range signIns { // all at one time of the server
				session := signIn(t, srv, "user_01")
				sessions = append(sessions, ok(t, srv, "token", "", refresh(session.text("refresh_token"))))
			}
			srv.Advance(time.Minute)
			for i, session := range sessions {
				ok(t, srv, "user/me", session.text("access_token"), nil)
				if i < signIns-in.left {
					text := refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
					assert.Equal(t, reused, text)
				} else {
					ok(t, srv, "token", "", refresh(session.text("refresh_token")))
				}
			}
			ok(t, srv, "token", "", refresh(other.text("refresh_token")))
		})
	}
}

// Sessions that have ended, and those whose refresh token has expired, take nobody's room.
func TestMaxSessionsCountsWhatCanBeRefreshed(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithMaxSessions(2), authtest.WithRefreshTokenLifetime(time.Hour))
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	kept := signIn(t, srv, "user_01")
	signedOut := signIn(t, srv, "user_01")
	ok(t, srv, "revoke", "", object{"token": signedOut["refresh_token"]})
	signIn(t, srv, "user_01") // which is not refreshed
	srv.Advance(59 * time.Minute)
	kept = ok(t, srv, "token", "", refresh(kept.text("refresh_token")))
	srv.Advance(time.Minute)
	signIn(t, srv, "user_01")
	ok(t, srv, "token", "", refresh(kept.text("refresh_token")))
}

// A sign-in that gets no refresh token outnumbers no session that has one.
func TestMaxSessionsWithoutRefreshToken(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithoutCustomRefreshToken())
	srv.Seed(authtest.User{Username: "user_01", Password: password, Identities: map[string]string{"custom": "user_01"}})
	kept := signIn(t, srv, "user_01")
	custom := ok(t, srv, "signin/custom", "", object{"provider_id": "custom", "ticket": ticket(t, srv, nil)})
	assert.Equal(t, kept["sub"], custom["sub"])
	assert.NotContains(t, custom, "refresh_token")
	ok(t, srv, "token", "", refresh(kept.text("refresh_token")))
}

// The order of sessions outlives the state file.
func TestMaxSessionsAfterLoadState(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithMaxSessions(5))
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	var sessions []object
	for range 5 {
		sessions = append(sessions, signIn(t, srv, "user_01"))
	}
	state, err := srv.SaveState()
	require.NoError(t, err)
	require.NoError(t, srv.LoadState(state))
	signIn(t, srv, "user_01")
	refused(t, srv, "token", "", refresh(sessions[0].text("refresh_token")), 400, "invalid_grant", 4026)
	for _, session := range sessions[1:] {
		ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	}
}

// "code" is where captured answers have it: in all errors but that of a refused refresh.
func TestCodeOfErrors(t *testing.T) {
	t.Parallel()
	seed := func(rules string) authtest.Option { return authtest.WithSeed([]byte(`{"rules":{` + rules + `}}`)) }
	for name, in := range map[string]struct {
		opts            []authtest.Option
		ofGrant, others bool
	}{
		"default":     {nil, false, true},
		"relaxed":     {[]authtest.Option{authtest.Relaxed()}, true, true},
		"with":        {[]authtest.Option{authtest.WithCode()}, true, true},
		"without":     {[]authtest.Option{authtest.Relaxed(), authtest.WithoutCode()}, false, false},
		"a file with": {[]authtest.Option{seed(`"code":true`)}, true, true},
		"without one": {[]authtest.Option{seed(`"code":false,"relaxed":true`)}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := authtest.NewServer(t, in.opts...)
			srv.Seed(authtest.User{Phone: phone})
			srv.Fault(authtest.Fault{Operation: "v2/token", Times: 1, Error: &authtest.Error{Code: "invalid_grant", Number: 4026}})
			for _, call := range []struct {
				operation string
				in        object
				code      string
				has       bool
			}{
				{"token", refresh("m.x"), "INVALID_GRANT", in.ofGrant},
				{"v2/token", refresh("m.x"), "INVALID_GRANT", in.ofGrant},
				{"signin", object{"username": phone, "password": password}, "PASSWORD_NOT_SET", in.others},
				{"verification", object{}, "INVALID_ARGUMENT", in.others},
			} {
				_, out, err := try(t, srv, call.operation, "", call.in)
				require.NoError(t, err)
				assert.Equal(t, strings.ToLower(call.code), out["error"])
				if call.has {
					assert.Equal(t, call.code, out["code"], call.operation)
				} else {
					assert.NotContains(t, out, "code", call.operation)
				}
			}
		})
	}
}

func TestCodeLifetimes(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]struct {
		opts       []authtest.Option
		sms, email time.Duration
	}{
		"default":   {nil, 5 * time.Minute, 10 * time.Minute},
		"relaxed":   {[]authtest.Option{authtest.Relaxed()}, 10 * time.Minute, 10 * time.Minute},
		"by SMS":    {[]authtest.Option{authtest.WithSMSCodeLifetime(time.Minute)}, time.Minute, 10 * time.Minute},
		"by email":  {[]authtest.Option{authtest.WithEmailCodeLifetime(time.Minute)}, 5 * time.Minute, time.Minute},
		"by option": {[]authtest.Option{authtest.Relaxed(), authtest.WithCodeLifetime(time.Minute)}, time.Minute, time.Minute},
	} {
		for to, lifetime := range map[string]time.Duration{phone: in.sms, email: in.email} {
			t.Run(name+", "+field(to), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := authtest.NewServer(t, append(in.opts, authtest.WithoutLimits())...)
					check := func(after time.Duration) (int, object) {
						sent := ok(t, srv, "verification", "", object{field(to): to})
						assertIs(t, int(lifetime/time.Second), sent["expires_in"])
						<-time.After(after)
						code, err := srv.WaitCode(t.Context(), to)
						require.NoError(t, err)
						status, out, err := try(t, srv, "verification/verify", "",
							object{"verification_id": sent["verification_id"], "verification_code": code})
						require.NoError(t, err)
						return status, out
					}
					status, out := check(lifetime - time.Nanosecond)
					assert.Equal(t, http.StatusOK, status, out)
					status, out = check(lifetime)
					assert.Equal(t, http.StatusBadRequest, status, out)
				})
			})
		}
	}
}

// A verification_id is as long as live ones are, which have 700 characters and more.
func TestVerificationIDIsLong(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	for _, to := range []string{phone, email} {
		id := ok(t, srv, "verification", "", object{field(to): to}).text("verification_id")
		assert.Greater(t, len(id), 700)
		assert.Less(t, len(id), 1100)
	}
}

func TestMeTellsThatAPasswordIsSet(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	session := signUp(t, srv, phone)
	me := ok(t, srv, "user/me", session.text("access_token"), nil)
	assert.NotContains(t, me, "password")
	assert.Equal(t, false, me["has_password"])
	ok(t, srv, "PATCH user/password", session.text("access_token"), object{"new_password": password, "sudo_token": ""})
	me = ok(t, srv, "user/me", session.text("access_token"), nil)
	assert.Equal(t, "SET", me["password"])
	assert.Equal(t, true, me["has_password"])
}

// A refusal is in the live service's words. The log of requests, and that of the test, say which rule of the emulator it was.
func TestRulesAreNamed(t *testing.T) {
	t.Parallel()
	for rule, in := range map[string]struct {
		option  string
		relaxed bool // is milder
		opts    []authtest.Option
		provoke func(t *testing.T, srv *authtest.Server)
	}{
		"clients": {"WithClientID or WithClientSecret", false, nil, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			refused(t, srv, "verification", "", object{"phone_number": phone, "client_id": "other"}, 400, "unauthorized_client", 4022)
		}},
		"sms_interval": {"WithSMSInterval", true, nil, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			ok(t, srv, "verification", "", object{"phone_number": phone})
			refused(t, srv, "verification", "", object{"phone_number": phone}, 429, "resource_exhausted", 8)
		}},
		"email_daily_limit": {"WithEmailDailyLimit", false, []authtest.Option{authtest.WithEmailDailyLimit(1)}, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			ok(t, srv, "verification", "", object{"email": email})
			srv.Advance(time.Minute)
			refused(t, srv, "verification", "", object{"email": email}, 429, "resource_exhausted", 8)
		}},
		"max_sessions": {"WithMaxSessions", true, nil, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			srv.Seed(authtest.User{Username: "user_01", Password: password})
			session := signIn(t, srv, "user_01")
			signIn(t, srv, "user_01")
			srv.Advance(3 * time.Hour) // its access token has expired too
			refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
		}},
		"sms_code_lifetime": {"WithSMSCodeLifetime", true, nil, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			sent := ok(t, srv, "verification", "", object{"phone_number": phone})
			code, err := srv.WaitCode(t.Context(), phone)
			require.NoError(t, err)
			srv.Advance(6 * time.Minute)
			refused(t, srv, "verification/verify", "",
				object{"verification_id": sent["verification_id"], "verification_code": code}, 400, "invalid_argument", 3)
		}},
		"code_attempts": {"WithCodeAttempts", false, []authtest.Option{authtest.WithCodeAttempts(1)}, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			in := object{"verification_id": ok(t, srv, "verification", "", object{"phone_number": phone})["verification_id"], "verification_code": "x"}
			refused(t, srv, "verification/verify", "", in, 400, "invalid_argument", 3)
			refused(t, srv, "verification/verify", "", in, 409, "aborted", 10)
		}},
		"password_lock": {"WithPasswordLock", false, []authtest.Option{authtest.WithPasswordLock(1, time.Minute)}, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			srv.Seed(authtest.User{Username: "user_01", Password: password})
			refused(t, srv, "signin", "", object{"username": "user_01", "password": "x"}, 400, "invalid_username_or_password", 4043)
			refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "invalid_status", 0)
		}},
		"login_off": {"WithLoginOff", false, []authtest.Option{authtest.WithLoginOff(authtest.LoginPhone)}, func(t *testing.T, srv *authtest.Server) {
			t.Helper()
			refused(t, srv, "verification", "", object{"phone_number": phone}, 400, "login_type_disabled", 4045)
		}},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			log := &loggingT{TB: t}
			srv := authtest.NewServer(log, in.opts...)
			in.provoke(t, srv)
			requests := srv.Requests()
			assert.Equal(t, rule, requests[len(requests)-1].Rule)
			for _, r := range requests[:len(requests)-1] {
				assert.Empty(t, r.Rule)
			}
			require.NoError(t, srv.Close())
			require.Len(t, log.lines, 1)
			assert.Regexp(t, " by the rule "+rule+", the option "+in.option+map[bool]string{true: "; Relaxed has a milder one$", false: "$"}[in.relaxed], log.lines[0])
		})
	}
}

// loggingT keeps what is logged.
type loggingT struct {
	testing.TB
	mu    sync.Mutex
	lines []string
}

func (l *loggingT) Logf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}
