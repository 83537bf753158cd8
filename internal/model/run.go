package model

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

const (
	lanes     = 5     // worlds at a time, where they wait for each other
	keys      = 3     // of a world: two visitors, and the default session
	perKey    = 5     // goroutines
	opsPerKey = 100   // before the history is checked
	eraOps    = 4_000 // before a new server takes over, with other rules
	apps      = 3     // of this process
	processes = 3     // beside it, where processes share the store; one of them is killed now and then

	// How long the lock of a killed process keeps others away from a session: where none is killed, so long that no busy
	// machine loses one.
	shortLease = 2 * time.Second
	longLease  = time.Minute
)

// run is the test of stores of one kind.
type run struct {
	stores Stores
	seed   uint64
	limit  limit

	bubblesAtATime int

	eras      atomic.Int64
	done      atomic.Int64 // operations
	unknown   atomic.Int64 // of them, by what became of them
	worlds    atomic.Int64
	undecided atomic.Int64

	mu        sync.Mutex
	violation string
	after     int64
}

// limit is when a run ends.
type limit struct {
	until time.Time // zero: not by time
	ops   int64     // 0: not by number
}

func (r *run) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.violation != "" || r.limit.ops > 0 && r.done.Load() >= r.limit.ops ||
		!r.limit.until.IsZero() && !time.Now().Before(r.limit.until)
}

func (r *run) report(violation string) {
	if violation == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.violation == "" {
		r.violation, r.after = violation, r.done.Load()
	}
}

// era is a part of a run with a server of its own.
type era struct {
	*run
	t      testing.TB
	number int64
	judge  *judge
	seats  []seat
	spares *spares
	clock  clock
	watch  *stopwatch
	ops    atomic.Int64
}

// era runs worlds that several processes share, until the run is over or the server has done enough.
func (r *run) era(t *testing.T) {
	t.Helper()
	number, rng := r.next()
	speed := []time.Duration{slow, fast}[rng.IntN(2)]
	srv, err := authtest.Listen("127.0.0.1:0", rules(rng)...)
	require.NoError(t, err)
	defer func() { require.NoError(t, srv.Close()) }()
	e, closeAll := r.open(t, number, srv, speed, shortLease, func() *http.Transport { return new(http.Transport) })
	defer closeAll()
	for i := range processes {
		doomed := i == 0
		p := startProcess(t, doomed, func(v event) { e.judge.ledger.note(v, doomed) }, r.stores.Place, srv.URL, e.clock)
		defer func() { require.NoError(t, p.end()) }()
		e.seats = append(e.seats, p)
	}
	end := r.done.Load() + eraOps
	var wg sync.WaitGroup
	for lane := range lanes {
		rng := rand.New(rand.NewPCG(rng.Uint64(), 0)) //nolint:gosec // chosen again by the seed
		wg.Go(func() {
			for n := 0; !e.over() && e.done.Load() < end; n++ {
				w := newWorld(rng, fmt.Sprintf("%d-%d-%d", number, lane, n), true)
				e.judgeAll(w, e.play(w, lane, rng))
			}
		})
	}
	wg.Wait()
	r.undecided.Add(e.judge.undecided.Load())
}

// next begins a part of the run: its number, and its chances.
func (r *run) next() (number int64, rng *rand.Rand) {
	number = r.eras.Add(1)
	return number, rand.New(rand.NewPCG(r.seed, uint64(number))) //nolint:gosec // chosen again by the seed
}

// bubbles runs worlds in bubbles, some at a time, until the run is over or as many operations are done as in an era.
func (r *run) bubbles(t *testing.T) {
	t.Helper()
	end := r.done.Load() + eraOps
	var wg sync.WaitGroup
	for range r.bubblesAtATime {
		wg.Go(func() {
			for !r.over() && r.done.Load() < end {
				r.bubble(t)
			}
		})
	}
	wg.Wait()
}

// bubble runs one world with a server of its own in a bubble of synctest, where waiting takes no time.
func (r *run) bubble(t *testing.T) {
	t.Helper()
	number, rng := r.next()
	var e *era
	w := newWorld(rng, fmt.Sprint(number), false)
	var histories []*history
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t, rules(rng)...)
		speed := []time.Duration{slower, faster}[rng.IntN(2)]
		var closeAll func()
		e, closeAll = r.open(t, number, srv, speed, longLease, func() *http.Transport {
			transport, ok := srv.Client().Transport.(*http.Transport)
			require.True(t, ok)
			return transport.Clone()
		})
		defer closeAll()
		histories = e.play(w, 0, rng)
	})
	e.judgeAll(w, histories) // which is work, and would stop the bubble's time
	r.undecided.Add(e.judge.undecided.Load())
}

// rules are a server's.
func rules(rng *rand.Rand) []authtest.Option {
	opts := []authtest.Option{
		authtest.Relaxed(), authtest.WithoutLimits(), authtest.WithAccessTokenLifetime(tokenLifetime),
		authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()),
	}
	if rng.IntN(2) == 0 {
		opts = append(opts, authtest.WithAnonymousRefreshToken())
	}
	return opts
}

// open makes the people known to a server and takes the seats, until closeAll is called.
func (r *run) open(
	t testing.TB, number int64, srv *authtest.Server, speed, lease time.Duration, transport func() *http.Transport,
) (e *era, closeAll func()) {
	for lane := range lanes {
		for key := range keys {
			for _, person := range people(lane, key) {
				srv.Seed(authtest.User{Sub: person, Username: person, Password: password})
			}
		}
	}
	c := clock{began: time.Now().Round(0), speed: speed}
	stop, lag := c.drive(srv)
	book := newLedger(c.began)
	e = &era{
		run: r, t: t, number: number, clock: c, watch: &stopwatch{began: c.began},
		judge: &judge{clock: c, lag: lag, ledger: book, guests: make(map[string]string)},
	}
	var closers []func() error
	shared := newShelf()
	var store tcbauth.TokenStore
	for range apps {
		if store == nil || !r.stores.Alone { // one for each
			var closer io.Closer
			var err error
			store, closer, err = r.stores.Open(r.stores.Place, lease)
			require.NoError(t, err)
			closers = append(closers, closer.Close)
		}
		c := newClient(store, shared, srv.URL, transport(), e.clock, func(v event) { book.note(v, false) })
		closers, e.seats = append(closers, c.close), append(e.seats, c)
	}
	spareTransport := transport()
	closers = append(closers, func() error { spareTransport.CloseIdleConnections(); return nil })
	var err error
	e.spares, err = newSpares(srv.URL, e.clock, spareTransport)
	require.NoError(t, err)
	return e, func() {
		stop()
		for _, f := range closers {
			require.NoError(t, f())
		}
	}
}

func people(lane, key int) (all []string) {
	for _, animal := range animals {
		all = append(all, fmt.Sprintf("%s_%d_%d", animal, lane, key))
	}
	return all
}

// play runs a world and returns what has happened, by key.
func (e *era) play(w world, lane int, rng *rand.Rand) []*history {
	e.worlds.Add(1)
	e.judge.ledger.open(w.ID)
	seats := e.seatsFor(w)
	histories := make([]*history, keys)
	var wg sync.WaitGroup
	for i := range histories {
		h := &history{world: w, key: []string{"", "visitor 1", "visitor 2"}[i]}
		histories[i] = h
		temper := moods[min(rng.IntN(len(moods)+2), len(moods)-1)] // the last one more often
		for n := range perKey {
			g := &generator{
				rng: rand.New(rand.NewPCG(rng.Uint64(), 0)), world: w, key: h.key, //nolint:gosec // chosen again by the seed
				people: people(lane, i), handle: n + 2, mood: temper,
			}
			at := seats[rng.IntN(len(seats))]
			wg.Go(func() { e.work(g, h, at) })
		}
	}
	if w.Flavor == killed {
		_ = pause(e.t.Context(), time.Duration(rng.Int64N(int64(400*time.Millisecond))))
		if p, ok := e.seats[apps].(*process); ok {
			p.kill(e.t)
		}
	}
	wg.Wait()
	for _, s := range seats {
		r, _, ok := s.seat.do(e.t.Context(), &op{ID: e.ops.Add(1), World: w, Kind: forget})
		if ok && r.Problem != fine {
			e.report("a world does not end: " + r.Text)
		}
	}
	return histories
}

// judgeAll judges a world that is over.
func (e *era) judgeAll(w world, histories []*history) {
	e.report(e.judge.spentTwice(w))
	for _, h := range histories {
		e.report(e.judge.violation(h))
	}
}

// numbered is a seat with its number.
type numbered struct {
	seat   seat
	number int
}

// seatsFor are the seats for a world: what is killed now and then has part in those worlds only that are about it.
func (e *era) seatsFor(w world) (seats []numbered) {
	for i, s := range e.seats {
		if !s.doomed() || w.Flavor == killed {
			seats = append(seats, numbered{seat: s, number: i})
		}
	}
	if w.Flavor == shaky {
		return seats[:1]
	}
	return seats
}

// work makes operations one after the other.
func (e *era) work(g *generator, h *history, at numbered) {
	for range opsPerKey / perKey {
		if e.over() {
			return
		}
		if g.mood.idle > 0 {
			_ = pause(e.t.Context(), time.Duration(g.rng.Int64N(int64(g.mood.idle))))
		}
		o := g.next()
		o.ID = e.ops.Add(1)
		prepared := e.watch.moment()
		if err := e.equip(e.t.Context(), &o, h); err != nil {
			e.report("no session was to be had: " + err.Error())
			return
		}
		r := &record{op: o, prepared: prepared, call: e.watch.moment()}
		var process int
		var ok bool
		r.result, process, ok = at.seat.do(e.t.Context(), &o)
		r.end = e.watch.moment()
		r.seat, r.unknown = fmt.Sprint(at.number), !ok
		if process > 0 {
			r.seat += fmt.Sprintf(".%d", process)
		}
		h.add(r)
		e.done.Add(1)
		if r.unknown {
			e.unknown.Add(1)
		}
	}
}

// equip gets what an operation needs of its own.
func (e *era) equip(ctx context.Context, o *op, h *history) (err error) {
	switch o.Kind {
	case setSession:
		if person, spare := h.spare(); spare != nil && !o.World.Apart && o.ID%2 == 0 {
			o.Person, o.Spare = person, spare // which somebody else hands in too
			return nil
		}
		if o.Spare, err = e.spares.session(ctx, o.Person, o.ID); err == nil {
			h.offer(o.Person, o.Spare)
		}
	case setTokens:
		o.Spare, err = e.spares.session(ctx, o.Person, o.ID)
	}
	return err
}
