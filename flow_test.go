package tcbauth_test

import (
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
	newPhone = "+86 13700000000" // of nobody yet
	newEmail = "new@example.com"
)

// ask has a code sent, to a phone number or a mail address, and reads it.
func ask(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, req tcbauth.GetVerificationRequest) (*tcbauth.VerificationInfo, string) {
	t.Helper()
	info, err := auth.GetVerification(t.Context(), req)
	require.NoError(t, err)
	require.NotEmpty(t, info.VerificationID)
	require.Equal(t, 600, info.ExpiresIn)
	code, err := srv.WaitCode(t.Context(), req.PhoneNumber+req.Email)
	require.NoError(t, err)
	return info, code
}

// sms is ask for a phone number, with what SignInWithSms takes.
func sms(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, phone string) tcbauth.SignInWithSmsRequest {
	t.Helper()
	info, code := ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: phone})
	return tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: code, PhoneNum: phone}
}

// TestSmsFlow is the js-sdk's page on SMS login from its top to its end: a number registers, and later signs in.
func TestSmsFlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		info, code := ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: newPhone})
		assert.False(t, info.IsUser)
		verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
		require.NoError(t, err)
		assert.Equal(t, 600, verified.ExpiresIn)
		signedUp, err := auth.SignUp(t.Context(), tcbauth.SignUpRequest{
			PhoneNumber: newPhone, VerificationCode: code, VerificationToken: verified.VerificationToken,
			Username: "newcomer", Password: testbed.Password, Name: "A Newcomer",
		})
		require.NoError(t, err)
		require.NoError(t, signedUp.UserErr)
		assert.Equal(t, "newcomer", signedUp.User.Username)
		assert.Equal(t, newPhone, signedUp.User.PhoneNumber)
		assert.Equal(t, signedUp.Credentials.Sub, signedUp.User.Sub)
		require.NoError(t, auth.SignOut(t.Context()))

		srv.Advance(time.Minute)
		req := sms(t, srv, auth, newPhone)
		assert.True(t, req.VerificationInfo.IsUser)
		req.PhoneNum = "13700000000" // as the js-sdk takes it
		signedIn, err := auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		require.NoError(t, signedIn.UserErr)
		assert.Equal(t, signedUp.User.Sub, signedIn.User.Sub)
		assert.Equal(t, 1, srv.Count("signup"))
		assert.Equal(t, 1, srv.Count("signin"))
		user, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.NoError(t, err)
		assert.Equal(t, signedIn.User, user)
		require.NoError(t, auth.SignOut(t.Context()))
	})
}

// TestSignInWithSmsRegisters does all of it in one call, for somebody new.
func TestSignInWithSmsRegisters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		events := testbed.EventsOf(auth)
		state, err := auth.SignInWithSms(t.Context(), sms(t, srv, auth, newPhone))
		require.NoError(t, err)
		assert.Equal(t, newPhone, state.User.PhoneNumber)
		assert.Zero(t, srv.Count("signin"))
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn}, events())
	})
}

func TestEmailFlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		subs := make(map[string]int)
		for range 2 { // registers, then signs in
			info, code := ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: newEmail})
			state, err := auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: newEmail,
			})
			require.NoError(t, err)
			require.NoError(t, state.UserErr)
			assert.Equal(t, newEmail, state.User.Email)
			subs[state.User.Sub]++
			require.NoError(t, auth.SignOut(t.Context()))
			srv.Advance(time.Minute)
		}
		assert.Len(t, subs, 1)
		assert.Equal(t, 1, srv.Count("signup"))
		assert.Equal(t, 1, srv.Count("signin"))
	})
}

// TestWrongIsUser: where the server contradicts what it said about a number, the other way is taken, once, with the same
// token: the person's code is spent.
func TestWrongIsUser(t *testing.T) {
	t.Parallel()
	notFound := &authtest.Error{Word: "not_found", Number: 5}
	registered := &authtest.Error{Word: "failed_precondition", Number: 9}
	no := false
	for name, test := range map[string]struct {
		phone          string
		isUser         bool
		create         *bool
		signIn, signUp *authtest.Error // what the server answers, nil: what it finds
		want           error
		signIns        int
		signUps        int
	}{
		"is a user after all":         {phone: testbed.GopherPhone, signIns: 1, signUps: 1},
		"is no user after all":        {phone: newPhone, isUser: true, signIns: 1, signUps: 1},
		"already_exists":              {phone: testbed.GopherPhone, signUp: &authtest.Error{Word: "already_exists", Number: 6}, signIns: 1, signUps: 1},
		"must not create, is a user":  {phone: testbed.GopherPhone, create: &no, signIns: 1},
		"must not create, is no user": {phone: newPhone, create: &no, want: tcbauth.CodeNotFound, signIns: 1},
		"must not create, as told":    {phone: newPhone, isUser: true, create: &no, want: tcbauth.CodeNotFound, signIns: 1},
		"may create":                  {phone: newPhone, create: new(true), signUps: 1},
		"both fail, sign-in first": {
			phone: newPhone, isUser: true, signUp: registered, want: tcbauth.CodeNotFound, signIns: 1, signUps: 1,
		},
		"both fail, sign-up first": {
			phone: testbed.GopherPhone, signIn: notFound, want: tcbauth.CodeFailedPrecondition, signIns: 1, signUps: 1,
		},
		"another error is no contradiction": {
			phone: testbed.GopherPhone, isUser: true, signIn: &authtest.Error{Word: "user_blocked"}, want: tcbauth.CodeUserBlocked, signIns: 1,
		},
		"nor is one of signing up": {
			phone: newPhone, signUp: &authtest.Error{Word: "permission_denied"}, want: tcbauth.CodePermissionDenied, signUps: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithoutIsUser())
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				for operation, answer := range map[string]*authtest.Error{"signin": test.signIn, "signup": test.signUp} {
					if answer != nil {
						srv.Fault(authtest.Fault{Operation: operation, Error: answer})
					}
				}
				req := sms(t, srv, auth, test.phone)
				require.False(t, req.VerificationInfo.IsUser)
				req.VerificationInfo.IsUser, req.ShouldCreateUser = test.isUser, test.create
				state, err := auth.SignInWithSms(t.Context(), req)
				if test.want == nil {
					require.NoError(t, err)
					assert.Equal(t, test.phone, state.User.PhoneNumber)
				} else {
					require.ErrorIs(t, err, test.want)
					assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
				}
				assert.Equal(t, 1, srv.Count("verification/verify"))
				assert.Equal(t, test.signIns, srv.Count("signin"))
				assert.Equal(t, test.signUps, srv.Count("signup"))
			})
		})
	}
}

// TestWrongIsUserOfEmail: the same holds for mail.
func TestWrongIsUserOfEmail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		auth := testbed.NewApp(t, srv).Auth()
		for _, isUser := range []bool{true, false} { // nobody has the address at first, then somebody has
			info, code := ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: newEmail})
			info.IsUser = isUser
			_, err := auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: newEmail,
			})
			require.NoError(t, err)
		}
		assert.Equal(t, 2, srv.Count("signin"))
		assert.Equal(t, 2, srv.Count("signup"))
		assert.Equal(t, 2, srv.Count("verification/verify"))
	})
}

func TestCodeIsWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithCodeAttempts(3))
		srv.FixCode(testbed.GopherPhone, "123456")
		auth := testbed.NewApp(t, srv).Auth()
		req := sms(t, srv, auth, testbed.GopherPhone)
		right := req.VerificationCode
		req.VerificationCode = "654321"
		for i := range 3 {
			_, err := auth.SignInWithSms(t.Context(), req)
			require.ErrorIs(t, err, tcbauth.CodeInvalidArgument)
			require.ErrorIs(t, err, tcbauth.ErrVerificationFailed)
			assert.NotContains(t, err.Error(), req.VerificationCode)
			assert.NotContains(t, err.Error(), req.VerificationInfo.VerificationID)
			require.Equal(t, i+1, srv.Count("verification/verify"), "a check is never sent twice")
		}
		req.VerificationCode = right
		_, err := auth.SignInWithSms(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.CodeAborted)
		assert.Zero(t, srv.Count("signin"))

		srv.Advance(time.Minute)
		_, err = auth.SignInWithSms(t.Context(), sms(t, srv, auth, testbed.GopherPhone))
		require.NoError(t, err, "a new code has new tries")
	})
}

func TestCodeIsTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		req := sms(t, srv, auth, testbed.GopherPhone)
		srv.Advance(600 * time.Second)
		_, err := auth.SignInWithSms(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed)
		newer := sms(t, srv, auth, testbed.GopherPhone)
		_, err = auth.SignInWithSms(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed, "the code before")
		_, err = auth.SignInWithSms(t.Context(), newer)
		require.NoError(t, err)
		_, err = auth.SignInWithSms(t.Context(), newer)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed, "a code is good once")
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		first := sms(t, srv, auth, testbed.GopherPhone)
		_, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		require.ErrorIs(t, err, tcbauth.ErrRateLimited)
		require.ErrorIs(t, err, tcbauth.CodeResourceExhausted)
		var e *tcbauth.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 429, e.StatusCode)
		assert.Equal(t, 8, e.Number)
		assert.Equal(t, time.Minute, e.RetryAfter)
		assert.NotEmpty(t, e.RequestID)
		assert.Equal(t, 2, srv.Count("verification"), "an SMS is never asked for twice")
		_, err = auth.SignInWithSms(t.Context(), first)
		require.NoError(t, err, "the code that was sent is still good")
		srv.Advance(e.RetryAfter)
		sms(t, srv, auth, testbed.GopherPhone)
	})
}

func TestPasswordErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithPasswordLock(2, 10*time.Minute))
		srv.Seed(
			authtest.User{Username: "no_password", Email: "none@example.com"},
			authtest.User{Username: "blocked_01", Password: testbed.Password, Blocked: true},
			authtest.User{Username: "pending_01", Password: testbed.Password, Pending: true},
		)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		signIn := func(req tcbauth.SignInWithPasswordRequest) error {
			_, err := auth.SignInWithPassword(t.Context(), req)
			if err != nil {
				assert.NotContains(t, err.Error(), "-horse-")
				assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
			}
			return err
		}
		for _, test := range []struct {
			req  tcbauth.SignInWithPasswordRequest
			want error
		}{
			{tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: "wrong-horse-1"}, tcbauth.CodeInvalidUsernameOrPassword},
			{tcbauth.SignInWithPasswordRequest{Username: "nobody_at_all", Password: testbed.Password}, tcbauth.CodeInvalidUsernameOrPassword},
			{tcbauth.SignInWithPasswordRequest{Email: "none@example.com", Password: testbed.Password}, tcbauth.CodePasswordNotSet},
			{tcbauth.SignInWithPasswordRequest{Username: "blocked_01", Password: testbed.Password}, tcbauth.ErrUserStatusAbnormal},
			{tcbauth.SignInWithPasswordRequest{Username: "pending_01", Password: testbed.Password}, tcbauth.CodeUserPending},
			{tcbauth.SignInWithPasswordRequest{Phone: "13800000000", Password: "wrong-horse-2"}, tcbauth.ErrInvalidCredentials},
			{tcbauth.SignInWithPasswordRequest{Username: testbed.Gopher, Password: testbed.Password}, tcbauth.CodeInvalidStatus}, // locked now
		} {
			require.ErrorIs(t, signIn(test.req), test.want)
		}
		sent := srv.Count("signin")
		assert.Equal(t, 7, sent, "none is sent twice")
		for _, req := range []tcbauth.SignInWithPasswordRequest{
			{Password: testbed.Password}, {Username: testbed.Gopher}, {Phone: "123", Password: testbed.Password}, {Email: "x", Password: testbed.Password},
		} {
			require.ErrorIs(t, signIn(req), tcbauth.ErrInvalidParams)
		}
		assert.Equal(t, sent, srv.Count("signin"))
		srv.Advance(10 * time.Minute)
		require.NoError(t, signIn(tcbauth.SignInWithPasswordRequest{Phone: "138 0000 0000", Password: testbed.Password}))
	})
}

// TestSessionLivesOn: an access token is good for two hours, a session for as long as somebody comes back within a month.
func TestSessionLivesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		for i, pause := range []time.Duration{testbed.TokenLife, 29 * 24 * time.Hour, 29 * 24 * time.Hour} {
			srv.Advance(pause)
			user, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, user.Sub)
			assert.Equal(t, i+1, srv.Count("token"), "the client knew without being refused")
			assert.Equal(t, i+2, srv.Count("user/me"))
		}
	})
}

// TestSessionIsRevokedElsewhere: the next call is refused, the refresh token too, and the session has ended.
func TestSessionIsRevokedElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		copied := testbed.SignInAs(t, auth, testbed.Gopher)
		other := testbed.NewApp(t, srv).Auth()
		require.NoError(t, other.SetCredentials(t.Context(), copied))
		require.NoError(t, other.SignOut(t.Context()))

		_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		assert.Nil(t, testbed.Stored(t, store, testbed.DefaultKey))
		testbed.RequireNobody(t, auth)
		assert.Equal(t, 1, srv.Count("token"))
	})
}

// TestAccessKey stands in for a session in calls that carry one, and in no others.
func TestAccessKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		wire := testbed.NewTap(srv)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store), tcbauth.WithAccessKey("key"), wire.Client()).Auth()
		testbed.RequireToken(t, auth, "key")
		_, err := auth.GetCredentials(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrNoSession, "a key is no session")
		has, err := auth.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.False(t, has)
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
		require.NotErrorIs(t, err, tcbauth.ErrSessionExpired)

		req := sms(t, srv, auth, testbed.GopherPhone)
		state, err := auth.SignInWithSms(t.Context(), req)
		require.NoError(t, err)
		testbed.RequireToken(t, auth, state.Credentials.AccessToken)
		srv.Advance(testbed.TokenLife)
		_, err = auth.GetCredentials(t.Context())
		require.NoError(t, err)
		require.NoError(t, auth.SignOut(t.Context()))
		testbed.RequireToken(t, auth, "key")

		for path, want := range map[string][]string{
			"verification": {"Bearer key"}, "verification/verify": {""}, "signin": {""}, "token": {""}, "revoke": {""},
			"user/me": {"Bearer key", "Bearer " + state.Credentials.AccessToken},
		} {
			assert.Equal(t, want, wire.Bearers("/auth/v1/"+path), path)
		}
	})
}
