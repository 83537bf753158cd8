package main

import (
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// limits is how much the service lets a visitor do before it asks CloudBase, whose limits know numbers, and one visitor: this
// service. Each replica counts by itself.
type limits struct {
	codesOfNumber, codesOfVisitor, triesOfVisitor *tally
	now                                           func() time.Time
	// proxied says that a proxy stands before the service, which adds the visitor's address to X-Forwarded-For.
	proxied bool
}

func newLimits(proxied bool) *limits {
	const window = 15 * time.Minute
	return &limits{
		codesOfNumber: newTally(5, window), codesOfVisitor: newTally(20, window), triesOfVisitor: newTally(60, window),
		now: time.Now, proxied: proxied,
	}
}

// code counts a code that is asked for, and refuses it if too many were sent to the number.
func (l *limits) code(r *http.Request, phone string) error {
	normal, err := tcbauth.NormalizePhone(phone)
	if err != nil {
		return err
	}
	if err := l.codesOfVisitor.count(l.visitor(r), l.now()); err != nil {
		return err
	}
	return l.codesOfNumber.look(normal, l.now())
}

// sent counts a code that was sent. What sends nothing does not count, so that nobody locks a stranger's number out for free.
func (l *limits) sent(phone string) {
	if normal, err := tcbauth.NormalizePhone(phone); err == nil {
		_ = l.codesOfNumber.count(normal, l.now())
	}
}

// try counts a code or a captcha's answer.
func (l *limits) try(r *http.Request) error { return l.triesOfVisitor.count(l.visitor(r), l.now()) }

// visitor is the network of the visitor's address: of IPv6 everybody has a /64. A cookie would be no name, since whoever wants
// to be somebody else leaves it out.
func (l *limits) visitor(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if said := r.Header.Values("X-Forwarded-For"); l.proxied && len(said) > 0 {
		last := strings.Split(said[len(said)-1], ",")
		host = strings.TrimSpace(last[len(last)-1]) // what came before it the visitor may have made up
	}
	addr, err := netip.ParseAddr(host)
	if with, failed := netip.ParseAddrPort(host); failed == nil { // some proxies add the port
		addr, err = with.Addr(), nil
	}
	if err != nil {
		return host
	}
	bits := 64
	if addr = addr.Unmap(); addr.Is4() {
		bits = 32
	}
	network, _ := addr.WithZone("").Prefix(bits) // bits fit the address
	return network.String()
}

// tally counts what is done in the name of each key, in memory that does not grow: two keys in some thousands share a count,
// and nobody can tell which.
type tally struct {
	limit  uint32
	window time.Duration
	seed   maphash.Seed

	mu    sync.Mutex
	cells [1 << 15]cell
}

type cell struct {
	until int64 // when the count is over, in milliseconds
	count uint32
}

func newTally(limit uint32, window time.Duration) *tally {
	return &tally{limit: limit, window: window, seed: maphash.MakeSeed()}
}

// count counts one more for key. Over the limit it is the error of a server that is asked too often.
func (t *tally) count(key string, now time.Time) error { return t.ask(key, now, 1) }

// look is count without counting.
func (t *tally) look(key string, now time.Time) error { return t.ask(key, now, 0) }

func (t *tally) ask(key string, now time.Time, more uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.cells[maphash.String(t.seed, key)%uint64(len(t.cells))]
	if now.UnixMilli() >= c.until {
		*c = cell{until: now.Add(t.window).UnixMilli()}
	}
	if c.count < t.limit {
		c.count += more
		return nil
	}
	err := tcbauth.NewError(tcbauth.CodeResourceExhausted, "asked too often here")
	err.RetryAfter = time.UnixMilli(c.until).Sub(now)
	return err
}
