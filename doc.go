// Package tcbauth is a client for user authentication on Tencent CloudBase, for backends and command-line tools. It has the
// methods of app.auth() from @cloudbase/js-sdk, with the same names.
//
// Signing in by SMS:
//
//	auth, err := tcbauth.New("your-env-id")
//	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
//	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
//		VerificationInfo: info, VerificationCode: "000000", PhoneNum: "13800000000",
//	})
//	token, err := auth.GetAccessToken(ctx) // refreshed when it has expired
//
// A backend that only has to know who calls it needs package [github.com/cloudbase-community/tcbauth/accesstoken] instead.
// Guides in English and Chinese are at https://github.com/cloudbase-community/tcbauth.
//
// # Sessions
//
// [New] returns the [Auth] of a program with one user: a tool or a test. A server makes one [App] with [NewApp] and takes the
// session of each user from [App.ForUser]; [App.ForToken] uses the token of a request. Before it exits, a server calls
// [App.Shutdown], which waits until running refreshes are stored.
//
// Sessions are kept in a [TokenStore]: in memory by default, or in a store of one of the packages
//
//   - [github.com/cloudbase-community/tcbauth/filestore]: files, for tools
//   - [github.com/cloudbase-community/tcbauth/keyringstore]: encrypted files, with the key in the system's keyring
//   - [github.com/cloudbase-community/tcbauth/redisstore]: Redis, for servers
//   - [github.com/cloudbase-community/tcbauth/sqlstore]: PostgreSQL, MySQL, MariaDB or SQLite, for servers
//
// or in a store of your own, which [github.com/cloudbase-community/tcbauth/storetest] tests. [Sealed] encrypts any of them. When
// many goroutines need a new token, one of them refreshes it and the others wait; if the store is a [Locker], the same holds
// for processes. No call gets the token of another user who signed in after the call began. Sessions of an emulator, or of
// another server that [WithBaseURL] names, have their own keys in the store.
//
// # Methods by task
//
// To send and check codes: [Auth.GetVerification], [Auth.Verify], [Auth.Resend], [Auth.SendVerificationCodeToCurrentUser].
//
// To sign in: [Auth.SignIn], [Auth.SignInWithSms], [Auth.SignInWithEmail], [Auth.SignInWithPassword],
// [Auth.SignInAnonymously], [Auth.SignInWithCustomTicket], [Auth.SignInWithProvider], [Auth.SignInWithIdToken],
// [Auth.SignInCustom], [Auth.VerifyOtp]. To register: [Auth.SignUp].
//
// To sign in or register in two steps, often in two requests: [Auth.SignInWithOtp], [Auth.SignUpWithOtp] and
// [Auth.ResetPasswordForEmail], then [Auth.FinishOtp]; [Auth.StoredOtp] with [WithStoredOtp].
//
// To sign in at a third party: [Auth.SignInWithOAuth], then [Auth.VerifyOAuth]; or [Auth.GenProviderRedirectUri],
// [Auth.GrantProviderToken] and [Auth.PatchProviderToken]; with a mini program [Auth.GetMiniProgramQrCode] and
// [Auth.GetMiniProgramQrCodeStatus]; [Auth.TransByProvider], [Auth.GetProviderSubType].
//
// To sign in on a device without a keyboard: [Auth.DeviceAuthorize], then [Auth.PollDeviceToken]; on the other device
// [Auth.AuthorizeDevice].
//
// To use the session: [Auth.GetAccessToken], [Auth.Transport], [Auth.GetSession], [Auth.GetLoginState],
// [Auth.HasLoginState], [Auth.GetCredentials], [Auth.GetClaims], [Auth.LoginScope], [Auth.LoginGroups],
// [Auth.OnAuthStateChange].
//
// To change the session: [Auth.RefreshSession], [Auth.RefreshTokenForce], [Auth.SetSession], [Auth.SetCredentials],
// [Auth.GrantToken]. To end it: [Auth.SignOut], [Auth.SignOutWithRedirect], [Auth.RevokeAllDevices], [Auth.RevokeDevice].
//
// To read the profile: [Auth.GetUserInfo] and its other names [Auth.GetUser], [Auth.GetCurrentUser], [Auth.RefreshUser] and
// [Auth.GetUserProfile]; [Auth.GetUserBehaviorLog], [Auth.GetWedaUserInfo]. To find other users: [Auth.QueryUser],
// [Auth.QueryUserProfile], [Auth.IsUsernameRegistered], [Auth.CheckIfUserExist].
//
// To change the profile: [Auth.UpdateUser], [Auth.UpdateUserBasicInfo], [Auth.SetUserProfile], [Auth.CheckUsername]. To change
// a phone number or an email address: [Auth.UpdateUser], [Auth.EditContact], [Auth.BindPhoneNumber], [Auth.BindEmail].
//
// To set a password: [Auth.SetPassword], [Auth.ResetPassword], [Auth.ResetPasswordForOld], [Auth.UpdatePasswordByOld],
// [Auth.ModifyPassword], [Auth.ModifyPasswordWithoutLogin], [Auth.ResetPasswordForEmail], [Auth.CheckPassword]. To check the
// user again before a sensitive change: [Auth.Sudo], [Auth.Reauthenticate].
//
// To link third-party accounts: [Auth.LinkIdentity], then [Auth.VerifyOAuth]; [Auth.UnlinkIdentity], [Auth.GetUserIdentities],
// [Auth.GetProviders], [Auth.BindWithProvider], [Auth.UnbindProvider], [Auth.ChangeBoundProvider].
//
// To delete the account: [Auth.DeleteMe], [Auth.DeleteUser]. To show a captcha: [Auth.CreateCaptchaData],
// [Auth.VerifyCaptchaData], or [WithCaptchaSolver]. As an OAuth provider: [Auth.Authorize], [Auth.AuthorizeInfo]. To encrypt a
// sign-in: [Auth.GetPublicKey]. In the environment: [Auth.Env], [Auth.BaseURL], [Auth.GetMiniProgramCode].
//
// # Repeated requests
//
// A call that costs money or uses up an attempt (an SMS, a code, a sign-in, a refresh) is repeated only if the first request
// was certainly not sent. If that is not certain, the error is [ErrOutcomeUnknown]. Other calls are tried up to three times.
// [WithMaxAttempts] says how long that can take; the deadline of a call's context limits all of it.
//
// # Errors
//
// Every error that a call returns is an [*Error]; those of [New], its options and the packages of stores are not. Test it
// with errors.Is, against a [Code] (the server's error code), the error value of a [Category], or an error of this package:
//
//	switch {
//	case errors.Is(err, tcbauth.CodeUnauthenticated): // sign in again; also matches ErrNoSession and ErrSessionExpired
//	case errors.Is(err, tcbauth.ErrRateLimited): // wait for Error.RetryAfter
//	case errors.Is(err, tcbauth.ErrVerificationFailed), errors.Is(err, tcbauth.CodeInvalidVerificationCode):
//		// the code is wrong or has expired
//	case errors.Is(err, tcbauth.ErrOutcomeUnknown): // it may have happened
//	}
//
// [HTTPStatus] and [UserMessage] turn an error into the answer of a backend to its own client. docs/ERRORS.md in the
// repository lists all error codes.
//
// # Secrets
//
// Types that hold tokens, passwords, codes or phone numbers hide them when printed with fmt or log/slog, and no error and no
// log record of this package contains them. JSON that you encode does contain them.
//
// # The js-sdk
//
// Comments name the js-sdk's method after "js-sdk:". authApi is its object oauthInstance.authApi, below app.auth().
package tcbauth

//go:generate go run ./internal/redact/gen
