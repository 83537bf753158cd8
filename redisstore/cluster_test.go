package redisstore_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/redisstore"
	"github.com/cloudbase-community/tcbauth/storetest"
)

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
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
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

// TestFailover: the master dies while a lock is held, and a replica takes its place, as Sentinel has it.
func TestFailover(t *testing.T) {
	t.Parallel()
	master := startServer(t)
	replica := startServer(t, "--replicaof", "127.0.0.1 "+master.port)
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, "sentinel monitor sessions 127.0.0.1 %s 1\n"+
		"sentinel down-after-milliseconds sessions 300\nsentinel failover-timeout sessions 2000\n", master.port), 0o600))
	sentinel := startServer(t, conf, "--sentinel")
	ctx := t.Context()
	watcher := redis.NewSentinelClient(&redis.Options{Addr: sentinel.addr()})
	t.Cleanup(func() { require.NoError(t, watcher.Close()) })
	eventually(ctx, t, "Sentinel knows the replica", func() bool {
		replicas, err := watcher.Replicas(ctx, "sessions").Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})

	client := redis.NewUniversalClient(&redis.UniversalOptions{MasterName: "sessions", Addrs: []string{sentinel.addr()}})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	store := newStore(t, client, "", redisstore.WithLockLease(time.Minute)) // which a failover must not exceed
	held, unlock, err := store.Lock(ctx, "key")
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, store.Set(held, "key", []byte("before"), 0))
	require.NoError(t, connect(t, master.addr()).Do(ctx, "WAIT", 1, 5000).Err())
	master.stop(t, os.Kill)
	master.gone = true
	require.NoError(t, store.Set(held, "key", []byte("after"), 0))
	value, err := newStore(t, connect(t, replica.addr()), "").Get(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, "after", string(value))
	require.NoError(t, held.Err())
}
