package session_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// accountChange is a change of an account in two steps. The first returns the second, which takes the challenge through
// JSON, as it is kept between two requests.
type accountChange struct {
	begin func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) (finish func(*tcbauth.Auth) (*tcbauth.LoginState, error))
	spent string // operation that spends the code
	does  string // operation that makes the change
}

// throughJSON is v as it comes back from where it was kept.
func throughJSON[T any](t *testing.T, v *T) *T {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	kept := new(T)
	require.NoError(t, json.Unmarshal(data, kept))
	return kept
}

func finishingOtp(t *testing.T, srv *authtest.Server, c *tcbauth.OtpChallenge, password string) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
	t.Helper()
	c, code := testbed.CodeOf(t, srv, c, nil)
	return func(auth *tcbauth.Auth) (*tcbauth.LoginState, error) {
		return auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: throughJSON(t, c), Token: code, Password: password})
	}
}

var accountChanges = map[string]accountChange{
	"another phone": {
		begin: func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
			out, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
			require.NoError(t, err)
			return finishingOtp(t, srv, out.Challenge, "")
		},
		spent: "verification/verify", does: "user/basic/edit",
	},
	"another mail address": {
		begin: func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
			out, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Email: new(testbed.NewEmail)})
			require.NoError(t, err)
			return finishingOtp(t, srv, out.Challenge, "")
		},
		spent: "verification/verify", does: "user/basic/edit",
	},
	"another password": {
		begin: func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
			c, err := auth.Reauthenticate(t.Context())
			require.NoError(t, err)
			return finishingOtp(t, srv, c, testbed.NewPassword)
		},
		spent: "verification/verify", does: "user/password",
	},
	"another identity": {begin: linking(wechatLink), spent: "provider/token", does: "user/provider/bind"},
	"another identity, by SignInWithOAuth": {
		begin: linking(func(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OAuthChallenge, error) {
			return auth.SignInWithOAuth(t.Context(), tcbauth.SignInWithOAuthRequest{
				Provider: testbed.Wechat,
				Options:  tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example/back", Type: tcbauth.OAuthBindIdentity},
			})
		}),
		spent: "provider/token", does: "user/provider/bind",
	},
}

func wechatLink(t *testing.T, auth *tcbauth.Auth) (*tcbauth.OAuthChallenge, error) {
	return auth.LinkIdentity(t.Context(), tcbauth.LinkIdentityRequest{Provider: testbed.Wechat, RedirectTo: "https://app.example/back"})
}

func linking(link func(*testing.T, *tcbauth.Auth) (*tcbauth.OAuthChallenge, error)) func(*testing.T, *authtest.Server, *tcbauth.Auth) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
	return func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) func(*tcbauth.Auth) (*tcbauth.LoginState, error) {
		srv.ProviderCode(testbed.Wechat, testbed.Mole)
		c, err := link(t, auth)
		require.NoError(t, err)
		query := testbed.Browse(t, srv, c)
		return func(auth *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return auth.VerifyOAuth(t.Context(), tcbauth.VerifyOAuthRequest{Challenge: throughJSON(t, c), Query: query})
		}
	}
}

// accountOf is what the server knows of somebody's ways to sign in.
func accountOf(t *testing.T, srv *authtest.Server, username string) string {
	t.Helper()
	for _, password := range []string{testbed.Password, testbed.NewPassword} {
		if !testbed.CanSignIn(t, srv, username, password) {
			continue
		}
		auth := testbed.NewApp(t, srv).Auth()
		state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: username, Password: password})
		require.NoError(t, err)
		return fmt.Sprint(state.User.PhoneNumber, " ", state.User.Email, " ", password, " ", testbed.Bound(t, auth))
	}
	require.Fail(t, "nobody can sign in")
	return ""
}

// TestChallengeOfSomebodyElse: a change that one person has begun is not made to the account of another who has signed in
// since, whoever finishes it and wherever. It is refused before the code is spent, and is still good for its person.
func TestChallengeOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, change := range accountChanges {
		for where, finisher := range map[string]func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth{
			"the same handle": func(t *testing.T, _ *authtest.Server, _ tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth {
				require.NoError(t, auth.SignOut(t.Context()))
				testbed.SignInAs(t, auth, testbed.Badger)
				return auth
			},
			"the same handle, without a sign-out": func(t *testing.T, _ *authtest.Server, _ tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth {
				testbed.SignInAs(t, auth, testbed.Badger)
				return auth
			},
			"tokens that were set": func(t *testing.T, srv *authtest.Server, _ tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth {
				require.NoError(t, auth.SetCredentials(t.Context(), testbed.SignInAs(t, testbed.NewApp(t, srv).Auth(), testbed.Badger)))
				return auth
			},
			"another process": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, _ *tcbauth.Auth) *tcbauth.Auth {
				other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				testbed.SignInAs(t, other, testbed.Badger)
				return testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
			},
			"a visitor": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, _ *tcbauth.Auth) *tcbauth.Auth {
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				testbed.SignInAs(t, app.ForUser("visitor"), testbed.Badger)
				return app.ForUser("visitor")
			},
			"a session that expires": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth {
				srv.Advance(90 * time.Second)
				testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Badger)
				srv.Advance(90 * time.Second) // testbed.Gopher's access token lives for two minutes here
				return auth
			},
			"nobody": func(t *testing.T, _ *authtest.Server, _ tcbauth.TokenStore, auth *tcbauth.Auth) *tcbauth.Auth {
				require.NoError(t, auth.SignOut(t.Context()))
				return auth
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithoutLimits(), authtest.WithAccessTokenLifetime(2*time.Minute))
					store := tcbauth.NewMemoryStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
					testbed.SignInAs(t, auth, testbed.Gopher)
					finish := change.begin(t, srv, auth)
					before := accountOf(t, srv, testbed.Badger)
					used, done := srv.Count(change.spent), srv.Count(change.does)

					_, err := finish(finisher(t, srv, store, auth))
					require.Error(t, err)
					assert.Equal(t, used, srv.Count(change.spent), "the code was spent")
					assert.Equal(t, done, srv.Count(change.does))
					assert.Equal(t, before, accountOf(t, srv, testbed.Badger), "badger's account")

					own := testbed.NewApp(t, srv).Auth()
					testbed.SignInAs(t, own, testbed.Gopher)
					_, err = finish(own)
					require.NoError(t, err, "it is still testbed.Gopher's to finish")
				})
			})
		}
	}
}

// TestChallengeOfTheSamePerson is finished wherever they are.
func TestChallengeOfTheSamePerson(t *testing.T) {
	t.Parallel()
	for name, change := range accountChanges {
		for where, finisher := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) *tcbauth.Auth{
			"at once": func(_ *testing.T, _ *authtest.Server, auth *tcbauth.Auth) *tcbauth.Auth { return auth },
			"after a refresh": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) *tcbauth.Auth {
				srv.Advance(2 * time.Minute)
				return auth
			},
			"after another sign-in": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) *tcbauth.Auth {
				require.NoError(t, auth.SignOut(t.Context()))
				testbed.SignInAs(t, auth, testbed.Gopher)
				return auth
			},
			"on another machine": func(t *testing.T, srv *authtest.Server, _ *tcbauth.Auth) *tcbauth.Auth {
				other := testbed.NewApp(t, srv).ForUser("elsewhere")
				testbed.SignInAs(t, other, testbed.Gopher)
				return other
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithMaxSessions(0), authtest.WithoutLimits(), authtest.WithAccessTokenLifetime(2*time.Minute))
					auth := testbed.NewApp(t, srv).Auth()
					testbed.SignInAs(t, auth, testbed.Gopher)
					before := accountOf(t, srv, testbed.Gopher)
					finish := change.begin(t, srv, auth)
					state, err := finish(finisher(t, srv, auth))
					require.NoError(t, err)
					assert.Equal(t, testbed.GopherSub, state.Credentials.Sub)
					assert.NotEqual(t, before, accountOf(t, srv, testbed.Gopher), "nothing has changed")
				})
			})
		}
	}
}

// TestPersonChangesDuringTheLastStep: the session becomes another person's while the code is checked. The change is not
// made to that person's account.
func TestPersonChangesDuringTheLastStep(t *testing.T) {
	t.Parallel()
	for name, change := range accountChanges {
		for where, overtake := range map[string]func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, auth *tcbauth.Auth){
			"here": func(t *testing.T, _ *authtest.Server, _ tcbauth.TokenStore, auth *tcbauth.Auth) {
				testbed.SignInAs(t, auth, testbed.Badger)
			},
			"elsewhere": func(t *testing.T, srv *authtest.Server, store tcbauth.TokenStore, _ *tcbauth.Auth) {
				testbed.SignInAs(t, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth(), testbed.Badger)
			},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t, authtest.WithoutLimits())
					wire := testbed.NewTap(srv)
					store := tcbauth.NewMemoryStore()
					auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), wire.Client()).Auth()
					mine := testbed.SignInAs(t, auth, testbed.Gopher)
					finish := change.begin(t, srv, auth)
					before := accountOf(t, srv, testbed.Badger)
					overtaken := false
					wire.Answered = func(path string) {
						if path == "/auth/v1/"+change.spent && !overtaken {
							overtaken = true
							overtake(t, srv, store, auth)
						}
					}
					_, _ = finish(auth) // made to testbed.Gopher's account, or not at all
					require.True(t, overtaken)
					for _, bearer := range wire.Bearers("/auth/v1/" + change.does) {
						assert.Equal(t, "Bearer "+mine.AccessToken, bearer, "in another person's name")
					}
					assert.Equal(t, before, accountOf(t, srv, testbed.Badger), "badger's account")
				})
			})
		}
	}
}

// TestUpdateUserOvertaken: a code is on its way for gopher's new number when badger signs in. What else gopher wants
// changed is not changed in badger's profile.
func TestUpdateUserOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		auth := testbed.NewApp(t, srv, wire.Client()).Auth()
		mine := testbed.SignInAs(t, auth, testbed.Gopher)
		wire.Answered = func(path string) {
			if path == "/auth/v1/verification" {
				testbed.SignInAs(t, auth, testbed.Badger)
			}
		}
		_, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Nickname: new("Gopher the Great"), Phone: new(testbed.NewPhone)})
		require.Error(t, err)
		for _, bearer := range wire.Bearers("/auth/v1/user/basic/edit") {
			assert.Equal(t, "Bearer "+mine.AccessToken, bearer)
		}
		me, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerSub, me.Sub)
		assert.NotEqual(t, "Gopher the Great", me.Name)
	})
}
