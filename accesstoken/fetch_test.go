package accesstoken_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func TestKeysRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	endpoint := certs(t)
	answer := endpoint.answer
	endpoint.answer = func(r *http.Request) (*http.Response, error) {
		got = r.Clone(t.Context())
		return answer(r)
	}
	for want, opts := range map[string][]accesstoken.Option{
		issuer + "/auth/v1/certs": nil,
		"https://" + env + ".ap-guangzhou.tcb-api.tencentcloudapi.com/auth/v1/certs": {
			accesstoken.WithRegion("ap-guangzhou"), accesstoken.WithIssuer(issuer),
		},
		"https://" + env + ".api.tcloudbasegateway.com/auth/v1/certs": {accesstoken.WithGateway()},
		"https://" + env + ".api.intl.tcloudbasegateway.com/auth/v1/certs": {
			accesstoken.WithIntlGateway(), accesstoken.WithIssuer(issuer),
		},
		"https://auth.example.com/base/auth/v1/certs": {accesstoken.WithBaseURL("https://auth.example.com/base/")},
		"http://127.0.0.1:8080/auth/v1/certs":         {accesstoken.WithBaseURL("http://127.0.0.1:8080")},
	} {
		require.NoError(t, verify(t, verifierAt(t, endpoint, opts...), goodToken(t, nil)))
		assert.Equal(t, http.MethodGet, got.Method)
		assert.Equal(t, want, got.URL.String())
		assert.Nil(t, got.Body)
		assert.Equal(t, http.Header{"Accept": {"application/json"}, "User-Agent": {"tcbauth"}}, got.Header)
	}
}

// Without any key the requests become rarer with each failure, and callers between them get the answer of the last.
func TestKeysFirstFetchFails(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := serve("")
		v := verifierAt(t, endpoint)
		good := goodToken(t, nil)
		var at []time.Duration
		start := time.Now()
		for range 600 {
			before := endpoint.count()
			require.ErrorIs(t, verify(t, v, good), accesstoken.ErrUnavailable)
			if endpoint.count() > before {
				at = append(at, time.Since(start))
			}
			pass(100 * time.Millisecond)
		}
		want := []time.Duration{0, 1, 3, 7, 15, 25, 35, 45, 55}
		for i := range want {
			want[i] *= time.Second
		}
		assert.Equal(t, want, at)
		endpoint.set(http.StatusOK, jwks(t, jwk(keyID, signingKey())))
		pass(10 * time.Second)
		require.NoError(t, verify(t, v, good))

		// The next outage begins with a short pause again.
		endpoint.set(http.StatusOK, "")
		pass(time.Hour)
		before := endpoint.count()
		for range 2 {
			require.NoError(t, verify(t, v, good))
			synctest.Wait()
			pass(time.Second)
		}
		assert.Equal(t, 2, endpoint.count()-before, "requests")
	})
}

// The first caller's end is not that of the others who wait for the same keys.
func TestKeysFetchIsDetached(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := certs(t)
		answer, release := endpoint.answer, make(chan struct{})
		endpoint.answer = func(r *http.Request) (*http.Response, error) {
			select {
			case <-release:
				return answer(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
		v := verifierAt(t, endpoint)
		good := goodToken(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := v.Verify(ctx, good); first <- err }()
		synctest.Wait()
		go func() { _, err := v.Verify(t.Context(), good); second <- err }()
		synctest.Wait()
		cancel()
		err := <-first
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
		close(release)
		require.NoError(t, <-second)
		assert.Equal(t, 1, endpoint.count(), "requests")
		_, err = v.Verify(ctx, good)
		require.NoError(t, err, "the keys are at hand")
	})
}

func TestKeysContextIsDone(t *testing.T) {
	t.Parallel()
	endpoint := certs(t)
	v := verifierAt(t, endpoint)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Verify(ctx, goodToken(t, nil))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, accesstoken.ErrInvalidToken)
	assert.Zero(t, endpoint.count(), "requests")
	require.NoError(t, verify(t, v, goodToken(t, nil)))
}

func TestKeysTimeout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts []accesstoken.Option
		want time.Duration
	}{
		"default":       {nil, 10 * time.Second},
		"WithTimeout":   {[]accesstoken.Option{accesstoken.WithTimeout(time.Second)}, time.Second},
		"WithTimeout 2": {[]accesstoken.Option{accesstoken.WithTimeout(time.Minute)}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbled(t, func(t *testing.T) {
				hangs := &endpoint{answer: func(r *http.Request) (*http.Response, error) {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}}
				v := verifierAt(t, hangs, test.opts...)
				start := time.Now()
				err := verify(t, v, goodToken(t, nil))
				require.ErrorIs(t, err, accesstoken.ErrUnavailable)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, test.want, time.Since(start))
			})
		})
	}
	t.Run("the client's", func(t *testing.T) {
		t.Parallel()
		bubbled(t, func(t *testing.T) {
			hangs := &endpoint{answer: func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}}
			client := &http.Client{Transport: hangs, Timeout: 2 * time.Second}
			v := verifierAt(t, hangs, accesstoken.WithHTTPClient(client))
			start := time.Now()
			require.ErrorIs(t, verify(t, v, goodToken(t, nil)), accesstoken.ErrUnavailable)
			assert.Equal(t, 2*time.Second, time.Since(start))
		})
	})
}

func TestKeysPanics(t *testing.T) {
	t.Parallel()
	v := verifierAt(t, &endpoint{answer: func(*http.Request) (*http.Response, error) { panic("secret") }},
		accesstoken.WithLogger(slog.New(panicHandler{})))
	err := verify(t, v, goodToken(t, nil))
	require.ErrorIs(t, err, accesstoken.ErrUnavailable)
	require.ErrorContains(t, err, "panic (string)")
	assert.NotContains(t, err.Error(), "secret")
}

type panicHandler struct{ slog.Handler }

func (panicHandler) Enabled(context.Context, slog.Level) bool { return true }

func (panicHandler) Handle(context.Context, slog.Record) error { panic("secret") }

func TestKeysRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		var hosts []string
		endpoint := &endpoint{answer: func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			resp := response(status, jwks(t, jwk(keyID, signingKey())))
			resp.Header.Set("Location", "https://example.com/certs")
			resp.Header.Set("Set-Cookie", "a=b")
			return resp, nil
		}}
		require.ErrorIs(t, verify(t, verifierAt(t, endpoint), goodToken(t, nil)), accesstoken.ErrUnavailable)
		assert.Equal(t, []string{strings.TrimPrefix(issuer, "https://")}, hosts)
	}
}

// A client without a transport uses the default one as it is when the keys are fetched.
//
//nolint:paralleltest // it replaces http.DefaultTransport
func TestKeysDefaultTransport(t *testing.T) {
	v, err := accesstoken.NewVerifier(env, accesstoken.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	endpoint := certs(t)
	http.DefaultTransport = endpoint
	require.NoError(t, verify(t, v, goodToken(t, nil)))
	assert.Equal(t, 1, endpoint.count(), "requests")
}
