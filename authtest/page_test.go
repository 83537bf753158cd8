package authtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// visited is what a browser got.
type visited struct {
	status int
	header http.Header
	method string // of the last request
	text   string
}

// visit requests the page, or sends its form, and follows where that leads.
func visit(t *testing.T, srv *authtest.Server, query string, form url.Values, headers ...string) visited {
	t.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/_emulator/"+query, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	setHeaders(r, headers)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return visited{resp.StatusCode, resp.Header, resp.Request.Method, string(text)}
}

func TestPage(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithoutLimits())
	first := visit(t, srv, "", nil)
	assert.Equal(t, 200, first.status)
	assert.Equal(t, "text/html; charset=utf-8", first.header.Get("Content-Type"))
	assert.Contains(t, first.header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.NotContains(t, first.text, "<script")
	assert.Contains(t, first.text, "Nobody yet.")

	srv.FixCode(phone, "111111")
	ok(t, srv, "verification", "", object{"phone_number": phone})
	srv.FixCode(phone, "222222")
	session := signUp(t, srv, phone)
	srv.Seed(authtest.User{Sub: "7", Username: "u", Name: `<script>alert(1)</script>`, Password: "pass-w0rd-s3cret", Blocked: true})
	ok(t, srv, "captcha/data", "", object{})
	srv.Fault(authtest.Fault{Operation: "certs", Times: 1, Close: authtest.AfterCommit, Delay: time.Millisecond})
	refused(t, srv, "user/me", "x", nil, 401, "unauthenticated", 16)
	text := visit(t, srv, "", nil).text
	assert.Less(t, strings.Index(text, `<code class="copy">222222</code>`), strings.Index(text, `<code class="copy">111111</code>`), "newest first")
	assert.Contains(t, text, "<title>222222")
	for _, want := range []string{session.text("sub"), "BLOCKED", "POST /auth/v1/signup", "Captchas", "delay of 1ms, close after commit, 1 times", ">401<"} {
		assert.Contains(t, text, want)
	}
	for _, secret := range []string{"<script>", "pass-w0rd-s3cret", session.text("access_token"), session.text("refresh_token")} {
		assert.NotContains(t, text, secret)
	}
	assert.Contains(t, visit(t, srv, "?every=3", nil).text, `http-equiv="refresh" content="3"`)
}

func TestPageForms(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "7", Username: "u"})
	before := srv.Now()
	moved := visit(t, srv, "", url.Values{"do": {"advance"}, "by": {" 2h "}})
	assert.Equal(t, 200, moved.status)
	assert.Equal(t, http.MethodGet, moved.method, "it leads back to the page")
	assert.Contains(t, moved.text, "2h0m0s ahead")
	assert.WithinDuration(t, before.Add(2*time.Hour), srv.Now(), time.Minute)
	assert.Contains(t, moved.text, "<code>7</code>")

	text := visit(t, srv, "", url.Values{"do": {"reset"}}).text
	assert.NotContains(t, text, "<code>7</code>")
	assert.NotContains(t, text, "ahead")

	for _, form := range []url.Values{
		{}, {"do": {"x"}}, {"do": {"advance"}}, {"do": {"advance"}, "by": {"-1h"}}, {"do": {"advance"}, "by": {"x"}},
		{"do": {strings.Repeat("x", 2<<20)}},
	} {
		assert.Equal(t, 400, visit(t, srv, "", form).status)
	}
	assert.Equal(t, 403, visit(t, srv, "", url.Values{"do": {"reset"}}, "Origin", "https://evil.example").status)
	assert.Equal(t, 403, visit(t, srv, "", url.Values{"do": {"reset"}}, "Sec-Fetch-Site", "cross-site").status)
}
