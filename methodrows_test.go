package tcbauth_test

import (
	"context"
	"net/url"

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
