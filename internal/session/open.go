package session

import (
	"math"
)

// keys are where a session keeps its things.
type keys struct {
	credentials, device, captcha string
	visitor                      bool
}

// newKeys makes one string and cuts it, since handles are made for each request. user is "" for the default session. It
// has the js-sdk's keys; a visitor's device id is kept for each client id apart, since the server knows anonymous users by
// it.
func newKeys(prefix, user, clientID string) keys {
	const credentials, device, captcha = "credentials_", "device_id", "captcha_"
	dir, slash, deviceOf := "users/", "/", "_"
	if user == "" {
		dir, slash, deviceOf = "", "", ""
	}
	own := clientID
	if user == "" {
		own = ""
	}
	all := prefix + dir + user + slash + credentials + clientID +
		prefix + dir + user + slash + device + deviceOf + own +
		prefix + dir + user + slash + captcha + clientID
	before := len(prefix) + len(dir) + len(user) + len(slash)
	first := before + len(credentials) + len(clientID)
	second := first + before + len(device) + len(deviceOf) + len(own)
	return keys{credentials: all[:first], device: all[first:second], captcha: all[second:], visitor: user != ""}
}

// Open makes h a handle on the session of a user, whose name is escaped for a path, or for "" on the default one. It must be
// called once, before anything else of h is used. It does no I/O.
func (h *Handle) Open(k *Keeper, user string, exchanger Exchanger, watcher Watcher) {
	h.keeper, h.exchanger, h.watcher, h.now = k, exchanger, watcher, k.cfg.Now
	h.keys = newKeys(k.cfg.Prefix, user, k.cfg.ClientID)
	h.current.Store(nobody())
}

// state is what a handle knows of its session. It does not change.
type state struct {
	credentials *Credentials // nil: nobody, as far as this handle knows
	token       string
	from        int64 // the first millisecond at which token may be used: before it the clock has been put back
	expires     int64 // the last one
	ahead       int64 // the first one at which it is refreshed ahead
}

// nobody is what a handle knows when it knows nothing. Each is another one, for CompareAndSwap.
func nobody() *state {
	return &state{from: math.MaxInt64, expires: math.MinInt64, ahead: math.MaxInt64}
}

func (h *Handle) newState(c *Credentials) *state {
	if c == nil || c.AccessToken == "" {
		return nobody()
	}
	from, expires := c.usable(h.now())
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
	if life := seconds(c.ExpiresIn) - expiryMargin; life > 0 {
		window = min(window, life/2)
	}
	return expires - window.Milliseconds()
}

// renewable reports whether c outlives its access token.
func (h *Handle) renewable(c *Credentials) bool { return c.Renewable() || h.exchanger.SignsInAnew() }
