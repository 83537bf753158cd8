package accesstoken_test

import (
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

// After a time without tokens the first ones wait for keys: one that was withdrawn meanwhile lets nobody in.
func TestKeysAfterIdleness(t *testing.T) {
	t.Parallel()
	for _, idle := range []time.Duration{10*time.Minute + time.Second, 20 * time.Minute, 90 * 24 * time.Hour} {
		t.Run(idle.String(), func(t *testing.T) {
			t.Parallel()
			bubbled(t, func(t *testing.T) {
				endpoint := serve(jwks(t, jwk(keyID, signingKey())))
				v := verifierAt(t, endpoint)
				old, fresh := goodToken(t, nil), withKid(t, "second")
				require.NoError(t, verify(t, v, old))
				endpoint.set(http.StatusOK, jwks(t, jwk("second", otherKey())))
				pass(idle)
				var callers errgroup.Group
				for range 100 {
					callers.Go(func() error {
						_, err := v.Verify(t.Context(), old)
						assert.ErrorIs(t, err, accesstoken.ErrUnknownKey)
						_, err = v.Verify(t.Context(), fresh)
						return err
					})
				}
				require.NoError(t, callers.Wait())
				assert.Equal(t, 2, endpoint.count(), "requests")
			})
		})
	}
}

// The least time between two requests does not prolong the use of keys.
func TestKeysLifetimeAndInterval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opt      accesstoken.Option
		lifetime time.Duration
	}{
		"a short lifetime": {accesstoken.WithKeyLifetime(time.Second), time.Second},
		"a long interval":  {accesstoken.WithFetchInterval(48 * time.Hour), 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbled(t, func(t *testing.T) {
				endpoint := serve(jwks(t, jwk(keyID, signingKey())))
				v := verifierAt(t, endpoint, test.opt)
				require.NoError(t, verify(t, v, goodToken(t, nil)))
				endpoint.set(http.StatusOK, jwks(t, jwk("second", otherKey())))
				pass(test.lifetime + time.Millisecond)
				require.ErrorIs(t, verify(t, v, goodToken(t, nil)), accesstoken.ErrUnknownKey)
				require.NoError(t, verify(t, v, withKid(t, "second")))
				assert.Equal(t, 2, endpoint.count(), "requests")
			})
		})
	}
}

// While no keys can be fetched, old ones serve up to a limit, however many tokens came or did not come meanwhile.
func TestKeysMaxAge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts  []accesstoken.Option
		limit time.Duration
	}{
		"default":                    {nil, 24 * time.Hour},
		"WithKeyMaxAge":              {[]accesstoken.Option{accesstoken.WithKeyMaxAge(time.Hour)}, time.Hour},
		"WithKeyMaxAge, no patience": {[]accesstoken.Option{accesstoken.WithKeyMaxAge(10 * time.Minute)}, 10 * time.Minute},
		"a longer lifetime":          {[]accesstoken.Option{accesstoken.WithKeyLifetime(36 * time.Hour)}, 72 * time.Hour},
	} {
		for _, step := range []time.Duration{test.limit, test.limit / 100} {
			t.Run(name+" in steps of "+step.String(), func(t *testing.T) {
				t.Parallel()
				bubbled(t, func(t *testing.T) {
					body := jwks(t, jwk(keyID, signingKey()))
					endpoint := serve(body)
					v := verifierAt(t, endpoint, test.opts...)
					good := goodToken(t, nil)
					start := time.Now()
					require.NoError(t, verify(t, v, good))
					endpoint.set(http.StatusBadGateway, "")
					for time.Since(start)+step <= test.limit {
						pass(step)
						require.NoError(t, verify(t, v, good), time.Since(start))
					}
					synctest.Wait()
					pass(test.limit - time.Since(start) + time.Minute)
					err := verify(t, v, good)
					require.ErrorIs(t, err, accesstoken.ErrUnavailable)
					require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
					require.ErrorContains(t, err, "status 502")

					endpoint.set(http.StatusOK, body)
					pass(10 * time.Second)
					require.NoError(t, verify(t, v, good))
				})
			})
		}
	}
}

// A server that hangs holds up the first tokens after a lifetime, not all that follow.
func TestKeysOutageMakesFewWait(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := certs(t)
		v := verifierAt(t, endpoint)
		good := goodToken(t, nil)
		require.NoError(t, verify(t, v, good))
		endpoint.answer = func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		pass(time.Hour)
		start := time.Now()
		require.NoError(t, verify(t, v, good))
		assert.Equal(t, 10*time.Second, time.Since(start), "the one that waited")
		for range 20 {
			pass(time.Minute)
			start = time.Now()
			require.NoError(t, verify(t, v, good))
			assert.Zero(t, time.Since(start))
		}
		assert.Greater(t, endpoint.count(), 20, "fetches go on")
		pass(30 * time.Minute)
		start = time.Now()
		require.NoError(t, verify(t, v, good))
		assert.Equal(t, 10*time.Second, time.Since(start), "the failures are as old as a key lifetime")
	})
}

// However a fetch ends, the next one brings the keys.
func TestKeysFetchEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() (*http.Response, error){
		"error":              func() (*http.Response, error) { return nil, http.ErrServerClosed },
		"typed nil":          func() (*http.Response, error) { return nil, (*brokenError)(nil) },
		"nothing":            func() (*http.Response, error) { return nil, nil }, //nolint:nilnil // what is tried
		"an answer of zero":  func() (*http.Response, error) { return &http.Response{}, nil },
		"panic":              func() (*http.Response, error) { panic("secret") },
		"panic with nil":     func() (*http.Response, error) { panic(nil) },
		"panic with abort":   func() (*http.Response, error) { panic(http.ErrAbortHandler) },
		"the goroutine ends": func() (*http.Response, error) { runtime.Goexit(); panic("unreachable") },
	} {
		for _, keys := range []string{"first", "old"} {
			t.Run(name+", "+keys, func(t *testing.T) {
				t.Parallel()
				bubbled(t, func(t *testing.T) {
					endpoint := certs(t)
					answer := endpoint.answer
					var failing atomic.Bool
					endpoint.answer = func(r *http.Request) (*http.Response, error) {
						if failing.Load() {
							return end()
						}
						return answer(r)
					}
					v := verifierAt(t, endpoint, accesstoken.WithLogger(slog.New(panicHandler{})))
					good := goodToken(t, nil)
					if keys == "old" {
						require.NoError(t, verify(t, v, good))
						pass(90 * 24 * time.Hour)
					}
					failing.Store(true)
					for range 3 {
						err := verify(t, v, good)
						require.ErrorIs(t, err, accesstoken.ErrUnavailable)
						assert.NotContains(t, err.Error(), "secret")
						pass(10 * time.Second)
					}
					failing.Store(false)
					require.NoError(t, verify(t, v, good))
				})
			})
		}
	}
}
