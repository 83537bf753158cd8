package session_test

import (
	"context"
	"errors"
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

const (
	pendingVisitor = "a visitor's id"
	verifying      = "verification/verify"
	otpCode        = "314159"
	wrongCode      = "271828"
)

// waiting has a challenge of gopher's stored on srv, whose code is otpCode, and returns another handle of the visitor.
func waiting(t *testing.T, srv *authtest.Server, app *tcbauth.App) *tcbauth.Auth {
	t.Helper()
	srv.FixCode(testbed.GopherPhone, otpCode)
	_, err := app.ForUser(pendingVisitor).SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
	require.NoError(t, err)
	return app.ForUser(pendingVisitor)
}

func finishStored(ctx context.Context, auth *tcbauth.Auth, code string) error {
	_, err := auth.FinishOtp(ctx, tcbauth.FinishOtpRequest{Token: code})
	return err
}

// requireNothingPending: the challenge is over, for every handle and in the store.
func requireNothingPending(t *testing.T, srv *authtest.Server, app *tcbauth.App, store tcbauth.TokenStore) {
	t.Helper()
	before := srv.Count(verifying)
	auth := app.ForUser(pendingVisitor)
	_, err := auth.StoredOtp(t.Context())
	require.ErrorIs(t, err, tcbauth.ErrNoOtp)
	require.ErrorIs(t, err, tcbauth.ErrVerificationFailed)
	require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrNoOtp)
	assert.Equal(t, before, srv.Count(verifying), "a code was spent")
	_, err = store.Get(t.Context(), testbed.PendingKeyOf(pendingVisitor))
	require.ErrorIs(t, err, tcbauth.ErrNotFound)
}

// withPending runs a test with an emulator and an App that stores challenges.
func withPending(t *testing.T, store tcbauth.TokenStore, test func(t *testing.T, srv *authtest.Server, app *tcbauth.App), opts ...authtest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.MailingEmulator(t, append(opts, authtest.WithoutLimits())...)
		test(t, srv, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp()))
	})
}

// TestPendingOfEveryKind: each first step leaves its challenge for another process that has nothing but the code. The device id
// is the same in both steps, and nothing is left.
func TestPendingOfEveryKind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signedIn bool
		begin    func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error)
		finish   tcbauth.FinishOtpRequest
	}{
		"SignInWithOtp": {begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
		}},
		"SignInWithOtp, registered only": {begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{
				Email: testbed.GopherEmail, Options: tcbauth.SignInWithOtpOptions{ShouldCreateUser: new(false)},
			})
		}},
		"SignUpWithOtp": {begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.SignUpWithOtp(ctx, tcbauth.SignUpWithOtpRequest{Phone: testbed.NewPhone})
		}, finish: tcbauth.FinishOtpRequest{Name: "Somebody new"}},
		"ResetPasswordForEmail": {begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.ResetPasswordForEmail(ctx, tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: testbed.GopherPhone})
		}, finish: tcbauth.FinishOtpRequest{Password: testbed.NewPassword}},
		"Reauthenticate": {signedIn: true, begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.Reauthenticate(ctx)
		}},
		"Reauthenticate, new password": {signedIn: true, begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			return auth.Reauthenticate(ctx)
		}, finish: tcbauth.FinishOtpRequest{Password: testbed.NewPassword}},
		"UpdateUser": {signedIn: true, begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			out, err := auth.UpdateUser(ctx, tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
			return out.Challenge, err
		}},
		"Resend": {begin: func(ctx context.Context, auth *tcbauth.Auth) (*tcbauth.OtpChallenge, error) {
			c, err := auth.SignInWithOtp(ctx, tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
			if err == nil {
				_, err = auth.Resend(ctx, tcbauth.ResendRequest{Phone: testbed.GopherPhone})
			}
			return c, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				if test.signedIn {
					testbed.SignInAs(t, app.ForUser(pendingVisitor), testbed.Gopher)
				}
				asked := len(srv.Requests())
				c, err := test.begin(t.Context(), app.ForUser(pendingVisitor))
				require.NoError(t, err)
				other := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp())
				kept, err := other.ForUser(pendingVisitor).StoredOtp(t.Context())
				require.NoError(t, err)
				assert.Equal(t, c.Kind, kept.Kind)
				assert.Equal(t, c.Sub, kept.Sub)

				code, err := srv.WaitCode(t.Context(), c.Phone+c.Email)
				require.NoError(t, err)
				test.finish.Token = code
				state, err := other.ForUser(pendingVisitor).FinishOtp(t.Context(), test.finish)
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				requireNothingPending(t, srv, app, store)
				ids := map[string]bool{}
				for _, r := range srv.Requests()[asked:] {
					ids[r.Header.Get("X-Device-Id")] = true
				}
				assert.Len(t, ids, 1)
			})
		})
	}
}

// TestPendingTries: a stored challenge is refused five times and not once more, whoever asks. What the server has not judged
// does not count; what it may have judged does.
func TestPendingTries(t *testing.T) {
	t.Parallel()
	failing := func(fault authtest.Fault) func(*testing.T, *authtest.Server, *tcbauth.Auth) error {
		return func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
			fault.Operation, fault.Times = verifying, 1
			srv.Fault(fault)
			return finishStored(t.Context(), auth, wrongCode)
		}
	}
	for name, test := range map[string]struct {
		try    func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error
		counts bool
		ends   bool // at once
	}{
		"wrong": {try: func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
			return finishStored(t.Context(), auth, wrongCode)
		}, counts: true},
		"answer lost": {try: failing(authtest.Fault{Close: authtest.AfterCommit}), counts: true},
		"left alone": {try: func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) error {
			testbed.Slow(srv, verifying, 1)
			ctx, leave := context.WithTimeout(t.Context(), time.Second/2)
			defer leave()
			return finishStored(ctx, auth, wrongCode)
		}, counts: true},
		"over at the server": {try: failing(authtest.Fault{Error: &authtest.Error{Code: "aborted", Number: 10}}), ends: true},
		"unavailable":        {try: failing(authtest.Fault{Error: &authtest.Error{Code: "unavailable", Number: 14}})},
		"rate limited":       {try: failing(authtest.Fault{Error: &authtest.Error{Code: "resource_exhausted", Number: 8}})},
		"captcha":            {try: failing(authtest.Fault{Error: &authtest.Error{Code: "captcha_required", Number: 4001}})},
		"no code": {try: func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
			return finishStored(t.Context(), auth, "abc")
		}},
		"weak password": {try: func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) error {
			_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Token: otpCode, Password: "weak"})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				waiting(t, srv, app)
				try := func() {
					err := test.try(t, srv, app.ForUser(pendingVisitor))
					require.Error(t, err)
					require.NotErrorIs(t, err, tcbauth.ErrNoOtp)
				}
				switch {
				case test.ends:
					try()
					requireNothingPending(t, srv, app, store)
					return
				case test.counts:
					for range 5 {
						try()
						synctest.Wait()
					}
					requireNothingPending(t, srv, app, store)
					waiting(t, srv, app)
					for range 4 {
						try()
						synctest.Wait()
					}
				default:
					for range 10 {
						try()
					}
				}
				require.NoError(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode))
				requireNothingPending(t, srv, app, store)
			}, authtest.WithRefreshPolicy(authtest.Rotating()))
		})
	}
}

// TestPendingNotSent: a captcha that nobody solves is no try of a code.
func TestPendingNotSent(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		waiting(t, srv, app)
		solving := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp(),
			tcbauth.WithCaptchaSolver(func(context.Context, tcbauth.Captcha) (string, error) { return "", testbed.ErrDisk }))
		for range 6 {
			srv.Fault(authtest.Fault{Operation: verifying, Times: 1, Error: &authtest.Error{Code: "captcha_required", Number: 4001}})
			require.ErrorIs(t, finishStored(t.Context(), solving.ForUser(pendingVisitor), otpCode), testbed.ErrDisk)
		}
		require.NoError(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode))
	})
}

// TestPendingAtOnce: a form that is sent twice spends its code once, on whichever replica it arrives. Of many wrong codes at once
// no more are tried than one after the other.
func TestPendingAtOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code      string
		calls     int
		succeed   int
		verifying int
	}{
		"right": {otpCode, 2, 1, 1},
		"wrong": {wrongCode, 20, 0, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				waiting(t, srv, app)
				testbed.Slow(srv, verifying, test.verifying)
				apps := []*tcbauth.App{app, testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithStoredOtp())}
				var mu sync.Mutex
				var succeeded, late int
				var wg sync.WaitGroup
				for i := range test.calls {
					wg.Go(func() {
						err := finishStored(t.Context(), apps[i%2].ForUser(pendingVisitor), test.code)
						mu.Lock()
						defer mu.Unlock()
						if err == nil {
							succeeded++
						} else if errors.Is(err, tcbauth.ErrNoOtp) {
							late++
						}
					})
				}
				wg.Wait()
				assert.Equal(t, test.succeed, succeeded)
				assert.Equal(t, test.calls-test.verifying, late)
				assert.Equal(t, test.verifying, srv.Count(verifying))
			})
		})
	}
}

// TestPendingStoreFails: while the store cannot take a challenge no message is sent, and none is lost that waits already. If it
// fails after that, the challenge is the caller's to keep.
func TestPendingStoreFails(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"Lock", "Get", "Set"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewLockingStore()
			withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
				waiting(t, srv, app)
				sent := srv.Count("verification")
				store.On(testbed.FailsWith(testbed.ErrDisk, op))
				auth := app.ForUser(pendingVisitor)
				_, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.BadgerPhone})
				require.ErrorIs(t, err, tcbauth.ErrStore)
				require.ErrorIs(t, err, testbed.ErrDisk)
				_, err = auth.Resend(t.Context(), tcbauth.ResendRequest{Phone: testbed.GopherPhone})
				require.ErrorIs(t, err, tcbauth.ErrStore)
				assert.Equal(t, sent, srv.Count("verification"), "a message was sent")
				store.On(nil)
				require.NoError(t, finishStored(t.Context(), app.ForUser(pendingVisitor), otpCode))
			})
		})
	}
	t.Run("after the message", func(t *testing.T) {
		t.Parallel()
		store := testbed.NewLockingStore()
		withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
			srv.FixCode(testbed.GopherPhone, otpCode)
			store.On(func(op, _ string) error {
				if op == "Set" && srv.Count("verification") > 0 {
					return testbed.ErrDisk
				}
				return nil
			})
			auth := app.ForUser(pendingVisitor)
			c, err := auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.GopherPhone})
			require.ErrorIs(t, err, tcbauth.ErrStore)
			require.NotNil(t, c)
			store.On(nil)
			require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrNoOtp)
			_, err = auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: c, Token: otpCode})
			require.NoError(t, err)
		})
	})
	t.Run("before the code", func(t *testing.T) {
		t.Parallel()
		store := testbed.NewLockingStore()
		withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
			auth := waiting(t, srv, app)
			for _, op := range []string{"Lock", "Get"} {
				store.On(testbed.FailsWith(testbed.ErrDisk, op))
				require.ErrorIs(t, finishStored(t.Context(), auth, otpCode), tcbauth.ErrStore)
			}
			assert.Zero(t, srv.Count(verifying), "the code was spent")
			store.On(nil)
			require.NoError(t, finishStored(t.Context(), auth, otpCode))
		})
	})
}

// TestPendingOfTwoTabs: the later first step has the session's challenge, but not if it sends nothing.
func TestPendingOfTwoTabs(t *testing.T) {
	t.Parallel()
	store := testbed.NewLockingStore()
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		srv.FixCode(testbed.BadgerPhone, wrongCode)
		var wg sync.WaitGroup
		for _, phone := range []string{testbed.BadgerPhone, testbed.NewPhone} {
			wg.Go(func() {
				_, err := app.ForUser(pendingVisitor).SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: phone})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		auth := waiting(t, srv, app)
		c, err := auth.StoredOtp(t.Context())
		require.NoError(t, err)
		assert.Equal(t, testbed.GopherPhone, c.Phone)
		srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Error: &authtest.Error{Code: "resource_exhausted", Number: 8}})
		_, err = auth.SignInWithOtp(t.Context(), tcbauth.SignInWithOtpRequest{Phone: testbed.BadgerPhone})
		require.ErrorIs(t, err, tcbauth.ErrRateLimited)
		require.ErrorIs(t, finishStored(t.Context(), auth, wrongCode), tcbauth.ErrVerificationFailed, "the code of another tab")
		require.NoError(t, finishStored(t.Context(), auth, otpCode))
	})
}

// TestPendingSealed: a challenge lies in the store as tokens do. One that cannot be opened any more is none.
func TestPendingSealed(t *testing.T) {
	t.Parallel()
	inner := tcbauth.NewMemoryStore()
	store, err := tcbauth.Sealed(inner, []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	withPending(t, store, func(t *testing.T, srv *authtest.Server, app *tcbauth.App) {
		auth := waiting(t, srv, app)
		value, err := inner.Get(t.Context(), testbed.PendingKeyOf(pendingVisitor))
		require.NoError(t, err)
		assert.NotContains(t, string(value), "13800000000")

		other, err := tcbauth.Sealed(inner, []byte(strings.Repeat("o", 32)))
		require.NoError(t, err)
		rotated := testbed.NewApp(t, srv, tcbauth.WithTokenStore(other), tcbauth.WithStoredOtp())
		require.ErrorIs(t, finishStored(t.Context(), rotated.ForUser(pendingVisitor), otpCode), tcbauth.ErrNoOtp, "it cannot be read")
		require.NoError(t, finishStored(t.Context(), auth, otpCode))
	})
}
