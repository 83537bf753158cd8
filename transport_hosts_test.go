package tcbauth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestTransportHosts: the token goes to the environment's own hosts, and nowhere else.
func TestTransportHosts(t *testing.T) {
	t.Parallel()
	const gateway = testbed.MethodEnv + ".api.tcloudbasegateway.com"
	for name, test := range map[string]struct {
		opts  []tcbauth.Option
		own   []string
		other []string
	}{
		"js-sdk": {
			own: []string{
				"https://" + testbed.MethodHost + "/web",
				"https://" + gateway + "/v1/functions/hello?q=1#f",
				"https://" + gateway + ":443/",
				"https://" + strings.ToUpper(gateway) + "/",
				"https://" + testbed.MethodEnv + ".api.intl.tcloudbasegateway.com/v1/",
			},
			other: []string{
				"http://" + testbed.MethodHost + "/web",
				"http://" + gateway + "/",
				"http://" + gateway + ":443/",
				"https://" + gateway + ":8443/",
				"https://" + gateway + "./",
				"https://" + gateway + ".evil.example/",
				"https://evil.example/" + gateway,
				"https://" + gateway + "@evil.example/",
				"https://x" + gateway + "/",
				"https://api.tcloudbasegateway.com/",
				"https://other.api.tcloudbasegateway.com/",
				"https://" + testbed.MethodEnv + ".ap-guangzhou.tcb-api.tencentcloudapi.com/",
				"https://tcb-api.tencentcloudapi.com/",
				"https://127.0.0.1/",
				"ws://" + gateway + "/",
				// A capital I with a dot above is an i in lower case, and yet another name; so is a long s.
				"https://" + strings.Replace(testbed.MethodHost, "cloudapi", "cloudap\u0130", 1) + "/",
				"https://" + strings.Replace(gateway, "base", "ba\u017fe", 1) + "/",
				"https://" + gateway + "\uff0e/",
			},
		},
		"region": {
			opts:  []tcbauth.Option{tcbauth.WithRegion("ap-guangzhou")},
			own:   []string{"https://" + testbed.MethodEnv + ".ap-guangzhou.tcb-api.tencentcloudapi.com/", "https://" + gateway + "/"},
			other: []string{"https://" + testbed.MethodHost + "/"},
		},
		"base URL": {
			opts:  []tcbauth.Option{tcbauth.WithBaseURL("https://login.example:8443/cloud")},
			own:   []string{"https://login.example:8443/cloud/v1", "https://LOGIN.example:8443/", "https://" + gateway + "/"},
			other: []string{"https://login.example/cloud/v1", "http://login.example:8443/", "https://login.example:443/"},
		},
		"loopback": {
			opts: []tcbauth.Option{tcbauth.WithBaseURL("http://127.0.0.1:9000")},
			own:  []string{"http://127.0.0.1:9000/v1/functions/hello"},
			other: []string{
				"http://127.0.0.1:9001/", "http://127.0.0.1/", "http://localhost:9000/", "https://127.0.0.1:9000/",
				"http://127.0.0.2:9000/", "http://" + gateway + "/",
			},
		},
		"loopback, IPv6": {
			opts:  []tcbauth.Option{tcbauth.WithBaseURL("http://[::1]")},
			own:   []string{"http://[::1]:80/", "http://[::1]/"},
			other: []string{"http://[::1]:81/", "http://127.0.0.1/"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := new(api)
			transport := withSession(t, test.opts...).Transport(other)
			for _, target := range append(test.own, test.other...) {
				send(t, transport, newRequest(t, target, nil))
			}
			for i, r := range other.requests() {
				want := testbed.PlantedAccess
				if i >= len(test.own) {
					want = ""
				}
				assert.Equal(t, want, r.bearer, r.url)
			}
			assert.Len(t, other.requests(), len(test.own)+len(test.other))
		})
	}
}

// TestTransportOtherVirtualHost: what the Host header names may be somebody else's.
func TestTransportOtherVirtualHost(t *testing.T) {
	t.Parallel()
	other := new(api)
	transport := withSession(t).Transport(other)
	r := newRequest(t, functionURL, nil)
	r.Host = "other.api.tcloudbasegateway.com"
	send(t, transport, r)
	r = newRequest(t, functionURL, nil)
	r.Host = ""
	send(t, transport, r)
	assert.Equal(t, []string{"", testbed.PlantedAccess}, other.bearers())
}

// TestTransportRedirects: every hop is judged by itself, and nobody else's word makes a request in the person's name.
func TestTransportRedirects(t *testing.T) {
	t.Parallel()
	const own, second, foreign = functionURL, "https://" + testbed.MethodHost + "/second", "https://elsewhere.example/"
	for name, test := range map[string]struct{ hops, bearers []string }{
		"to another host":              {[]string{own, foreign}, []string{testbed.PlantedAccess, ""}},
		"to another host and back":     {[]string{own, foreign, own}, []string{testbed.PlantedAccess, "", ""}},
		"from another host":            {[]string{foreign, own}, []string{"", ""}},
		"from another host by an own":  {[]string{foreign, own, second}, []string{"", "", ""}},
		"from one own host to another": {[]string{own, second}, []string{testbed.PlantedAccess, testbed.PlantedAccess}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			other := &api{answer: func(asked) testbed.Answer {
				if n++; n < len(test.hops) {
					return testbed.Reply(http.StatusTemporaryRedirect, "", "Location", test.hops[n])
				}
				return testbed.Reply(http.StatusOK, "{}")
			}}
			client := &http.Client{Transport: withSession(t).Transport(other)}
			resp, err := client.Do(newRequest(t, test.hops[0], strings.NewReader("body")))
			require.NoError(t, err)
			answered(t, resp)
			assert.Equal(t, test.bearers, other.bearers())
			for i, r := range other.requests() {
				assert.Equal(t, test.hops[i], r.url)
			}
		})
	}
}

// TestTransportRedirectsOfAScantyBase: a base that does not say which request it answers leaves nobody to trust.
func TestTransportRedirectsOfAScantyBase(t *testing.T) {
	t.Parallel()
	var bearers []string
	client := &http.Client{Transport: withSession(t).Transport(baseFunc(func(r *http.Request) *http.Response {
		bearers = append(bearers, r.Header.Get("Authorization"))
		if len(bearers) > 1 {
			return &http.Response{StatusCode: http.StatusNoContent}
		}
		return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {functionURL}}}
	}))}
	resp, err := client.Do(newRequest(t, "https://elsewhere.example/", nil))
	require.NoError(t, err)
	answered(t, resp)
	assert.Equal(t, []string{"", ""}, bearers)
}

// TestJSSDK3Host: the gateway is the host that js-sdk 3 uses, and gives way to any that is chosen, in whichever order. What
// else that js-sdk says is compared with its recording, in internal/vectors.
func TestJSSDK3Host(t *testing.T) {
	t.Parallel()
	const gateway, other = "https://env-1.api.tcloudbasegateway.com", "https://auth.example.com/base"
	for name, test := range map[string]struct {
		others []tcbauth.Option
		want   string
	}{
		"alone":                     {nil, gateway},
		"in a region":               {[]tcbauth.Option{tcbauth.WithRegion("ap-singapore")}, gateway},
		"the gateway":               {[]tcbauth.Option{tcbauth.WithGateway()}, gateway},
		"the international gateway": {[]tcbauth.Option{tcbauth.WithIntlGateway()}, "https://env-1.api.intl.tcloudbasegateway.com"},
		"another server":            {[]tcbauth.Option{tcbauth.WithBaseURL(other)}, other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, opts := range [][]tcbauth.Option{
				append([]tcbauth.Option{tcbauth.WithJSSDK3()}, test.others...), append(slices.Clone(test.others), tcbauth.WithJSSDK3()),
			} {
				app, err := tcbauth.NewApp("env-1", opts...)
				require.NoError(t, err)
				assert.Equal(t, test.want, app.BaseURL())
			}
		})
	}
}

// trailing is a body that sets its request's trailer once it has been read, as net/http lets a caller do.
type trailing struct {
	io.Reader
	set func()
}

func (b *trailing) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.set()
	}
	return n, err
}

func (b *trailing) Close() error { return nil }

// TestTransportKeepsTrailers that a caller sets while the body is read, also where the request is sent a second time.
func TestTransportKeepsTrailers(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]int{"at once": 0, "after a refresh": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var sums, announced []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				mu.Lock()
				defer mu.Unlock()
				sums = append(sums, r.Trailer.Get("X-Sum"))
				announced = append(announced, r.Trailer.Get("X-Known"))
				if len(sums) <= refuse {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			defer server.Close()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusOK, testbed.GoodAnswer) }}
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), tcbauth.WithBaseURL(server.URL)).Auth()
			testbed.SignInAs(t, auth, testbed.Gopher)

			u, err := url.Parse(server.URL + "/v1/functions/hello")
			require.NoError(t, err)
			r := (&http.Request{
				Method: http.MethodPost, URL: u, Header: http.Header{}, ContentLength: -1,
				Trailer: http.Header{"X-Sum": nil, "X-Known": {"before"}},
			}).WithContext(t.Context())
			body := func() io.ReadCloser {
				return &trailing{strings.NewReader("hello"), func() { r.Trailer.Set("X-Sum", "42") }}
			}
			r.Body = body()
			r.GetBody = func() (io.ReadCloser, error) { return body(), nil }
			resp, err := auth.Transport(new(http.Transport)).RoundTrip(r)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusOK, resp.StatusCode)
			mu.Lock()
			defer mu.Unlock()
			for i := range sums {
				assert.Equal(t, "42", sums[i])
				assert.Equal(t, "before", announced[i])
			}
			assert.Len(t, sums, refuse+1)
			assert.Empty(t, r.Header, "the caller's request is left as it is")
		})
	}
}
