// Package tcbauth is CloudBase auth for Go: what @cloudbase/js-sdk v2 gives a web page as app.auth(), for backends and
// command-line tools.
//
// Signing in by SMS, with the js-sdk's names:
//
//	auth, err := tcbauth.New("your-env-id")
//	info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: "+86 13800000000"})
//	state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
//		VerificationInfo: info, VerificationCode: "000000", PhoneNum: "13800000000",
//	})
//	token, err := auth.GetAccessToken(ctx) // refreshed by itself when it has expired
//
// # Whose session
//
// [New] returns the [Auth] of one person, for a tool or a test. A server makes one [App] with [NewApp] and takes the
// session of each visitor from [App.ForUser]; [App.ForToken] acts with a token that came with a request. Before it exits it
// calls [App.Shutdown], which waits until what is under way is stored.
//
// Sessions live in a [TokenStore]: in memory, in files with package filestore, in sealed files with package keyringstore, in
// Redis with package redisstore, in a SQL database with package sqlstore, or in a store of your own, which package storetest can
// check; [Sealed] encrypts what any of them keeps. One session is refreshed once at a time, by all goroutines, and by all
// processes if the store is a [Locker]. No call is given the token of somebody who was signed in before it began. Sessions of an
// emulator, or of any other server that [WithBaseURL] names, lie under keys of their own.
//
// [Auth.Transport] is for other CloudBase APIs. Package accesstoken verifies the tokens that a backend is sent.
//
// # What is sent again
//
// A call that costs money or burns an attempt (an SMS, a code, a sign-in, a refresh) is sent again only when it is
// certain that nothing was sent the first time. When that is not certain the error is [ErrOutcomeUnknown]. Other calls are
// tried three times. [WithMaxAttempts] says how long that can take; the deadline of a call's context limits all of it.
//
// # Errors
//
// Every call fails with an [*Error]. Decide by [Code], by the sentinel of a [Category] or by one of the package's own:
//
//	switch {
//	case errors.Is(err, tcbauth.CodeUnauthenticated): // sign in again; ErrNoSession and ErrSessionExpired are this too
//	case errors.Is(err, tcbauth.ErrRateLimited): // wait for Error.RetryAfter
//	case errors.Is(err, tcbauth.ErrVerificationFailed), errors.Is(err, tcbauth.CodeInvalidVerificationCode):
//		// the code was wrong or too old
//	case errors.Is(err, tcbauth.ErrOutcomeUnknown): // it may have happened
//	}
//
// [HTTPStatus] and [UserMessage] make of an error what a backend answers its own client. docs/ERRORS.md lists all that the
// server is known to say.
//
// # Secrets
//
// Types that hold tokens, passwords, codes or phone numbers hide them when printed with fmt or log/slog, and no error
// and no log record of this package has them. What you encode as JSON yourself is not hidden.
//
// # Sources
//
// Comments cite the js-sdk's methods, RFCs, and WIRE.md: docs/WIRE.md of this module, which says what is known of the server
// and how surely.
package tcbauth

//go:generate go run ./internal/redact/gen
