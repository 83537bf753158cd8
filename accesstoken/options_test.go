package accesstoken_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]accesstoken.Option{
		"a nil Option":      {nil},
		"WithRegion":        {accesstoken.WithRegion("x/y")},
		"WithBaseURL":       {accesstoken.WithBaseURL("ftp://example.com")},
		"write https://a.b": {accesstoken.WithBaseURL("https://a.b/auth/v1")},
		"use https":         {accesstoken.WithBaseURL("http://example.com")},
		"no user":           {accesstoken.WithBaseURL("https://a:b@example.com")},
		"WithGateway: anot": {accesstoken.WithBaseURL("https://example.com"), accesstoken.WithGateway()},
		"WithIntlGateway: ": {accesstoken.WithGateway(), accesstoken.WithIntlGateway()},
		"needs WithRegion":  {accesstoken.WithIntlGateway()},
		"WithBaseURL: anot": {accesstoken.WithGateway(), accesstoken.WithBaseURL("https://example.com")},
		"WithIssuer":        {accesstoken.WithIssuer()},
		"WithIssuer: an em": {accesstoken.WithIssuer("")},
		"WithAudience":      {accesstoken.WithAudience()},
		"WithAudience: an ": {accesstoken.WithAudience("a", "")},
		"WithLeeway":        {accesstoken.WithLeeway(-1)},
		"WithClock":         {accesstoken.WithClock(nil)},
		"WithHTTPClient":    {accesstoken.WithHTTPClient(nil)},
		"WithTimeout":       {accesstoken.WithTimeout(0)},
		"WithKeyLifetime":   {accesstoken.WithKeyLifetime(-1)},
		"WithKeyMaxAge":     {accesstoken.WithKeyMaxAge(0)},
		"WithKeyMaxAge: sh": {accesstoken.WithKeyMaxAge(time.Minute)},
		"WithKeyMaxAge: s":  {accesstoken.WithKeyMaxAge(time.Hour), accesstoken.WithKeyLifetime(2 * time.Hour)},
		"WithFetchInterval": {accesstoken.WithFetchInterval(0)},
		"WithTokenCache":    {accesstoken.WithTokenCache(-1)},
		"WithTokenCache: n": {accesstoken.WithTokenCache(1<<24 + 1)},
		"WithExtractor":     {accesstoken.WithExtractor()},
		"WithExtractor: a":  {accesstoken.WithExtractor(accesstoken.HeaderToken, nil)},
		"WithPreflight":     {accesstoken.WithPreflight(nil)},
		"WithErrorHandler":  {accesstoken.WithErrorHandler(nil)},
	} {
		v, err := accesstoken.NewVerifier(env, opts...)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "accesstoken: ")
		assert.Nil(t, v)
	}
	for _, bad := range []string{"", "a/b", "a b", "-a", "a.b", "é"} {
		_, err := accesstoken.NewVerifier(bad)
		require.ErrorContains(t, err, "accesstoken: env", bad)
	}
	_, err := accesstoken.NewVerifier(env, accesstoken.WithLogger(nil))
	require.NoError(t, err)
}

// The longest duration means never: a storm of unknown keys fetches nothing, and nothing is too old.
func TestLongestDurations(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		endpoint := certs(t)
		v := verifierAt(t, endpoint, accesstoken.WithKeyLifetime(math.MaxInt64), accesstoken.WithFetchInterval(math.MaxInt64),
			accesstoken.WithLeeway(math.MaxInt64), accesstoken.WithTimeout(math.MaxInt64))
		require.NoError(t, verify(t, v, goodToken(t, map[string]any{"exp": 1})))
		for range 3 {
			pass(24 * time.Hour)
			require.ErrorIs(t, verify(t, v, withKid(t, "unknown")), accesstoken.ErrUnknownKey)
		}
		assert.Equal(t, 1, endpoint.count(), "requests")
	})
}

// An emulator in another container may be reached by plain http if that is said, and no real environment.
func TestWithInsecureEmulator(t *testing.T) {
	t.Parallel()
	for base, good := range map[string]bool{"http://emulator:9190": true, "http://env-1.api.tcloudbasegateway.com": false, "": false} {
		opts := []accesstoken.Option{accesstoken.WithInsecureEmulator()}
		if base != "" {
			opts = append(opts, accesstoken.WithBaseURL(base))
		}
		_, err := accesstoken.NewVerifier("env-1", opts...)
		assert.Equal(t, good, err == nil, base)
	}
}
