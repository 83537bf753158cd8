package redisstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
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
	redis.SetLogger(silent{}) // it tells of every connection that a test breaks
	testbed.RunHelper(helpers)
	if !testbed.RaceDetector() { // under which the leases are too short for more
		testbed.Waiting()
	}
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

// place is where a store is, also for another process.
type place struct {
	Addrs  []string // several are those of a Cluster
	Master string   // as the Sentinel at Addrs calls it; "": there is none
	Prefix string
	Lease  time.Duration
}

func oneNode(addr, prefix string, lease time.Duration) place {
	return place{Addrs: []string{addr}, Prefix: prefix, Lease: lease}
}

// String is what another process gets.
func (p place) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (p place) connect() redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{Addrs: p.Addrs, MasterName: p.Master, ContextTimeoutEnabled: true})
}

func (p place) storeOn(client redis.UniversalClient) (*redisstore.Store, error) {
	return redisstore.New(client, redisstore.WithPrefix(p.Prefix), redisstore.WithLockLease(p.Lease))
}

// newStore returns a store with a client of its own.
func (p place) newStore(t *testing.T) *redisstore.Store {
	t.Helper()
	client := p.connect()
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	store, err := p.storeOn(client)
	require.NoError(t, err)
	return store
}

// open opens a store in another process.
func open(where string) (*redisstore.Store, error) {
	var p place
	if err := json.Unmarshal([]byte(where), &p); err != nil {
		return nil, err
	}
	return p.storeOn(p.connect())
}
