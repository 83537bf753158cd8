// Package authtest is an emulator of the CloudBase auth server, for tests and for local work: accounts, codes by
// SMS and email, passwords in the clear and encrypted, captchas, anonymous, custom and third-party sign-in, device codes, sessions
// with RS256 tokens, the server's limits and errors, and faults on demand.
//
// It runs in memory inside a test, and over TCP for other programs:
//
//	func TestSignIn(t *testing.T) {
//		srv := authtest.NewServer(t) // closes with the test
//		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
//		// ...
//		code, err := srv.WaitCode(ctx, "+86 13800000000") // waits for the SMS
//		srv.Advance(2 * time.Hour)                        // the access token is expired now
//		srv.Count("token")                                // how often was it refreshed?
//	}
//
// A server in memory is a real [net/http.Server] behind [net.Pipe]: it works inside a testing/synctest bubble (make the
// server inside the bubble), and a fault that closes a connection really closes one. Its URL,
// https://<env>.authtest.invalid, is reached by [Server.Client] alone, so that a test that forgets to use that client
// fails and sends nothing to another server.
//
// # Rules
//
// By default the rules are those of the live service as far as they are known: one SMS a minute to a number, one session of a user
// that can be refreshed, so that every sign-in ends the refresh token of the sign-in before it, codes by SMS that are good for 5
// minutes, and "code" in no refusal of a refresh. [Relaxed] relaxes all four; each also has its own option. What the
// service is not known to limit has a default that is documented or guessed, as below.
//
// A call that a rule refuses is answered as the live service answers it. [Request] has the name of the rule, and so has the log of the
// test, with the option that changes it.
//
// # Operations
//
// An operation is named by its path under /auth/v1, or, for those of v2, under /auth: "v2/token" is POST /auth/v2/token.
// The same path under another method has the same name. [Server.Count], [Server.RequireCaptcha] and [Fault] take these
// names; [Operations] lists them all.
//
// # Playing the user
//
// A test gets from the server what a user or another service would do: [Server.WaitCode] reads the SMS,
// [Server.CaptchaAnswer] reads the picture, [Server.ProviderCode] is the third party, [Server.ScanQRCode] the mini program,
// [Server.TicketKey] the console, and [Server.ApproveDevice] the user at the other screen. [Server.IssueToken] signs tokens
// that the service would never issue.
//
// # What it forgets
//
// Expired things are removed within minutes of the server's time: codes, verification tokens, other tokens, and sessions
// that cannot be used any more. If there are more than a thousand anonymous users without a session, the oldest are removed.
// So a server can run for weeks.
//
// # Evidence
//
// The emulator is written from the known facts about the live service, not from recordings of it. So its answers test the
// client, and say nothing new about the service. The package shares no code with the client, so that one mistake cannot be
// on both sides. docs/WIRE.md has the facts with their sources.
//
// Captured from live answers, by others, are:
//
//   - The shape of sessions and of errors. The errors that were captured have "code", the error code in upper case, except a
//     refused refresh.
//   - The pattern of phone numbers and that of usernames at sign-up, with the texts of their refusals, and the refusal of a
//     call with neither a phone number nor an email address.
//   - One SMS a minute to a number, with the 429 and its text.
//   - In one environment, that a second sign-in of a user ended the first one's refresh token, while its access token stayed
//     valid. The setting behind it, "maximum sessions", and its default of 1 are documented.
//   - The answers for a wrong password, for a password that was never set, and for a refresh token that was used before;
//     that a code login without an account is a 404.
//   - The lifetime of codes (300 s for SMS at the gateway, 600 s elsewhere), of verification tokens and of other tokens; the length
//     of a verification_id; the claims of access tokens, publishable keys and API keys; that one key signs
//     for many environments.
//   - That a verification_token outlives a sign-in that failed, so that the sign-up after it may use it.
//   - The request of custom sign-in, and that of revoke with a refresh token, which others use in production.
//
// Documented, and not seen live, are:
//
//   - The answers of captcha/data and captcha/data/verify, and the code and number of captcha_required.
//   - The daily limits of messages, and a captcha after many sends or wrong passwords.
//   - Anonymous and third-party sign-in, the answer of custom sign-in, and the error codes if they are switched off.
//   - The profile of user/me, except password "SET", which the js-sdk reads; sudo_token and its lifetime, token/introspect's empty
//     object, user/signout with an expired token.
//   - That a new password at user/password ends the other sessions.
//
// Captured live, and not the default, is this:
//
//   - is_user was absent in an answer to an email; [WithoutIsUser] leaves it out. Other answers have it, and it is documented.
//   - "code" without "error", in one capture that may be shortened.
//   - A Chinese text for an address that is registered already, of which the whole answer is not known.
//   - The errors of the SMS provider, which depend on the number; a [Fault] answers them.
//
// Guessed, because nobody has published the live behavior, is this:
//
//   - The oldest session of a user, when there are too many, is the one that began first, whatever its device and client id.
//   - "code" is in every error but invalid_grant, also in those that were never captured.
//   - A code is good for one successful check. A verification_token is good for any number of uses within its 600 s.
//   - After the limit of wrong codes every further check of that code is "aborted", the right code too.
//   - target USER with an unknown address is not_found (HTTP 404), target NOT_USER, or NON_USER, with a known one is
//     failed_precondition, CUR_USER with an address that is not the caller's is failed_precondition. Nothing is sent.
//   - A bearer on verification is looked at for target CUR_USER only.
//   - A calendar day of the daily limits is one of China (UTC+8). Refused sends do not count.
//   - Signing up with a registered address is failed_precondition, with a username that is taken already_exists.
//   - Too many wrong passwords lock the account with invalid_status; the live service is said to ask for a captcha first,
//     which [WithCaptchaAfterWrongPasswords] does.
//   - A captcha picture is good for one try, without regard to case; a wrong answer is invalid_argument; captcha errors are
//     HTTP 400.
//   - An anonymous session has no refresh token unless [WithAnonymousRefreshToken] is given. An anonymous user, named
//     "anonymous" as the js-sdk expects, keeps the id when signing up; the anonymous sessions end. An anonymous user who
//     gets a username, a phone number, an email address or an identity by another call is none any more, and the sessions
//     go on.
//   - A custom id is not the sub: an account has one of its own, and user/me names the custom id as a provider's.
//   - Login methods that are off, but for the anonymous and the custom one, are login_type_disabled, third parties
//     provider_not_enabled; their HTTP status is 400.
//   - A provider_token is good for any number of uses within its 3600 s, a sudo_token within its 900 s.
//   - A provider_trans_token is a provider_token; binding what another account has is failed_precondition.
//   - Polling of a device has the error codes of RFC 8628, with HTTP 400 and without a number. Authorization codes have
//     those of RFC 6749.
//   - A client with a secret must send it to token; otherwise the error is unauthorized_client.
//   - A wrong password at user/sudo is invalid_password; a phone number does not rule the password out unless
//     [WithSudoByCode] is given.
//   - reset ends no session, user/revoke/all ends all.
//   - A contact that another account has is failed_precondition, a username at user/basic/edit is HTTP 409.
//   - v2/signin/verificationcode refuses users who are not registered, and the code stays valid.
//   - The key of encrypted requests is PKIX in PEM; the way to compute its thumbprint.
//   - The frame of user/security/history, and every action but USER_LOGIN.
//   - The values of a QR code's status, and that WeChat's official account names the user who scanned it; the answer of
//     plugin/weda/userinfo.
//   - A blocked user keeps existing sessions.
//   - The errors user_blocked, user_pending and invalid_status have HTTP 400 and no number.
//   - A session lasts 30 days from its last refresh; with [Static] from its start. A refresh token that is used again does not
//     end its session unless [RefreshPolicy.RevokingReuse] says so; there is no grace unless [RotatingWithGrace] gives one.
//   - The aud of an access token is the client id that signed in.
//   - Revoking either token of a session ends the session: its refresh token, and its access tokens at user/me.
//   - user/signout answers with the redirect_uri of the request. Revoking a device that has no session is not_found.
//   - A username beside a verification_token must be the address that the token is for.
//   - user/profile refuses a phone number or email address other than the present one. user/contact needs no sudo_token from
//     a user who has neither a password nor a phone number nor an email address. checkUsername answers a name of another
//     user with already_exists.
//   - Times in tokens, and so their expiry, are whole seconds.
//   - The codes of gRPC have the HTTP statuses of gRPC's HTTP gateway, so aborted and already_exists are 409. The live
//     statuses are known for invalid_argument, not_found, failed_precondition and resource_exhausted only.
//   - The texts of all other errors.
//
// Not emulated: email links, client credentials, second factors, and all operations not listed, which answer 404. Request
// fields and grants that would need them answer "unimplemented" (HTTP 501) rather than being ignored. Publishable keys and
// API keys act as nobody here: a call that needs a bearer refuses them like any unknown access token.
package authtest
