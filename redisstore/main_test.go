package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

var helpers = map[string]testbed.Helper{
	testbed.TokenHelper: testbed.Tokens(func(where string) (tcbauth.TokenStore, error) { return open(where) }),
}

// TestMain fails if a goroutine is left when all tests are over, and those have had the time that giving up a lock may take
// whose Redis has gone.
func TestMain(m *testing.M) {
	testbed.RunHelper(helpers)
	redis.SetLogger(silent{}) // it tells of every connection that a test breaks
	code := m.Run()
	var left error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if left = goleak.Find(); left == nil { // which waits for a while itself
			break
		}
	}
	if left != nil && code == 0 {
		fmt.Fprintln(os.Stderr, left)
		code = 1
	}
	os.Exit(code)
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// place is where another process finds a store.
func place(addr, prefix string, lease time.Duration) string {
	return fmt.Sprintf("%s %s %s", addr, prefix, lease)
}

func open(where string) (*redisstore.Store, error) {
	addr, rest, _ := strings.Cut(where, " ")
	prefix, rest, _ := strings.Cut(rest, " ")
	lease, err := time.ParseDuration(rest)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	return redisstore.New(client, redisstore.WithPrefix(prefix), redisstore.WithLockLease(lease))
}
