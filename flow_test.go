package tcbauth_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestSmsFlow is the js-sdk's page on SMS login from its top to its end: a number registers, and later signs in.
func TestSmsFlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.NewPhone})
		assert.False(t, info.IsUser)
		verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
		require.NoError(t, err)
		assert.Equal(t, 600, verified.ExpiresIn)
		signedUp, err := auth.SignUp(t.Context(), tcbauth.SignUpRequest{
			PhoneNumber: testbed.NewPhone, VerificationCode: code, VerificationToken: verified.VerificationToken,
			Username: "newcomer", Password: testbed.Password, Name: "A Newcomer",
		})
		require.NoError(t, err)
		require.NoError(t, signedUp.UserErr)
		assert.Equal(t, "newcomer", signedUp.User.Username)
		assert.Equal(t, testbed.NewPhone, signedUp.User.PhoneNumber)
		assert.Equal(t, signedUp.Credentials.Sub, signedUp.User.Sub)
		require.NoError(t, auth.SignOut(t.Context()))

		srv.Advance(time.Minute)
		req := testbed.Sms(t, srv, auth, testbed.NewPhone)
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
		state, err := auth.SignInWithSms(t.Context(), testbed.Sms(t, srv, auth, testbed.NewPhone))
		require.NoError(t, err)
		assert.Equal(t, testbed.NewPhone, state.User.PhoneNumber)
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
			info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: testbed.NewEmail})
			state, err := auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: testbed.NewEmail,
			})
			require.NoError(t, err)
			require.NoError(t, state.UserErr)
			assert.Equal(t, testbed.NewEmail, state.User.Email)
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
	notFound := &authtest.Error{Code: "not_found", Number: 5}
	registered := &authtest.Error{Code: "failed_precondition", Number: 9}
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
		"is no user after all":        {phone: testbed.NewPhone, isUser: true, signIns: 1, signUps: 1},
		"already_exists":              {phone: testbed.GopherPhone, signUp: &authtest.Error{Code: "already_exists", Number: 6}, signIns: 1, signUps: 1},
		"must not create, is a user":  {phone: testbed.GopherPhone, create: &no, signIns: 1},
		"must not create, is no user": {phone: testbed.NewPhone, create: &no, want: tcbauth.CodeNotFound, signIns: 1},
		"must not create, as told":    {phone: testbed.NewPhone, isUser: true, create: &no, want: tcbauth.CodeNotFound, signIns: 1},
		"may create":                  {phone: testbed.NewPhone, create: new(true), signUps: 1},
		"both fail, sign-in first": {
			phone: testbed.NewPhone, isUser: true, signUp: registered, want: tcbauth.CodeNotFound, signIns: 1, signUps: 1,
		},
		"both fail, sign-up first": {
			phone: testbed.GopherPhone, signIn: notFound, want: tcbauth.CodeFailedPrecondition, signIns: 1, signUps: 1,
		},
		"another error is no contradiction": {
			phone: testbed.GopherPhone, isUser: true, signIn: &authtest.Error{Code: "user_blocked"}, want: tcbauth.CodeUserBlocked, signIns: 1,
		},
		"nor is one of signing up": {
			phone: testbed.NewPhone, signUp: &authtest.Error{Code: "permission_denied"}, want: tcbauth.CodePermissionDenied, signUps: 1,
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
				req := testbed.Sms(t, srv, auth, test.phone)
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
			info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{Email: testbed.NewEmail})
			info.IsUser = isUser
			_, err := auth.SignInWithEmail(t.Context(), tcbauth.SignInWithEmailRequest{
				VerificationInfo: info, VerificationCode: code, Email: testbed.NewEmail,
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
		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
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
		_, err = auth.SignInWithSms(t.Context(), testbed.Sms(t, srv, auth, testbed.GopherPhone))
		require.NoError(t, err, "a new code has new tries")
	})
}

func TestCodeIsTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		req := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		srv.Advance(600 * time.Second)
		_, err := auth.SignInWithSms(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed)
		newer := testbed.Sms(t, srv, auth, testbed.GopherPhone)
		_, err = auth.SignInWithSms(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed, "the code before")
		_, err = auth.SignInWithSms(t.Context(), newer)
		require.NoError(t, err)
		_, err = auth.SignInWithSms(t.Context(), newer)
		require.ErrorIs(t, err, tcbauth.ErrVerificationFailed, "a code is good once")
	})
}

// TestRarerFlows has the calls that few programs make, against the emulator.
func TestRarerFlows(t *testing.T) {
	t.Parallel()
	for name, flow := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth){
		"a code that signs in at once": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			info, code := testbed.Ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
			verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{
				VerificationID: info.VerificationID, VerificationCode: code, Version: "v2",
			})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, verified.Credentials.Sub)
			testbed.RequireToken(t, auth, verified.Credentials.AccessToken)
		},
		"the phone number that WeChat has": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			code := srv.ProviderCode(testbed.Wechat, authtest.ProviderUser{Sub: "o-1", Phone: testbed.NewPhone})
			granted, err := auth.GrantProviderToken(t.Context(), tcbauth.GrantProviderTokenRequest{ProviderID: testbed.Wechat, ProviderCode: code})
			require.NoError(t, err)
			require.NotNil(t, granted.ProviderProfile)
			assert.Empty(t, granted.ProviderProfile.PhoneNumber)
			told, err := auth.PatchProviderToken(t.Context(), tcbauth.PatchProviderTokenRequest{
				ProviderToken: granted.ProviderToken, ProviderParams: &tcbauth.ProviderParams{Code: "phone-code"},
			})
			require.NoError(t, err)
			assert.Equal(t, testbed.NewPhone, told.ProviderProfile.PhoneNumber)
		},
		"a third party moves to another account": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			person := authtest.ProviderUser{Sub: "o-1"}
			testbed.SignInAs(t, auth, testbed.Badger)
			require.NoError(t, auth.BindWithProvider(t.Context(), tcbauth.BindWithProviderRequest{ProviderToken: granted(t, srv, auth, person)}))
			testbed.SignInAs(t, auth, testbed.Gopher)
			moved, err := auth.ChangeBoundProvider(t.Context(), tcbauth.ChangeBoundProviderRequest{ProviderID: testbed.Wechat, TransToken: granted(t, srv, auth, person)})
			require.NoError(t, err)
			assert.Equal(t, srv.Env, moved.ClientID)
			state, err := auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{ProviderToken: granted(t, srv, auth, person)})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, state.User.Sub)
		},
		"an authorization for another client": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			info, err := auth.AuthorizeInfo(t.Context(), tcbauth.AuthorizeInfoRequest{ClientID: "other", Scope: "user sso"})
			require.NoError(t, err)
			assert.Equal(t, "other", info.Client.ID)
			assert.Len(t, info.Scopes, 2)
			granted, err := auth.Authorize(t.Context(), tcbauth.AuthorizeRequest{ClientID: "other", ResponseType: "code", State: "s"})
			require.NoError(t, err)
			assert.NotEmpty(t, granted.Code)
			assert.Equal(t, "s", granted.State)
		},
		"a mini program scans a code": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			shown, err := auth.GetMiniProgramQrCode(t.Context(), tcbauth.GetMiniProgramQrCodeRequest{EnvID: srv.Env, WxAppID: "wx1"})
			require.NoError(t, err)
			asked := tcbauth.GetMiniProgramQrCodeStatusRequest{QrCodeID: shown.QrCodeID, EnvID: srv.Env, WxAppID: "wx1"}
			status, err := auth.GetMiniProgramQrCodeStatus(t.Context(), asked)
			require.NoError(t, err)
			assert.Empty(t, status.ProviderToken)
			srv.ScanQRCode(shown.QrCodeID, authtest.ProviderUser{Sub: "o-1", Name: "Mole"})
			status, err = auth.GetMiniProgramQrCodeStatus(t.Context(), asked)
			require.NoError(t, err)
			state, err := auth.SignInWithProvider(t.Context(), tcbauth.SignInWithProviderRequest{ProviderToken: status.ProviderToken})
			require.NoError(t, err)
			assert.Equal(t, "Mole", state.User.Name)
		},
		"the low-code plugin": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
			kind, err := auth.GetProviderSubType(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "weda", kind.ID)
			testbed.SignInAs(t, auth, testbed.Gopher)
			info, err := auth.GetWedaUserInfo(t.Context())
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, info["sub"])
		},
		"a backend trusts the token, until it is revoked": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			verifier, err := accesstoken.NewVerifier(srv.Env, accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL),
				accesstoken.WithHTTPClient(srv.Client()))
			require.NoError(t, err)
			session := testbed.SignInAs(t, auth, testbed.Gopher)
			claims, err := verifier.Verify(t.Context(), session.AccessToken)
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, claims.Subject)
			_, err = verifier.Introspect(t.Context(), session.AccessToken)
			require.NoError(t, err)
			require.NoError(t, auth.SignOut(t.Context()))
			_, err = verifier.Verify(t.Context(), session.AccessToken)
			require.NoError(t, err, "no token shows that it was revoked")
			_, err = verifier.Introspect(t.Context(), session.AccessToken)
			require.ErrorIs(t, err, accesstoken.ErrInactive)
		},
		"a captcha that a person solves": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			shown, err := auth.CreateCaptchaData(t.Context(), tcbauth.CreateCaptchaDataRequest{State: "s"})
			require.NoError(t, err)
			solved, err := auth.VerifyCaptchaData(t.Context(), tcbauth.VerifyCaptchaDataRequest{
				Token: shown.Token, Key: srv.CaptchaAnswer(shown.Token),
			})
			require.NoError(t, err)
			assert.NotEmpty(t, solved.CaptchaToken)
		},
		"signing out on the way to another page": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			_, err := auth.SignOutWithRedirect(t.Context(), tcbauth.SignOutRequest{RedirectURI: "https://app.example.com"})
			require.NoError(t, err)
			assert.Equal(t, 1, srv.Count("user/signout"))
			testbed.RequireNobody(t, auth)
		},
		"what was done with an account": func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth) {
			testbed.SignInAs(t, auth, testbed.Gopher)
			log, err := auth.GetUserBehaviorLog(t.Context(), tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin, Limit: 10})
			require.NoError(t, err)
			assert.Contains(t, string(log.Raw), "USER_LOGIN")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithClientID("other"))
				flow(t, srv, testbed.NewApp(t, srv).Auth())
			})
		})
	}
}

// TestEncryptedByTheCaller: what a caller has encrypted is sent as it is, with the name of the key and nothing of its plain text.
func TestEncryptedByTheCaller(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		req   tcbauth.SignInRequest
		path  string
		field string // that is refused; "": none
	}{
		"v1":              {tcbauth.SignInRequest{Params: "c2VjcmV0", PublicKeyThumbprint: "thumb"}, "/auth/v1/signin", ""},
		"v2":              {tcbauth.SignInRequest{Params: "c2VjcmV0", PublicKeyThumbprint: "thumb", Version: "v2"}, "/auth/v2/signin/username", ""},
		"no thumbprint":   {tcbauth.SignInRequest{Params: "c2VjcmV0"}, "", "public_key_thumbprint"},
		"no params":       {tcbauth.SignInRequest{PublicKeyThumbprint: "thumb"}, "", "params"},
		"encrypted twice": {tcbauth.SignInRequest{Params: "c2VjcmV0", PublicKeyThumbprint: "thumb", IsEncrypt: true}, "", "isEncrypt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				peer := testbed.Script(testbed.Reply(http.StatusUnauthorized, `{"error":"invalid_username_or_password","error_code":4043}`))
				auth := testbed.NewPeerApp(t, peer, tcbauth.NewMemoryStore()).Auth()
				_, err := auth.SignIn(t.Context(), test.req)
				if test.field != "" {
					invalid := new(tcbauth.ValidationError)
					require.ErrorAs(t, err, &invalid)
					assert.Equal(t, test.field, invalid.Field)
					assert.Empty(t, peer.Requests())
					return
				}
				require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword)
				require.Len(t, peer.Requests(), 1)
				got := peer.Requests()[0]
				assert.Equal(t, test.path, got.URL.Path)
				assert.JSONEq(t, `{"params":"c2VjcmV0","public_key_thumbprint":"thumb"}`, got.Text)
				assert.NotContains(t, fmt.Sprintf("%+v", test.req), "c2VjcmV0")
			})
		})
	}
}
