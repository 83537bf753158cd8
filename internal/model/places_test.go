package model_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
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

// lockLease is how long the lock of a killed process keeps others away from a session in Redis.
const lockLease = 2 * time.Second

// openPlace opens the store that a test means by place, which other processes understand too. It is "memory", "file" with a
// directory, or "redis" with an address and a prefix.
func openPlace(place string) (tcbauth.TokenStore, io.Closer, error) {
	switch fields := strings.Fields(place); fields[0] {
	case "memory":
		return tcbauth.NewMemoryStore(), io.NopCloser(nil), nil
	case "file":
		store, err := filestore.New(fields[1])
		return store, io.NopCloser(nil), err
	case "redis":
		client := redis.NewClient(&redis.Options{Addr: fields[1], ContextTimeoutEnabled: true, PoolSize: 64})
		store, err := redisstore.New(client, redisstore.WithPrefix(fields[2]), redisstore.WithLockLease(lockLease))
		return store, client, err
	default:
		return nil, nil, fmt.Errorf("no such place: %q", place)
	}
}

// memoryPlace, filePlace and redisPlace are the stores of the test.
func memoryPlace(testing.TB) string { return "memory" }

func filePlace(t testing.TB) string { return "file " + t.TempDir() }

func redisPlace(t testing.TB) string {
	addr := os.Getenv(redisEnv)
	if addr == "" {
		addr = testbed.Miniredis(t)
	}
	return "redis " + addr + " model-" + rand.Text() + ":"
}
