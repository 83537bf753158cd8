package tcbauth_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// methodRow is how a method of Auth is called so that it succeeds. A row is tried with a session in the store.
type methodRow struct {
	req    any              // a valid request, with planted secrets; nil for methods without one
	local  bool             // sends nothing
	steps  int              // requests that must succeed, 0 counting as 1; what comes after them ends in UserErr
	answer string           // what the server says to all of them, goodAnswer if empty
	opts   []tcbauth.Option // what the method needs beside the session

	ended   bool // a session that the server does not know is what the method wants, so that a 401 is no error
	partial bool // there is a result beside an error
	polls   bool // asks again after a lost reply, until its ExpiresIn
}

// methodRows has at least one row for each method of Auth that takes a context: "Method" or "Method/variant".
var methodRows = map[string]methodRow{
	"AuthorizeInfo":                     {req: tcbauth.AuthorizeInfoRequest{ClientID: "c", State: "s"}},
	"Authorize":                         {req: tcbauth.AuthorizeRequest{ClientID: "c", ResponseType: "code"}},
	"AuthorizeDevice":                   {req: tcbauth.AuthorizeDeviceRequest{UserCode: "planted-user-code"}},
	"BindEmail":                         {req: tcbauth.BindEmailRequest{Email: plantedEmail, VerificationToken: plantedVerification}},
	"BindPhoneNumber":                   {req: tcbauth.BindPhoneNumberRequest{PhoneNumber: plantedPhone, VerificationToken: plantedVerification}},
	"BindWithProvider":                  {req: tcbauth.BindWithProviderRequest{ProviderToken: plantedProvider}},
	"ChangeBoundProvider":               {req: tcbauth.ChangeBoundProviderRequest{ProviderID: "p", TransToken: plantedProvider}},
	"CheckIfUserExist":                  {req: tcbauth.IsUsernameRegisteredRequest{Username: plantedUser}},
	"CheckPassword":                     {req: tcbauth.CheckPasswordRequest{Password: plantedPassword}},
	"CheckUsername":                     {req: tcbauth.CheckUsernameRequest{Username: plantedUser}},
	"CreateCaptchaData":                 {req: tcbauth.CreateCaptchaDataRequest{State: "s"}},
	"DeleteMe":                          {req: tcbauth.DeleteMeRequest{SudoToken: plantedSudo}},
	"DeleteUser":                        {req: tcbauth.DeleteUserRequest{Password: plantedPassword}, steps: 2},
	"DeviceAuthorize":                   {req: tcbauth.DeviceAuthorizeRequest{Scope: "user"}},
	"EditContact":                       {req: tcbauth.EditContactRequest{PhoneNumber: plantedPhone, VerificationToken: plantedVerification, SudoToken: plantedSudo}},
	"FinishOtp":                         {req: otp(tcbauth.OtpSignIn, ""), steps: 2},
	"FinishOtp/sign up":                 {req: otp(tcbauth.OtpSignUp, plantedPassword), steps: 2},
	"FinishOtp/recovery":                {req: otp(tcbauth.OtpRecovery, plantedPassword), steps: 3},
	"FinishOtp/reauthentication":        {req: otp(tcbauth.OtpReauthentication, ""), steps: 2},
	"FinishOtp/new password":            {req: otp(tcbauth.OtpReauthentication, plantedPassword), steps: 3},
	"FinishOtp/other phone":             {req: otp(tcbauth.OtpPhoneChange, ""), steps: 3},
	"GenProviderRedirectUri":            {req: tcbauth.GenProviderRedirectUriRequest{ProviderID: "p", State: "s"}},
	"GetAccessToken":                    {local: true},
	"GetClaims":                         {local: true},
	"GetCredentials":                    {local: true},
	"GetCurrentUser":                    {},
	"GetLoginState":                     {local: true},
	"GetMiniProgramCode":                {req: tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e", WxAppID: "w"}},
	"GetMiniProgramQrCode":              {req: tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e", WxAppID: "w"}},
	"GetMiniProgramQrCodeStatus":        {req: tcbauth.GetMiniProgramQrCodeStatusRequest{QrCodeID: "planted-qr-code"}},
	"GetProviderSubType":                {},
	"GetProviders":                      {},
	"GetPublicKey":                      {},
	"GetSession":                        {local: true},
	"GetUser":                           {},
	"GetUserBehaviorLog":                {req: tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin, Limit: 10}},
	"GetUserIdentities":                 {},
	"GetUserInfo":                       {req: tcbauth.GetUserInfoRequest{}},
	"GetUserInfo/v2":                    {req: tcbauth.GetUserInfoRequest{Version: "v2", Query: &tcbauth.UserInfoQuery{WithRole: true}}},
	"GetUserProfile":                    {req: tcbauth.GetUserInfoRequest{}},
	"GetVerification":                   {req: tcbauth.GetVerificationRequest{PhoneNumber: plantedPhone}},
	"GetVerification/mail":              {req: tcbauth.GetVerificationRequest{Email: plantedEmail}},
	"GetWedaUserInfo":                   {},
	"GrantProviderToken":                {req: tcbauth.GrantProviderTokenRequest{ProviderID: "p", ProviderCode: "planted-provider-code"}},
	"GrantToken":                        {req: tcbauth.GrantTokenRequest{GrantType: "password", Username: plantedUser, Password: plantedPassword}},
	"HasLoginState":                     {local: true},
	"IsUsernameRegistered":              {req: tcbauth.IsUsernameRegisteredRequest{Username: plantedUser}},
	"LinkIdentity":                      {req: tcbauth.LinkIdentityRequest{Provider: "p", RedirectTo: "https://app.example.com"}},
	"LoginGroups":                       {local: true},
	"LoginScope":                        {local: true},
	"ModifyPassword":                    {req: tcbauth.ModifyPasswordRequest{Password: plantedPassword, NewPassword: plantedPassword}, steps: 2},
	"ModifyPasswordWithoutLogin":        {req: tcbauth.ModifyPasswordWithoutLoginRequest{Username: plantedUser, NewPassword: plantedPassword}, steps: 2},
	"PatchProviderToken":                {req: tcbauth.PatchProviderTokenRequest{ProviderToken: plantedProvider}},
	"PollDeviceToken":                   {req: tcbauth.PollDeviceTokenRequest{DeviceCode: "planted-device-code", ExpiresIn: 60}, polls: true},
	"QueryUser":                         {req: tcbauth.QueryUserRequest{PhoneNumber: plantedPhone}, answer: `{"total":"1","data":[{"sub":"1"}]}`},
	"QueryUserProfile":                  {req: tcbauth.QueryUserRequest{Email: plantedEmail}, answer: `{"total":0}`},
	"Reauthenticate":                    {steps: 2},
	"RefreshSession":                    {req: tcbauth.RefreshSessionRequest{}},
	"RefreshSession/another":            {req: tcbauth.RefreshSessionRequest{RefreshToken: "m.planted-other-refresh-token"}},
	"RefreshTokenForce":                 {req: tcbauth.RefreshTokenForceRequest{Version: "v2"}},
	"RefreshUser":                       {},
	"Resend":                            {req: tcbauth.ResendRequest{Type: "signup", Phone: plantedPhone}},
	"ResetPassword":                     {req: tcbauth.ResetPasswordRequest{Email: plantedEmail, NewPassword: plantedPassword, VerificationToken: plantedVerification}},
	"ResetPasswordForEmail":             {req: tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: plantedPhone}},
	"ResetPasswordForOld":               {req: tcbauth.ResetPasswordForOldRequest{OldPassword: plantedPassword, NewPassword: plantedPassword}, steps: 2},
	"RevokeAllDevices":                  {},
	"RevokeDevice":                      {req: tcbauth.RevokeDeviceRequest{DeviceID: "0123456789abcdef"}},
	"SendVerificationCodeToCurrentUser": {req: tcbauth.GetVerificationRequest{PhoneNumber: plantedPhone}},
	"SetCredentials":                    {local: true, req: &tcbauth.Credentials{AccessToken: "planted-set-token", ExpiresIn: 60}},
	"SetCredentials/none":               {local: true, req: (*tcbauth.Credentials)(nil)},
	"SetPassword":                       {req: tcbauth.SetPasswordRequest{NewPassword: plantedPassword, SudoToken: plantedSudo}},
	"SetSession":                        {req: tcbauth.SetSessionRequest{AccessToken: plantedAccess, RefreshToken: "m.planted-other-refresh-token"}},
	"SetUserProfile":                    {req: tcbauth.SetUserProfileRequest{Name: new(plantedUser), PhoneNumber: new(plantedPhone)}},
	"SignIn":                            {req: tcbauth.SignInRequest{Username: plantedUser, Password: plantedPassword}},
	"SignIn/v2":                         {req: tcbauth.SignInRequest{Username: plantedUser, Password: plantedPassword, Version: "v2"}},
	"SignIn/token":                      {req: tcbauth.SignInRequest{Username: plantedPhone, VerificationToken: plantedVerification}},
	"SignInAnonymously":                 {req: tcbauth.SignInAnonymouslyRequest{ProviderToken: plantedProvider}},
	"SignInCustom":                      {req: tcbauth.SignInCustomRequest{Ticket: plantedTicket}},
	"SignInWithCustomTicket":            {req: tcbauth.SignInWithCustomTicketRequest{Ticket: plantedTicket}},
	"SignInWithCustomTicket/source":     {req: tcbauth.SignInWithCustomTicketRequest{}, opts: []tcbauth.Option{tcbauth.WithTicketSource(ticketSource)}},
	"SignInWithEmail":                   {req: mailSignIn(true), steps: 2},
	"SignInWithEmail/new":               {req: mailSignIn(false), steps: 2},
	"SignInWithIdToken":                 {req: tcbauth.SignInWithIdTokenRequest{Token: plantedProvider}},
	"SignInWithOAuth":                   {req: tcbauth.SignInWithOAuthRequest{Provider: "p", Options: tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com"}}},
	"SignInWithOtp":                     {req: tcbauth.SignInWithOtpRequest{Phone: plantedPhone}},
	"SignInWithPassword":                {req: tcbauth.SignInWithPasswordRequest{Phone: plantedPhone, Password: plantedPassword}},
	"SignInWithProvider":                {req: tcbauth.SignInWithProviderRequest{ProviderToken: plantedProvider, Version: "v2"}},
	"SignInWithSms":                     {req: smsSignIn(true), steps: 2},
	"SignInWithSms/new":                 {req: smsSignIn(false), steps: 2},
	"SignOut":                           {},
	"SignOutWithRedirect":               {req: tcbauth.SignOutRequest{RedirectURI: "https://app.example.com"}, ended: true},
	"SignUp":                            {req: tcbauth.SignUpRequest{PhoneNumber: plantedPhone, VerificationToken: plantedVerification, Password: plantedPassword}},
	"SignUp/provider":                   {req: tcbauth.SignUpRequest{ProviderToken: plantedProvider}},
	"SignUpWithOtp":                     {req: tcbauth.SignUpWithOtpRequest{Email: plantedEmail, Password: plantedPassword}},
	"Sudo":                              {req: tcbauth.SudoRequest{Password: plantedPassword}},
	"TransByProvider":                   {req: tcbauth.TransByProviderRequest{ProviderToken: plantedProvider}},
	"UnbindProvider":                    {req: tcbauth.UnbindProviderRequest{ProviderID: "p"}},
	"UnlinkIdentity":                    {req: tcbauth.UnlinkIdentityRequest{Provider: "p"}},
	"UpdatePasswordByOld":               {req: tcbauth.ResetPasswordForOldRequest{OldPassword: plantedPassword, NewPassword: plantedPassword}, steps: 2},
	"UpdateUser":                        {req: tcbauth.UpdateUserRequest{Nickname: new(plantedUser)}, steps: 2, partial: true},
	"UpdateUser/phone":                  {req: tcbauth.UpdateUserRequest{Phone: new(plantedPhone)}},
	"UpdateUserBasicInfo":               {req: tcbauth.UpdateUserBasicInfoRequest{Nickname: new(plantedUser)}, steps: 2},
	"Verify":                            {req: tcbauth.VerifyRequest{VerificationID: plantedID, VerificationCode: plantedCode}},
	"Verify/v2":                         {req: tcbauth.VerifyRequest{VerificationID: plantedID, VerificationCode: plantedCode, Version: "v2"}},
	"VerifyCaptchaData":                 {req: tcbauth.VerifyCaptchaDataRequest{Token: "planted-captcha", Key: "abcd"}},
	"VerifyOAuth":                       {req: oauth(tcbauth.OAuthSignIn), steps: 2},
	"VerifyOAuth/bind":                  {req: oauth(tcbauth.OAuthBindIdentity), steps: 2},
	"VerifyOtp":                         {req: tcbauth.VerifyOtpRequest{Phone: plantedPhone, Token: plantedCode, MessageID: plantedID}, steps: 2},
	"VerifyOtp/change":                  {req: tcbauth.VerifyOtpRequest{Type: tcbauth.OtpPhoneChange, Phone: plantedPhone, Token: plantedCode, MessageID: plantedID}},
}

func otp(kind, password string) tcbauth.FinishOtpRequest {
	c := &tcbauth.OtpChallenge{Kind: kind, Phone: plantedPhone, MessageID: plantedID}
	return tcbauth.FinishOtpRequest{Challenge: c, Token: plantedCode, Password: password}
}

func oauth(kind string) tcbauth.VerifyOAuthRequest {
	c := &tcbauth.OAuthChallenge{State: "planted-state", Provider: "p", RedirectURI: "https://app.example.com/", Kind: kind}
	return tcbauth.VerifyOAuthRequest{Challenge: c, Query: url.Values{"state": {c.State}, "code": {"planted-provider-code"}}}
}

func ticketSource(context.Context, string) (string, error) { return plantedTicket, nil }

func smsSignIn(isUser bool) tcbauth.SignInWithSmsRequest {
	info := &tcbauth.VerificationInfo{VerificationID: plantedID, IsUser: isUser}
	bind := &tcbauth.BindInfo{ProviderToken: plantedProvider}
	return tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: plantedCode, PhoneNum: plantedPhone, BindInfo: bind}
}

func mailSignIn(isUser bool) tcbauth.SignInWithEmailRequest {
	info := &tcbauth.VerificationInfo{VerificationID: plantedID, IsUser: isUser}
	return tcbauth.SignInWithEmailRequest{VerificationInfo: info, VerificationCode: plantedCode, Email: plantedEmail}
}

// goodAnswer has every field that some method needs of its answer.
const goodAnswer = `{"token_type":"Bearer","access_token":"` + jwtHead + `planted-new-access-token","refresh_token":"m.planted-new-refresh-token",` +
	`"expires_in":7200,"scope":"user","sub":"` + plantedSub + `","is_user":true,"email":"` + plantedEmail + `",` +
	`"verification_id":"planted-new-verification-id","verification_token":"planted-new-verification-token",` +
	`"sudo_token":"planted-new-sudo-token","provider_token":"planted-new-provider-token","device_code":"planted-new-device-code",` +
	`"uri":"https://third.example/","token":"planted-new-captcha","data":"planted-new-picture","captcha_token":"planted-new-captcha-token",` +
	`"public_key_thumbprint":"t","public_key":"` + publicKey + `"}`

const publicKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDfMGy7as4fN9Ope9A9phpoKTqiN9LtI9dzJ+UMXRC8GFDTWqhgCGVjRXTtGHk1jl7SoXY0nNekYIOq" +
	"dakJdP6VfpMpNqpzHlrvgclkhr7A5vL0CpGzyw8au3IgFkTMxmzrY5Zj3LqeUSfR61In/4i8FlhyyTo7n/D7htitosBU1wIDAQAB"

const (
	methodEnv  = "env-1a2b3c"
	methodHost = methodEnv + ".ap-shanghai.tcb-api.tencentcloudapi.com"
	plantedSub = "1849755119840497664" // an id, no secret
)

// contextMethods are the names of the methods of Auth that take a context.
func contextMethods() []string {
	var names []string
	auth := reflect.TypeFor[*tcbauth.Auth]()
	for i := range auth.NumMethod() {
		if m := auth.Method(i); m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			names = append(names, m.Name)
		}
	}
	return names
}

func TestMethodRows(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for name := range methodRows {
		method, _, _ := strings.Cut(name, "/")
		rows[method] = true
	}
	assert.Equal(t, slices.Sorted(slices.Values(contextMethods())), slices.Sorted(maps.Keys(rows)), "each method needs a row of methodRows")
}

// forEachMethod runs test in a bubble for each row that want accepts.
func forEachMethod(t *testing.T, want func(methodRow) bool, test func(t *testing.T, name string, row methodRow)) {
	t.Helper()
	for name, row := range methodRows {
		if want != nil && !want(row) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, name, row) })
		})
	}
}

func (r methodRow) sends() bool { return !r.local }

func (r methodRow) needed() int { return max(r.steps, 1) }

func (r methodRow) good() answer {
	if r.answer != "" {
		return reply(http.StatusOK, r.answer)
	}
	return reply(http.StatusOK, goodAnswer)
}

// callMethod calls the method of a row. The result is nil where there is none.
func callMethod(ctx context.Context, a *tcbauth.Auth, name string, row methodRow) (result any, err error) {
	method, _, _ := strings.Cut(name, "/")
	args := []reflect.Value{reflect.ValueOf(ctx)}
	if row.req != nil {
		args = append(args, reflect.ValueOf(row.req))
	}
	out := reflect.ValueOf(a).MethodByName(method).Call(args)
	err, _ = out[len(out)-1].Interface().(error)
	if len(out) > 1 && !out[0].IsZero() {
		result = out[0].Interface()
	}
	return result, err
}

func TestMethodsSucceed(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		_, err := callMethod(t.Context(), newPeerApp(t, p, sessionStore(t), row.opts...).Auth(), name, row)
		require.NoError(t, err)
		if row.local {
			assert.Empty(t, p.requests())
		} else {
			assert.GreaterOrEqual(t, len(p.requests()), row.needed())
		}
		for _, r := range p.requests() {
			assert.Equal(t, methodHost, r.URL.Host)
			assert.Equal(t, r.Header.Get("Content-Type") != "", r.body != "", "what is announced is sent")
		}
	})
}

func TestMethodsUnderDoneContext(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		auth := newPeerApp(t, p, untouchable{t}, row.opts...).Auth()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := callMethod(ctx, auth, name, row)
		require.ErrorIs(t, err, context.Canceled)
		assert.Zero(t, errorOf(t, err).StatusCode)
		assert.Empty(t, p.requests())
	})
}

// A visitor's handle without a key must not act for anybody, least of all with the default session.
func TestMethodsWithoutUserKey(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(int, arrived) answer { return row.good() }}
		_, err := callMethod(t.Context(), newPeerApp(t, p, untouchable{t}, row.opts...).ForUser(""), name, row)
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
		var invalid *tcbauth.ValidationError
		require.ErrorAs(t, err, &invalid)
		assert.Equal(t, "key", invalid.Field)
		requireError(t, err)
		assert.Empty(t, p.requests())
	})
}

// methodFault is what can become of a request on its way.
type methodFault struct {
	reply    func() answer
	status   int
	is       error
	repeated bool // if it is harmless to
}

const page = "<!DOCTYPE html><html><body>Please sign in to the network</body></html>"

func html(status int) func() answer {
	return func() answer { return reply(status, page, "Content-Type", "text/html") }
}

var hugeAnswer = `{"access_token":"` + strings.Repeat("x", 2<<20) + `","expires_in":7200}`

var methodFaults = map[string]methodFault{
	"500 HTML":       {html(500), 500, tcbauth.ErrInvalidResponse, false},
	"captive portal": {html(200), 200, tcbauth.ErrInvalidResponse, false},
	"cut JSON": {func() answer {
		return reply(200, goodAnswer[:len(goodAnswer)/2])
	}, 200, tcbauth.ErrInvalidResponse, false},
	"cut body": {func() answer {
		a := reply(200, goodAnswer[:len(goodAnswer)/2])
		a.length = int64(len(goodAnswer))
		return a
	}, 200, tcbauth.ErrOutcomeUnknown, true},
	"2 MiB body": {func() answer {
		return reply(200, hugeAnswer)
	}, 200, tcbauth.ErrInvalidResponse, false},
	"redirect": {func() answer {
		return reply(307, page, "Location", "https://elsewhere.example/auth")
	}, 307, tcbauth.ErrInvalidResponse, false},
	"lost reply": {func() answer {
		return lost(errors.New("connection reset by peer"))
	}, 0, tcbauth.ErrOutcomeUnknown, true},
}

func TestMethodsUnderFaults(t *testing.T) {
	t.Parallel()
	for name, row := range methodRows {
		if row.local {
			continue
		}
		for faultName, fault := range methodFaults {
			for step := range row.needed() {
				t.Run(fmt.Sprintf("%s/%s/request %d", name, faultName, step), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { testMethodFault(t, name, row, fault, step) })
				})
			}
		}
	}
}

// testMethodFault lets every request from the step-th on meet fault.
func testMethodFault(t *testing.T, name string, row methodRow, fault methodFault, step int) {
	p := &peer{answer: func(n int, _ arrived) answer {
		if n < step {
			return row.good()
		}
		return fault.reply()
	}}
	auth := newPeerApp(t, p, sessionStore(t), row.opts...).Auth()
	result, err := callMethod(t.Context(), auth, name, row)
	e := errorOf(t, err)
	if !row.partial {
		assert.Nil(t, result)
	}
	if row.polls && errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		require.ErrorIs(t, err, tcbauth.CodeExpiredToken)
		return
	}
	assert.Equal(t, fault.status, e.StatusCode)
	require.ErrorIs(t, err, fault.is)
	if errors.Is(fault.is, tcbauth.ErrOutcomeUnknown) {
		assert.ErrorIs(t, err, tcbauth.CodeUnreachable)
	}
	got := p.requests()
	require.Greater(t, len(got), step)
	want := step + 1
	if fault.repeated && repeatable(got[step]) {
		want = step + 3
	}
	assert.Len(t, got, want, "requests")
	for _, r := range got {
		assert.Equal(t, methodHost, r.URL.Host, "nothing goes to another host")
	}
	for _, r := range got[step:] {
		assert.Equal(t, got[step].Header.Get("X-Request-Id"), r.Header.Get("X-Request-Id"))
	}
	assert.Equal(t, got[step].Header.Get("X-Request-Id"), e.RequestID)
}

// repeatable is which requests have the same effect twice.
func repeatable(r arrived) bool {
	switch r.Method {
	case http.MethodGet:
		return true
	case http.MethodDelete:
		return !strings.HasSuffix(r.URL.Path, "/user/me")
	}
	return strings.HasSuffix(r.URL.Path, "/revoke") || strings.HasSuffix(r.URL.Path, "/publichkey") // which is read only
}

// What fails after the session is stored does not make the sign-in fail: the person would try again, with a code that
// is used up.
func TestMethodsSignInWithoutUser(t *testing.T) {
	t.Parallel()
	signsIn := func(row methodRow) bool { return row.sends() }
	forEachMethod(t, signsIn, func(t *testing.T, name string, row methodRow) {
		p := &peer{answer: func(n int, _ arrived) answer {
			if n < row.needed() {
				return row.good()
			}
			return html(500)()
		}}
		store := sessionStore(t)
		result, err := callMethod(t.Context(), newPeerApp(t, p, store, row.opts...).Auth(), name, row)
		require.NoError(t, err)
		state, ok := result.(*tcbauth.LoginState)
		if !ok || len(p.requests()) == row.needed() {
			return
		}
		requireError(t, state.UserErr)
		assert.Equal(t, plantedSub, state.User.Sub)
		assert.NotEmpty(t, state.Credentials.AccessToken)
		data, err := store.Get(t.Context(), "credentials_"+methodEnv)
		require.NoError(t, err)
		assert.Contains(t, string(data), state.Credentials.AccessToken)
	})
}
