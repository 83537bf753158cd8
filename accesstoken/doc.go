// Package accesstoken verifies access tokens of CloudBase: it tells a Go backend who is calling, without asking the auth
// server each time.
//
//	verifier, err := accesstoken.NewVerifier("your-env-id")
//	http.Handle("/orders", verifier.Middleware(orders))
//
//	claims, ok := accesstoken.FromContext(r.Context()) // in orders
//	fmt.Println(claims.Subject, ok)                    // the uid of the js-sdk
//
// A valid signature is not enough: the service signs the tokens of many environments, its publishable keys and API keys and
// the tokens of the verification flow with one key. A [Verifier] accepts a token only if
//
//   - it is a JWT of at most 16 KiB, with a header of at most 1 KiB and the algorithm RS256, signed by a key that the auth
//     server publishes,
//   - its aud and its project_id are the environment, and its iss is the environment's auth server,
//   - it belongs to a user who is not anonymous, and is not a publishable key or an API key, unless an option accepts them,
//   - it has not expired and is valid already, with a tolerance of a minute.
//
// A token does not show whether its user has signed out or was blocked since it was issued: it is valid until it expires,
// after two hours by default. [Verifier.Introspect] asks the auth server.
//
// The public keys are fetched when they are first needed, fetched again when they are old, and kept by the Verifier. With
// the keys at hand, verifying a token sends nothing, takes no lock, and costs little more than the RSA operation itself, or a
// thirtieth of it if the same token comes again (WithTokenCache). If keys cannot be fetched, old ones are used for a day
// (WithKeyMaxAge), but no longer.
package accesstoken
