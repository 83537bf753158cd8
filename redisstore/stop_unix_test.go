//go:build unix

package redisstore_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
	"github.com/cloudbase-community/tcbauth/redisstore"
)

func init() {
	helpers["stopping"] = helpStopping
}

// helpStopping looks for a token as the other helpers do, but stops, as by SIGSTOP from outside, at the moment that its fourth
// argument names, when it has said so. Until then its store is at the place that its last argument names.
func helpStopping(args []string) error {
	where, url, name, moment, first := args[0], args[1], args[2], args[3], args[4]
	s := &stopping{moment: moment}
	var now string
	for place := first; ; place = where {
		if _, err := fmt.Scanln(&now); err != nil {
			return nil //nolint:nilerr // the test has no more to say
		}
		var err error
		if s.Store, err = open(place); err != nil {
			return err
		}
		auth, err := testbed.RaceAuth(s, url, name, now, &http.Client{Transport: s})
		if err != nil {
			return err
		}
		fmt.Println(testbed.TokenLine(auth.GetAccessToken(context.Background())))
	}
}

// stopping is a store and a transport.
type stopping struct {
	*redisstore.Store
	moment string
}

func (s *stopping) stop(moment string) error {
	if moment != s.moment {
		return nil
	}
	s.moment = ""
	fmt.Println("stopping")
	err := syscall.Kill(syscall.Getpid(), syscall.SIGSTOP)
	<-time.After(100 * time.Millisecond) // another thread may take the signal, a little later
	return err
}

func (s *stopping) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.stop("before the write"); err != nil {
		return err
	}
	return s.Store.Set(ctx, key, value, ttl)
}

// Replace is what a refresh writes with.
func (s *stopping) Replace(ctx context.Context, old []byte, ttl time.Duration, keys []string, values [][]byte) (bool, error) {
	if err := s.stop("before the write"); err != nil {
		return false, err
	}
	return s.Store.Replace(ctx, old, ttl, keys, values)
}

func (s *stopping) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.stop("before the request"); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestHolderIsStopped: the holder of the lock is stopped for longer than its lease. Others take the lock and replace the
// session; when the holder wakes, it must not put its older pair in the place of theirs.
//
// A server that revokes the session of a refresh token which comes twice is left out where the holder is stopped before
// its request: no lock keeps the request from being sent when it wakes.
func TestHolderIsStopped(t *testing.T) {
	t.Parallel()
	grace := authtest.RotatingWithGrace(time.Minute).RevokingReuse()
	for name, tt := range map[string]struct {
		moment string
		policy authtest.RefreshPolicy
		signIn bool // the others sign in again instead of refreshing
	}{
		"before the write, others refresh":             {"before the write", grace, false},
		"before the write, others sign in":             {"before the write", authtest.Rotating().RevokingReuse(), true},
		"before the request, others refresh":           {"before the request", grace, false},
		"before the request, others refresh, no grace": {"before the request", authtest.Rotating(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRedis(t, func(t *testing.T, addr, prefix string) {
				needsMonths(t, prefix)
				store := newStore(t, connect(t, addr), prefix, redisstore.WithLockLease(longLease))
				race := testbed.NewRace(t, oneNode(addr, prefix, longLease).String(), store, tt.policy)
				// Only the lock that others are to take has a short lease.
				holder := race.Start(t, "stopping", tt.moment, oneNode(addr, prefix, lease).String())
				defer holder.End(t)
				others := []*testbed.Process{race.Start(t, testbed.TokenHelper), race.Start(t, testbed.TokenHelper)}
				for _, p := range others {
					defer p.End(t)
				}
				old := race.Stored(t)
				race.Expire()
				race.Ask(t, holder)
				require.Equal(t, "stopping", holder.MustHear(t))

				if tt.signIn {
					race.SignIn(t)
				}
				race.Ask(t, others...)
				token := race.RequireToken(t, testbed.Heard(t, others...)...) // so the lease was over
				newer := race.Stored(t)
				require.True(t, newer.AccessToken == token && newer.AccessToken != old.AccessToken && newer.RefreshToken != old.RefreshToken)

				holder.Signal(t, syscall.SIGCONT)
				answer := holder.MustHear(t)
				assert.NotEqual(t, "stopping", answer)
				assert.False(t, strings.HasPrefix(answer, "error"), answer)
				requireStored(t, race, newer)
				race.Ask(t, append(others, holder)...)
				race.RequireToken(t, append(testbed.Heard(t, append(others, holder)...), token)...)
				requireStored(t, race, newer)

				race.Expire()
				race.Ask(t, append(others, holder)...)
				race.RequireToken(t, testbed.Heard(t, append(others, holder)...)...)
			})
		})
	}
}

func requireStored(t *testing.T, race *testbed.Race, want *tcbauth.Credentials) {
	t.Helper()
	got := race.Stored(t)
	require.True(t, got.AccessToken == want.AccessToken && got.RefreshToken == want.RefreshToken, "another pair is in the store")
}
