package testbed

import (
	"context"
	"net/url"

	"github.com/cloudbase-community/tcbauth"
)

// MethodRows has at least one row for each method of Auth that takes a context: "Method" or "Method/variant".
var MethodRows = map[string]MethodRow{
	"AuthorizeInfo":                     {Req: tcbauth.AuthorizeInfoRequest{ClientID: "c", State: "s"}},
	"Authorize":                         {Req: tcbauth.AuthorizeRequest{ClientID: "c", ResponseType: "code"}},
	"AuthorizeDevice":                   {Req: tcbauth.AuthorizeDeviceRequest{UserCode: "planted-user-code"}},
	"BindEmail":                         {Req: tcbauth.BindEmailRequest{Email: PlantedEmail, VerificationToken: PlantedVerification}},
	"BindPhoneNumber":                   {Req: tcbauth.BindPhoneNumberRequest{PhoneNumber: PlantedPhone, VerificationToken: PlantedVerification}},
	"BindWithProvider":                  {Req: tcbauth.BindWithProviderRequest{ProviderToken: PlantedProvider}},
	"ChangeBoundProvider":               {Req: tcbauth.ChangeBoundProviderRequest{ProviderID: "p", TransToken: PlantedProvider}},
	"CheckIfUserExist":                  {Req: tcbauth.IsUsernameRegisteredRequest{Username: PlantedUser}},
	"CheckPassword":                     {Req: tcbauth.CheckPasswordRequest{Password: PlantedPassword}},
	"CheckUsername":                     {Req: tcbauth.CheckUsernameRequest{Username: PlantedUser}},
	"CreateCaptchaData":                 {Req: tcbauth.CreateCaptchaDataRequest{State: "s"}},
	"DeleteMe":                          {Req: tcbauth.DeleteMeRequest{SudoToken: PlantedSudo}},
	"DeleteUser":                        {Req: tcbauth.DeleteUserRequest{Password: PlantedPassword}, Steps: 2},
	"DeviceAuthorize":                   {Req: tcbauth.DeviceAuthorizeRequest{Scope: "user"}},
	"EditContact":                       {Req: tcbauth.EditContactRequest{PhoneNumber: PlantedPhone, VerificationToken: PlantedVerification, SudoToken: PlantedSudo}},
	"FinishOtp":                         {Req: FinishOtp(tcbauth.OtpSignIn, ""), Steps: 2},
	"FinishOtp/sign up":                 {Req: FinishOtp(tcbauth.OtpSignUp, PlantedPassword), Steps: 2},
	"FinishOtp/recovery":                {Req: FinishOtp(tcbauth.OtpRecovery, PlantedPassword), Steps: 3},
	"FinishOtp/reauthentication":        {Req: FinishOtp(tcbauth.OtpReauthentication, ""), Steps: 2},
	"FinishOtp/new password":            {Req: FinishOtp(tcbauth.OtpReauthentication, PlantedPassword), Steps: 3},
	"FinishOtp/stored":                  {Req: tcbauth.FinishOtpRequest{Token: PlantedCode}, Steps: 2, Opts: []tcbauth.Option{tcbauth.WithStoredOtp()}},
	"FinishOtp/other phone":             {Req: FinishOtp(tcbauth.OtpPhoneChange, ""), Steps: 3},
	"GenProviderRedirectUri":            {Req: tcbauth.GenProviderRedirectUriRequest{ProviderID: "p", State: "s"}},
	"GetAccessToken":                    {Local: true},
	"GetClaims":                         {Local: true},
	"GetCredentials":                    {Local: true},
	"GetCurrentUser":                    {},
	"GetLoginState":                     {Local: true},
	"GetMiniProgramCode":                {Req: tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e", WxAppID: "w"}},
	"GetMiniProgramQrCode":              {Req: tcbauth.GetMiniProgramQrCodeRequest{EnvID: "e", WxAppID: "w"}},
	"GetMiniProgramQrCodeStatus":        {Req: tcbauth.GetMiniProgramQrCodeStatusRequest{QrCodeID: "planted-qr-code"}},
	"GetProviderSubType":                {},
	"GetProviders":                      {},
	"GetPublicKey":                      {},
	"GetSession":                        {Local: true},
	"GetUser":                           {},
	"GetUserBehaviorLog":                {Req: tcbauth.GetUserBehaviorLogRequest{Type: tcbauth.BehaviorLogin, Limit: 10}},
	"GetUserIdentities":                 {},
	"GetUserInfo":                       {Req: tcbauth.GetUserInfoRequest{}},
	"GetUserInfo/v2":                    {Req: tcbauth.GetUserInfoRequest{Version: "v2", Query: &tcbauth.UserInfoQuery{WithRole: true}}},
	"GetUserProfile":                    {Req: tcbauth.GetUserInfoRequest{}},
	"GetVerification":                   {Req: tcbauth.GetVerificationRequest{PhoneNumber: PlantedPhone}},
	"GetVerification/mail":              {Req: tcbauth.GetVerificationRequest{Email: PlantedEmail}},
	"GetWedaUserInfo":                   {},
	"GrantProviderToken":                {Req: tcbauth.GrantProviderTokenRequest{ProviderID: "p", ProviderCode: "planted-provider-code"}},
	"GrantToken":                        {Req: tcbauth.GrantTokenRequest{GrantType: "password", Username: PlantedUser, Password: PlantedPassword}},
	"HasLoginState":                     {Local: true},
	"IsUsernameRegistered":              {Req: tcbauth.IsUsernameRegisteredRequest{Username: PlantedUser}},
	"LinkIdentity":                      {Req: tcbauth.LinkIdentityRequest{Provider: "p", RedirectTo: "https://app.example.com"}},
	"LoginGroups":                       {Local: true},
	"LoginScope":                        {Local: true},
	"ModifyPassword":                    {Req: tcbauth.ModifyPasswordRequest{Password: PlantedPassword, NewPassword: PlantedPassword}, Steps: 2},
	"ModifyPasswordWithoutLogin":        {Req: tcbauth.ModifyPasswordWithoutLoginRequest{Username: PlantedUser, NewPassword: PlantedPassword}, Steps: 2},
	"PatchProviderToken":                {Req: tcbauth.PatchProviderTokenRequest{ProviderToken: PlantedProvider}},
	"PollDeviceToken":                   {Req: tcbauth.PollDeviceTokenRequest{DeviceCode: "planted-device-code", ExpiresIn: 60}, Polls: true},
	"QueryUser":                         {Req: tcbauth.QueryUserRequest{PhoneNumber: PlantedPhone}, Answer: `{"total":"1","data":[{"sub":"1"}]}`},
	"QueryUserProfile":                  {Req: tcbauth.QueryUserRequest{Email: PlantedEmail}, Answer: `{"total":0}`},
	"Reauthenticate":                    {Steps: 2},
	"RefreshSession":                    {Req: tcbauth.RefreshSessionRequest{}},
	"RefreshSession/another":            {Req: tcbauth.RefreshSessionRequest{RefreshToken: "m.planted-other-refresh-token"}},
	"RefreshTokenForce":                 {Req: tcbauth.RefreshTokenForceRequest{Version: "v2"}},
	"RefreshUser":                       {},
	"Resend":                            {Req: tcbauth.ResendRequest{Type: "signup", Phone: PlantedPhone}},
	"ResetPassword":                     {Req: tcbauth.ResetPasswordRequest{Email: PlantedEmail, NewPassword: PlantedPassword, VerificationToken: PlantedVerification}},
	"ResetPasswordForEmail":             {Req: tcbauth.ResetPasswordForEmailRequest{EmailOrPhone: PlantedPhone}},
	"ResetPasswordForOld":               {Req: tcbauth.ResetPasswordForOldRequest{OldPassword: PlantedPassword, NewPassword: PlantedPassword}, Steps: 2},
	"RevokeAllDevices":                  {},
	"RevokeDevice":                      {Req: tcbauth.RevokeDeviceRequest{DeviceID: "0123456789abcdef"}},
	"SendVerificationCodeToCurrentUser": {Req: tcbauth.GetVerificationRequest{PhoneNumber: PlantedPhone}},
	"SetCredentials":                    {Local: true, Req: &tcbauth.Credentials{AccessToken: "planted-set-token", ExpiresIn: 60}},
	"SetCredentials/none":               {Local: true, Req: (*tcbauth.Credentials)(nil)},
	"SetPassword":                       {Req: tcbauth.SetPasswordRequest{NewPassword: PlantedPassword, SudoToken: PlantedSudo}},
	"SetSession":                        {Req: tcbauth.SetSessionRequest{AccessToken: PlantedAccess, RefreshToken: "m.planted-other-refresh-token"}},
	"SetUserProfile":                    {Req: tcbauth.SetUserProfileRequest{Name: new(PlantedUser), PhoneNumber: new(PlantedPhone)}},
	"SignIn":                            {Req: tcbauth.SignInRequest{Username: PlantedUser, Password: PlantedPassword}},
	"SignIn/v2":                         {Req: tcbauth.SignInRequest{Username: PlantedUser, Password: PlantedPassword, Version: "v2"}},
	"SignIn/token":                      {Req: tcbauth.SignInRequest{Username: PlantedPhone, VerificationToken: PlantedVerification}},
	"SignInAnonymously":                 {Req: tcbauth.SignInAnonymouslyRequest{ProviderToken: PlantedProvider}},
	"SignInCustom":                      {Req: tcbauth.SignInCustomRequest{Ticket: PlantedTicket}},
	"SignInWithCustomTicket":            {Req: tcbauth.SignInWithCustomTicketRequest{Ticket: PlantedTicket}},
	"SignInWithCustomTicket/source":     {Req: tcbauth.SignInWithCustomTicketRequest{}, Opts: []tcbauth.Option{tcbauth.WithTicketSource(ticketSource)}},
	"SignInWithEmail":                   {Req: MailSignIn(true), Steps: 2},
	"SignInWithEmail/new":               {Req: MailSignIn(false), Steps: 2},
	"SignInWithIdToken":                 {Req: tcbauth.SignInWithIdTokenRequest{Token: PlantedProvider}},
	"SignInWithOAuth":                   {Req: tcbauth.SignInWithOAuthRequest{Provider: "p", Options: tcbauth.SignInWithOAuthOptions{RedirectTo: "https://app.example.com"}}},
	"SignInWithOtp":                     {Req: tcbauth.SignInWithOtpRequest{Phone: PlantedPhone}},
	"SignInWithPassword":                {Req: tcbauth.SignInWithPasswordRequest{Phone: PlantedPhone, Password: PlantedPassword}},
	"SignInWithProvider":                {Req: tcbauth.SignInWithProviderRequest{ProviderToken: PlantedProvider, Version: "v2"}},
	"SignInWithSms":                     {Req: SmsSignIn(true), Steps: 2},
	"SignInWithSms/new":                 {Req: SmsSignIn(false), Steps: 2},
	"SignOut":                           {},
	"SignOutWithRedirect":               {Req: tcbauth.SignOutRequest{RedirectURI: "https://app.example.com"}, Ended: true},
	"SignInWithOtp/stored":              {Req: tcbauth.SignInWithOtpRequest{Phone: PlantedPhone}, Opts: []tcbauth.Option{tcbauth.WithStoredOtp()}},
	"StoredOtp":                         {Local: true, Opts: []tcbauth.Option{tcbauth.WithStoredOtp()}},
	"SignUp":                            {Req: tcbauth.SignUpRequest{PhoneNumber: PlantedPhone, VerificationToken: PlantedVerification, Password: PlantedPassword}},
	"SignUp/provider":                   {Req: tcbauth.SignUpRequest{ProviderToken: PlantedProvider}},
	"SignUpWithOtp":                     {Req: tcbauth.SignUpWithOtpRequest{Email: PlantedEmail, Password: PlantedPassword}},
	"Sudo":                              {Req: tcbauth.SudoRequest{Password: PlantedPassword}},
	"TransByProvider":                   {Req: tcbauth.TransByProviderRequest{ProviderToken: PlantedProvider}},
	"UnbindProvider":                    {Req: tcbauth.UnbindProviderRequest{ProviderID: "p"}},
	"UnlinkIdentity":                    {Req: tcbauth.UnlinkIdentityRequest{Provider: "p"}},
	"UpdatePasswordByOld":               {Req: tcbauth.ResetPasswordForOldRequest{OldPassword: PlantedPassword, NewPassword: PlantedPassword}, Steps: 2},
	"UpdateUser":                        {Req: tcbauth.UpdateUserRequest{Nickname: new(PlantedUser)}, Steps: 2, Partial: true},
	"UpdateUser/phone":                  {Req: tcbauth.UpdateUserRequest{Phone: new(PlantedPhone)}},
	"UpdateUserBasicInfo":               {Req: tcbauth.UpdateUserBasicInfoRequest{Nickname: new(PlantedUser)}, Steps: 2},
	"Verify":                            {Req: tcbauth.VerifyRequest{VerificationID: PlantedID, VerificationCode: PlantedCode}},
	"Verify/v2":                         {Req: tcbauth.VerifyRequest{VerificationID: PlantedID, VerificationCode: PlantedCode, Version: "v2"}},
	"VerifyCaptchaData":                 {Req: tcbauth.VerifyCaptchaDataRequest{Token: "planted-captcha", Key: "abcd"}},
	"VerifyOAuth":                       {Req: VerifyOAuth(tcbauth.OAuthSignIn), Steps: 2},
	"VerifyOAuth/bind":                  {Req: VerifyOAuth(tcbauth.OAuthBindIdentity), Steps: 2},
	"VerifyOtp":                         {Req: tcbauth.VerifyOtpRequest{Phone: PlantedPhone, Token: PlantedCode, MessageID: PlantedID}, Steps: 2},
	"VerifyOtp/change":                  {Req: tcbauth.VerifyOtpRequest{Type: tcbauth.OtpPhoneChange, Phone: PlantedPhone, Token: PlantedCode, MessageID: PlantedID}},
}

// FinishOtp is the second step of a code of this kind.
func FinishOtp(kind, password string) tcbauth.FinishOtpRequest {
	c := &tcbauth.OtpChallenge{Kind: kind, Phone: PlantedPhone, MessageID: PlantedID, Sub: PlantedSub}
	return tcbauth.FinishOtpRequest{Challenge: c, Token: PlantedCode, Password: password}
}

// VerifyOAuth is the second step at a third party of this kind.
func VerifyOAuth(kind string) tcbauth.VerifyOAuthRequest {
	c := &tcbauth.OAuthChallenge{State: "planted-state", Provider: "p", RedirectURI: "https://app.example.com/", Kind: kind, Sub: PlantedSub}
	return tcbauth.VerifyOAuthRequest{Challenge: c, Query: url.Values{"state": {c.State}, "code": {"planted-provider-code"}}}
}

func ticketSource(context.Context, string) (string, error) { return PlantedTicket, nil }

// SmsSignIn is a sign-in by a code of a phone number, of somebody known or new.
func SmsSignIn(isUser bool) tcbauth.SignInWithSmsRequest {
	info := &tcbauth.VerificationInfo{VerificationID: PlantedID, IsUser: isUser}
	bind := &tcbauth.BindInfo{ProviderToken: PlantedProvider}
	return tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: PlantedCode, PhoneNum: PlantedPhone, BindInfo: bind}
}

// MailSignIn is the same by a mail address.
func MailSignIn(isUser bool) tcbauth.SignInWithEmailRequest {
	info := &tcbauth.VerificationInfo{VerificationID: PlantedID, IsUser: isUser}
	return tcbauth.SignInWithEmailRequest{VerificationInfo: info, VerificationCode: PlantedCode, Email: PlantedEmail}
}
