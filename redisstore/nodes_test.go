package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

const slots = 16384

// cluster is one of a test's own, with its nodes: the masters first.
type cluster struct {
	*redis.ClusterClient
	nodes   []*server
	addrs   []string // of the nodes
	clients []*redis.Client
	masters int
}

// startCluster starts masters, and a replica for each if replicated.
func startCluster(t *testing.T, masters int, replicated bool) *cluster {
	t.Helper()
	n := masters
	if replicated {
		n = 2 * masters
	}
	c := &cluster{nodes: make([]*server, n), clients: make([]*redis.Client, n), masters: masters}
	addrs := make([]string, n)
	for i := range c.nodes {
		c.nodes[i] = startServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "15000", "--appendonly", "no", "--save", "")
		addrs[i] = c.nodes[i].addr()
		c.clients[i] = connect(t, addrs[i])
	}
	ctx := t.Context()
	for i, client := range c.clients {
		require.NoError(t, client.ClusterMeet(ctx, "127.0.0.1", c.nodes[0].port).Err())
		if i < masters {
			require.NoError(t, client.ClusterAddSlotsRange(ctx, i*slots/masters, (i+1)*slots/masters-1).Err())
		}
	}
	known := fmt.Sprintf("cluster_known_nodes:%d", n)
	for i, client := range c.clients {
		if i >= masters {
			master := c.id(ctx, i-masters)
			eventually(ctx, t, "a replica has its master", func() bool { return client.ClusterReplicate(ctx, master).Err() == nil })
		}
	}
	for _, client := range c.clients {
		eventually(ctx, t, "the cluster is up", func() bool {
			info, err := client.ClusterInfo(ctx).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, known)
		})
	}
	for i := range masters {
		eventually(ctx, t, "the replicas are there", func() bool {
			info, err := c.clients[i].Info(ctx, "replication").Result()
			return err == nil && (!replicated || strings.Contains(info, "state=online"))
		})
	}
	c.addrs = addrs
	c.ClusterClient = redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func (c *cluster) place(lease time.Duration) place { return place{Addrs: c.addrs, Lease: lease} }

func (c *cluster) id(ctx context.Context, i int) string { return c.clients[i].ClusterMyID(ctx).Val() }

// where returns the master that has the keys which match, and them.
func (c *cluster) where(t *testing.T, pattern string) (node int, keys []string) {
	t.Helper()
	for i := range c.masters {
		if found := all(t, c.clients[i], pattern); len(found) > 0 {
			require.Empty(t, keys, "all keys of a session are on one node")
			node, keys = i, found
		}
	}
	return node, keys
}

// tagOf is what a Store without a prefix has in braces for all keys of a session.
func tagOf(key string) string {
	sum := sha256.Sum256([]byte(key[:strings.LastIndexByte(key, '/')+1]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// slot returns that of a session, and the node that is its master.
func (c *cluster) slot(t *testing.T, key string) (slot, master int) {
	t.Helper()
	slot = int(c.ClusterKeySlot(t.Context(), "{"+tagOf(key)+"}").Val())
	ranges, err := c.ClusterSlots(t.Context()).Result() //nolint:staticcheck // SA1019: what takes its place needs Redis 7
	require.NoError(t, err)
	for _, r := range ranges {
		if r.Start <= slot && slot <= r.End {
			return slot, slices.Index(c.addrs, r.Nodes[0].Addr)
		}
	}
	require.Fail(t, "no node has the slot")
	return 0, 0
}

// failOver has the replica of a session's master take its place, by what cause does, once it has what the master has. cause may be
// called again.
func (c *cluster) failOver(t *testing.T, key string, cause func(master, replica int)) {
	t.Helper()
	_, master := c.slot(t, key)
	replica := (master + c.masters) % len(c.nodes)
	requireReplicated(t, c.clients[master], tagOf(key))
	repeatUntil(t, "a replica is the master", func() { cause(master, replica) }, func() bool {
		info, err := c.clients[replica].Info(t.Context(), "replication").Result()
		return err == nil && strings.Contains(info, "role:master")
	})
}

// repeatUntil does what causes a failover until ok. A Sentinel or a Cluster that was ordered to make one gives up after some
// seconds on a slow machine. Before that it must not be ordered again: a Cluster would begin again.
func repeatUntil(t *testing.T, what string, cause func(), ok func() bool) {
	t.Helper()
	const givenUp = 6 * time.Second
	var last time.Time
	eventually(t.Context(), t, what, func() bool {
		if ok() {
			return true
		}
		if time.Since(last) > givenUp {
			cause()
			last = time.Now()
		}
		return false
	})
}

// kill stops a node for good, and has the others notice soon. Before they were patient: the nodes of a busy machine answer late.
func (c *cluster) kill(t *testing.T, node int) {
	t.Helper()
	if c.nodes[node].hasEnded() {
		return
	}
	for _, client := range c.clients {
		require.NoError(t, client.ConfigSet(t.Context(), "cluster-node-timeout", "2000").Err())
	}
	c.nodes[node].stop(t, os.Kill)
}

// agree waits until each master knows the epochs of all masters, and no two have the same. A master that takes a slot gives
// itself the next epoch. If it did not know the latest one, the claim of the master before would win, and each of the two
// would send clients to the other.
func (c *cluster) agree(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	eventually(ctx, t, "the masters agree on their epochs", func() bool {
		var agreed map[string]string
		for _, client := range c.clients[:c.masters] {
			epochs := epochsIn(client.ClusterNodes(ctx).Val())
			if agreed == nil {
				agreed = epochs
			}
			if !maps.Equal(epochs, agreed) {
				return false
			}
		}
		different := make(map[string]bool)
		for _, epoch := range agreed {
			different[epoch] = true
		}
		return len(different) == c.masters
	})
}

// epochsIn returns the epochs of the masters, by their ids, as CLUSTER NODES lists them.
func epochsIn(nodes string) map[string]string {
	epochs := make(map[string]string)
	for line := range strings.Lines(nodes) {
		if fields := strings.Fields(line); len(fields) > 6 && strings.Contains(fields[2], "master") {
			epochs[fields[0]] = fields[6]
		}
	}
	return epochs
}

// begin begins to move a slot.
func (c *cluster) begin(t *testing.T, slot, from, to int) {
	t.Helper()
	ctx := t.Context()
	c.agree(t)
	require.NoError(t, c.clients[to].Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", c.id(ctx, from)).Err())
	require.NoError(t, c.clients[from].Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", c.id(ctx, to)).Err())
}

func (c *cluster) move(t *testing.T, from, to int, keys ...string) {
	t.Helper()
	args := []any{"MIGRATE", "127.0.0.1", c.nodes[to].port, "", 0, 5000, "KEYS"}
	for _, key := range keys {
		args = append(args, key)
	}
	require.NoError(t, c.clients[from].Do(t.Context(), args...).Err())
}

// finish gives the slot to its new node.
func (c *cluster) finish(t *testing.T, slot, from, to int) {
	t.Helper()
	ctx := t.Context()
	for {
		keys, err := c.clients[from].ClusterGetKeysInSlot(ctx, slot, 100).Result()
		require.NoError(t, err)
		if len(keys) == 0 {
			break
		}
		c.move(t, from, to, keys...)
	}
	for _, i := range append([]int{to, from}, others(c.masters, from, to)...) {
		require.NoError(t, c.clients[i].Do(ctx, "CLUSTER", "SETSLOT", slot, "NODE", c.id(ctx, to)).Err())
	}
}

func others(n, a, b int) (all []int) {
	for i := range n {
		if i != a && i != b {
			all = append(all, i)
		}
	}
	return all
}

// sentinel is a master with a replica, and a Sentinel that has one take the other's place.
type sentinel struct {
	*server
	nodes   [2]*server // the master first
	watcher *redis.SentinelClient
}

const masterName = "sessions"

func startSentinel(t *testing.T) *sentinel {
	t.Helper()
	master := startServer(t)
	s := &sentinel{nodes: [2]*server{master, startServer(t, "--replicaof", "127.0.0.1 "+master.port)}}
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "sentinel monitor %[1]s 127.0.0.1 %[2]s 1\n"+
		"sentinel down-after-milliseconds %[1]s 60000\nsentinel failover-timeout %[1]s 2000\n", masterName, master.port), 0o600))
	s.server = startServer(t, conf, "--sentinel")
	s.watcher = redis.NewSentinelClient(&redis.Options{Addr: s.addr()})
	t.Cleanup(func() { require.NoError(t, s.watcher.Close()) })
	eventually(t.Context(), t, "Sentinel knows the replica", func() bool {
		replicas, err := s.watcher.Replicas(t.Context(), masterName).Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})
	return s
}

func (s *sentinel) place(lease time.Duration) place {
	return place{Addrs: []string{s.addr()}, Master: masterName, Lease: lease}
}

// failOver has the replica take its master's place, by what cause does, once it has what the master has. cause may be called again.
func (s *sentinel) failOver(t *testing.T, cause func(master int)) {
	t.Helper()
	master := 0
	if s.addrOfMaster(t) != s.nodes[0].addr() {
		master = 1
	}
	requireReplicated(t, connect(t, s.nodes[master].addr()), "")
	repeatUntil(t, "the replica is the master", func() { cause(master) }, func() bool {
		return s.addrOfMaster(t) == s.nodes[1-master].addr()
	})
}

// kill stops a node for good, and has Sentinel notice at once. Before it was patient: the nodes of a busy machine answer late.
func (s *sentinel) kill(t *testing.T, node int) {
	t.Helper()
	require.NoError(t, s.watcher.Set(t.Context(), masterName, "down-after-milliseconds", "300").Err())
	s.nodes[node].stop(t, os.Kill)
}

func (s *sentinel) addrOfMaster(t *testing.T) string {
	t.Helper()
	addr, err := s.watcher.GetMasterAddrByName(t.Context(), masterName).Result()
	require.NoError(t, err)
	require.Len(t, addr, 2)
	return net.JoinHostPort(addr[0], addr[1])
}
