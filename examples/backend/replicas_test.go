package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// balancer sends each request to the next one of its replicas, under the name that browsers know.
type balancer struct {
	*httptest.Server
	site     *url.URL
	replicas []*url.URL
	taken    []atomic.Int64 // requests, by replica
}

// openReplicas starts the service n times behind a balancer. Each has a connection of its own to one Redis, and nothing else
// is shared.
func openReplicas(t *testing.T, n int, opts ...authtest.Option) (*site, *balancer) {
	t.Helper()
	skipOn32Bits(t)
	s := openSite(t, false, opts...)
	lb := &balancer{taken: make([]atomic.Int64, n)}
	var turn atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		i := int(turn.Add(1)) % n
		lb.taken[i].Add(1)
		r.SetURL(lb.replicas[i])
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"] // which the next line adds to, as nginx does
		r.SetXForwarded()
	}}
	lb.Server = httptest.NewServer(proxy)
	t.Cleanup(lb.Close)
	var err error
	lb.site, err = url.Parse(lb.URL)
	require.NoError(t, err)
	redis := "redis://" + miniredis.RunT(t).Addr()
	for range n {
		store, end, err := openStore(t.Context(), redis)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, end()) })
		s.store = store
		service := s.service(t)
		service.limits.proxied = true
		handler, err := service.handler(lb.site)
		require.NoError(t, err)
		replica := httptest.NewServer(handler)
		t.Cleanup(replica.Close)
		u, err := url.Parse(replica.URL)
		require.NoError(t, err)
		lb.replicas = append(lb.replicas, u)
	}
	return s, lb
}

// TestReplicas: each step of a visitor meets another replica than the one before. A server that revokes a session whose refresh
// token comes twice would sign them out if two replicas refreshed it.
func TestReplicas(t *testing.T) {
	t.Parallel()
	s, lb := openReplicas(t, 2, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
	visitor := newBrowser(t, lb.URL, http.DefaultTransport)
	visitor.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // one request a step
	require.Equal(t, http.StatusSeeOther, visitor.post(t, "/login/code", "phone", phone).status)
	require.Equal(t, http.StatusSeeOther, visitor.post(t, "/login", "code", code).status)
	assert.Equal(t, []int64{1, 1}, lb.counts(), "the code came back to another replica")
	who := visitor.me(t)
	require.NotNil(t, who)
	assert.Equal(t, who, visitor.me(t))

	for round := 1; round <= 3; round++ {
		s.srv.Advance(3 * time.Hour)
		s.srv.Fault(authtest.Fault{Operation: "token", Times: 1, Delay: 100 * time.Millisecond}) // all are there before it is answered
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.Equal(t, who, visitor.me(t)) })
		}
		wg.Wait()
		assert.Equal(t, round, s.srv.Count("token"), "one refresh for all replicas")
	}

	session := visitor.cookies(t)[sessionCookie]
	require.Equal(t, http.StatusSeeOther, visitor.post(t, "/logout").status)
	visitor.plant(t, sessionCookie, session)
	for range 2 {
		assert.Nil(t, visitor.me(t), "signed out on the other replica")
	}
	assert.Equal(t, 1, s.srv.Count("revoke"))
}

// TestReplicasTakeAFormOnce: a form that a browser sends twice reaches both replicas, and spends its code once.
func TestReplicasTakeAFormOnce(t *testing.T) {
	t.Parallel()
	s, lb := openReplicas(t, 2)
	visitor := newBrowser(t, lb.URL, http.DefaultTransport)
	require.Contains(t, visitor.post(t, "/login/code", "phone", phone).text, `name="code"`)
	s.srv.Fault(authtest.Fault{Operation: "verification/verify", Times: 1, Delay: 100 * time.Millisecond})
	var wg sync.WaitGroup
	var signedIn atomic.Int64
	for range 2 {
		wg.Go(func() {
			tab := newBrowser(t, lb.URL, http.DefaultTransport) // its cookies do not mix with the other's
			tab.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			tab.plant(t, loginCookie, visitor.cookies(t)[loginCookie])
			if got := tab.post(t, "/login", "code", code); got.status == http.StatusSeeOther {
				signedIn.Add(1)
			} else {
				assert.Contains(t, got.text, "not waited for any more")
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, signedIn.Load())
	assert.Equal(t, 1, s.srv.Count("verification/verify"))
}

// TestReplicasKnowVisitors by the address that the balancer has seen, whatever they say themselves.
func TestReplicasKnowVisitors(t *testing.T) {
	t.Parallel()
	s, lb := openReplicas(t, 2)
	s.limits.codesOfVisitor.limit = 3
	statuses := map[int]int{}
	for i := range 5 {
		visitor := newBrowser(t, lb.URL, http.DefaultTransport)
		visitor.header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		statuses[visitor.post(t, "/login/code", "phone", fmt.Sprintf("1380000%04d", i)).status]++
	}
	assert.Equal(t, map[int]int{http.StatusOK: 3, http.StatusTooManyRequests: 2}, statuses)
	assert.Equal(t, 3, s.srv.Count("verification"))
}

func (lb *balancer) counts() (all []int64) {
	for i := range lb.taken {
		all = append(all, lb.taken[i].Load())
	}
	return all
}
