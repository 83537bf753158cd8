// Package authtest is an emulator of the CloudBase auth server, for tests and for local work: accounts, SMS and e-mail
// codes, passwords in the clear and encrypted, captchas, anonymous, custom and third-party sign-in, device codes, sessions
// with RS256 tokens, the server's limits and errors, and faults on demand.
//
// It runs in memory inside a test, and over TCP for other programs:
//
//	func TestSignIn(t *testing.T) {
//		srv := authtest.NewServer(t) // closes with the test
//		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
//		...
//		code, err := srv.WaitCode(ctx, "+86 13800000000") // waits for the SMS
//		srv.Advance(2 * time.Hour)                        // the access token is expired now
//		srv.Count("token")                                // how often was it refreshed?
//	}
//
// A server in memory is a real [net/http.Server] behind [net.Pipe]: it works inside a testing/synctest bubble (make the
// server inside the bubble), and a fault that closes a connection really closes one. Its URL,
// https://<env>.authtest.invalid, is reached by [Server.Client] alone, so that a test that forgets to use that client
// fails instead of talking to somebody else.
//
// # Operations
//
// An operation is named by its path under /auth/v1, or, for those of v2, under /auth: "v2/token" is POST /auth/v2/token.
// The same path under another method has the same name. [Server.Count], [Server.RequireCaptcha] and [Fault] take these
// names:
//
//   - verification, verification/verify, captcha/data, captcha/data/verify
//   - signin, signin/anonymously, signin/custom, signin/with/provider, signup, reset
//   - provider/uri, provider/token, device/code
//   - token, token/introspect, revoke, certs, checkUsername, checkIfUserExist
//   - user/me, user/profile, user/basic/edit, user/query, user/security/history, user/sudo, user/password, user/contact,
//     user/signout, user/revoke/all, user/authorized/devices/{id}, user/device/authorize, user/authorize,
//     user/authorize/info, user/provider, user/provider/bind, user/provider/{id}, user/provider/{id}/trans,
//     user/trans/by/provider
//   - v2/signin/username, v2/signin/verificationcode, v2/signin/with/provider, v2/signin/publichkey,
//     v2/signin/password/update, v2/token, v2/user/me
//
// # Who helps a test
//
// What the service would give to a person, or ask one for, a test gets from the server: [Server.WaitCode] reads the SMS,
// [Server.CaptchaAnswer] the picture, [Server.ProviderCode] is the third party, [Server.TicketKey] the console, and
// [Server.ApproveDevice] the person at the other screen. [Server.IssueToken] signs tokens that nobody would be given.
//
// # What it proves
//
// The emulator is written from what is known of the live service, not from recordings of it: an answer of the emulator
// proves something about the client, nothing about the service. The package shares no code with the client, so that a
// mistake is not made on both sides. Known from live answers are the shapes of success and error answers, the phone
// and username patterns with their texts, the rate limit's, the wrong password's, the missing password's and the refused
// refresh token's answers, the missing user's 404, and the lifetimes of codes and tokens. Guessed, because nobody has
// published the live behavior, is this:
//
//   - A code is good for one successful check. A verification_token is good for any number of uses within its 600 s.
//   - After the limit of wrong codes every further check of that code is "aborted", the right code too.
//   - target USER with an unknown address is not_found (HTTP 404), target NOT_USER with a known one is
//     failed_precondition, CUR_USER with an address that is not the caller's is failed_precondition. Nothing is sent.
//   - A bearer on verification is looked at for target CUR_USER only.
//   - A calendar day of the daily limits is one of China (UTC+8). Refused sends do not count.
//   - Signing up with a registered address is failed_precondition, with a username that is taken already_exists.
//   - Too many wrong passwords lock the account with invalid_status; the live service is said to ask for a captcha first,
//     which [WithCaptchaAfterWrongPasswords] does.
//   - A captcha picture is good for one try, without regard to case; captcha errors are HTTP 400.
//   - An anonymous session has no refresh token unless [WithAnonymousRefreshToken] is given. An anonymous user who signs up
//     keeps the id; the anonymous sessions end.
//   - A custom id is not the sub: an account has one of its own, and user/me names the custom id as a provider's.
//   - Login methods that are off, but for the anonymous and the custom one, are login_type_disabled, third parties
//     provider_not_enabled; their HTTP status is 400.
//   - A provider_token is good for any number of uses within its 3600 s, a sudo_token within its 900 s.
//   - A provider_trans_token is a provider_token; binding what another account has is failed_precondition.
//   - The words of a device's polling are those of RFC 8628, with HTTP 400 and without a number; so are RFC 6749's for
//     authorization codes.
//   - A wrong password at user/sudo is invalid_password; a phone number does not rule the password out unless
//     [WithSudoByCode] is given.
//   - Changing the password at user/password ends the other sessions, reset ends none, user/revoke/all ends all.
//   - A contact that another account has is failed_precondition, a username at user/basic/edit is HTTP 409.
//   - v2/signin/verificationcode refuses who has no account, and the code stays good.
//   - The key of encrypted requests is PKIX in PEM, and what its thumbprint is made of.
//   - The frame of user/security/history, and every action but USER_LOGIN.
//   - The words user_blocked, user_pending and invalid_status come with HTTP 400 and without a number.
//   - A session lives 30 days from its last refresh; with [Static] from its start. A repeated refresh token does not end
//     the session that it once belonged to.
//   - The aud of an access token is the client id that signed in.
//   - Revoking either token of a session ends the session: its refresh token, and its access tokens at user/me.
//   - Times in tokens, and so their expiry, are whole seconds.
//   - The HTTP statuses of gRPC's words are those of gRPC's HTTP gateway, so that aborted and already_exists are 409; the
//     live ones are known for invalid_argument, not_found, failed_precondition and resource_exhausted only.
//   - The texts of all other errors.
//
// Not emulated: e-mail links, client credentials, second factors, mini-program and low-code operations, and all others
// not named above, which answer 404. Request fields and grants that would need them answer "unimplemented" (HTTP 501)
// rather than being ignored.
package authtest
