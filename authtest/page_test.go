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

// What the page shows and does is tested in its package. These are its place, and who may use it.
func TestPage(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithoutLimits())
	first := visit(t, srv, "", nil)
	assert.Equal(t, 200, first.status)
	assert.Equal(t, "text/html; charset=utf-8", first.header.Get("Content-Type"))
	assert.Contains(t, first.header.Get("Content-Security-Policy"), "default-src 'none'")

	srv.FixCode(phone, "222222")
	session := signUp(t, srv, phone)
	srv.Seed(authtest.User{Sub: "7", Username: "u", Password: "pass-w0rd-s3cret", Blocked: true})
	refused(t, srv, "user/me", "x", nil, 401, "unauthenticated", 16)
	text := visit(t, srv, "", nil).text
	for _, want := range []string{session.text("sub"), `<code class="code">222222</code>`, "/auth/v1/signup", ">401<"} {
		assert.Contains(t, text, want)
	}
	for _, secret := range []string{"pass-w0rd-s3cret", session.text("access_token"), session.text("refresh_token")} {
		assert.NotContains(t, text, secret)
	}
}

func TestPageForms(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "7", Username: "u"})
	before := srv.Now()
	moved := visit(t, srv, "", url.Values{"do": {"advance"}, "by": {"2h"}})
	assert.Equal(t, 200, moved.status)
	assert.Equal(t, http.MethodGet, moved.method, "it leads back to the page")
	assert.WithinDuration(t, before.Add(2*time.Hour), srv.Now(), time.Minute)
	assert.Equal(t, 422, visit(t, srv, "", url.Values{"do": {"advance"}, "by": {"x"}}).status)

	const evil = "https://evil.example"
	for _, name := range []string{"", "page.js", "page.css", "icon.svg", "changes"} {
		assert.Equal(t, 403, visit(t, srv, name, nil, "Host", "evil.example").status, name)
		assert.Equal(t, 403, visit(t, srv, name, nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty").status, name)
	}
	assert.Equal(t, 403, visit(t, srv, "", url.Values{"do": {"reset"}}, "Origin", evil).status)
	assert.Equal(t, 403, visit(t, srv, "", url.Values{"do": {"reset"}}, "Sec-Fetch-Site", "cross-site").status)
	assert.Contains(t, visit(t, srv, "", nil).text, `id="u-7"`, "nothing was reset")

	guarded := listen(t, authtest.WithControlToken("a-token-of-the-tests"))
	assert.Equal(t, 401, visit(t, guarded, "", nil).status)
	assert.Equal(t, 401, visit(t, guarded, "changes", nil).status)
	assert.Equal(t, 401, visit(t, guarded, "", url.Values{"do": {"reset"}}).status)
	assert.Equal(t, 200, visit(t, guarded, "", nil, "Authorization", "Bearer a-token-of-the-tests").status)
}

// A stream of changes that nobody reads to its end does not keep the server from closing.
func TestPageStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/_emulator/changes", nil)
	require.NoError(t, err)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.NoError(t, srv.Close())
	_, _ = io.Copy(io.Discard, resp.Body) // returns, whether the stream was ended or cut
	require.NoError(t, resp.Body.Close())
}
