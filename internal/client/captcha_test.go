package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // what the service draws
	_ "image/png" // what the emulator draws
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// storedCaptcha returns the captcha token under key as the js-sdk stores it, nil for none.
func storedCaptcha(t *testing.T, store tcbauth.TokenStore, key string) map[string]any {
	t.Helper()
	data, err := store.Get(t.Context(), key)
	if errors.Is(err, tcbauth.ErrNotFound) {
		return nil
	}
	require.NoError(t, err)
	var kept map[string]any
	require.NoError(t, json.Unmarshal(data, &kept))
	return kept
}

// sentCaptchas says for each request of an operation whether it had a captcha token.
func sentCaptchas(srv *authtest.Server, operation string) (had []bool) {
	for _, r := range srv.Requests() {
		if r.Operation == operation {
			had = append(had, r.Query.Has("captcha_token"))
		}
	}
	return had
}

func getCode(t *testing.T, auth *tcbauth.Auth) error {
	t.Helper()
	_, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
	return err
}

// TestCaptchaIsSolved goes through the life of a captcha token: earned, used again, and earned anew when it is too old.
func TestCaptchaIsSolved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		srv.RequireCaptcha("verification")
		r, log, store := testbed.NewReader(srv), new(testbed.Diary), tcbauth.NewMemoryStore()
		auth := r.App(t, tcbauth.WithTokenStore(store), tcbauth.WithLogger(log.Logger())).Auth()

		require.NoError(t, getCode(t, auth))
		require.Len(t, r.Seen, 1)
		_, format, err := image.Decode(bytes.NewReader(r.Seen[0].Image))
		require.NoError(t, err)
		assert.Equal(t, "image/"+format, r.Seen[0].MediaType)
		assert.Equal(t, "POST:/v1/verification", r.Seen[0].State)
		assert.Equal(t, []bool{false, true}, sentCaptchas(srv, "verification"))
		ids := requestIDs(srv, "verification", 0)
		assert.Equal(t, ids[0], ids[1], "to the server it is one call")
		assert.Equal(t, 1, srv.Count("captcha/data"))
		assert.Equal(t, 1, srv.Count("captcha/data/verify"))

		kept := storedCaptcha(t, store, testbed.CaptchaKeyOf(""))
		until := srv.Now().Add(590 * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
		assert.InDelta(t, 600, kept["expires_in"], 0)
		assert.Equal(t, until, kept["expires_at"])
		token, _ := kept["captcha_token"].(string)
		require.NotEmpty(t, token)

		srv.Advance(590 * time.Second)
		require.NoError(t, getCode(t, auth), "until its last moment")
		assert.Equal(t, 1, r.Solved())
		srv.Advance(time.Millisecond)
		require.NoError(t, getCode(t, auth))
		assert.Equal(t, 2, r.Solved())
		assert.NotEqual(t, token, storedCaptcha(t, store, testbed.CaptchaKeyOf(""))["captcha_token"])
		assert.Equal(t, []bool{false, true, false, true, false, true}, sentCaptchas(srv, "verification"))
		assert.NotContains(t, log.String(), token)
		assert.NotContains(t, log.String(), r.Token(r.Seen[0].Image))
	})
}

// TestCaptchaFails: without a captcha token the call is not made again, and nothing is kept.
func TestCaptchaFails(t *testing.T) {
	t.Parallel()
	errSolver := errors.New("nobody wants to read it")
	for name, test := range map[string]struct {
		say      func() (string, error)
		want     []error
		pictures int
		checks   int // answers that were sent
	}{
		"wrong answer": {
			func() (string, error) { return "wrong-answer", nil }, []error{tcbauth.CodeCaptchaInvalid, tcbauth.ErrCaptchaInvalid}, 3, 3,
		},
		"no answer":    {func() (string, error) { return "", nil }, []error{tcbauth.ErrInvalidParams}, 1, 0},
		"solver fails": {func() (string, error) { return "", errSolver }, []error{errSolver}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				srv.RequireCaptcha("verification")
				r, log, store := testbed.NewReader(srv), new(testbed.Diary), tcbauth.NewMemoryStore()
				r.Say = test.say
				auth := r.App(t, tcbauth.WithTokenStore(store), tcbauth.WithLogger(log.Logger())).Auth()
				err := getCode(t, auth)
				for _, want := range test.want {
					require.ErrorIs(t, err, want)
				}
				assert.NotEmpty(t, testbed.ErrorOf(t, err).Help)
				assert.Equal(t, 1, srv.Count("verification"))
				assert.Equal(t, test.pictures, srv.Count("captcha/data"))
				assert.Equal(t, test.checks, srv.Count("captcha/data/verify"))
				assert.Nil(t, storedCaptcha(t, store, testbed.CaptchaKeyOf("")))
				assert.NotContains(t, err.Error()+log.String(), "wrong-answer")
			})
		})
	}
}

// TestCaptchaTokenIsRefused: what is stored may be of no use any more, since the server was changed or was told
// otherwise. It is dropped, and a person is asked once.
func TestCaptchaTokenIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		solver, atOnce bool
		sent           []bool
	}{
		"when it is asked for": {true, false, []bool{false, true, true}},
		"at once":              {true, true, []bool{true, true}},
		"without a solver":     {false, false, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				srv.RequireCaptcha("verification")
				r, store := testbed.NewReader(srv), tcbauth.NewMemoryStore()
				stale := fmt.Sprintf(`{"captcha_token":"stale","expires_in":600,"expires_at":%q}`, srv.Now().Add(time.Minute).Format(time.RFC3339))
				require.NoError(t, store.Set(t.Context(), testbed.CaptchaKeyOf(""), []byte(stale), 0))
				req := tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone, WithCaptcha: test.atOnce}
				app := r.App(t, tcbauth.WithTokenStore(store))
				if !test.solver {
					app = testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				}
				_, err := app.Auth().GetVerification(t.Context(), req)
				assert.Equal(t, test.sent, sentCaptchas(srv, "verification"))
				if test.solver {
					require.NoError(t, err)
					assert.Equal(t, 1, r.Solved())
					assert.NotEqual(t, "stale", storedCaptcha(t, store, testbed.CaptchaKeyOf(""))["captcha_token"])
					return
				}
				require.ErrorIs(t, err, tcbauth.ErrCaptchaInvalid)
				assert.Nil(t, storedCaptcha(t, store, testbed.CaptchaKeyOf("")))
			})
		})
	}
}

// TestCaptchaTokenIsRefusedAgain: a server that takes no captcha token at all is not asked for ever.
func TestCaptchaTokenIsRefusedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		srv.Fault(authtest.Fault{Operation: "verification", Error: &authtest.Error{Code: "captcha_invalid", Number: 4002}})
		r := testbed.NewReader(srv)
		require.ErrorIs(t, getCode(t, r.App(t).Auth()), tcbauth.ErrCaptchaInvalid)
		assert.Equal(t, 1, r.Solved())
		assert.Equal(t, 2, srv.Count("verification"))
	})
}

// TestCaptchaWithoutSolver is what a backend does: it shows the picture, the person's answer comes in another request,
// and the refused call is made again in a third.
func TestCaptchaWithoutSolver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		srv.RequireCaptcha("verification")
		store := tcbauth.NewMemoryStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		visitor := func() *tcbauth.Auth { return app.ForUser("visitor") } // each request has its own

		err := getCode(t, visitor())
		require.ErrorIs(t, err, tcbauth.CodeCaptchaRequired)
		require.ErrorIs(t, err, tcbauth.ErrCaptchaRequired)
		assert.Zero(t, srv.Count("captcha/data"), "nobody is there to look at a picture")

		shown, err := visitor().CreateCaptchaData(t.Context(), tcbauth.CreateCaptchaDataRequest{State: "POST:/v1/verification"})
		require.NoError(t, err)
		token, answer, err := srv.WaitCaptcha(t.Context())
		require.NoError(t, err)
		require.Equal(t, token, shown.Token)
		out, err := visitor().VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{Token: shown.Token, Key: strings.ToLower(answer)})
		require.NoError(t, err)
		assert.Equal(t, out.CaptchaToken, storedCaptcha(t, store, testbed.CaptchaKeyOf("visitor"))["captcha_token"])

		require.NoError(t, getCode(t, visitor()))
		assert.Equal(t, []bool{false, false, true}, sentCaptchas(srv, "verification"))
		srv.Advance(time.Minute)
		require.ErrorIs(t, getCode(t, app.ForUser("other")), tcbauth.ErrCaptchaRequired, "a token is one visitor's")

		_, err = visitor().VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{Token: shown.Token, Key: answer})
		require.ErrorIs(t, err, tcbauth.CodeInvalidArgument, "a picture is good for one try")
		require.NoError(t, getCode(t, visitor()), "which does not cost the token that is there")
	})
}

// TestCaptchaTokenDoesNotServe: the server wants a captcha although the call had a token of one. The next one is earned.
func TestCaptchaTokenDoesNotServe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		srv.RequireCaptcha("verification")
		r := testbed.NewReader(srv)
		auth := r.App(t).Auth()
		require.NoError(t, getCode(t, auth))
		srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Error: &authtest.Error{Code: "captcha_required", Number: 4001}})
		req := tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone, WithCaptcha: true}
		_, err := auth.GetVerification(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, 2, r.Solved())
	})
}

// TestCaptchaBesideAQuery: the call that is sent again asks for the same.
func TestCaptchaBesideAQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewReader(srv).App(t).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.RequireCaptcha("user/query")
		out, err := auth.QueryUser(t.Context(), tcbauth.QueryUserRequest{Username: testbed.Badger})
		require.NoError(t, err)
		require.Len(t, out.Data, 1)
		assert.Equal(t, testbed.BadgerSub, out.Data[0].Sub)
		assert.Equal(t, []bool{false, true}, sentCaptchas(srv, "user/query"))
	})
}

// TestWithCaptcha sends a token before the server asks for one, as far as there is one.
func TestWithCaptcha(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		req := tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone, WithCaptcha: true}
		_, err := testbed.NewApp(t, srv).Auth().GetVerification(t.Context(), req)
		require.NoError(t, err, "without a solver the server may ask for one")

		r := testbed.NewReader(srv)
		auth := r.App(t).Auth()
		for range 2 {
			_, err = auth.GetVerification(t.Context(), req)
			require.NoError(t, err)
		}
		assert.Equal(t, 1, r.Solved())
		assert.Equal(t, []bool{false, true, true}, sentCaptchas(srv, "verification"))
		requests := srv.Requests()
		assert.NotContains(t, requests[len(requests)-1].Body, "withCaptcha")

		testbed.SignInAs(t, auth, testbed.Gopher)
		_, err = auth.SendVerificationCodeToCurrentUser(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		require.NoError(t, err)
		assert.Equal(t, []bool{false, true, true, true}, sentCaptchas(srv, "verification"))
	})
}

// TestCaptchaAfterWrongPasswords: a captcha is asked for in the middle of signing in, where the body may be encrypted.
func TestCaptchaAfterWrongPasswords(t *testing.T) {
	t.Parallel()
	for operation, test := range map[string]struct {
		encrypted bool
		state     string
	}{
		"signin":             {false, "POST:/v1/signin"},
		"v2/signin/username": {true, "POST:/v2/signin/username"},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithCaptchaAfterWrongPasswords(2))
				r := testbed.NewReader(srv)
				auth := r.App(t).Auth()
				signIn := func(password string) error {
					_, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{
						Username: testbed.Gopher, Password: password, IsEncrypt: test.encrypted,
					})
					return err
				}
				for range 3 {
					require.ErrorIs(t, signIn("wrong-horse-1"), tcbauth.CodeInvalidUsernameOrPassword)
				}
				require.Equal(t, 1, r.Solved())
				assert.Equal(t, test.state, r.Seen[0].State)
				require.NoError(t, signIn(testbed.Password))
				assert.Equal(t, 1, r.Solved())
				assert.Equal(t, []bool{false, false, false, true, false, true}, sentCaptchas(srv, operation))
			})
		})
	}
}

// TestCaptchaOfABareToken: an Auth without a session has nowhere to keep a captcha token.
func TestCaptchaOfABareToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		srv.RequireCaptcha("verification")
		r, store := testbed.NewReader(srv), testbed.NewHookedStore()
		store.On(func(op, key string) error {
			t.Errorf("%s %s", op, key)
			return nil
		})
		auth := r.App(t, tcbauth.WithTokenStore(store)).ForToken("bare")
		for range 2 {
			require.NoError(t, getCode(t, auth))
		}
		assert.Equal(t, 2, r.Solved())
	})
}

// TestCaptchaOfManyCalls: calls at the same time may each need a person, but none fails, whether a token of no use is
// stored or none.
func TestCaptchaOfManyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers = 50
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		srv.RequireCaptcha("verification")
		r := testbed.NewReader(srv)
		auth := r.App(t).Auth()
		for round := range 2 {
			var errs [callers]error
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() { errs[i] = getCode(t, auth) })
			}
			wg.Wait()
			for _, err := range errs {
				require.NoError(t, err, "round %d", round)
			}
			solved := r.Solved()
			require.NoError(t, getCode(t, auth))
			assert.Equal(t, solved, r.Solved(), "a token is there now")
			srv.Reset() // and forgets it
			srv.RequireCaptcha("verification")
		}
	})
}

// TestCaptchaWhileAnotherSignsIn: a call that waits for a captcha goes on in the name of the person who began it.
func TestCaptchaWhileAnotherSignsIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		srv.RequireCaptcha("user/basic/edit")
		r := testbed.NewReader(srv)
		var auth *tcbauth.Auth
		auth = testbed.NewApp(t, srv, tcbauth.WithHTTPClient(testbed.HTTPClient(r)),
			tcbauth.WithCaptchaSolver(func(ctx context.Context, c tcbauth.Captcha) (string, error) {
				testbed.SignInAs(t, auth, testbed.Badger)
				return r.Solve(ctx, c)
			})).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)

		user, err := auth.UpdateUserBasicInfo(t.Context(), tcbauth.UpdateUserBasicInfoRequest{Nickname: new("Gopher's own")})
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherSub, user.Sub)
		assert.Equal(t, "Gopher's own", user.Name)
		user, err = testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerSub, user.Sub)
		assert.NotEqual(t, "Gopher's own", user.Name)
	})
}
