// Package model tests what sessions promise while several Apps and processes use them at once. Tests import it.
//
// A session's key is a register that holds a person or nobody. The tests let many goroutines sign in, switch, sign out and
// ask who is there, on a store that is late, over a network that loses answers, in processes that are killed. They note when
// each operation began and ended and what it said, and then look for an order of all operations that explains every answer:
//
//   - What a handle made for one operation does must be linearizable over the register.
//   - A handle that lives longer may serve the token it has, but never one of a person who was gone before the handle last
//     looked, and never one from before its own sign-in or sign-out.
//   - No refresh token is sent twice, but where its answer was lost.
//   - No key ever shows a person of another key.
//
// The environment says how long the tests run and what they tell:
//
//	TCBAUTH_MODEL=1m             run each kind of store for so long
//	TCBAUTH_MODEL_OPS=100000     run so many operations on each kind
//	TCBAUTH_MODEL_SEED=42        choose the same operations again; goroutines still take turns as they like
//	TCBAUTH_MODEL_HTML=dir       write a picture of a history that cannot be explained
//	TCBAUTH_REDIS=host:port      use a real Redis (scripts/with-redis.sh)
//	TCBAUTH_POSTGRES, TCBAUTH_MARIADB  use these databases (sqlstore/internal/dbtest, with scripts/with-*.sh)
//	TCBAUTH_MODEL_BREAKS=1       break the engine on purpose, rule by rule, and see that each break is found
package model
