package tcbauth_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestRarerFlows has the calls that few programs make, against the emulator.
func TestRarerFlows(t *testing.T) {
	t.Parallel()
	for name, flow := range map[string]func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth){
		"a code that signs in at once": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			info, code := ask(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
			verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{
				VerificationID: info.VerificationID, VerificationCode: code, Version: "v2",
			})
			require.NoError(t, err)
			assert.Equal(t, testbed.GopherSub, verified.Credentials.Sub)
			testbed.RequireToken(t, auth, verified.Credentials.AccessToken)
		},
		"the phone number that WeChat has": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			code := srv.ProviderCode(wechat, authtest.ProviderUser{Sub: "o-1", Phone: newPhone})
			granted, err := auth.GrantProviderToken(t.Context(), tcbauth.GrantProviderTokenRequest{ProviderID: wechat, ProviderCode: code})
			require.NoError(t, err)
			require.NotNil(t, granted.ProviderProfile)
			assert.Empty(t, granted.ProviderProfile.PhoneNumber)
			told, err := auth.PatchProviderToken(t.Context(), tcbauth.PatchProviderTokenRequest{
				ProviderToken: granted.ProviderToken, ProviderParams: &tcbauth.ProviderParams{Code: "phone-code"},
			})
			require.NoError(t, err)
			assert.Equal(t, newPhone, told.ProviderProfile.PhoneNumber)
		},
		"a third party moves to another account": func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth) {
			person := authtest.ProviderUser{Sub: "o-1"}
			testbed.SignInAs(t, auth, testbed.Badger)
			require.NoError(t, auth.BindWithProvider(t.Context(), tcbauth.BindWithProviderRequest{ProviderToken: granted(t, srv, auth, person)}))
			testbed.SignInAs(t, auth, testbed.Gopher)
			moved, err := auth.ChangeBoundProvider(t.Context(), tcbauth.ChangeBoundProviderRequest{ProviderID: wechat, TransToken: granted(t, srv, auth, person)})
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
