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
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRefusedBearerOfSomebodyElse: while one person's token is refused, the store has another person's session. The call
// was not made in their name, so it is not repeated, and their session is not ended by it.
func TestRefusedBearerOfSomebodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		one := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		first := testbed.SignInAs(t, one, testbed.Gopher)
		second := testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Badger)
		srv.Fault(authtest.Fault{Operation: "user/basic/edit", Times: 1, Error: &authtest.Error{Code: "unauthenticated", Number: 16}})

		_, err := one.UpdateUserBasicInfo(t.Context(), tcbauth.UpdateUserBasicInfoRequest{Description: new("Gopher's own words")})
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		assert.Equal(t, 1, srv.Count("user/basic/edit"))
		assert.Equal(t, []string{"Bearer " + first.AccessToken}, wire.Bearers("/auth/v1/user/basic/edit"))
		assert.Zero(t, srv.Count("token"))
		testbed.RequireSession(t, store, testbed.DefaultKey, second)
	})
}

// TestRefusedBearerWasReplacedInVain: what the store has in place of a refused token is refused too. It was not refreshed
// yet, which cures it.
func TestRefusedBearerWasReplacedInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
		old := testbed.SignInAs(t, auth, testbed.Gopher)
		newer, err := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth().RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
		testbed.RefuseBearers(srv, 2, 0)

		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, user.Sub)
		newest := testbed.Stored(t, store, testbed.DefaultKey)
		require.NotNil(t, newest)
		assert.Equal(t, []string{
			"Bearer " + old.AccessToken, "Bearer " + newer.AccessToken, "Bearer " + newest.AccessToken,
		}, wire.Bearers("/auth/v1/user/me")[1:])
		assert.Equal(t, 2, srv.Count("token"), "the other's, and one")
		testbed.RequireToken(t, auth, newest.AccessToken)
	})
}

// TestSignInOvertaken: another sign-in takes the session's place before the user is fetched. What belongs to the first one is
// done in its name, or not at all: then the result says that something is missing.
func TestSignInOvertaken(t *testing.T) {
	t.Parallel()
	for name, moment := range map[string]string{
		"while the provider is bound":  "/bind",
		"while the user is asked for":  "/user/me",
		"before the provider is bound": "/signin",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var auth *tcbauth.Auth
			overtake := func() {
				assert.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{
					AccessToken: "B", RefreshToken: "RB", ExpiresIn: 7200, Sub: testbed.BadgerSub,
				}))
			}
			bearers := make(map[string][]string)
			p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
				if strings.HasSuffix(r.URL.Path, "/bind") {
					bearers["/bind"] = append(bearers["/bind"], r.Header.Get("Authorization"))
				}
				mine := r.Header.Get("Authorization") == "Bearer A"
				now := strings.HasSuffix(r.URL.Path, moment)
				switch {
				case strings.HasSuffix(r.URL.Path, "/verify"):
					return testbed.Reply(http.StatusOK, `{"verification_token":"vt","expires_in":600}`)
				case strings.HasSuffix(r.URL.Path, "/signin"):
					if now {
						overtake() // which this answer then overtakes in turn
					}
					return testbed.Reply(http.StatusOK, `{"access_token":"A","refresh_token":"RA","expires_in":7200,"sub":"`+testbed.GopherSub+`"}`)
				case strings.HasSuffix(r.URL.Path, "/bind"):
					if now {
						overtake()
					}
					return testbed.Reply(http.StatusOK, `{}`)
				case now && mine:
					overtake()
					return testbed.Reply(http.StatusUnauthorized, `{"error":"unauthenticated","error_code":16}`)
				case mine:
					return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.GopherSub+`","name":"Gopher"}`)
				}
				return testbed.Reply(http.StatusOK, `{"sub":"`+testbed.BadgerSub+`","name":"Badger"}`)
			}}
			store := tcbauth.NewMemoryStore()
			auth = testbed.NewPeerApp(t, p, store).Auth()
			state, err := auth.SignInWithSms(t.Context(), tcbauth.SignInWithSmsRequest{
				VerificationInfo: &tcbauth.VerificationInfo{VerificationID: "v", IsUser: true}, VerificationCode: "123456",
				PhoneNum: testbed.GopherPhone, BindInfo: &tcbauth.BindInfo{ProviderToken: "p"},
			})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, state.User.Sub)
			assert.Equal(t, testbed.GopherSub, state.Credentials.Sub)
			assert.Equal(t, "A", state.Credentials.AccessToken)
			want := "B"
			if moment == "/signin" {
				want = "A"
			}
			if moment != "/user/me" {
				require.NoError(t, state.UserErr)
				assert.Equal(t, "Gopher", state.User.Name)
				assert.Equal(t, []string{"Bearer A"}, bearers["/bind"])
			} else {
				testbed.RequireError(t, state.UserErr)
				assert.Empty(t, state.User.Name)
			}
			assert.Equal(t, want, testbed.Stored(t, store, testbed.PeerKey).AccessToken, "the later sign-in's")
			testbed.RequireToken(t, auth, want)
		})
	}
}

// TestUserOfAnAnonymousSessionMadeAnew: who is fetched stays with their session, and is nobody in the next one.
func TestUserOfAnAnonymousSessionMadeAnew(t *testing.T) {
	t.Parallel()
	for name, subs := range map[string][]string{"somebody else": {"anon1", "anon2"}, "the same": {"anon1", "anon1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			sessions := 0
			p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
				if strings.HasSuffix(r.URL.Path, "/user/me") {
					return testbed.Reply(http.StatusOK, `{"sub":"anon1","name":"First"}`)
				}
				sessions++
				return testbed.Reply(http.StatusOK, fmt.Sprintf(
					`{"access_token":"N%d","expires_in":7200,"sub":%q,"scope":"anonymous"}`, sessions, subs[sessions-1]))
			}}
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithClock(func() time.Time { return now })).Auth()
			first := testbed.SignInAnonymously(t, auth)
			require.Equal(t, "First", first.User.Name)
			now = now.Add(2 * testbed.TokenLifetime)
			state, err := auth.GetLoginState(t.Context())
			require.NoError(t, err)
			assert.Equal(t, 2, sessions)
			assert.Equal(t, "N2", state.Credentials.AccessToken)
			assert.Equal(t, subs[1], state.Credentials.Sub)
			assert.Equal(t, subs[1], state.User.Sub)
			if subs[0] != subs[1] {
				assert.Equal(t, &tcbauth.User{Sub: subs[1], UID: subs[1]}, state.User)
			}
		})
	}
}

// TestSessionWithoutSub: who a session is of stands in its token too, so that a call is not repeated as somebody else.
func TestSessionWithoutSub(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		c := testbed.SignInAs(t, auth, testbed.Gopher)
		c.Sub = ""
		require.NoError(t, auth.SetCredentials(t.Context(), c))
		testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Badger)
		testbed.RefuseBearers(srv, 1, 0)
		_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		assert.Equal(t, 1, srv.Count("user/me")-2, "requests after those of signing in")
	})
}

// TestRefreshGivesSomebodyElse: an answer to a refresh that has another user's token is refused. The session stays the user's, and
// no request carries the other one's token.
func TestRefreshGivesSomebodyElse(t *testing.T) {
	t.Parallel()
	token := func(sub string) string { return testbed.MadeUpToken(testbed.UserHeader, `{"sub":"`+sub+`"}`) }
	bobs := `{"access_token":"` + token("bob") + `","refresh_token":"bobs","expires_in":7200`
	for name, test := range map[string]struct {
		alice  tcbauth.Credentials
		answer string
	}{
		"by its token":       {tcbauth.Credentials{AccessToken: token("alice"), Sub: "alice"}, bobs + `}`},
		"by its sub as well": {tcbauth.Credentials{AccessToken: token("alice"), Sub: "alice"}, bobs + `,"sub":"bob"}`},
		"against a token":    {tcbauth.Credentials{AccessToken: token("alice")}, bobs + `}`},
		"against a sub":      {tcbauth.Credentials{AccessToken: "opaque", Sub: "alice"}, bobs + `}`},
	} {
		for when, lifetime := range map[string]int{"expired": 1, "refused": 7200} {
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					assert.NotContains(t, r.Header.Get("Authorization"), token("bob"))
					switch {
					case strings.HasSuffix(r.URL.Path, "/token"):
						return testbed.Reply(http.StatusOK, test.answer)
					case r.Method == http.MethodDelete:
						return testbed.Reply(http.StatusUnauthorized, `{"error":"unauthenticated","error_code":16}`)
					}
					return testbed.Reply(http.StatusOK, `{"sub":"alice","username":"alice"}`)
				}}
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewPeerApp(t, p, store).Auth()
				c := test.alice
				c.RefreshToken, c.ExpiresIn = "refresh", lifetime
				require.NoError(t, auth.SetCredentials(t.Context(), &c))
				_, err := auth.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: "alices"})
				require.ErrorIs(t, err, tcbauth.ErrInvalidResponse)
				kept := testbed.Stored(t, store, testbed.SessionKey("", testbed.MethodEnv))
				require.NotNil(t, kept)
				assert.Equal(t, c.AccessToken, kept.AccessToken)
				assert.Equal(t, "refresh", kept.RefreshToken)
			})
		}
	}
}
