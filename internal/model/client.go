package model

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

const (
	env      = "authtest"
	password = "correct-horse-1"

	// opLimit is far more than any operation takes.
	opLimit = time.Minute
)

// seat is a place from which operations are made: an App here, or another process.
type seat interface {
	// do returns the result, and the number of the process that it comes from. ok is false if that ended first.
	do(ctx context.Context, o *op) (r result, process int, ok bool)
	// doomed reports whether it is killed now and then.
	doomed() bool
}

// client is what one process, or one of several Apps of a process, has in every world.
type client struct {
	store     tcbauth.TokenStore
	shelf     *shelf
	url       string
	clock     clock
	transport *http.Transport
	tell      func(event)

	mu     sync.Mutex
	worlds map[string]*member
}

// member is a client's part in one world.
type member struct {
	app *tcbauth.App

	mu      sync.Mutex
	handles map[string]*tcbauth.Auth // the long-lived ones
}

func newClient(store tcbauth.TokenStore, shared *shelf, url string, transport *http.Transport, c clock, tell func(event)) *client {
	transport.MaxIdleConnsPerHost = 64
	return &client{
		store: store, shelf: shared, url: url, clock: c, tell: tell, worlds: make(map[string]*member), transport: transport,
	}
}

func (c *client) close() error {
	c.transport.CloseIdleConnections()
	return nil
}

func (c *client) doomed() bool { return false }

func (c *client) do(ctx context.Context, o *op) (r result, process int, ok bool) {
	return c.perform(ctx, o), 0, true
}

func (c *client) perform(ctx context.Context, o *op) result {
	if o.Kind == forget {
		return c.forget(ctx, o.World)
	}
	m, err := c.member(o.World)
	if err != nil {
		return result{Problem: fault, Text: err.Error()}
	}
	limit := opLimit
	if o.Cut > 0 {
		limit = o.Cut
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return perform(ctx, m.handle(o), o)
}

// forget ends a client's part in a world, when all that goes on there beside operations is done.
func (c *client) forget(ctx context.Context, w world) result {
	c.mu.Lock()
	m := c.worlds[w.ID]
	delete(c.worlds, w.ID)
	c.mu.Unlock()
	if m == nil {
		return result{}
	}
	ctx, cancel := context.WithTimeout(ctx, opLimit)
	defer cancel()
	if err := m.app.Shutdown(ctx); err != nil && (ctx.Err() != nil || !w.Flavor.faulty()) {
		return result{Problem: fault, Text: "shutting down: " + err.Error()}
	}
	return result{}
}

func (c *client) member(w world) (*member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.worlds[w.ID]; m != nil {
		return m, nil
	}
	opts := []tcbauth.Option{
		tcbauth.WithBaseURL(c.url), tcbauth.WithClock(c.clock.now), tcbauth.WithTokenStore(c.shelf.store(c.store, w)),
		tcbauth.WithHTTPClient(&http.Client{Transport: &network{inner: c.transport, world: w, tell: c.tell}}),
	}
	if w.Ahead {
		opts = append(opts, tcbauth.WithRefreshAhead(3*time.Second))
	}
	app, err := tcbauth.NewApp(env, opts...)
	if err != nil {
		return nil, err
	}
	m := &member{app: app, handles: make(map[string]*tcbauth.Auth)}
	c.worlds[w.ID] = m
	return m, nil
}

func (m *member) handle(o *op) *tcbauth.Auth {
	switch {
	case o.Key == "":
		return m.app.Auth()
	case o.Handle == 0:
		return m.app.ForUser(o.Key)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	name := fmt.Sprintf("%s %d", o.Key, o.Handle)
	if m.handles[name] == nil {
		m.handles[name] = m.app.ForUser(o.Key)
	}
	return m.handles[name]
}

// spares makes sessions elsewhere, for SetSession and SetCredentials.
type spares struct{ app *tcbauth.App }

func newSpares(url string, c clock, transport http.RoundTripper) (*spares, error) {
	app, err := tcbauth.NewApp(env, tcbauth.WithBaseURL(url), tcbauth.WithClock(c.now),
		tcbauth.WithHTTPClient(&http.Client{Transport: transport}))
	return &spares{app: app}, err
}

// session is a session of person's that nobody else has. id is any number that was not used before.
func (s *spares) session(ctx context.Context, person string, id int64) (*tcbauth.Credentials, error) {
	auth := s.app.ForUser(fmt.Sprint(id))
	state, err := auth.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: person, Password: password})
	if err != nil {
		return nil, err
	}
	return state.Credentials, auth.SetCredentials(ctx, nil)
}
