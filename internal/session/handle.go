package session

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Handle is a view on one session. It is safe for concurrent use and must not be copied. It remembers the session that it
// has seen last until that expires, or until something is done through this handle.
//
// What its methods return as *Credentials is shared: callers must not change it.
type Handle struct {
	keeper    *Keeper
	exchanger Exchanger
	watcher   Watcher
	now       func() time.Time // the Config's
	keys      keys

	first     state                   // what current is at first: nobody
	current   atomic.Pointer[state]   // never nil
	written   atomic.Pointer[written] // nil: nothing
	device    atomic.Pointer[deviceID]
	aheadNext atomic.Int64         // the millisecond from which on this handle may ask for a refresh ahead
	told      atomic.Pointer[told] // nil: nobody listens

	mu      sync.Mutex // orders the changes of current with what the watcher is told
	signIns Mark       // how often current has become another session so far
}

// deviceID is the device id that a handle uses.
type deviceID struct {
	id     string
	stored bool // it is the session's; otherwise it has been made for a session to come
}

// keys are where a session keeps its things. Handles are made for each request, so only the key that each of them needs is
// made at once.
type keys struct {
	credentials string
	dir         string // with which all keys of the session begin
	clientID    string
	visitor     bool // not the default session, which has the js-sdk's keys
}

// newKeys returns the keys of a user's session, or for "" of the default one.
func newKeys(prefix, user, clientID string) keys {
	const name = "credentials_"
	k := keys{clientID: clientID, visitor: user != ""}
	if k.visitor {
		k.credentials = prefix + "users/" + user + "/" + name + clientID
	} else {
		k.credentials = prefix + name + clientID
	}
	k.dir = k.credentials[:len(k.credentials)-len(name)-len(clientID)]
	return k
}

// device is the key of the device id. A visitor has one for each client id, since the server knows anonymous users by it.
func (k *keys) device() string {
	if k.visitor {
		return k.dir + "device_id_" + k.clientID
	}
	return k.dir + "device_id"
}

// first are the keys that whoever has the lock reads first.
func (k *keys) first() []string {
	if k.visitor {
		return []string{k.credentials, k.device()}
	}
	return []string{k.credentials}
}

func (k *keys) captcha() string { return k.dir + "captcha_" + k.clientID }

func (k *keys) pending() string { return k.dir + "pending_" + k.clientID }

// Open makes h a handle on the session of a user, whose name is escaped for a path, or for "" on the default one. It must be
// called once, before anything else of h is used. It does no I/O.
func (h *Handle) Open(k *Keeper, user string, exchanger Exchanger, watcher Watcher) {
	h.keeper, h.exchanger, h.watcher, h.now = k, exchanger, watcher, k.cfg.Now
	h.keys = newKeys(k.cfg.Prefix, user, k.cfg.ClientID)
	h.first = *nobody()
	h.current.Store(&h.first)
}

// state is what a handle knows of its session. It does not change.
type state struct {
	credentials *Credentials // nil: nobody, as far as this handle knows
	token       string
	from        int64 // the first millisecond at which token may be used: before it the clock has been put back
	expires     int64 // the last one
	ahead       int64 // the first one at which it is refreshed ahead
	learnt      bool  // a look at the store has found it, which another look may contradict
}

// nobody is what a handle knows when it knows nothing. Each is another one, for CompareAndSwap.
func nobody() *state {
	return &state{from: math.MaxInt64, expires: math.MinInt64, ahead: math.MaxInt64}
}

func (h *Handle) newState(c *Credentials) *state {
	if c == nil || c.AccessToken == "" {
		return nobody()
	}
	from, expires := c.usable(h.now)
	return &state{credentials: c, token: c.AccessToken, from: from, expires: expires, ahead: h.aheadFrom(c, expires)}
}

func (s *state) validAt(now int64) bool { return s.from <= now && now <= s.expires }

// aheadFrom is the millisecond from which on c, whose access token ends at expires, is refreshed ahead: within the Config's
// time of that end, and in the second half of its life only.
func (h *Handle) aheadFrom(c *Credentials, expires int64) int64 {
	window := h.keeper.cfg.Ahead
	if window == 0 || !h.renewable(c) {
		return math.MaxInt64
	}
	if life := Seconds(c.ExpiresIn) - expiryMargin; life > 0 {
		window = min(window, life/2)
	}
	return expires - window.Milliseconds()
}

// renewable reports whether c outlives its access token.
func (h *Handle) renewable(c *Credentials) bool { return c.Renewable() || h.exchanger.SignsInAnew() }

// written is what a handle has written last. Where the store still has the same bytes they need no decoding.
type written struct {
	data    []byte
	session *Credentials
}

// told is what the watcher has been told of the session. It does not change: another one says that something was told since.
type told struct {
	session *Credentials // nil: nobody
	known   bool         // false: nothing has been told, and who is there is not known
}

// Listen begins to tell the watcher of what looks at the store find. It calls subscribe between two changes, with the session
// that was told of last: whoever subscribes then is told of every change after that. nil is nobody.
func (h *Handle) Listen(subscribe func(now *Credentials)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told.Load() == nil {
		c := h.current.Load().credentials
		h.told.Store(&told{session: c, known: c != nil})
	}
	subscribe(h.told.Load().session)
}

// saw tells of what another handle or process has done, now that a look at the store has found c, nil for nobody. before is
// what had been told when the look began. If something else was told since, nobody knows which is the later: the next look
// tells.
func (h *Handle) saw(before *told, c *Credentials) {
	if before == nil && h.told.Load() == nil || before != nil && before.known && same(before.session, c) {
		return // no lock on a server's most frequent way
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.told.Load()
	if now != before && now.known || now.known && same(now.session, c) {
		return
	}
	h.told.Store(&told{session: c, known: true})
	if change, ok := h.changeOf(now, c); ok {
		h.watcher.Changed(change)
	}
}

func same(a, b *Credentials) bool { return a == b || a != nil && a.SamePair(b) }

// changeOf is what has happened since before was told, as far as c tells, which is there now.
func (h *Handle) changeOf(before *told, c *Credentials) (Change, bool) {
	change := Change{Session: c, Old: before.session}
	switch {
	case before.session == nil && c == nil:
		return Change{}, false
	case !before.known:
		change.Kind = Found
	case c == nil:
		change.Kind = SignedOut
		if last, ended := h.keeper.endingOf(h.keys.credentials, before.session); ended {
			change.Kind, change.Err = Ended, last.reason
		}
	case h.keeper.samePerson(before.session, c):
		change.Kind = Refreshed
	default:
		change.Kind = SignedIn
	}
	return change, true
}

// become makes s what the handle knows, and tells of the change that s is.
func (h *Handle) become(s *state, c Change) Mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.told.Load() != nil {
		h.told.Store(&told{session: s.credentials, known: true})
	}
	before := h.current.Swap(s)
	if c.Kind != Refreshed || !h.keeper.samePerson(before.credentials, s.credentials) {
		h.signIns++
	}
	h.watcher.Changed(c)
	return h.signIns
}

// learn makes c, which a look at the store or an exchange has found, what the handle knows, unless something was done through
// it since before, and tells of it, unless something was told since was. Of two looks at a time nobody can tell which has seen
// the later session: where they contradict each other the handle knows nothing, and looks again.
func (h *Handle) learn(before *state, was *told, c *Credentials) {
	h.know(before, c)
	h.saw(was, c) // after that: whoever has begun to listen meanwhile has either seen c there, or is told of it here
}

func (h *Handle) know(before *state, c *Credentials) {
	s := h.newState(c)
	s.learnt = true
	if before.credentials == nil && h.current.CompareAndSwap(before, s) {
		return // no mark names nobody, so that there is nothing to count
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch now := h.current.Load(); {
	case now == before:
		h.swap(s)
	case now.token != s.token:
		h.doubt(now)
	}
}

// lose makes the handle know nothing, unless something was done through it since before.
func (h *Handle) lose(before *state) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.current.Load(); now == before {
		h.swap(nobody())
	} else {
		h.doubt(now)
	}
}

// doubt has the next call look again: what the handle knows was contradicted. What was done through the handle is still its
// own session until then. The mutex is held.
func (h *Handle) doubt(now *state) {
	if now.learnt {
		h.swap(nobody())
		return
	}
	doubted := *now
	doubted.from = math.MaxInt64
	h.current.Store(&doubted)
}

// swap makes s what the handle knows. The mutex is held.
func (h *Handle) swap(s *state) {
	before := h.current.Swap(s)
	if !h.keeper.samePerson(before.credentials, s.credentials) {
		h.signIns++
	}
	if s.credentials == nil || !s.credentials.SamePair(before.credentials) {
		h.forgetDevice() // which may be another one by now
	}
}

// Peek returns the session that the handle knows, its access token expired or not; nil for none. It does not look at the
// store.
func (h *Handle) Peek() *Credentials { return h.current.Load().credentials }

// SamePerson reports whether two sessions are known to be one person's.
func (h *Handle) SamePerson(a, b *Credentials) bool { return h.keeper.samePerson(a, b) }

// forgetDevice: a visitor's device id goes with the session. One that was made for a session to come stays.
func (h *Handle) forgetDevice() {
	if d := h.device.Load(); h.keys.visitor && d != nil && d.stored {
		h.device.CompareAndSwap(d, nil)
	}
}
