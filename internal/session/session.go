// Package session keeps sessions in a store: it hands out access tokens that may be used now, refreshes them, and lets
// people sign in and out, while other goroutines, processes and machines do the same with the same store. It knows no
// server: an [Exchanger] gets new tokens for old ones.
//
// Twelve rules hold, each in one place:
//
//  1. A call sees nothing older than its own beginning. It reads the store itself, in its own goroutine and under its own
//     context ([Handle.look]). A store that says that it ends with the context is called directly; any other one is
//     called in a goroutine of the call's own (store.go).
//  2. Only an exchange with the server is shared, by calls that have read the same pair: a flight is named by the key of
//     the session and the token that it spends (flight.go). Errors of an exchange are shared, what a flight has read is
//     not: its callers look for themselves.
//  3. Whoever replaces or ends a session names the one that it means. A refresh saves only over the pair that it has spent
//     ([Handle.replace]); a sign-out and a refused token remove only their own person's session ([Handle.Forget],
//     [Handle.End]).
//  4. What is not known is equal to nothing: two sessions of which neither says whose it is are two people's
//     ([Keeper.samePerson]).
//  5. What a step began with is what it ends with: a session that has been signed in is named by a [Mark], and what
//     follows its sign-in is for it or for nobody ([Handle.SignedIn]). What waits for its second step ends when a person
//     signs in or out, and one call at a time finishes it ([Pending]).
//  6. Foreign words decide nothing. What a store returns is put into a [StoreError], which does not unwrap; what an Exchanger
//     returns counts only where it is one of this package's types.
//  7. Nothing stands in for a session: nobody is [ErrNone], and only that. A store that fails is never taken for it.
//  8. Everything ends. A flight has a limit that holds whatever the store does; its callers are told first, then its lock
//     is given back (exchange.go). What is remembered of a session is dropped after a time (memory.go). [Keeper.Shutdown]
//     waits for what is under way.
//  9. A refresh token is spent last: after the lock is held, the store was read and room for the successor is reserved. A token
//     that was spent in this process is never sent again, whoever hands it in (spent.go).
//  10. Nothing received is thrown away: tokens without a usable life are kept and refreshed at their next use
//     ([Credentials.Grant]), and a refreshed pair that the store does not take is kept and written later (spent.go).
//  11. The clock may lie: a session whose end lies further off than its life is expired ([Credentials.ValidAt]).
//  12. Events tell what is so: they are queued in the order of the changes that they are about, under one mutex with them
//     ([Handle.become]). What was done elsewhere is told by the first look that finds it, unless something else was told
//     while it looked ([Handle.saw]).
package session

import (
	"context"
	"errors"
	"time"
)

// Store keeps values under keys. It is tcbauth.TokenStore, which has the contract.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Delete(ctx context.Context, key string) error
}

// Locker is a Store with locks. It is tcbauth.Locker, which has the contract.
type Locker interface {
	Lock(ctx context.Context, key string) (held context.Context, unlock func(), err error)
}

// Reserver is a Store that can make sure of room. It is tcbauth.Reserver, which has the contract.
type Reserver interface {
	Reserve(ctx context.Context, key string, size int) error
}

// StringGetter is a Store that has its values as strings. It is tcbauth.StringGetter.
type StringGetter interface {
	GetString(ctx context.Context, key string) (string, error)
}

// Interruptible is a Store that may say that its calls end with their contexts. It is tcbauth.Interruptible.
type Interruptible interface {
	Interruptible() bool
}

// Joint is a Store with locks that does in one step, and in one round trip, what takes several calls otherwise. All keys of a call
// are of one session. It is used only if the store is Interruptible.
type Joint interface {
	// LockGet is Lock of key, and Get of keys once the lock is held. A value is nil where there is none. Where values is nil they
	// are still to be read.
	LockGet(ctx context.Context, key string, keys ...string) (held context.Context, unlock func(), values [][]byte, err error)
	// Replace, with the context of a lock, is Set of all keys if the value under the first one is still old. Otherwise it does
	// nothing and reports false.
	Replace(held context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (done bool, err error)
	// DeleteAll, with the context of a lock, is Delete of all keys.
	DeleteAll(held context.Context, keys ...string) error
}

// Exchanger gets new tokens for old ones from the server. Its errors go to the callers that wait for them; a [RefusedError] is
// the only one that decides something here.
type Exchanger interface {
	// Refresh spends the refresh token of c at an API version, "" for that of c, with the device id of the session, "" for
	// one that is not known. What the answer leaves out is taken from c. A refresh token that the server does not take is a
	// *RefusedError.
	Refresh(ctx context.Context, c *Credentials, version, deviceID string) (*Credentials, error)
	// Anew signs in again without a refresh token, with the device id of the session, and reports whether the same session
	// goes on. c is anonymous, or SignsInAnew is true.
	Anew(ctx context.Context, c *Credentials, deviceID string) (fresh *Credentials, goesOn bool, err error)
	// SignsInAnew says whether Anew has a way for sessions that are not anonymous.
	SignsInAnew() bool
}

// ChangeKind says what has become of the session of a Handle.
type ChangeKind int

// The kinds of [Change].
const (
	Found     ChangeKind = iota // the first look at the store found Session
	Refreshed                   // Session has taken the place of Old, as the same session
	Anew                        // Session has taken the place of Old, and may be somebody else's
	Replaced                    // Session, nil for nobody, has been set in place of whatever there was
	Adopted                     // Session was taken over by its refresh token
	SignedIn                    // Session's person has signed in, and what belongs to signing in here is done
	SignedOut                   // nobody is signed in any more
	Ended                       // the server has ended Old, for the reason Err; ErrNone: another process knows it
)

// Change is a change of a session. Who is told of one must not change what it points to.
type Change struct {
	Kind    ChangeKind
	Session *Credentials
	Old     *Credentials
	Err     error
}

// Watcher is told of the changes of one Handle, one at a time and in their order. Changed must not wait for anything. What was
// done elsewhere it is told only after [Handle.Listen], when a look at the store has found it.
type Watcher interface{ Changed(Change) }

// Observer is told what the sessions of a Keeper cost and how they end. Its methods must neither wait nor panic: some are
// called under the lock of a session.
type Observer interface {
	// StoreCalled is told of one call of the store, after it.
	StoreCalled(ctx context.Context, op StoreOp)
	// SessionEnded is told of a session that has ended here. kind is SignedOut, Ended, or Replaced where nobody took its
	// place; reason is what the server said of one that it has ended.
	SessionEnded(ctx context.Context, kind ChangeKind, reason error)
}

// StoreOp is a call of the store. Which key it was for is nobody's business.
type StoreOp struct {
	Kind StoreKind
	Took time.Duration
	Err  error // the store's own, nil where there is nothing under a key
}

// StoreKind says what a store is asked for.
type StoreKind string

// The kinds of [StoreOp].
const (
	StoreGet     StoreKind = "get"
	StoreSet     StoreKind = "set"    // of one value or, with a Joint, of several
	StoreDelete  StoreKind = "delete" // the same
	StoreReserve StoreKind = "reserve"
	StoreLock    StoreKind = "lock" // with the wait for whoever holds it, and what a Joint reads then
	StoreUnlock  StoreKind = "unlock"
)

// Mark names a session that was stored through a Handle, for what is done after that.
type Mark uint64

// NoMark names no session.
const NoMark = ^Mark(0)

// ErrNotFound is tcbauth.ErrNotFound: what a Store's Get returns, bare or wrapped, when it holds nothing under a key. It
// and ErrUnsealed are the only words of a store that decide something here.
var ErrNotFound = errors.New("tcbauth: nothing stored under this key")

// ErrUnsealed is tcbauth.ErrUnsealed: what a Store's Get returns for a value that it will never be able to open. It counts
// as a damaged one.
var ErrUnsealed = errors.New("tcbauth: a stored value cannot be opened")

var (
	// ErrNone: nobody is signed in.
	ErrNone = errors.New("nobody is signed in")
	// ErrNotRenewable: the access token is of no use any more, and nothing replaces it.
	ErrNotRenewable = errors.New("there is no refresh token")
)

// RefusedError says that the server does not take the refresh token. Err is what it said.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return "the refresh token was refused: " + e.Err.Error() }

// EndedError says that the server has ended the session, or refuses to act for it. Err is what it said.
type EndedError struct{ Err error }

func (e *EndedError) Error() string { return "the session has ended: " + e.Err.Error() }

// InterruptedError says that the context of the caller has ended. Err is its error.
type InterruptedError struct{ Err error }

func (e *InterruptedError) Error() string { return e.Err.Error() }

// StoreError says that the store failed, or holds something that cannot be read. It does not unwrap, so that nothing here can
// take the store's error for a decision; Err is for callers outside.
type StoreError struct {
	Doing string // "reading the session"
	Err   error
}

func (e *StoreError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unreadable reports whether something is stored that nobody can read, now or later: signing in replaces it.
func (e *StoreError) Unreadable() bool {
	return e.Err == ErrDamaged || errors.Is(e.Err, ErrUnsealed) //nolint:errorlint // read's own; a store's may wrap another session's
}

// ErrDamaged is the Err of a StoreError where what is stored is no session.
var ErrDamaged = errors.New("what is stored is damaged; signing in replaces it")

// Config says how sessions are kept. All fields but Store, Now, ClientID and Warn may be zero.
type Config struct {
	Store    Store
	Prefix   string        // before every key: "" or "servers/<name>/"
	ClientID string        // in the keys it is escaped for a path
	DeviceID string        // of the default session; "": random, and kept in the store
	TTL      time.Duration // how long the store should keep a session after it was written; 0: for ever
	Pending  bool          // Handle.TakePending is used, so that whoever signs in or out has something to end
	Ahead    time.Duration // how long before its end an access token is refreshed in the background; 0: never
	// ExchangeLimit is the longest that the Exchanger takes.
	ExchangeLimit time.Duration
	Now           func() time.Time
	// Warn reports what goes wrong beside a call.
	Warn func(ctx context.Context, text string, err error)
	// Observer may be nil: nobody wants to know.
	Observer Observer
}

// storeLimit is the most that one call of a store may take that does not end with its context, and the most that the
// store's own work around one write may take.
const storeLimit = 10 * time.Second

// lockWait is how long a session's lock is waited for: as long as another holder may need for a refresh.
func (c *Config) lockWait() time.Duration { return c.ExchangeLimit + storeLimit }

// flightLimit is the most that one exchange takes: the wait for the lock, all attempts, and the store's work.
func (c *Config) flightLimit() time.Duration { return 2 * c.lockWait() }
