package session_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// TestPendingGoesWithTheSession: whoever signs in or out ends what was waited for. A refresh does not.
func TestPendingGoesWithTheSession(t *testing.T) {
	t.Parallel()
	ends := map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error{
		"a sign-in": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
			testbed.SignInAs(t, auth, testbed.Badger)
			return nil
		},
		"SetCredentials of somebody": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
			return auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "a-token", ExpiresIn: 7200})
		},
	}
	for name, end := range signOuts {
		if name != "a refused bearer" { // by which nobody signs out
			ends[name] = end
		}
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				testbed.SignInAs(t, app.ForUser(pendingVisitor), testbed.Gopher)
				waiting(t, srv, app)
				_, err := app.ForUser(pendingVisitor).RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
				require.NoError(t, err)
				_, err = app.ForUser(pendingVisitor).StoredOtp(t.Context())
				require.NoError(t, err)
				require.NoError(t, end(t, srv, app.ForUser(pendingVisitor)))
				requireNothingPending(t, srv, app, store)
			})
		})
	}
}

// TestPendingOutlivesTheSession: the server ends the session of another tab. The code that was sent still signs in.
func TestPendingOutlivesTheSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error{
		"a refused bearer": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
			testbed.RefuseBearers(srv, 2, 0)
			_, err := testbed.GetMe(t, auth)
			return err
		},
		"a refused refresh": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
			srv.Fault(authtest.Fault{Operation: "token", Times: 1, Error: &authtest.Error{Code: "invalid_grant"}})
			_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withPending(t, testbed.NewLockingStore(), func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				testbed.SignInAs(t, app.ForUser(pendingVisitor), testbed.Gopher)
				waiting(t, srv, app)
				require.ErrorIs(t, end(t, srv, app.ForUser(pendingVisitor)), tcbauth.ErrSessionExpired)
				testbed.RequireNobody(t, app.ForUser(pendingVisitor))
				require.NoError(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode))
			})
		})
	}
}

// TestPendingEndsWhileSent: somebody signs out while a code is sent. Its challenge is the caller's alone, also if it is the first
// one.
func TestPendingEndsWhileSent(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		store := testbed.NewLockingStore()
		withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
			testbed.SignInAs(t, app.ForUser(pendingVisitor), testbed.Gopher)
			if !first {
				waiting(t, srv, app)
			}
			srv.FixCode(testbed.GopherPhone, otpCode)
			testbed.Slow(srv, "verification", 1)
			var c *tcbauth.OtpChallenge
			done := make(chan error, 1)
			go func() {
				var err error
				c, err = app.ForUser(pendingVisitor).SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
				done <- err
			}()
			synctest.Wait()
			require.NoError(t, app.ForUser(pendingVisitor).SignOut(t.Context()))
			require.Empty(t, done, "it is over too early to show anything")
			require.NoError(t, <-done)
			requireNothingPending(t, srv, app, store)
			_, err := app.ForUser(pendingVisitor).FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: otpCode})
			require.NoError(t, err)
		})
	}
}

// TestPendingWaitsForAPerson: while one tab has a captcha read, for longer than a refresh may take, another one waits.
func TestPendingWaitsForAPerson(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		waiting(t, srv, app)
		solved := make(chan struct{})
		solving := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp(),
			tcbauth.WithCaptchaSolver(func(context.Context, tcbauth.Captcha) (string, error) { <-solved; return "", testbed.ErrDisk }))
		srv.Fault(authtest.Fault{Operation: verifying, Times: 1, Error: &authtest.Error{Code: "captcha_required", Number: 4001}})
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- finishStored(t.Context(), solving.ForUser(pendingVisitor), otpCode) }()
		synctest.Wait()
		go func() { second <- finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode) }()
		<-time.After(4 * time.Minute)
		require.Empty(t, second)
		require.NoError(t, app.Shutdown(t.Context()), "who waits has begun nothing")
		close(solved)
		require.ErrorIs(t, <-first, testbed.ErrDisk)
		require.NoError(t, <-second)
	})
}

// TestPendingIsNotBroughtBack: somebody signs out while a code is checked, which is wrong, or while another one is asked for,
// which is not sent. The challenge does not come back with the count of its tries.
func TestPendingIsNotBroughtBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		operation string
		meanwhile func(ctx context.Context, auth *tcbauth.Auth) error
	}{
		"a wrong code": {verifying, func(ctx context.Context, auth *tcbauth.Auth) error { return finishStored(ctx, auth, wrongCode) }},
		"a code that is not sent": {"verification", func(ctx context.Context, auth *tcbauth.Auth) error {
			_, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: testbed.BadgerPhone})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				testbed.SignInAs(t, app.ForUser(pendingVisitor), testbed.Gopher)
				waiting(t, srv, app)
				srv.Fault(authtest.Fault{
					Operation: test.operation, Times: 1, Delay: time.Second, Error: &authtest.Error{Code: "invalid_verification_code"},
				})
				done := make(chan error, 1)
				go func() { done <- test.meanwhile(t.Context(), app.ForUser(pendingVisitor)) }()
				synctest.Wait()
				require.NoError(t, app.ForUser(pendingVisitor).SignOut(t.Context()))
				require.Empty(t, done, "it is over too early to show anything")
				require.Error(t, <-done)
				requireNothingPending(t, srv, app, store)
			})
		})
	}
}

// TestPendingExpires, also in a store that drops nothing.
func TestPendingExpires(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		auth := waiting(t, srv, app)
		srv.Advance(5*time.Minute - time.Second)
		_, err := auth.StoredOtp(t.Context())
		require.NoError(t, err)
		srv.Advance(time.Second)
		require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrNoOtp)
		assert.Zero(t, srv.Count(verifying))
		waiting(t, srv, app)
		require.NoError(t, finishStored(t.Context(), auth, otpCode))
	})
}

// TestPendingOfSomebodyElse: a challenge that lies beside another person's session, as after a restore of the store, changes
// nothing of theirs. What is damaged is none.
func TestPendingOfSomebodyElse(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		auth := app.ForUser(pendingVisitor)
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.FixCode(testbed.NewPhone, otpCode)
		_, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
		require.NoError(t, err)
		key := testbed.PendingKeyOf(pendingVisitor)
		kept, err := store.Get(t.Context(), key)
		require.NoError(t, err)
		testbed.SignInAs(t, auth, testbed.Badger)
		require.NoError(t, store.Set(t.Context(), key, kept, 0))
		require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrInvalidParams)
		assert.Zero(t, srv.Count(verifying), "the code was spent")

		for _, damaged := range []string{"", "{", "null", "[]", `{"value":"x","until":"2999-01-01T00:00:00.000Z"}`, `{"value":{},"until":7}`} {
			require.NoError(t, store.Set(t.Context(), key, []byte(damaged), 0))
			require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrNoOtp, damaged)
		}
		waiting(t, srv, app)
		require.NoError(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode))
	})
}

// TestPendingWithoutTheOption: nothing is stored, and nothing is looked for.
func TestPendingWithoutTheOption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, store := testbed.Emulator(t), testbed.NewLockingStore()
		app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
		waiting(t, srv, app)
		_, err := store.Get(t.Context(), testbed.PendingKeyOf(pendingVisitor))
		require.ErrorIs(t, err, tcbauth.ErrNotFound)
		store.On(func(op, _ string) error { t.Error(op); return nil })
		require.ErrorIs(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode), tcbauth.ErrInvalidParams)
		_, err = app.ForUser(pendingVisitor).StoredOtp(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	})
}

// TestPendingWaits: a call that waits for its turn leaves with its context. Shutdown waits until what a message was sent for is
// stored, though its caller has gone.
func TestPendingWaits(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		waiting(t, srv, app)
		testbed.Slow(srv, verifying, 1)
		first := make(chan error, 1)
		go func() { first <- finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode) }()
		synctest.Wait()
		ctx, leave := context.WithTimeout(t.Context(), time.Second/4)
		defer leave()
		require.ErrorIs(t, finishStored(ctx, app.ForUser(pendingVisitor), otpCode), context.DeadlineExceeded)
		require.Empty(t, first)
		require.NoError(t, <-first)

		slow := make(chan struct{})
		srv.FixCode(testbed.GopherPhone, otpCode)
		sent := srv.Count("verification")
		store.On(func(op, key string) error {
			if op == "Set" && key == testbed.PendingKeyOf("another") && srv.Count("verification") > sent {
				<-slow
			}
			return nil
		})
		asking, gone := context.WithCancel(t.Context())
		go func() {
			_, err := app.ForUser("another").SignInWithOtp(asking, tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
			first <- err
		}()
		synctest.Wait()
		gone()
		ended := make(chan error, 1)
		go func() { ended <- app.Shutdown(t.Context()) }()
		synctest.Wait()
		assert.Empty(t, ended, "it has ended before the challenge was stored")
		close(slow)
		require.NoError(t, <-ended)
		require.NoError(t, <-first)
		require.NoError(t, finishStored(t.Context(), app.ForUser("another"), otpCode))
	})
}

// TestPendingOnEveryStore goes the way of a visitor on the stores of this module.
func TestPendingOnEveryStore(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: testbed.Miniredis(t)})
	t.Cleanup(func() { _ = client.Close() })
	inRedis, err := redisstore.New(client)
	require.NoError(t, err)
	inFiles, err := filestore.New(t.TempDir())
	require.NoError(t, err)
	for name, store := range map[string]tcbauth.TokenStore{
		"memory": tcbauth.NewMemoryStore(), "without locks": testbed.NewHookedStore(), "files": inFiles, "Redis": inRedis,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := testbed.Emulator(t, authtest.WithoutLimits())
			app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp(),
				tcbauth.WithSessionTTL(time.Hour)) // what miniredis can count on 32 bits
			waiting(t, srv, app)
			auth := waiting(t, srv, app)
			require.ErrorIs(t, finishStored(t.Context(), auth, wrongCode), tcbauth.ErrVerificationFailed)
			_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, NewKey: "new"})
			require.NoError(t, err)
			requireNothingPending(t, srv, app, store)
			_, err = testbed.GetMe(t, app.ForUser("new"))
			require.NoError(t, err)
		})
	}
}

// TestNewKey: the session lies under the new key alone. Nothing that lay under the old one is there any more, also that of an
// anonymous person, who keeps their id.
func TestNewKey(t *testing.T) {
	t.Parallel()
	for _, explicit := range []bool{false, true} {
		store := testbed.NewLockingStore()
		withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
			srv.RequireCaptcha("verification", verifying, "signup")
			old := app.ForUser(pendingVisitor)
			anonymous := testbed.SignInAnonymously(t, old)
			data, err := old.CreateCaptchaData(t.Context(), tcbauth.CreateCaptchaDataRequest{})
			require.NoError(t, err)
			_, err = old.VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{Token: data.Token, Key: srv.CaptchaAnswer(data.Token)})
			require.NoError(t, err)
			srv.FixCode(testbed.NewPhone, otpCode)
			c, err := old.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.NewPhone})
			require.NoError(t, err)
			finish := tcbauth.FinishOtpRequest{Token: otpCode, NewKey: "new", KeepAnonymousUser: true}
			if explicit {
				finish.Challenge = c
			}
			wrong := finish
			wrong.Token = wrongCode
			_, err = app.ForUser(pendingVisitor).FinishOtp(t.Context(), wrong)
			require.ErrorIs(t, err, tcbauth.ErrVerificationFailed)
			_, err = testbed.GetMe(t, app.ForUser(pendingVisitor))
			require.NoError(t, err, "who has not signed in is who they were")

			state, err := app.ForUser(pendingVisitor).FinishOtp(t.Context(), finish)
			require.NoError(t, err)
			require.NoError(t, state.UserErr)
			assert.Equal(t, anonymous.User.Sub, state.User.Sub)
			user, err := testbed.GetMe(t, app.ForUser("new"))
			require.NoError(t, err)
			assert.Equal(t, testbed.NewPhone, user.PhoneNumber)
			for _, key := range []string{
				testbed.KeyOf(pendingVisitor), testbed.DeviceKeyOf(pendingVisitor), testbed.CaptchaKeyOf(pendingVisitor), testbed.PendingKeyOf(pendingVisitor),
				testbed.CaptchaKeyOf("new"), testbed.PendingKeyOf("new"),
			} {
				_, err := store.Get(t.Context(), key)
				require.ErrorIs(t, err, tcbauth.ErrNotFound, key)
			}
			testbed.RequireNobody(t, app.ForUser(pendingVisitor))
		})
	}
}

// TestNewKeyRefused before the code is spent, where nobody signs in or the key is not new.
func TestNewKeyRefused(t *testing.T) {
	t.Parallel()
	withPending(t, testbed.NewLockingStore(), func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		auth := waiting(t, srv, app)
		_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, NewKey: pendingVisitor})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		require.NoError(t, finishStored(t.Context(), auth, otpCode))
		srv.FixCode(testbed.NewPhone, otpCode)
		srv.FixCode(testbed.GopherEmail, otpCode)
		spent := srv.Count(verifying)
		_, err = auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
		require.NoError(t, err)
		_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, NewKey: "new"})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		_, err = auth.Reauthenticate(t.Context())
		require.NoError(t, err)
		_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, NewKey: "new", Password: testbed.NewPassword})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		assert.Equal(t, spent, srv.Count(verifying))
		data, err := json.Marshal(tcbauth.FinishOtpRequest{NewKey: "a session id"}) //nolint:gosec // there is no password in it
		require.NoError(t, err)
		assert.NotContains(t, string(data), "a session id", "it comes from no form")
	})
}

// TestNewKeyOldOneStays: what cannot be deleted is told, and the person is signed in all the same.
func TestNewKeyOldOneStays(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		auth := waiting(t, srv, app)
		store.On(func(op, key string) error {
			if op == "Delete" && key == testbed.KeyOf(pendingVisitor) {
				return testbed.ErrDisk
			}
			return nil
		})
		state, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, NewKey: "new"})
		require.NoError(t, err)
		require.ErrorIs(t, state.UserErr, tcbauth.ErrStore)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)
		_, err = testbed.GetMe(t, app.ForUser("new"))
		require.NoError(t, err)
	})
}
