package reliability_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/reliability"
)

// crooked is a store that breaks its promises while a fault lasts.
type crooked struct {
	tcbauth.TokenStore
	active atomic.Bool
	key    func(key string) string // under which a value is read instead; "": there is none
}

func (c *crooked) Get(ctx context.Context, key string) ([]byte, error) {
	if c.active.Load() {
		key = c.key(key)
	}
	if key == "" {
		return nil, tcbauth.ErrNotFound
	}
	return c.TokenStore.Get(ctx, key)
}

// A trial sees what it is there to see: sessions that are lost, that are somebody else's, and calls that nobody answers.
func TestTrialFinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key  func(key string) string
		want string
	}{
		"sessions are lost": {func(key string) string {
			if strings.Contains(key, "user_000001") {
				return ""
			}
			return key
		}, "1 sessions of 3 were lost"},
		"sessions are mixed up": {func(key string) string {
			return strings.Replace(key, "user_000001", "user_000002", 1)
		}, `user_000001 was "user_000002"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &crooked{TokenStore: tcbauth.NewMemoryStore(), key: test.key}
				place := reliability.Place{Store: "crooked", Open: func(testing.TB) tcbauth.TokenStore { return store }}
				out := small.Try(t, place, strict(reliability.Fault{
					Name: name,
					Begin: func(testing.TB, *reliability.Fleet) func() {
						store.active.Store(true)
						return func() { store.active.Store(false) }
					},
				}))
				require.ErrorContains(t, out.Err(), test.want)
			})
		})
	}
	t.Run("nobody is served again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ward := reliability.NewWard(reliability.Memory())
			out := small.Try(t, ward.Place, strict(reliability.Fault{
				Name: "the store fails for ever", Begin: func(testing.TB, *reliability.Fleet) func() { ward.Infect(reliability.Fails); return func() {} },
			}))
			require.ErrorContains(t, out.Err(), "were not served within")
			require.ErrorContains(t, out.Err(), "neither signed in nor told why")
		})
	})
	t.Run("a token is old", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			size := small
			size.Usable = time.Second // which the server's tokens outlast
			out := size.Try(t, reliability.Memory(), strict(reliability.Fault{
				Name: "a clock that stands still",
				Begin: func(tb testing.TB, f *reliability.Fleet) func() {
					stop := time.Now()
					ticker := time.NewTicker(100 * time.Millisecond)
					done := make(chan struct{})
					go func() {
						for last := stop; ; {
							select {
							case now := <-ticker.C:
								for _, c := range f.Clocks {
									c.Jump(last.Sub(now))
								}
								last = now
							case <-done:
								return
							}
						}
					}()
					return func() { ticker.Stop(); close(done) }
				},
			}))
			assert.ErrorContains(t, out.Err(), "which expired after 1s")
		})
	})
}
