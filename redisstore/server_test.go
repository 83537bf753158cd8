package redisstore_test

import (
	"bytes"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/refreshrace"
	"github.com/cloudbase-community/tcbauth/storetest"
)

// server is a redis-server of a test's own, which can be started again.
type server struct {
	port string
	args []string
	cmd  *exec.Cmd
}

// startServer needs the redis-server command; its tests run with those on a real Redis.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	if os.Getenv(redisEnv) == "" {
		t.Skipf("NOT TESTED, for want of a real Redis to start and to stop: %s is not set; scripts/with-redis.sh sets it", redisEnv)
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("NOT TESTED: there is a real Redis, but no command redis-server to start another: ", err)
	}
	s := &server{port: freePort(t), args: append([]string{"--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}, args...)}
	s.start(t)
	t.Cleanup(func() { s.stop(t, os.Kill) })
	return s
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", s.port) }

func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("redis-server", append([]string{"--port", s.port}, s.args...)...) //nolint:gosec,noctx // ends in Cleanup, when t's context is done
	var log bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	require.NoError(t, s.cmd.Start())
	client := redis.NewClient(&redis.Options{Addr: s.addr(), MaxRetries: -1, DialerRetries: 1})
	defer func() { require.NoError(t, client.Close()) }()
	eventually(t.Context(), t, "redis-server answers", func() bool { return client.Ping(t.Context()).Err() == nil })
}

func (s *server) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Signal(signal))
	_ = s.cmd.Wait() // a signal is what it ends by
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
		require.NoError(t, err)
		port := listener.Addr().(*net.TCPAddr).Port
		require.NoError(t, listener.Close())
		if port < 55000 { // a cluster's node takes the one 10000 above too
			return strconv.Itoa(port)
		}
	}
}

// TestRedisRestarts: Redis is killed or stopped, and starts anew with its data, while one process refreshes and the others
// wait for it. None notices, and nothing is refreshed twice.
func TestRedisRestarts(t *testing.T) {
	t.Parallel()
	srv := startServer(t, "--appendonly", "yes")
	processes, rounds := 4, 2
	if refreshrace.Stress() {
		processes, rounds = 20, 20
	}
	const lease = 10 * time.Second
	store := newStore(t, connect(t, srv.addr()), "")
	race := refreshrace.NewRace(t, place(srv.addr(), "", lease), store, authtest.Rotating().RevokingReuse())
	race.Server.Fault(authtest.Fault{Operation: "token", Delay: 300 * time.Millisecond})
	peers := make([]*refreshrace.Peer, processes)
	for i := range peers {
		peers[i] = race.Start(t, refreshrace.TokenHelper)
		defer peers[i].End(t)
	}
	race.Ask(t, peers...)
	last := race.RequireToken(t, refreshrace.Answers(t, peers...)...)
	for round := 1; round <= rounds; round++ {
		race.Expire()
		race.Ask(t, peers...)
		eventually(t.Context(), t, "a refresh is under way", func() bool { return race.Server.Count("token") == round })
		signal := os.Kill
		if round%2 == 0 {
			signal = os.Interrupt
		}
		srv.stop(t, signal)
		srv.start(t)
		token := race.RequireToken(t, refreshrace.Answers(t, peers...)...)
		require.NotEqual(t, last, token)
		require.Equal(t, round, race.Server.Count("token"))
		require.True(t, race.Stored(t).AccessToken == token)
		last = token
	}
	t.Logf("%d processes, %d restarts, %d refreshes", processes, rounds, race.Server.Count("token"))
}

// TestRedisForgets: Redis starts anew without its data while a process refreshes. The session is gone, as with everything
// in that Redis, and who was refreshing it does not bring it back; signing in does.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	srv := startServer(t, "--appendonly", "no")
	store := newStore(t, connect(t, srv.addr()), "")
	race := refreshrace.NewRace(t, place(srv.addr(), "", 10*time.Second), store, authtest.Rotating().RevokingReuse())
	race.Server.Fault(authtest.Fault{Operation: "token", Delay: 300 * time.Millisecond})
	peer := race.Start(t, refreshrace.TokenHelper)
	defer peer.End(t)
	race.Expire()
	race.Ask(t, peer)
	eventually(t.Context(), t, "a refresh is under way", func() bool { return race.Server.Count("token") == 1 })
	srv.stop(t, os.Kill)
	srv.start(t)
	require.Contains(t, peer.MustHear(t), "nobody is signed in")
	_, err := store.Get(t.Context(), refreshrace.SessionKey)
	require.ErrorIs(t, err, tcbauth.ErrNotFound)

	race.SignIn(t)
	race.Ask(t, peer)
	race.RequireToken(t, peer.MustHear(t))
}

// TestCluster: scripts find all their keys on one node, also when the keys move to another.
func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := make([]*server, 3)
	clients := make([]*redis.Client, len(nodes))
	addrs := make([]string, len(nodes))
	for i := range nodes {
		nodes[i] = startServer(t, "--cluster-enabled", "yes", "--appendonly", "no")
		addrs[i] = nodes[i].addr()
		clients[i] = connect(t, addrs[i])
	}
	ctx := t.Context()
	const slots = 16384
	for i, client := range clients {
		require.NoError(t, client.ClusterAddSlotsRange(ctx, i*slots/len(nodes), (i+1)*slots/len(nodes)-1).Err())
		require.NoError(t, client.ClusterMeet(ctx, "127.0.0.1", nodes[0].port).Err())
	}
	for _, client := range clients {
		eventually(ctx, t, "the cluster is up", func() bool {
			info, err := client.ClusterInfo(ctx).Result()
			return err == nil && bytes.Contains([]byte(info), []byte("cluster_state:ok")) &&
				bytes.Contains([]byte(info), []byte("cluster_known_nodes:3"))
		})
	}
	cluster := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	require.IsType(t, &redis.ClusterClient{}, cluster)

	t.Run("store", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) tcbauth.TokenStore { return newStore(t, cluster, rand.Text()+":") })
	})

	// The slot of a session moves while its lock is held.
	store := newStore(t, cluster, "move:")
	held, unlock, err := store.Lock(ctx, "users/moving/key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "users/moving/key", []byte("before"), 0))
	var keys []string
	var from, to int
	for i, client := range clients {
		if found := all(t, client, "move:*"); len(found) > 0 {
			keys, from, to = found, i, (i+1)%len(nodes)
		}
	}
	require.Len(t, keys, 3, "value, lock and fence are on one node")
	slot := int(clients[from].ClusterKeySlot(ctx, keys[0]).Val())
	id := func(i int) string { return clients[i].ClusterMyID(ctx).Val() }
	require.NoError(t, clients[to].Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", id(from)).Err())
	require.NoError(t, clients[from].Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", id(to)).Err())
	move := []any{"MIGRATE", "127.0.0.1", nodes[to].port, "", 0, 5000, "KEYS"}
	require.NoError(t, clients[from].Do(ctx, append(move, keys[0])...).Err())

	// While one of its keys is here and others there, a script cannot run; it does as soon as it can.
	set := make(chan error, 1)
	go func() { set <- store.Set(held, "users/moving/key", []byte("after"), 0) }()
	select {
	case err := <-set:
		require.Fail(t, "the holder did not wait for the slot", "error: %v", err)
	case <-time.After(200 * time.Millisecond): // some attempts
	}
	require.NoError(t, clients[from].Do(ctx, append(move, keys[1], keys[2])...).Err())
	for i := range clients {
		require.NoError(t, clients[i].Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", id(to)).Err())
	}
	require.NoError(t, <-set)
	require.NoError(t, held.Err())
	value, err := newStore(t, cluster, "move:").Get(ctx, "users/moving/key")
	require.NoError(t, err)
	require.Equal(t, "after", string(value))
	require.Len(t, all(t, clients[to], "move:*"), 3)
}
