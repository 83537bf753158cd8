package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestLogin goes the way of a visitor, with a mistake, and looks at what another one sees meanwhile.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor, other := s.newBrowser(t), s.newBrowser(t)
	first := visitor.get(t, "/")
	assert.Equal(t, http.StatusOK, first.status)
	assert.Contains(t, first.text, `action="/login/code"`)
	assert.NotContains(t, first.text, `name="code"`)
	assert.NotContains(t, first.text, "<script")
	assert.Nil(t, visitor.me(t))
	assert.Empty(t, visitor.cookies(t), "who only looks gets no cookie")

	asked := visitor.post(t, "/login/code", "phone", phone)
	assert.Equal(t, http.StatusOK, asked.status)
	assert.Contains(t, asked.text, `name="code"`)
	assert.Nil(t, visitor.me(t))
	assert.NotContains(t, other.get(t, "/").text, `name="code"`)

	refused := visitor.post(t, "/login", "code", wrong)
	assert.Equal(t, http.StatusBadRequest, refused.status)
	assert.Contains(t, refused.text, "wrong or too old")
	assert.Contains(t, refused.text, `name="code"`, "to try again")
	assert.Nil(t, visitor.me(t))

	signedIn := visitor.post(t, "/login", "code", code)
	assert.Equal(t, http.StatusOK, signedIn.status)
	assert.Contains(t, signedIn.text, "Signed in")
	assert.Contains(t, signedIn.text, "Sign out")
	who := visitor.me(t)
	require.NotNil(t, who)
	assert.Equal(t, phoneAs, who.Phone)
	assert.NotEmpty(t, who.Sub)
	assert.Contains(t, visitor.get(t, "/").text, who.Sub)
	assert.Nil(t, other.me(t))
	assert.NotContains(t, other.get(t, "/").text, who.Sub)

	session := visitor.cookies(t)[sessionCookie]
	goodbye := visitor.post(t, "/logout")
	assert.Equal(t, http.StatusOK, goodbye.status)
	assert.NotContains(t, goodbye.text, who.Sub)
	assert.Nil(t, visitor.me(t))
	assert.Empty(t, visitor.cookies(t))
	assert.Equal(t, 1, s.srv.Count("revoke"))
	other.plant(t, sessionCookie, session)
	assert.Nil(t, other.me(t), "the old cookie is of no use to anybody")
	assert.Equal(t, http.StatusOK, visitor.post(t, "/logout").status, "again")
}

// TestCookies: what a browser is told of the cookies, and that they hold nothing but random ids.
func TestCookies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secure bool
		prefix string
	}{"https": {true, "__Host-"}, "http on this machine": {false, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSite(t, test.secure)
			visitor := s.newBrowser(t)
			visitor.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for _, step := range []struct {
				path, field, value string
				set                map[string]int // Max-Age by cookie, 0: any
			}{
				{"/login/code", "phone", phone, map[string]int{loginCookie: 0}},
				{"/login", "code", code, map[string]int{loginCookie: -1, sessionCookie: 30 * 24 * 3600}},
				{"/logout", "", "", map[string]int{sessionCookie: -1}},
			} {
				got := visitor.post(t, step.path, step.field, step.value)
				require.Equal(t, http.StatusSeeOther, got.status)
				assert.Equal(t, "/", got.header.Get("Location"))
				assert.Len(t, got.header.Values("Set-Cookie"), len(step.set))
				for _, line := range got.header.Values("Set-Cookie") {
					c, err := http.ParseSetCookie(line)
					require.NoError(t, err)
					want, ok := step.set[strings.TrimPrefix(c.Name, test.prefix)]
					require.True(t, ok, c.Name)
					assert.True(t, strings.HasPrefix(c.Name, test.prefix))
					assert.True(t, c.HttpOnly)
					assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
					assert.Equal(t, test.secure, c.Secure)
					assert.Equal(t, "/", c.Path)
					assert.Empty(t, c.Domain)
					if want != 0 {
						assert.Equal(t, want, c.MaxAge)
					} else {
						assert.InDelta(t, 600, c.MaxAge, 5)
					}
					if want >= 0 {
						assert.Regexp(t, idPattern, c.Value)
					} else {
						assert.Empty(t, c.Value)
					}
				}
			}
		})
	}
}

// TestNoFixation: an id that somebody planted or read before the sign-in does not become the session, and every sign-in has a
// new one.
func TestNoFixation(t *testing.T) {
	t.Parallel()
	s := openSite(t, false, authtest.WithoutLimits())
	attacker, victim := s.newBrowser(t), s.newBrowser(t)
	attacker.post(t, "/login/code", "phone", otherPhone)
	planted := attacker.cookies(t)[loginCookie]
	victim.plant(t, loginCookie, planted)
	victim.plant(t, sessionCookie, planted)
	victim.post(t, "/login/code", "phone", phone)
	before := victim.cookies(t)[loginCookie]
	assert.NotEqual(t, planted, before)
	require.Contains(t, victim.post(t, "/login", "code", code).text, "Signed in")
	first := victim.cookies(t)[sessionCookie]
	for _, known := range []string{planted, before} {
		assert.NotEqual(t, known, first)
		attacker.plant(t, sessionCookie, known)
		assert.Nil(t, attacker.me(t))
	}

	victim.signIn(t, s.srv, phone)
	assert.NotEqual(t, first, victim.cookies(t)[sessionCookie])
	require.NotNil(t, victim.me(t))
	attacker.plant(t, sessionCookie, first)
	assert.Nil(t, attacker.me(t), "the session before was ended")
}

// TestLoginEnds: what is over cannot be gone on with, by whoever has the cookie of it.
func TestLoginEnds(t *testing.T) {
	t.Parallel()
	s := openSite(t, false, authtest.WithoutLimits())
	visitor, other := s.newBrowser(t), s.newBrowser(t)
	visitor.post(t, "/login/code", "phone", phone)
	first := visitor.cookies(t)[loginCookie]
	visitor.post(t, "/login/code", "phone", phone)
	second := visitor.cookies(t)[loginCookie]
	require.Contains(t, visitor.post(t, "/login", "code", code).text, "Signed in")
	for over, says := range map[string]string{first: "wrong or too old", second: "not waited for any more"} {
		other.plant(t, loginCookie, over)
		assert.Contains(t, other.post(t, "/login", "code", code).text, says)
		assert.Nil(t, other.me(t))
	}
}

// TestNothingInTheBrowser: neither the challenge nor the tokens leave the service, and no secret is logged.
func TestNothingInTheBrowser(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	var seen strings.Builder
	for _, step := range [][]string{
		{"/login/code", "phone", phone}, {"/login", "code", wrong}, {"/login", "code", code}, {"/logout"}, {"/login/code", "phone", phone},
	} {
		for name, value := range visitor.cookies(t) {
			assert.NotContains(t, s.log.String(), value, name)
		}
		got := visitor.post(t, step[0], step[1:]...)
		fmt.Fprintln(&seen, got.text, got.header, visitor.cookies(t))
	}
	for _, secret := range []string{"eyJ", "verification", "13800000000"} {
		assert.NotContains(t, strings.ReplaceAll(seen.String(), "&#43;86 13800000000", ""), secret)
	}
	log := s.log.String()
	require.Contains(t, log, `route="POST /login/code"`)
	for _, secret := range []string{"eyJ", phone, code, wrong, "?"} {
		assert.NotContains(t, log, secret)
	}
}

// TestCrossSite: another site's page can neither sign anybody in nor out.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	visitor.signIn(t, s.srv, phone)
	calls := len(s.srv.Requests())
	for name, header := range map[string]http.Header{
		"another site":               {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"a sibling":                  {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://127.0.0.1:1"}},
		"an older browser":           {"Origin": {"https://evil.example"}},
		"an older browser's sandbox": {"Origin": {"null"}},
	} {
		visitor.header = header
		for _, path := range []string{"/login/code", "/login/captcha", "/login", "/logout"} {
			got := visitor.post(t, path, "phone", otherPhone, "code", code, "answer", "abcd")
			assert.Equal(t, http.StatusForbidden, got.status, "%s: %s", name, path)
			assert.Empty(t, got.header.Values("Set-Cookie"))
		}
	}
	assert.Len(t, s.srv.Requests(), calls)
	assert.NotNil(t, visitor.me(t))
	assert.Equal(t, http.StatusMethodNotAllowed, visitor.get(t, "/logout").status)
}

// TestHeaders: what a browser may do with an answer.
func TestHeaders(t *testing.T) {
	t.Parallel()
	got := openSite(t, false).newBrowser(t).get(t, "/")
	assert.Equal(t, "no-store", got.header.Get("Cache-Control"))
	assert.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	assert.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	assert.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
}

// TestManyVisitors mixes them: each signs in and looks, some sign out, and none ever sees another's session.
func TestManyVisitors(t *testing.T) {
	t.Parallel()
	const visitors, rounds = 100, 5
	s := openSite(t, false)
	s.limits.codesOfVisitor.limit, s.limits.triesOfVisitor.limit = visitors, visitors // all of one address
	replicas := []string{s.server.URL, s.replica(t, false).URL}
	var mu sync.Mutex
	sessions, subs := map[string]bool{}, map[string]bool{}
	var wg sync.WaitGroup
	for i := range visitors {
		wg.Go(func() {
			number := fmt.Sprintf("138%08d", i)
			visitor := s.newBrowser(t)
			visitor.signIn(t, s.srv, number)
			mu.Lock()
			sessions[visitor.cookies(t)[sessionCookie]] = true
			mu.Unlock()
			var sub string
			for round := range rounds {
				visitor.moveTo(replicas[(i+round)%len(replicas)])
				who := visitor.me(t)
				if !assert.NotNil(t, who) {
					return
				}
				assert.Equal(t, "+86 "+number, who.Phone)
				sub = who.Sub
			}
			mu.Lock()
			subs[sub] = true
			mu.Unlock()
			if i%2 == 0 {
				visitor.post(t, "/logout")
				assert.Nil(t, visitor.me(t))
			}
		})
	}
	wg.Wait()
	assert.Len(t, sessions, visitors)
	assert.Len(t, subs, visitors)
	assert.Equal(t, visitors/2, s.srv.Count("revoke"))
}

// TestForeignHost: a name that points here, of somebody else's, gets no page and no code, though its pages are of one origin
// with the form that they send.
func TestForeignHost(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	port := strings.TrimPrefix(s.server.URL, "http://127.0.0.1")
	for _, host := range []string{"rebound.example" + port, "rebound.example", "localhost" + port, "127.0.0.1", "127.0.0.1:1"} {
		visitor.host = host
		visitor.header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"http://" + host}}
		assert.Equal(t, http.StatusMisdirectedRequest, visitor.get(t, "/").status, host)
		assert.Equal(t, http.StatusMisdirectedRequest, visitor.get(t, "/me").status, host)
		assert.Equal(t, http.StatusMisdirectedRequest, visitor.post(t, "/login/code", "phone", phone).status, host)
	}
	assert.Empty(t, s.srv.Requests())
	assert.Empty(t, s.srv.Messages(phone))
}
