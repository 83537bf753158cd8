// Package authtest is an emulator of the CloudBase auth server, for tests and for local work: accounts, SMS and e-mail
// codes, passwords, sessions with RS256 tokens, the server's limits and errors, and faults on demand.
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
// An operation is named by its path under /auth/v1. [Server.Count] and [Fault] take these names: verification,
// verification/verify, signin, signup, token, revoke, user/me, user/signout, certs.
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
//   - Too many wrong passwords lock the account with invalid_status; the live service is said to ask for a captcha first.
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
// Not emulated yet: anonymous, provider and custom login, encrypted sign-in, captcha, e-mail links, everything under
// /auth/v2, and all operations not named above, which answer 404. Request fields that would need them answer
// "unimplemented" (HTTP 501) rather than being ignored.
package authtest
