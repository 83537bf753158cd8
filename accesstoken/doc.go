// Package accesstoken lets a Go backend decide which access tokens of CloudBase auth to trust, without asking the auth
// server each time.
//
//	verifier, err := accesstoken.NewVerifier("your-env-id")
//	http.Handle("/orders", verifier.Middleware(orders))
//
//	claims, ok := accesstoken.FromContext(r.Context()) // in orders
//	fmt.Println(claims.Subject, ok)                    // the uid of the js-sdk
//
// A signature alone proves little: the service signs the tokens of many environments, its publishable keys and API keys
// and the tokens of the verification flow with one and the same key (WIRE.md section 6.4). A [Verifier] takes a token
// only if
//
//   - it is a JWT of at most 16 KiB, with a header of at most 1 KiB and the algorithm RS256, signed by a key that the auth
//     server publishes,
//   - its aud and its project_id are the environment, and its iss is the environment's auth server,
//   - it is a person's: no anonymous user, no publishable key, no API key, unless an option admits them, and nothing else
//     that the service signs,
//   - it has not expired and is not from the future, give or take a minute.
//
// What cannot be seen in a token is whether the person has signed out or was blocked since it was issued: it stays good
// until it expires, after two hours by default. [Verifier.Introspect] asks the auth server.
//
// The public keys are fetched when they are first needed, anew when they have grown old, and kept by the Verifier. While
// they are at hand, verifying a token sends nothing, takes no lock, and costs little more than the RSA operation itself,
// or a thirtieth of it when the token comes again ([WithTokenCache]).
// Where they cannot be fetched, old ones serve for a day ([WithKeyMaxAge]), but no longer.
package accesstoken
