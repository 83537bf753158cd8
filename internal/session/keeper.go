package session

import (
	"context"
	"net/url"
	"sync"

	"github.com/cloudbase-community/tcbauth/internal/keylock"
)

// Keeper is what the handles of all sessions share. It is safe for concurrent use.
type Keeper struct {
	cfg        Config
	store      store
	turns      keylock.Locks // of refresh tokens that are handed in for several sessions at a time
	locks      keylock.Locks // for stores without locks
	flights    flights
	*exchanged                       // shared with the other Keepers of the store
	aheads     memory[string, int64] // by session key: the millisecond of the Config's clock from which on another may begin
	work       work
}

// NewKeeper returns a Keeper for a checked Config.
func NewKeeper(cfg Config) *Keeper {
	cfg.ClientID = url.PathEscape(cfg.ClientID) // what is before the last slash of a key is the session's place
	k := &Keeper{cfg: cfg, store: newStore(cfg.Store, cfg.Observer)}
	k.exchanged = share(k, cfg.Store)
	return k
}

func (k *Keeper) warn(ctx context.Context, text string, err error) { k.cfg.Warn(ctx, text, err) }

// ended tells that a session has ended.
func (k *Keeper) ended(ctx context.Context, kind ChangeKind, reason error) {
	if k.cfg.Observer != nil {
		k.cfg.Observer.SessionEnded(ctx, kind, reason)
	}
}

// detached is for work that must end well even if the caller goes away: the keeping of a session that the server has
// given. It has a limit of its own.
func (k *Keeper) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), k.cfg.lockWait()+storeLimit)
}

// work counts what must not be cut off. The zero value is ready to use.
type work struct {
	mu     sync.Mutex
	count  int
	closed bool
	idle   chan struct{} // closed when count falls to 0; nil: nobody waits
}

func (w *work) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
}

// beginInBackground reports whether work may begin that no caller waits for.
func (w *work) beginInBackground() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.count++
	return true
}

func (w *work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count--; w.count == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

func (w *work) shutdown(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	if w.count == 0 {
		w.mu.Unlock()
		return nil
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// samePerson reports whether b is known to be the session of a's person: they say so, or b is a, or came of it by a refresh
// here. Where neither says whose it is, they are two people's.
func (k *Keeper) samePerson(a, b *Credentials) bool {
	if a == nil || b == nil {
		return false
	}
	if a.SamePair(b) {
		return true
	}
	if person, other := a.Subject(), b.Subject(); person != "" && other != "" {
		return person == other
	}
	return k.spent.succeeds(b, a.RefreshToken)
}
