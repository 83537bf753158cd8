package redisstore_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// server is a redis-server of a test's own, which can be started again.
type server struct {
	port  string
	args  []string
	cmd   *exec.Cmd
	says  *bytes.Buffer // of cmd; not to be read before it has ended
	ended chan struct{} // closed when cmd has
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
	s := &server{args: append(args, "--bind", "127.0.0.1", "--dir", t.TempDir())}
	for range 5 { // another program can take a port that was free
		s.port = freePort(t)
		if s.run(t) {
			return s
		}
	}
	require.Fail(t, "redis-server ends", s.says.String())
	return nil
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", s.port) }

// start starts the server again, on its port.
func (s *server) start(t *testing.T) {
	t.Helper()
	if !s.run(t) {
		require.Fail(t, "redis-server does not start again", s.says.String())
	}
}

// run starts the server and reports whether it serves: it ends if another has its port.
func (s *server) run(t *testing.T) bool {
	t.Helper()
	s.says, s.ended = new(bytes.Buffer), make(chan struct{})
	s.cmd = exec.Command("redis-server", append(s.args, "--port", s.port)...) //nolint:gosec,noctx // ends in Cleanup, when t's context is done
	s.cmd.Stdout = s.says
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() { s.stop(t, os.Kill) })
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // a signal is what it ends by
	}()
	client := redis.NewClient(&redis.Options{Addr: s.addr(), MaxRetries: -1, DialerRetries: 1})
	defer func() { require.NoError(t, client.Close()) }()
	itself := fmt.Sprintf("process_id:%d\r\n", s.cmd.Process.Pid)
	serves := false
	eventually(t.Context(), t, "redis-server answers", func() bool {
		info, err := client.Info(t.Context(), "server").Result()
		serves = err == nil && strings.Contains(info, itself) && client.Ping(t.Context()).Err() == nil
		return serves || s.hasEnded()
	})
	return serves
}

func (s *server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// stop ends the server by a signal, if it has not ended.
func (s *server) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	if !s.hasEnded() {
		require.NoError(t, s.cmd.Process.Signal(signal))
	}
	<-s.ended
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

// The ports of servers. A node of a Cluster also takes the one busOffset above its own. Systems give none of these to a connection,
// which could take it while its server is stopped.
const (
	firstPort, ports = 11000, 10000
	busOffset        = 10000
)

var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(ports)) } //nolint:gosec // no secret depends on it

// freePort returns a port that was free a moment ago, to each server another.
func freePort(t *testing.T) string {
	t.Helper()
	for range ports {
		port := firstPort + int(lastPort.Add(1)%ports)
		if isFree(t, port) && isFree(t, port+busOffset) {
			return strconv.Itoa(port)
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

func isFree(t *testing.T, port int) bool {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // at once
	if err != nil {
		return false
	}
	require.NoError(t, listener.Close())
	return true
}
