package tcbauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// sentRow is what the js-sdk sends for a call. Calls without a bearer carry client_id, which is not repeated here.
type sentRow struct {
	method   string // of Auth
	req      any
	verb     string
	path     string // below /auth/v1/
	query    string
	body     string // "" for none
	noBearer bool
}

var sentRows = map[string]sentRow{
	"uri": {"GenProviderRedirectUri", tcbauth.GenProviderRedirectUriRequest{
		ProviderID: "wx_open", RedirectURI: "https://x/cb", State: "s 1", Scope: "a b", ResponseType: "code", OtherParams: map[string]string{"k[]": "v&w", "sign_out_uri": "https://x/out"},
	}, "GET", "provider/uri", "provider_id=wx_open&redirect_uri=https%3A%2F%2Fx%2Fcb&state=s+1&scope=a+b&response_type=code&other_params[k[]]=v%26w&other_params[sign_out_uri]=https%3A%2F%2Fx%2Fout", "", true},
	"uri, empty fields": {"GenProviderRedirectUri", tcbauth.GenProviderRedirectUriRequest{
		ProviderID: "p", OtherParams: map[string]string{"sign_out_uri": "", "k": ""},
	}, "GET", "provider/uri", "provider_id=p&other_params[k]=", "", true},
	"uri, older name": {"GenProviderRedirectUri", tcbauth.GenProviderRedirectUriRequest{ProviderID: "p", ProviderRedirectURI: "https://old/"}, "GET", "provider/uri", "provider_id=p&redirect_uri=https%3A%2F%2Fold%2F", "", true},
	"uri, both names": {"GenProviderRedirectUri", tcbauth.GenProviderRedirectUriRequest{ProviderID: "p", ProviderRedirectURI: "https://old/", RedirectURI: "https://new/"}, "GET", "provider/uri", "provider_id=p&redirect_uri=https%3A%2F%2Fnew%2F", "", true},
	"provider token": {"GrantProviderToken", tcbauth.GrantProviderTokenRequest{
		ProviderID: "wx_open", ProviderAccessToken: "a-1", ProviderIDToken: "i-1", ProviderParams: &tcbauth.ProviderParams{ProviderCodeType: "t", AppID: "wx1", Code: "c-1"},
	}, "POST", "provider/token", "", `{"provider_id":"wx_open","provider_access_token":"a-1","provider_id_token":"i-1","provider_params":{"provider_code_type":"t","appid":"wx1","code":"c-1"}}`, true},
	"patched provider token": {"PatchProviderToken", tcbauth.PatchProviderTokenRequest{
		ProviderToken: "ptok-1", ProviderID: "wx_open", ProviderParams: &tcbauth.ProviderParams{EncryptedData: "e", IV: "i"},
	}, "PATCH", "provider/token", "", `{"provider_token":"ptok-1","provider_id":"wx_open","provider_params":{"encryptedData":"e","iv":"i"}}`, true},
	"with provider": {"SignInWithProvider", tcbauth.SignInWithProviderRequest{ProviderToken: "ptok-1", ProviderID: "wx_open", ForceDisableSignUp: true, SyncProfile: true},
		"POST", "signin/with/provider", "", `{"provider_token":"ptok-1","provider_id":"wx_open","force_disable_sign_up":true,"sync_profile":true}`, true},
	"with id token":  {"SignInWithIdToken", tcbauth.SignInWithIdTokenRequest{Token: "ptok-1", Provider: "wx_open"}, "POST", "signin/with/provider", "", `{"provider_token":"ptok-1"}`, true},
	"bind":           {"BindWithProvider", tcbauth.BindWithProviderRequest{ProviderToken: "ptok-1"}, "POST", "user/provider/bind", "", `{"provider_token":"ptok-1"}`, false},
	"unbind":         {"UnbindProvider", tcbauth.UnbindProviderRequest{ProviderID: "wx_open"}, "DELETE", "user/provider/wx_open", "", "", false},
	"unlink":         {"UnlinkIdentity", tcbauth.UnlinkIdentityRequest{Provider: "wx_open"}, "DELETE", "user/provider/wx_open", "", "", false},
	"providers":      {"GetProviders", nil, "GET", "user/provider", "", "", false},
	"moved provider": {"ChangeBoundProvider", tcbauth.ChangeBoundProviderRequest{ProviderID: "wx_open", TransToken: "tr-1"}, "POST", "user/provider/wx_open/trans", "", `{"provider_trans_token":"tr-1"}`, false},
	"trans":          {"TransByProvider", tcbauth.TransByProviderRequest{ProviderToken: "ptok-1"}, "PATCH", "user/trans/by/provider", "", `{"provider_token":"ptok-1"}`, false},
	"sub type":       {"GetProviderSubType", nil, "POST", "mgr/provider/providerSubType", "", `{"provider_id":"weda"}`, true},
	"weda user":      {"GetWedaUserInfo", nil, "GET", "plugin/weda/userinfo", "", "", false},
	"QR code":        {"GetMiniProgramQrCode", tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e", WxAppID: "w"}, "POST", "qrcode/generate", "", `{"envId":"e","wxAppId":"w"}`, true},
	"QR code status": {"GetMiniProgramQrCodeStatus", tcbauth.GetMiniProgramQrCodeStatusRequest{QrCodeID: "q", EnvID: "e", WxAppID: "w"}, "POST", "qrcode/get/status", "", `{"qrCodeId":"q","envId":"e","wxAppId":"w"}`, true},
	"profile": {"SetUserProfile", tcbauth.SetUserProfileRequest{Name: new("n"), Picture: new(""), NickName: new("nick"), Address: &tcbauth.Address{Locality: "l"}},
		"PATCH", "user/profile", "", `{"name":"n","picture":"","nickName":"nick","address":{"locality":"l"}}`, false},
	"basic info": {"UpdateUserBasicInfo", tcbauth.UpdateUserBasicInfoRequest{UserID: new("1"), Nickname: new("n"), Description: new(""), Phone: new("+86 13800000000")},
		"POST", "user/basic/edit", "", `{"user_id":"1","nickname":"n","description":"","phone":"+86 13800000000"}`, false},
	"query by ids":     {"QueryUser", tcbauth.QueryUserRequest{ID: []string{"1", "2", "3"}}, "GET", "user/query", "id=1,2,3", "", false},
	"query by phone":   {"QueryUser", tcbauth.QueryUserRequest{PhoneNumber: "13800000000"}, "GET", "user/query", "phone_number=%2B86+13800000000", "", false},
	"query by others":  {"QueryUser", tcbauth.QueryUserRequest{Username: "u&v", Email: "a+b@x.example"}, "GET", "user/query", "username=u%26v&email=a%2Bb%40x.example", "", false},
	"registered":       {"IsUsernameRegistered", tcbauth.IsUsernameRegisteredRequest{Username: "张 三"}, "GET", "checkIfUserExist", "username=" + url.QueryEscape("张 三"), "", true},
	"user name":        {"CheckUsername", tcbauth.CheckUsernameRequest{Username: "user_01"}, "GET", "checkUsername", "", `{"username":"user_01"}`, false},
	"sign-ins":         {"GetUserBehaviorLog", tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin, Limit: 20}, "GET", "user/security/history", "query[action]=USER_LOGIN&limit=20", "", false},
	"changes, page":    {"GetUserBehaviorLog", tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorModify, Limit: 5, PageToken: "p/2="}, "GET", "user/security/history", "ne_query[action]=USER_LOGIN&limit=5&page_token=p%2F2%3D", "", false},
	"delete":           {"DeleteMe", tcbauth.DeleteMeRequest{SudoToken: "sudo/1="}, "DELETE", "user/me", "sudo_token=sudo%2F1%3D", "", false},
	"contact, phone":   {"EditContact", tcbauth.EditContactRequest{PhoneNumber: "138 0000 0000", VerificationToken: "v", ConflictResolution: tcbauth.ConflictTransfer}, "PATCH", "user/contact", "", `{"phone_number":"+86 13800000000","sudo_token":"","verification_token":"v","conflict_resolution":"TRANSFER"}`, false},
	"bind phone":       {"BindPhoneNumber", tcbauth.BindPhoneNumberRequest{PhoneNumber: "13800000000", SudoToken: "s", VerificationToken: "v"}, "PATCH", "user/contact", "", `{"phone_number":"+86 13800000000","sudo_token":"s","verification_token":"v"}`, false},
	"bind mail":        {"BindEmail", tcbauth.BindEmailRequest{Email: "a@x.example", SudoToken: "s", VerificationToken: "v", ConflictResolution: tcbauth.ConflictDefault}, "PATCH", "user/contact", "", `{"email":"a@x.example","sudo_token":"s","verification_token":"v","conflict_resolution":"DEFAULT"}`, false},
	"all devices":      {"RevokeAllDevices", nil, "DELETE", "user/revoke/all", "", "", false},
	"device":           {"RevokeDevice", tcbauth.RevokeDeviceRequest{DeviceID: "0123456789abcdef"}, "DELETE", "user/authorized/devices/0123456789abcdef", "", "", false},
	"authorize device": {"AuthorizeDevice", tcbauth.AuthorizeDeviceRequest{UserCode: "ABCD", Scope: "user"}, "POST", "user/device/authorize", "", `{"user_code":"ABCD","scope":"user"}`, false},
	"authorize": {"Authorize", tcbauth.AuthorizeRequest{ClientID: "c", ResponseType: "code", RedirectURI: "https://x/", CodeChallenge: "h", CodeChallengeMethod: "S256", SignOutURI: "https://x/o"},
		"POST", "user/authorize", "", `{"client_id":"c","response_type":"code","redirect_uri":"https://x/","code_challenge":"h","code_challenge_method":"S256","sign_out_uri":"https://x/o"}`, false},
	"authorize info": {"AuthorizeInfo", tcbauth.AuthorizeInfoRequest{ClientID: "c", Locale: "zh"}, "GET", "user/authorize/info", "client_id=c&locale=zh", "", false},
	"grant":          {"GrantToken", tcbauth.GrantTokenRequest{GrantType: "authorization_code", Code: "c", CodeVerifier: "v", RedirectURI: "https://x/"}, "POST", "token", "", `{"grant_type":"authorization_code","code":"c","code_verifier":"v","redirect_uri":"https://x/"}`, true},
}

func TestSent(t *testing.T) {
	t.Parallel()
	for name, tt := range sentRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
				if strings.HasSuffix(r.URL.Path, "/user/query") {
					return testbed.Reply(http.StatusOK, `{"total":"0"}`)
				}
				return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
			}}
			_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth(), tt.method, testbed.MethodRow{Req: tt.req})
			require.NoError(t, err)
			r := p.Requests()[0]
			assert.Equal(t, tt.verb, r.Method)
			assert.Equal(t, "/auth/v1/"+tt.path, r.URL.EscapedPath())
			want, err := url.ParseQuery(tt.query)
			require.NoError(t, err)
			bearer := "Bearer " + testbed.PlantedAccess
			if tt.noBearer {
				bearer = ""
				want.Set("client_id", testbed.MethodEnv)
			}
			assert.Equal(t, want, r.URL.Query())
			assert.Equal(t, bearer, r.Header.Get("Authorization"))
			if tt.body == "" {
				assert.Empty(t, r.Text)
			} else {
				assert.JSONEq(t, tt.body, r.Text)
			}
		})
	}
}

func TestAnswersOfProfile(t *testing.T) {
	t.Parallel()
	given := ""
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, given) }}
	auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()

	for _, given = range []string{`{"total":"2","data":[{"sub":"1"},{"sub":"2","name":"n"}]}`, `{"total":2,"data":[{"sub":"1"},{"sub":"2","name":"n"}]}`} {
		found, err := auth.QueryUser(t.Context(), tcbauth.QueryUserRequest{ID: []string{"1", "2"}})
		require.NoError(t, err)
		assert.Equal(t, &tcbauth.QueryUserResponse{Total: 2, Data: []tcbauth.User{{Sub: "1"}, {Sub: "2", Name: "n"}}}, found)
	}
	given = `{"exist":true}`
	registered, err := auth.IsUsernameRegistered(t.Context(), tcbauth.IsUsernameRegisteredRequest{Username: "user_01"})
	require.NoError(t, err)
	assert.True(t, registered)
	given = `{}`
	registered, err = auth.IsUsernameRegistered(t.Context(), tcbauth.IsUsernameRegisteredRequest{Username: "user_01"})
	require.NoError(t, err)
	assert.False(t, registered)

	given = `{"total":2,"data":[{"id":"wx_open","name":"WeChat","bind":true},{"id":"p"}]}`
	identities, err := auth.GetUserIdentities(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []tcbauth.UserIdentity{{ID: "wx_open", Name: "WeChat", Bind: true}}, identities.Identities)
	given = `{"total":0}`
	identities, err = auth.GetUserIdentities(t.Context())
	require.NoError(t, err)
	assert.JSONEq(t, `{"identities":[]}`, testbed.AsJSON(identities), "a list, as in the js-sdk")

	given = `{"data":[{"id":"1"},{"id":"2"}],"next":"n"}`
	log, err := auth.GetUserBehaviorLog(t.Context(), tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin, Limit: 2})
	require.NoError(t, err)
	assert.JSONEq(t, given, string(log.Raw))
	assert.JSONEq(t, given, testbed.AsJSON(log))
	given = `{"a":{"b":1}}`
	weda, err := auth.GetWedaUserInfo(t.Context())
	require.NoError(t, err)
	assert.JSONEq(t, given, testbed.AsJSON(weda))
}

// TestDeleteAccount: an account that is gone leaves no session behind; one that stays keeps it.
func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	const refusal = `{"error":"permission_denied","error_code":7}`
	for name, tt := range map[string]struct {
		method string
		req    any
		refuse string // the end of the path of the request that is refused
		sent   []string
	}{
		"DeleteMe":                    {"DeleteMe", tcbauth.DeleteMeRequest{SudoToken: "s"}, "", []string{"/auth/v1/user/me"}},
		"DeleteMe at v2":              {"DeleteMe", tcbauth.DeleteMeRequest{SudoToken: "s", Version: "v2"}, "", []string{"/auth/v2/user/me"}},
		"DeleteMe, refused":           {"DeleteMe", tcbauth.DeleteMeRequest{SudoToken: "s"}, "/me", []string{"/auth/v1/user/me"}},
		"DeleteUser":                  {"DeleteUser", tcbauth.DeleteUserRequest{Password: "p"}, "", []string{"/auth/v1/user/sudo", "/auth/v1/user/me"}},
		"DeleteUser, wrong password":  {"DeleteUser", tcbauth.DeleteUserRequest{Password: "p"}, "/sudo", []string{"/auth/v1/user/sudo"}},
		"DeleteUser, refused at last": {"DeleteUser", tcbauth.DeleteUserRequest{Password: "p"}, "/me", []string{"/auth/v1/user/sudo", "/auth/v1/user/me"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					switch {
					case tt.refuse != "" && strings.HasSuffix(r.URL.Path, tt.refuse):
						return testbed.Reply(http.StatusForbidden, refusal)
					case strings.HasSuffix(r.URL.Path, "/sudo"):
						return testbed.Reply(http.StatusOK, `{"sudo_token":"sudo-1","expires_in":900}`)
					}
					return testbed.Reply(http.StatusOK, `{}`)
				}}
				store := testbed.SessionStore(t)
				auth := testbed.NewPeerApp(t, p, store).Auth()
				_, err := auth.GetSession(t.Context()) // INITIAL_SESSION is over
				require.NoError(t, err)
				events := testbed.EventsOf(auth)
				_, err = testbed.CallMethod(t.Context(), auth, tt.method, testbed.MethodRow{Req: tt.req})
				if tt.refuse == "" {
					require.NoError(t, err)
					testbed.RequireNobody(t, auth)
					assert.Nil(t, testbed.Stored(t, store, testbed.PeerKey))
					assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
				} else {
					require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
					assert.NotNil(t, testbed.Stored(t, store, testbed.PeerKey))
					assert.Empty(t, events())
				}
				var sent []string
				for _, r := range p.Requests() {
					sent = append(sent, r.URL.Path)
				}
				assert.Equal(t, tt.sent, sent, "and none twice")
				if len(sent) == 2 {
					assert.Equal(t, "sudo_token=sudo-1", p.Requests()[1].URL.RawQuery)
				}
			})
		})
	}
}

// TestEventsOfProfile: what is said of a step that failed is nothing, and the order is that of the steps.
func TestEventsOfProfile(t *testing.T) {
	t.Parallel()
	const recovered, updated, signedIn = tcbauth.EventPasswordRecovery, tcbauth.EventUserUpdated, tcbauth.EventSignedIn
	for name, tt := range map[string]struct {
		row    string // of testbed.MethodRows
		refuse string // the end of the path of the request that is refused
		want   []tcbauth.Event
	}{
		"recovery":                 {"FinishOtp/recovery", "", []tcbauth.Event{recovered, signedIn}},
		"recovery, wrong code":     {"FinishOtp/recovery", "/verify", nil},
		"recovery, password kept":  {"FinishOtp/recovery", "/reset", nil},
		"recovery, no sign-in":     {"FinishOtp/recovery", "/signin", []tcbauth.Event{recovered}},
		"profile":                  {"UpdateUser", "", []tcbauth.Event{updated}},
		"profile, refused":         {"UpdateUser", "/edit", nil},
		"a code for another phone": {"UpdateUser/phone", "", nil},
		"another phone":            {"FinishOtp/other phone", "", []tcbauth.Event{updated}},
		"another phone, refused":   {"FinishOtp/other phone", "/edit", nil},
		"basic info":               {"UpdateUserBasicInfo", "", nil}, // as in the js-sdk
		"a new password":           {"FinishOtp/new password", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
					if tt.refuse != "" && strings.HasSuffix(r.URL.Path, tt.refuse) {
						return testbed.Reply(http.StatusBadRequest, `{"error":"invalid_argument","error_code":3}`)
					}
					return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
				}}
				auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
				_, err := auth.GetSession(t.Context()) // INITIAL_SESSION is over
				require.NoError(t, err)
				events := testbed.EventsOf(auth)
				_, err = testbed.CallMethod(t.Context(), auth, tt.row, testbed.MethodRows[tt.row])
				if tt.refuse == "" {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, tcbauth.CodeInvalidArgument)
				}
				assert.Equal(t, tt.want, events())
			})
		})
	}
}

// requiredFields are requests without something that they need, and its name in them.
var requiredFields = []struct {
	method string
	req    any
	field  string
}{
	{"GenProviderRedirectUri", tcbauth.GenProviderRedirectUriRequest{State: "s"}, "provider_id"},
	{"GrantProviderToken", tcbauth.GrantProviderTokenRequest{ProviderCode: "planted"}, "provider_id"},
	{"PatchProviderToken", tcbauth.PatchProviderTokenRequest{ProviderID: "p"}, "provider_token"},
	{"SignInWithProvider", tcbauth.SignInWithProviderRequest{ProviderID: "p"}, "provider_token"},
	{"SignInWithProvider", tcbauth.SignInWithProviderRequest{ProviderToken: testbed.PlantedProvider, Version: "../v1"}, "version"},
	{"SignInWithIdToken", tcbauth.SignInWithIdTokenRequest{Provider: "p"}, "token"},
	{"BindWithProvider", tcbauth.BindWithProviderRequest{}, "provider_token"},
	{"UnbindProvider", tcbauth.UnbindProviderRequest{}, "provider_id"},
	{"UnlinkIdentity", tcbauth.UnlinkIdentityRequest{}, "provider"},
	{"ChangeBoundProvider", tcbauth.ChangeBoundProviderRequest{TransToken: testbed.PlantedProvider}, "provider_id"},
	{"ChangeBoundProvider", tcbauth.ChangeBoundProviderRequest{ProviderID: "p"}, "trans_token"},
	{"TransByProvider", tcbauth.TransByProviderRequest{}, "provider_token"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Options: oauthTo("https://app.example.com")}, "provider"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p"}, "options.redirectTo"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p", Options: oauthTo("/planted")}, "options.redirectTo"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p", Options: oauthTo("javascript:planted()")}, "options.redirectTo"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p", Options: oauthTo("https://planted:pw@app.example.com/")}, "options.redirectTo"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p", Options: oauthTo("https://app.example.com/\nplanted")}, "options.redirectTo"},
	{"SignInWithOAuth", tcbauth.SignInWithOAuthRequest{Provider: "p", Options: tcbauth.SignInWithOAuthOptions{RedirectTo: "https://x/", Type: "planted"}}, "options.type"},
	{"LinkIdentity", tcbauth.LinkIdentityRequest{RedirectTo: "https://app.example.com"}, "provider"},
	{"LinkIdentity", tcbauth.LinkIdentityRequest{Provider: "p"}, "redirectTo"},
	{"RevokeDevice", tcbauth.RevokeDeviceRequest{}, "device_id"},
	{"AuthorizeDevice", tcbauth.AuthorizeDeviceRequest{}, "user_code"},
	{"PollDeviceToken", tcbauth.PollDeviceTokenRequest{}, "device_code"},
	{"GrantToken", tcbauth.GrantTokenRequest{Code: "planted"}, "grant_type"},
	{"GrantToken", tcbauth.GrantTokenRequest{GrantType: "password", Version: "v3"}, "version"},
	{"GetMiniProgramQrCode", tcbauth.GetMiniProgramQrCodeRequest{WxAppID: "w"}, "envId"},
	{"GetMiniProgramQrCode", tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e"}, "wxAppId"},
	{"GetMiniProgramQrCodeStatus", tcbauth.GetMiniProgramQrCodeStatusRequest{EnvID: "e"}, "qrCodeId"},
	{"VerifyCaptchaData", tcbauth.VerifyCaptchaDataRequest{Key: "k"}, "token"},
	{"VerifyCaptchaData", tcbauth.VerifyCaptchaDataRequest{Token: "planted"}, "key"},
	{"SignInCustom", tcbauth.SignInCustomRequest{}, "ticket"},
	{"SignInWithCustomTicket", tcbauth.SignInWithCustomTicketRequest{}, "ticket"},
	{"Sudo", tcbauth.SudoRequest{}, "password or verification_token"},
	{"CheckPassword", tcbauth.CheckPasswordRequest{}, "password"},
	{"SetPassword", tcbauth.SetPasswordRequest{SudoToken: testbed.PlantedSudo}, "new_password"},
	{"ResetPassword", tcbauth.ResetPasswordRequest{NewPassword: testbed.PlantedPassword, VerificationToken: testbed.PlantedVerification}, "phone_number"},
	{"ResetPassword", tcbauth.ResetPasswordRequest{Email: testbed.PlantedEmail, VerificationToken: testbed.PlantedVerification}, "new_password"},
	{"ResetPassword", tcbauth.ResetPasswordRequest{Email: testbed.PlantedEmail, NewPassword: testbed.PlantedPassword}, "verification_token"},
	{"ResetPasswordForOld", tcbauth.ResetPasswordForOldRequest{NewPassword: testbed.PlantedPassword}, "old_password"},
	{"ResetPasswordForOld", tcbauth.ResetPasswordForOldRequest{OldPassword: testbed.PlantedPassword, NewPassword: "planted"}, "new_password"},
	{"ModifyPassword", tcbauth.ModifyPasswordRequest{Password: testbed.PlantedPassword}, "new_password"},
	{"ModifyPasswordWithoutLogin", tcbauth.ModifyPasswordWithoutLoginRequest{NewPassword: testbed.PlantedPassword}, "username"},
	{"ModifyPasswordWithoutLogin", tcbauth.ModifyPasswordWithoutLoginRequest{Username: testbed.PlantedUser, NewPassword: "planted"}, "new_password"},
	{"SignIn", tcbauth.SignInRequest{Username: testbed.PlantedUser, IsEncrypt: true}, "password"},
	{"UpdateUserBasicInfo", tcbauth.UpdateUserBasicInfoRequest{}, "nickname"},
	{"UpdateUser", tcbauth.UpdateUserRequest{}, "nickname"},
	{"UpdateUser", tcbauth.UpdateUserRequest{Email: new(testbed.PlantedEmail), Phone: new(testbed.PlantedPhone)}, "phone"},
	{"UpdateUser", tcbauth.UpdateUserRequest{Email: new("planted")}, "email"},
	{"SetUserProfile", tcbauth.SetUserProfileRequest{}, "name"},
	{"QueryUser", tcbauth.QueryUserRequest{}, "id"},
	{"QueryUser", tcbauth.QueryUserRequest{PhoneNumber: "planted"}, "phone_number"},
	{"DeleteMe", tcbauth.DeleteMeRequest{}, "sudo_token"},
	{"DeleteMe", tcbauth.DeleteMeRequest{SudoToken: testbed.PlantedSudo, Version: "v9"}, "version"},
	{"DeleteUser", tcbauth.DeleteUserRequest{}, "password"},
	{"IsUsernameRegistered", tcbauth.IsUsernameRegisteredRequest{}, "username"},
	{"CheckUsername", tcbauth.CheckUsernameRequest{}, "username"},
	{"GetUserBehaviorLog", tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin}, "limit"},
	{"GetUserBehaviorLog", tcbauth.GetUserBehaviorLogRequest{Limit: 1}, "type"},
	{"EditContact", tcbauth.EditContactRequest{VerificationToken: testbed.PlantedVerification}, "phone_number"},
	{"EditContact", tcbauth.EditContactRequest{Email: testbed.PlantedEmail}, "verification_token"},
	{"EditContact", tcbauth.EditContactRequest{Email: testbed.PlantedEmail, PhoneNumber: testbed.PlantedPhone, VerificationToken: testbed.PlantedVerification}, "phone_number"},
	{"BindPhoneNumber", tcbauth.BindPhoneNumberRequest{VerificationToken: testbed.PlantedVerification}, "phone_number"},
	{"BindEmail", tcbauth.BindEmailRequest{VerificationToken: testbed.PlantedVerification}, "email"},
	{"VerifyOtp", tcbauth.VerifyOtpRequest{Phone: testbed.PlantedPhone, MessageID: testbed.PlantedID}, "token"},
	{"VerifyOtp", tcbauth.VerifyOtpRequest{Phone: testbed.PlantedPhone, Token: testbed.PlantedCode}, "messageId"},
	{"VerifyOtp", tcbauth.VerifyOtpRequest{Token: testbed.PlantedCode, MessageID: testbed.PlantedID}, "phone"},
	{"FinishOtp", tcbauth.FinishOtpRequest{Token: testbed.PlantedCode}, "challenge"},
	{"FinishOtp", testbed.FinishOtp(tcbauth.OtpRecovery, ""), "password"},
	{"FinishOtp", testbed.FinishOtp("planted", ""), "challenge.kind"},
	{"FinishOtp", tcbauth.FinishOtpRequest{Challenge: testbed.FinishOtp(tcbauth.OtpSignIn, "").Challenge}, "token"},
	{"SignInWithOtp", tcbauth.SignInWithOtpRequest{}, "phone"},
	{"SignUpWithOtp", tcbauth.SignUpWithOtpRequest{Phone: testbed.PlantedPhone, Password: "planted"}, "password"},
	{"ResetPasswordForEmail", tcbauth.ResetPasswordForEmailRequest{}, "emailOrPhone"},
	{"Resend", tcbauth.ResendRequest{}, "phone"},
	{"SetSession", tcbauth.SetSessionRequest{AccessToken: testbed.PlantedAccess}, "refresh_token"},
}

func oauthTo(redirect string) tcbauth.SignInWithOAuthOptions {
	return tcbauth.SignInWithOAuthOptions{RedirectTo: redirect}
}

func TestRequiredFields(t *testing.T) {
	t.Parallel()
	for _, tt := range requiredFields {
		t.Run(tt.method+"/"+tt.field, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth(), tt.method, testbed.MethodRow{Req: tt.req})
			requireField(t, err, tt.field)
			assert.Equal(t, tt.method, testbed.ErrorOf(t, err).Op)
			assert.Empty(t, p.Requests())
		})
	}
}
