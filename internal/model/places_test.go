package model

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/filestore"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

// redisEnv is the address of a real Redis.
const redisEnv = "TCBAUTH_REDIS"

// redisLimit is far more than Redis takes for an answer.
const redisLimit = 30 * time.Second

// openPlace is an Open. A place is "memory", "file" with a directory, or "redis" with an address and a prefix.
func openPlace(place string, lease time.Duration) (tcbauth.TokenStore, io.Closer, error) {
	switch fields := strings.Fields(place); fields[0] {
	case "memory":
		return tcbauth.NewMemoryStore(), io.NopCloser(nil), nil
	case "file":
		store, err := filestore.New(fields[1])
		return store, io.NopCloser(nil), err
	case "redis":
		client := redis.NewClient(&redis.Options{
			Addr: fields[1], ContextTimeoutEnabled: true, PoolSize: 64,
			DialTimeout: redisLimit, ReadTimeout: redisLimit, WriteTimeout: redisLimit, PoolTimeout: redisLimit,
		})
		store, err := redisstore.New(client, redisstore.WithPrefix(fields[2]), redisstore.WithLockLease(lease))
		return store, client, err
	default:
		return nil, nil, fmt.Errorf("no such place: %q", place)
	}
}

const memoryPlace = "memory"

func filePlace(t testing.TB) string { return "file " + t.TempDir() }

func redisPlace(t testing.TB) string {
	addr := os.Getenv(redisEnv)
	if addr == "" {
		if strconv.IntSize == 32 {
			t.Skip("NOT TESTED on miniredis: on a 32-bit machine it keeps nothing for longer than 24 days")
		}
		addr = testbed.Miniredis(t)
	}
	return fmt.Sprintf("redis %s model-%s:", addr, rand.Text())
}
