package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestLimits: too many codes for a number, too many for a visitor and too many tries are refused here, with the time to wait, and
// nothing is sent. The time passes.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path  string
		form  func(i int) []string
		limit int
		calls string // operation that must not be called more often
	}{
		"codes for a number": {
			"/login/code", func(i int) []string { return []string{"phone", []string{phone, "+86 138 0000 0000"}[i%2]} }, 4, "verification",
		},
		"codes for a visitor": {
			"/login/code", func(i int) []string { return []string{"phone", fmt.Sprintf("137%08d", i)} }, 6, "verification",
		},
		"tries": {"/login", func(int) []string { return []string{"code", wrong} }, 5, "verification/verify"},
		"answers": {
			"/login/captcha", func(int) []string { return []string{"answer", "abcd", "picture", "p", "phone", phone} }, 5, "captcha/data/verify",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSite(t, false, authtest.WithoutLimits())
			s.limits.codesOfNumber.limit, s.limits.codesOfVisitor.limit, s.limits.triesOfVisitor.limit = 4, 6, 5
			visitor := s.newBrowser(t)
			visitor.plant(t, loginCookie, newID())
			for i := range test.limit {
				require.NotEqual(t, http.StatusTooManyRequests, visitor.post(t, test.path, test.form(i)...).status, i)
			}
			calls := s.srv.Count(test.calls)
			for i := range 3 {
				got := visitor.post(t, test.path, test.form(i)...)
				assert.Equal(t, http.StatusTooManyRequests, got.status)
				assert.Contains(t, got.text, "Too many tries")
				wait, err := strconv.Atoi(got.header.Get("Retry-After"))
				require.NoError(t, err)
				assert.InDelta(t, 900, wait, 60)
			}
			assert.Equal(t, calls, s.srv.Count(test.calls))
			s.srv.Advance(15 * time.Minute)
			assert.NotEqual(t, http.StatusTooManyRequests, visitor.post(t, test.path, test.form(0)...).status)
		})
	}
}

// TestLimitsOfNumber: what sends no code does not lock a stranger's number out.
func TestLimitsOfNumber(t *testing.T) {
	t.Parallel()
	s := openSite(t, false, authtest.WithoutLimits())
	s.limits.codesOfNumber.limit = 1
	captcha := &authtest.Error{Code: "captcha_required", Number: 4001}
	s.srv.Fault(authtest.Fault{Operation: "verification", Times: 3, Error: captcha})
	for range 3 {
		require.NotEqual(t, http.StatusTooManyRequests, s.newBrowser(t).post(t, "/login/code", "phone", phone).status)
	}
	require.Equal(t, http.StatusOK, s.newBrowser(t).post(t, "/login/code", "phone", phone).status)
	assert.Equal(t, http.StatusTooManyRequests, s.newBrowser(t).post(t, "/login/code", "phone", phone).status)
}

// TestTally has memory for as many keys as there may be, and no count goes round.
func TestTally(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, unsafe.Sizeof(tally{}), uintptr(1<<20))
	tally, now := newTally(2, time.Minute), time.Now()
	refused := 0
	for i := range 2000 {
		if tally.count(strconv.Itoa(i), now) != nil {
			refused++
		}
	}
	assert.Less(t, refused, 20, "keys that share a count")
	for range 3 {
		_ = tally.count("key", now)
	}
	var e *tcbauth.Error
	require.ErrorAs(t, tally.count("key", now.Add(20*time.Second)), &e)
	assert.Equal(t, 40*time.Second, e.RetryAfter.Round(time.Second))
	require.NoError(t, tally.count("key", now.Add(time.Minute)))
}

// TestVisitors: who is one visitor.
func TestVisitors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		proxied      bool
		addr, said   string
		want, reason string
	}{
		{false, "203.0.113.7:1", "", "203.0.113.7/32", "IPv4"},
		{false, "203.0.113.7:1", "198.51.100.1", "203.0.113.7/32", "nobody is believed without a proxy"},
		{true, "10.0.0.1:1", "198.51.100.1, 203.0.113.7", "203.0.113.7/32", "the proxy's own word comes last"},
		{true, "10.0.0.1:1", "", "10.0.0.1/32", "not through the proxy"},
		{false, "[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::/64", "IPv6"},
		{false, "[fe80::1%eth0]:1", "", "fe80::/64", "a zone"},
		{false, "[::ffff:203.0.113.7]:1", "", "203.0.113.7/32", "IPv4 in IPv6"},
		{true, "10.0.0.1:1", "203.0.113.7:51234", "203.0.113.7/32", "a proxy that adds the port"},
		{true, "10.0.0.1:1", "[2001:db8:1:2:3:4:5:6]:51234", "2001:db8:1:2::/64", "the same, IPv6"},
		{true, "10.0.0.1:1", "nonsense", "nonsense", "what a broken proxy says"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = test.addr
		if test.said != "" {
			r.Header.Set("X-Forwarded-For", test.said)
		}
		assert.Equal(t, test.want, (&limits{proxied: test.proxied}).visitor(r), test.reason)
	}
}
