package redisstore_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// workHelper is what storetest has a process do: it gets a place and a quoted key.
const workHelper = "work"

func init() {
	helpers[workHelper] = func(args []string) error {
		go testbed.ExitWithTest()
		store, err := open(args[0])
		if err != nil {
			return err
		}
		key, err := strconv.Unquote(args[1])
		if err != nil {
			return err
		}
		return storetest.Work(context.Background(), store, key, func() { fmt.Println("begun") })
	}
}

// gatedStore reaches its Redis through a gate.
type gatedStore struct {
	*redisstore.Store
	gate   *gate
	prefix string
}

// gate passes connections on to addr. While it is shut nothing comes through; while it is down connections end.
type gate struct {
	addr string

	mu   sync.Mutex
	shut chan struct{} // closed when the gate opens again; nil: it is open
	down bool
	wg   sync.WaitGroup
}

// openGate listens until the test is over.
func openGate(t *testing.T, addr string) (g *gate, front string) {
	t.Helper()
	g = &gate{addr: addr}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		g.wg.Wait()
	})
	g.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			g.wg.Go(func() { g.pass(conn) })
		}
	})
	return g, listener.Addr().String()
}

func (g *gate) pass(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if !g.through() {
		return
	}
	up, err := net.Dial("tcp", g.addr) //nolint:noctx // it ends with conn
	if err != nil {
		return
	}
	defer func() { _ = up.Close() }()
	g.wg.Go(func() {
		_, _ = io.Copy(conn, up)
		_ = conn.Close()
	})
	_, _ = io.Copy(writer(func(p []byte) (int, error) {
		if !g.through() {
			return 0, net.ErrClosed
		}
		return up.Write(p)
	}), conn)
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// through waits while the gate is shut, and reports whether it is not down.
func (g *gate) through() bool {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.down
}

// close shuts the gate until open is called.
func (g *gate) close() (open func()) {
	shut := make(chan struct{})
	g.set(shut, false)
	return sync.OnceFunc(func() {
		g.set(nil, false)
		close(shut)
	})
}

func (g *gate) set(shut chan struct{}, down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.down = shut, down
}

// TestStore has what storetest has on a real Redis: a second store, killed processes, lost locks, and a Redis that is away or silent.
// On miniredis, which is no subject of these, it has what needs no time.
func TestStore(t *testing.T) {
	t.Parallel()
	const lease = heldLease
	eachRedis(t, func(t *testing.T, addr, prefix string) {
		needsMonths(t, prefix)
		if prefix == miniPrefix {
			client := connect(t, addr)
			storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return newStore(t, client, prefix+rand.Text()+":") })
			return
		}
		gated := func(t *testing.T, prefix string) *gatedStore {
			g, front := openGate(t, addr)
			client := redis.NewClient(&redis.Options{Addr: front, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
			t.Cleanup(func() { assert.NoError(t, client.Close()) })
			return &gatedStore{newStore(t, client, prefix, redisstore.WithLockLease(lease)), g, prefix}
		}
		of := func(t *testing.T, store tcbauth.TokenStore) *gatedStore {
			s, ok := store.(*gatedStore)
			require.True(t, ok)
			return s
		}
		storetest.Suite{
			Open:  func(t *testing.T) tcbauth.TokenStore { return gated(t, prefix+rand.Text()+":") },
			Again: func(t *testing.T, store tcbauth.TokenStore) tcbauth.TokenStore { return gated(t, of(t, store).prefix) },
			Process: func(t *testing.T, store tcbauth.TokenStore, key string) (kill func()) {
				p := testbed.StartProcess(t, workHelper, oneNode(addr, of(t, store).prefix, lease).String(), strconv.Quote(key))
				p.MustHear(t)
				return func() {
					p.Kill(t)
					p.Wait(t)
				}
			},
			Lease: lease,
			Lose: func(t *testing.T, store tcbauth.TokenStore, key string) {
				client := connect(t, addr)
				name := one(t, client, of(t, store).prefix+"*hold:"+key)
				fence, err := client.HGet(t.Context(), name, "fence").Int64()
				require.NoError(t, err)
				// As if somebody else had taken the lock and given it up.
				require.NoError(t, client.HSet(t.Context(), name, "fence", fence+1, "token", "another", "free", 1).Err())
			},
			Break: func(t *testing.T, store tcbauth.TokenStore) (mend func()) {
				g := of(t, store).gate
				g.set(nil, true)
				return func() { g.set(nil, false) }
			},
			Hang: func(t *testing.T, store tcbauth.TokenStore, _ string) (wake func()) {
				wake = of(t, store).gate.close()
				t.Cleanup(wake)
				return wake
			},
			HangsWhole: true,
		}.Run(t)
	})
}
