package redisstore_test

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// server is a redis-server of a test's own, which can be started again.
type server struct {
	port string
	args []string
	cmd  *exec.Cmd
	gone bool // and not to be stopped
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
	s := &server{port: freePort(t), args: append(args, "--bind", "127.0.0.1", "--dir", t.TempDir())}
	s.start(t)
	t.Cleanup(func() {
		if !s.gone {
			s.stop(t, os.Kill)
		}
	})
	return s
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", s.port) }

func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("redis-server", append(s.args, "--port", s.port)...) //nolint:gosec,noctx // ends in Cleanup, when t's context is done
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

// kill stops the server for good.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.stop(t, os.Kill)
	s.gone = true
}

// requireReplicated waits until the replica of a master has what the master has had before. tag is that of a key that this node has.
func requireReplicated(t *testing.T, master *redis.Client, tag string) {
	t.Helper()
	conn := master.Conn() // WAIT is about what its connection has written
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.Set(t.Context(), "{"+tag+"}replicated", "", time.Minute).Err())
	replicas, err := conn.Wait(t.Context(), 1, eventuallyLimit).Result()
	require.NoError(t, err)
	require.EqualValues(t, 1, replicas)
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
