package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// lives are what a server may answer as expires_in, and how long the token then lives. -1: the answer does not say.
var lives = map[string]struct {
	json string // the field with its comma, "" for none
	want int    // seconds
}{
	"a number":          {`,"expires_in":3600`, 3600},
	"null":              {`,"expires_in":null`, -1},
	"zero":              {`,"expires_in":0`, -1},
	"absent":            {``, -1},
	"words":             {`,"expires_in":"2h"`, -1},
	"empty words":       {`,"expires_in":""`, -1},
	"negative":          {`,"expires_in":-7200`, -1},
	"the least number":  {`,"expires_in":-9223372036854775808`, -1},
	"beyond an int64":   {`,"expires_in":9223372036854775808`, -1},
	"beyond a float":    {`,"expires_in":1e999`, -1},
	"beyond a duration": {`,"expires_in":1e99`, -1},
	"a float":           {`,"expires_in":3600.5`, 3600},
	"with an exponent":  {`,"expires_in":3.6e3`, 3600},
	"a fraction of one": {`,"expires_in":0.5`, -1},
	"a list":            {`,"expires_in":[3600]`, -1},
	"an object":         {`,"expires_in":{"seconds":3600}`, -1},
	"true":              {`,"expires_in":true`, -1},
}

// tokenSources are the calls that are answered with a session and store it.
var tokenSources = map[string]struct {
	path string // that answers with the tokens
	call func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error)
	old  bool // there is a session whose life is known
}{
	"a refresh of an expired session": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.GetCredentials(t.Context())
	}, true},
	"RefreshSession": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
	}, true},
	"RefreshTokenForce": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.RefreshTokenForce(t.Context(), tcbauth.RefreshTokenForceRequest{})
	}, true},
	"a refused bearer": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		if _, err := testbed.GetMe(t, auth); err != nil {
			return nil, err
		}
		state, err := auth.GetSession(t.Context())
		if err != nil {
			return nil, err
		}
		return state.Credentials, nil
	}, true},
	"RefreshSession of a token": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{RefreshToken: "another"})
	}, false},
	"SetSession": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "another"})
	}, false},
	"SignInWithPassword": {"/signin", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password}))
	}, false},
	"SignInWithSms": {"/signin", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInWithSms(t.Context(), testbed.SmsSignIn(true)))
	}, false},
	"SignInWithEmail": {"/signin", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInWithEmail(t.Context(), testbed.MailSignIn(true)))
	}, false},
	"SignInWithSms of somebody new": {"/signup", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInWithSms(t.Context(), testbed.SmsSignIn(false)))
	}, false},
	"SignUp": {"/signup", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignUp(t.Context(), tcbauth.SignUpRequest{
			PhoneNumber: testbed.GopherPhone, VerificationToken: testbed.PlantedVerification, Password: testbed.PlantedPassword,
		}))
	}, false},
	"FinishOtp": {"/signin", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.FinishOtp(t.Context(), testbed.FinishOtp(tcbauth.OtpSignIn, "")))
	}, false},
	"SignInWithProvider": {"/signin/with/provider", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{ProviderToken: testbed.PlantedProvider}))
	}, false},
	"SignInCustom": {"/signin/custom", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return auth.SignInCustom(t.Context(), tcbauth.SignInCustomRequest{Ticket: testbed.PlantedTicket})
	}, false},
	"SignInAnonymously": {"/signin/anonymously", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{}))
	}, false},
	"Verify at v2": {"/signin/verificationcode", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		out, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode, Version: "v2"})
		if err != nil {
			return nil, err
		}
		return out.Credentials, nil
	}, false},
	"PollDeviceToken": {"/token", func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
		return credentialsOf(auth.PollDeviceToken(t.Context(), tcbauth.PollDeviceTokenRequest{DeviceCode: "d", ExpiresIn: 600}))
	}, false},
}

func credentialsOf(state *tcbauth.LoginState, err error) (*tcbauth.Credentials, error) {
	if err != nil {
		return nil, err
	}
	return state.Credentials, nil
}

// TestTokensAreKept whatever else the answer lacks: a refresh token that was spent, and a code that cost money, have no
// second answer. How long the access token lives is then known from the token itself, else from the one before, else it
// is taken for expired.
func TestTokensAreKept(t *testing.T) {
	t.Parallel()
	const oldLifetime = 5400
	for name, source := range tokenSources {
		for life, in := range lives {
			for token, exp := range map[string]int{"a token that says": 1800, "an opaque token": 0} {
				t.Run(name+", "+life+", "+token, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						now := time.Now().Truncate(time.Second)
						access := "opaque-new"
						if exp > 0 {
							access = handMadeToken(map[string]any{"sub": testbed.GopherSub, "exp": now.Unix() + int64(exp), "iat": now.Unix()})
						}
						answered := 0
						p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
							switch {
							case strings.HasSuffix(r.URL.Path, source.path):
								answered++
								return testbed.Reply(http.StatusOK, fmt.Sprintf(
									`{"access_token":%q,"refresh_token":"m.new","token_type":"Bearer","sub":%q%s}`, access, testbed.GopherSub, in.json))
							case name == "a refused bearer" && r.Header.Get("Authorization") == "Bearer opaque-old":
								return testbed.Reply(http.StatusUnauthorized, `{"error":"unauthenticated","error_code":16}`)
							case strings.HasSuffix(r.URL.Path, "/user/me"):
								return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.GopherSub+`"}`)
							}
							return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
						}}
						store := tcbauth.NewMemoryStore()
						if source.old || name == "RefreshSession of a token" {
							old := &tcbauth.Credentials{ //nolint:gosec // made up
								AccessToken: "opaque-old", RefreshToken: "m.old", ExpiresIn: oldLifetime, ExpiresAt: now.Add(time.Hour), Sub: testbed.GopherSub,
							}
							if name == "a refresh of an expired session" {
								old.ExpiresAt = now.Add(-time.Hour)
							}
							testbed.Put(t, store, testbed.PeerKey, old)
						}
						app := testbed.NewPeerApp(t, p, store, tcbauth.WithClock(func() time.Time { return now }))
						c, err := source.call(t, app.Auth())
						require.NoError(t, err)
						require.NotNil(t, c)
						kept := testbed.Stored(t, store, testbed.PeerKey)
						require.NotNil(t, kept, "what the server gave is lost")

						want := in.want
						switch {
						case want > 0:
						case exp > 0:
							want = exp
						case source.old:
							want = oldLifetime
						default:
							want = 0
						}
						sent := answered
						if want == 0 { // and refreshed already, where the call went on with it
							assert.False(t, kept.AccessToken == access && kept.ExpiresAt.After(now), "of unknown life, and not expired")
							return
						}
						assert.True(t, kept.AccessToken == access)
						assert.WithinDuration(t, now.Add(time.Duration(want)*time.Second-30*time.Second), kept.ExpiresAt, time.Second)
						testbed.RequireToken(t, app.Auth(), access)
						assert.Equal(t, sent, answered)
					})
				})
			}
		}
	}
}

// TestBorrowedTokensAreGiven: calls that store nothing give their caller the tokens, whatever else the answer lacks.
func TestBorrowedTokensAreGiven(t *testing.T) {
	t.Parallel()
	for life, in := range lives {
		for name, call := range map[string]func(*tcbauth.Auth) (*tcbauth.Credentials, error){
			"GrantToken": func(auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
				return auth.GrantToken(t.Context(), tcbauth.GrantTokenRequest{GrantType: "authorization_code", Code: "c"})
			},
			"TransByProvider": func(auth *tcbauth.Auth) (*tcbauth.Credentials, error) {
				return auth.TransByProvider(t.Context(), tcbauth.TransByProviderRequest{ProviderToken: "p"})
			},
		} {
			t.Run(name+", "+life, func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
					return testbed.Reply(http.StatusOK, `{"access_token":"a","refresh_token":"m.new"`+in.json+`}`)
				}}
				c, err := call(testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth())
				require.NoError(t, err)
				assert.Equal(t, "a", c.AccessToken)
				assert.Equal(t, "m.new", c.RefreshToken)
			})
		}
	}
}

// TestTokenOfUnknownLifetime: the token that a caller has just got is theirs; the next call refreshes.
func TestTokenOfUnknownLifetime(t *testing.T) {
	t.Parallel()
	refreshes := 0
	p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			refreshes++
			return testbed.Reply(http.StatusOK, `{"access_token":"known","refresh_token":"m.next","expires_in":7200}`)
		case strings.HasSuffix(r.URL.Path, "/signin"):
			return testbed.Reply(http.StatusOK, `{"access_token":"unknown","refresh_token":"m.new"}`)
		}
		return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.GopherSub+`"}`)
	}}
	store := tcbauth.NewMemoryStore()
	auth := testbed.NewPeerApp(t, p, store).Auth()
	state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password})
	require.NoError(t, err)
	require.NoError(t, state.UserErr)
	testbed.RequireToken(t, auth, "known")
	assert.Equal(t, 1, refreshes)
	assert.Equal(t, "m.next", testbed.Stored(t, store, testbed.PeerKey).RefreshToken)
}

// TestAnswerWithoutAnAccessToken is still none: the session that is there stays.
func TestAnswerWithoutAnAccessToken(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"none": `{"refresh_token":"m.new","expires_in":7200}`, "null": `{"access_token":null,"refresh_token":"m.new","expires_in":7200}`,
		"a number": `{"access_token":1,"refresh_token":"m.new","expires_in":7200}`, "empty": `{"access_token":"","expires_in":7200}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, body) }}
			store := testbed.SessionStore(t)
			_, err := testbed.NewPeerApp(t, p, store).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			require.ErrorIs(t, err, tcbauth.ErrInvalidResponse)
			assert.Equal(t, testbed.PlantedRefresh, testbed.Stored(t, store, testbed.PeerKey).RefreshToken)
		})
	}
}

// TestGroupsAreTheAnswers: a refresh that names no groups says that there are none any more, as in the js-sdk.
func TestGroupsAreTheAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json string
		want []string
	}{
		"absent": {``, nil}, "null": {`,"groups":null`, nil}, "empty": {`,"groups":[]`, nil}, "no list": {`,"groups":"admin"`, nil},
		"others": {`,"groups":["staff"]`, []string{"staff"}}, "the same": {`,"groups":["admin"]`, []string{"admin"}},
	} {
		for how, call := range map[string]func(t *testing.T, auth *tcbauth.Auth) error{
			"expired": func(t *testing.T, auth *tcbauth.Auth) error { _, err := auth.GetAccessToken(t.Context()); return err },
			"forced": func(t *testing.T, auth *tcbauth.Auth) error {
				_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				return err
			},
			"its own token taken over": func(t *testing.T, auth *tcbauth.Auth) error {
				_, err := auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "m.old"})
				return err
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
					return testbed.Reply(http.StatusOK, `{"access_token":"new","refresh_token":"m.new","expires_in":7200`+test.json+`}`)
				}}
				store := tcbauth.NewMemoryStore()
				testbed.Put(t, store, testbed.PeerKey, &tcbauth.Credentials{
					AccessToken: "old", RefreshToken: "m.old", ExpiresIn: 7200, ExpiresAt: time.Now().Add(-time.Hour), Sub: testbed.GopherSub,
					Scope: "user", Groups: []string{"admin"},
				})
				auth := testbed.NewPeerApp(t, p, store).Auth()
				require.NoError(t, call(t, auth))
				groups, err := auth.LoginGroups(t.Context())
				require.NoError(t, err)
				if len(test.want) == 0 {
					assert.Empty(t, groups)
					assert.Empty(t, testbed.Stored(t, store, testbed.PeerKey).Groups)
				} else {
					assert.Equal(t, test.want, groups)
				}
				kept := testbed.Stored(t, store, testbed.PeerKey)
				assert.Equal(t, testbed.GopherSub, kept.Sub, "what cannot have changed is kept")
				assert.Equal(t, "user", kept.Scope)
			})
		}
	}
}
