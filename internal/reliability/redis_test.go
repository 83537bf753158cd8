package reliability_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/reliability"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// redisServer is a redis-server of a test's own.
type redisServer struct {
	port string
	args []string
	cmd  *exec.Cmd
}

func startRedis(t *testing.T, args ...string) *redisServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	s := &redisServer{port: port, args: append(args, "--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "")}
	s.start(t)
	t.Cleanup(func() { s.kill(t) })
	return s
}

func (s *redisServer) addr() string { return net.JoinHostPort("127.0.0.1", s.port) }

func (s *redisServer) start(tb testing.TB) {
	tb.Helper()
	s.cmd = exec.Command("redis-server", s.args...) //nolint:gosec,noctx // it outlives the test's context
	require.NoError(tb, s.cmd.Start())
	client := redis.NewClient(&redis.Options{Addr: s.addr(), MaxRetries: -1, DialerRetries: 1})
	defer func() { assert.NoError(tb, client.Close()) }()
	require.Eventually(tb, func() bool { return client.Ping(context.WithoutCancel(tb.Context())).Err() == nil }, 20*time.Second, 5*time.Millisecond)
}

func (s *redisServer) kill(tb testing.TB) {
	tb.Helper()
	if s.cmd == nil {
		return
	}
	assert.NoError(tb, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // the signal
	s.cmd = nil
}

func (s *redisServer) signal(tb testing.TB, what syscall.Signal) {
	tb.Helper()
	assert.NoError(tb, s.cmd.Process.Signal(what))
}

// needRedis skips the test where there is no redis-server to start.
func needRedis(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("NOT TESTED: there is no redis-server to start: ", err)
	}
}

// redisAt is a place in Redis, of sessions that nobody else has.
func redisAt(name string, open func() redis.UniversalClient, opts ...redisstore.Option) reliability.Place {
	prefix := "reliability-" + rand.Text() + ":"
	return reliability.Place{Store: name, Open: func(tb testing.TB) tcbauth.TokenStore {
		client := open()
		tb.Cleanup(func() { assert.NoError(tb, client.Close()) })
		store, err := redisstore.New(client, append(opts, redisstore.WithPrefix(prefix))...)
		require.NoError(tb, err)
		return store
	}}
}

func redisOf(s *redisServer, opts ...redisstore.Option) reliability.Place {
	return redisBy(s.addr(), opts...)
}

func redisBy(addr string, opts ...redisstore.Option) reliability.Place {
	return redisAt("Redis", func() redis.UniversalClient {
		return redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, ReadTimeout: time.Second, PoolSize: 64})
	}, opts...)
}

// redisFaults are those of one Redis that keeps what it has answered.
func redisFaults(s *redisServer) []reliability.Fault {
	return []reliability.Fault{
		{Name: "Redis killed, started again with its data", Begin: func(tb testing.TB, _ *reliability.Fleet) func() {
			s.kill(tb)
			return func() { s.start(tb) }
		}},
		{Name: "Redis stopped (SIGSTOP)", Begin: func(tb testing.TB, _ *reliability.Fleet) func() {
			s.signal(tb, sigStop)
			return func() { s.signal(tb, sigContinue) }
		}},
	}
}

func TestFaultsOfRedis(t *testing.T) { //nolint:paralleltest // each takes the whole machine
	size := reliability.LargeTrial(t)
	needRedis(t)
	s, forgetful := startRedis(t, "--appendonly", "yes", "--appendfsync", "always"), startRedis(t, "--appendonly", "no")
	short := redisFaults(s)[1]
	short.Name, short.Lasts = "Redis stopped (SIGSTOP) for five leases, of 1 s", 5*time.Second
	empty := redisFaults(forgetful)[0]
	empty.Name, empty.Loses, empty.Share = "Redis killed, started again without its data", "the sessions were in that Redis alone", 1
	type trial struct {
		place reliability.Place
		fault reliability.Fault
	}
	trials := []trial{{redisOf(s, redisstore.WithLockLease(time.Second)), short}, {redisOf(forgetful), empty}}
	for _, fault := range append(someServerFaults(), redisFaults(s)...) {
		trials = append(trials, trial{redisOf(s), fault})
	}
	line := reliability.NewLine(t, s.addr())
	for _, fault := range line.Faults(realLasts) {
		trials = append(trials, trial{redisBy(line.Addr()), fault})
	}
	for _, trial := range trials { //nolint:paralleltest // as above
		t.Run(trial.fault.Name, func(t *testing.T) { size.Check(t, trial.place, strict(trial.fault)) })
	}
}

// TestFailoverOfRedis has a master die, in whose place Sentinel puts its replica.
func TestFailoverOfRedis(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	size := reliability.LargeTrial(t)
	needRedis(t)
	master := startRedis(t, "--appendonly", "no")
	startRedis(t, "--appendonly", "no", "--replicaof", "127.0.0.1 "+master.port)
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "sentinel monitor sessions 127.0.0.1 %s 1\n"+
		"sentinel down-after-milliseconds sessions 1000\nsentinel failover-timeout sessions 5000\n", master.port), 0o600))
	sentinel := startSentinel(t, conf)
	watcher := redis.NewSentinelClient(&redis.Options{Addr: sentinel.addr()})
	t.Cleanup(func() { assert.NoError(t, watcher.Close()) })
	require.Eventually(t, func() bool {
		replicas, err := watcher.Replicas(t.Context(), "sessions").Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	}, 30*time.Second, 20*time.Millisecond)
	place := redisAt("Redis, Sentinel", func() redis.UniversalClient {
		return redis.NewUniversalClient(&redis.UniversalOptions{
			MasterName: "sessions", Addrs: []string{sentinel.addr()}, ContextTimeoutEnabled: true, ReadTimeout: time.Second, PoolSize: 64,
		})
	})
	fault := strict(reliability.Fault{
		Name:  "the master killed, its replica takes over",
		Begin: func(tb testing.TB, _ *reliability.Fleet) func() { master.kill(tb); return func() {} },
		Loses: "the replica did not have the last writes of the master, and the server did not take the spent token", Share: 0.05,
	})
	size.Check(t, place, fault)
}

func startSentinel(t *testing.T, conf string) *redisServer {
	t.Helper()
	return startRedis(t, conf, "--sentinel")
}
