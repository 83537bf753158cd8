package accesstoken_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// bubbled runs f in a synctest bubble, with the keys made outside.
func bubbled(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	signingKey()
	otherKey()
	synctest.Test(t, f)
}

// pass lets the time of a synctest bubble pass.
func pass(d time.Duration) { <-time.After(d) }

// withKid is a token with an unknown kid.
func withKid(tb testing.TB, kid string) string {
	tb.Helper()
	return sign(tb, otherKey(), map[string]any{"alg": "RS256", "kid": kid}, claims(nil))
}

// unsigned is a token with an unknown kid and a signature of nothing, which is cheap to make.
func unsigned(tb testing.TB, kid string) string {
	tb.Helper()
	return encode(tb, map[string]any{"alg": "RS256", "kid": kid}) + "." + encode(tb, claims(nil)) + "." + encode(tb, "forged")
}

// served is an endpoint whose answer can be changed while it is in use.
type served struct {
	endpoint
	mu     sync.Mutex
	status int
	body   string
}

func serve(body string) *served {
	s := &served{status: http.StatusOK, body: body}
	s.answer = func(*http.Request) (*http.Response, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return response(s.status, s.body), nil
	}
	return s
}

func (s *served) set(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

func TestKeysAreFetchedOnceForAll(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := certs(t)
		answer, release := endpoint.answer, make(chan struct{})
		endpoint.answer = func(r *http.Request) (*http.Response, error) {
			<-release
			return answer(r)
		}
		v := verifierAt(t, endpoint)
		var callers errgroup.Group
		for i := range 100 {
			token := goodToken(t, map[string]any{"sub": strconv.Itoa(i + 1)})
			callers.Go(func() error {
				_, err := v.Verify(t.Context(), token)
				return err
			})
		}
		synctest.Wait()
		close(release)
		require.NoError(t, callers.Wait())
		assert.Equal(t, 1, endpoint.count(), "requests")
	})
}

// A storm of tokens with unknown keys makes at most one request in each interval, and does not keep good tokens out.
func TestKeysUnknownKidStorm(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute} {
		t.Run(interval.String(), func(t *testing.T) {
			t.Parallel()
			bubbled(t, func(t *testing.T) {
				endpoint := certs(t)
				v := verifierAt(t, endpoint, accesstoken.WithFetchInterval(interval))
				good := goodToken(t, nil)
				require.NoError(t, verify(t, v, good))
				require.ErrorIs(t, verify(t, v, withKid(t, "too early")), accesstoken.ErrUnknownKey)
				require.Equal(t, 1, endpoint.count(), "requests")
				const intervals, perInterval = 6, 20
				for i := range intervals * perInterval {
					pass(interval / perInterval)
					var callers errgroup.Group
					for j := range 5 {
						token := unsigned(t, fmt.Sprintf("kid-%d-%d", i, j))
						callers.Go(func() error {
							_, err := v.Verify(t.Context(), token)
							return err
						})
					}
					require.ErrorIs(t, callers.Wait(), accesstoken.ErrUnknownKey)
					require.NoError(t, verify(t, v, good))
				}
				assert.Equal(t, 1+intervals, endpoint.count(), "requests")
			})
		})
	}
}

func TestKeysRotation(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		first, second := jwk(keyID, signingKey()), jwk("second", otherKey())
		endpoint := serve(jwks(t, first))
		v := verifierAt(t, endpoint)
		old, fresh := goodToken(t, nil), withKid(t, "second")
		require.NoError(t, verify(t, v, old))

		// A new key is known at once, if it does not come right after a fetch.
		pass(10 * time.Second)
		endpoint.set(http.StatusOK, jwks(t, second, first))
		require.NoError(t, verify(t, v, fresh))
		require.NoError(t, verify(t, v, old))
		assert.Equal(t, 2, endpoint.count(), "requests")

		// A key that is no longer published is not accepted for longer than a lifetime.
		endpoint.set(http.StatusOK, jwks(t, second))
		pass(9*time.Minute - time.Second)
		require.NoError(t, verify(t, v, old))
		synctest.Wait()
		assert.Equal(t, 2, endpoint.count(), "requests")
		pass(time.Second)
		require.NoError(t, verify(t, v, fresh))
		synctest.Wait()
		assert.Equal(t, 3, endpoint.count(), "requests")
		require.ErrorIs(t, verify(t, v, old), accesstoken.ErrUnknownKey)
		require.NoError(t, verify(t, v, fresh))
	})
}

// Another key under the same kid takes the place of the first.
func TestKeysReplacedUnderTheSameKid(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := serve(jwks(t, jwk(keyID, signingKey())))
		v := verifierAt(t, endpoint)
		require.NoError(t, verify(t, v, goodToken(t, nil)))
		endpoint.set(http.StatusOK, jwks(t, jwk(keyID, otherKey())))
		pass(10 * time.Minute)
		require.NoError(t, verify(t, v, goodToken(t, nil)), "the keys at hand, for the last time")
		synctest.Wait()
		require.ErrorIs(t, verify(t, v, goodToken(t, nil)), accesstoken.ErrSignature)
		require.NoError(t, verify(t, v, sign(t, otherKey(), header(), claims(nil))))
	})
}

func TestKeysRotationOnAuthtest(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		v := verifierOf(t, srv)
		old := srv.IssueToken(authtest.TokenSpec{})
		require.NoError(t, verify(t, v, old))
		srv.RotateKey()
		pass(10 * time.Second)
		require.NoError(t, verify(t, v, srv.IssueToken(authtest.TokenSpec{})))
		require.NoError(t, verify(t, v, old))
		assert.Equal(t, 2, srv.Count("certs"))
	})
}

// While the endpoint is down the old keys serve, for a day if need be.
func TestKeysOutage(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		body := jwks(t, jwk(keyID, signingKey()))
		endpoint := serve(body)
		var log bytes.Buffer
		v := verifierAt(t, endpoint, accesstoken.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		good := goodToken(t, nil)
		require.NoError(t, verify(t, v, good))
		assert.Empty(t, log.String())

		endpoint.set(http.StatusBadGateway, "<html>")
		const minutes = 23 * 60
		for range minutes {
			pass(time.Minute)
			require.NoError(t, verify(t, v, good))
		}
		synctest.Wait()
		assert.Equal(t, 1+minutes-8, endpoint.count(), "one request a minute from the ninth on")
		assert.Equal(t, minutes-8, strings.Count(log.String(), `level=WARN msg="accesstoken: the keys cannot be fetched" error="the answer has the status 502"`))

		pass(time.Minute)
		err := verify(t, v, withKid(t, "new"))
		require.ErrorIs(t, err, accesstoken.ErrUnavailable, "nobody knows whether this key is one of the server's")
		require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
		require.ErrorContains(t, err, "status 502")
		require.NoError(t, verify(t, v, good))

		endpoint.set(http.StatusOK, body)
		pass(10 * time.Second)
		require.ErrorIs(t, verify(t, v, withKid(t, "new")), accesstoken.ErrUnknownKey)
		require.NoError(t, verify(t, v, good))
	})
}

func TestKeysOutageOnAuthtest(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		v := verifierOf(t, srv)
		require.NoError(t, verify(t, v, srv.IssueToken(authtest.TokenSpec{})))
		for _, fault := range []authtest.Fault{
			{Operation: "certs", Times: 1, Error: &authtest.Error{Code: "unavailable"}},
			{Operation: "certs", Times: 1, Body: authtest.CutBody},
			{Operation: "certs", Times: 1, Body: authtest.BadJSON},
			{Operation: "certs", Times: 2, Close: authtest.BeforeCommit}, // the transport repeats once
			{Operation: "certs", Times: 1, Delay: time.Hour},
		} {
			fired := srv.Fault(fault)
			pass(10 * time.Minute)
			require.NoError(t, verify(t, v, srv.IssueToken(authtest.TokenSpec{})))
			synctest.Wait()
			require.NotZero(t, fired.Fired())
			err := verify(t, v, srv.IssueToken(authtest.TokenSpec{Key: authtest.UnknownKey}))
			require.ErrorIs(t, err, accesstoken.ErrUnavailable, "%+v", fault)
			require.NoError(t, verify(t, v, srv.IssueToken(authtest.TokenSpec{})))
		}
	})
}

// Keys near the end of their lifetime do not make anybody wait for new ones.
func TestKeysAreRenewedInTheBackground(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := certs(t)
		answer := endpoint.answer
		v := verifierAt(t, endpoint, accesstoken.WithKeyLifetime(time.Hour))
		good := goodToken(t, nil)
		require.NoError(t, verify(t, v, good))
		release := make(chan struct{})
		endpoint.answer = func(r *http.Request) (*http.Response, error) {
			<-release
			return answer(r)
		}
		pass(54 * time.Minute)
		start := time.Now()
		for range 10 {
			require.NoError(t, verify(t, v, good))
		}
		assert.Zero(t, time.Since(start))
		synctest.Wait()
		assert.Equal(t, 2, endpoint.count(), "requests")
		close(release)
		synctest.Wait()
		pass(54*time.Minute - time.Second)
		require.NoError(t, verify(t, v, good))
		synctest.Wait()
		assert.Equal(t, 2, endpoint.count(), "the new keys are as good as the first were")
	})
}

// Many callers, rotations and failures at once.
func TestKeysConcurrently(t *testing.T) {
	t.Parallel()
	bodies := []string{jwks(t, jwk(keyID, signingKey())), jwks(t, jwk(keyID, signingKey()), jwk("second", otherKey())), "", "{}"}
	var turn atomic.Int64
	endpoint := &endpoint{answer: func(*http.Request) (*http.Response, error) {
		return response(http.StatusOK, bodies[turn.Add(1)%int64(len(bodies))]), nil
	}}
	v := verifierAt(t, endpoint, accesstoken.WithFetchInterval(time.Microsecond), accesstoken.WithKeyLifetime(time.Microsecond))
	tokens := []string{goodToken(t, nil), withKid(t, "second"), withKid(t, "third"), goodToken(t, map[string]any{"exp": 1})}
	var callers errgroup.Group
	for i := range 8 {
		callers.Go(func() error {
			for j := range 50 {
				token := tokens[(i+j)%len(tokens)]
				claims, err := v.Verify(t.Context(), token)
				switch {
				case err == nil && (token == tokens[2] || token == tokens[3]):
					return fmt.Errorf("%s was accepted", claims.Subject)
				case err != nil && !errors.Is(err, accesstoken.ErrInvalidToken) && !errors.Is(err, accesstoken.ErrUnavailable):
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, callers.Wait())
}
