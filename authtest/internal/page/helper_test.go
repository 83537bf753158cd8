package page

import (
	"cmp"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// desk is an environment with its page, for a developer without script.
type desk struct {
	*service.Service
	t      *testing.T
	server *httptest.Server
	lang   string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := service.New(service.Defaults(), "http://127.0.0.1:1")
	require.NoError(t, err)
	mux := http.NewServeMux()
	p := newPages(s)
	p.tick = time.Hour // all that a test sees of a stream is a change
	for pattern, handle := range p.routes() {
		method, name, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /_emulator/"+name, handle)
	}
	mux.Handle("/auth/", ops.Handler(s))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &desk{s, t, server, language.English}
}

// reply is an answer without its body.
type reply struct {
	StatusCode int
	Header     http.Header
	Request    *http.Request // the last one
}

// get requests something below the page.
func (d *desk) get(path string, headers ...string) (reply, string) {
	d.t.Helper()
	return d.do(http.MethodGet, "/_emulator/"+path, "", headers...)
}

// send sends one of the page's forms, with fields given as name and value in turn, and follows where that leads.
func (d *desk) send(action string, fields ...string) (reply, string) {
	d.t.Helper()
	form := url.Values{"do": {action}}
	for pair := range slices.Chunk(fields, 2) {
		form.Add(pair[0], pair[1])
	}
	return d.do(http.MethodPost, "/_emulator/?users=", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// call makes a call of the auth API.
func (d *desk) call(operation, body string) string {
	d.t.Helper()
	_, text := d.do(http.MethodPost, "/auth/v1/"+operation, body, "X-Device-Id", "d-1")
	return text
}

func (d *desk) do(method, path, body string, headers ...string) (reply, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, d.server.URL+path, strings.NewReader(body))
	require.NoError(d.t, err)
	r.Header.Set("Accept-Language", d.lang)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	answer, err := d.server.Client().Do(r)
	require.NoError(d.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(d.t, err)
	require.NoError(d.t, answer.Body.Close())
	return reply{answer.StatusCode, answer.Header, answer.Request}, string(text)
}

func (d *desk) add(people ...service.Person) {
	d.t.Helper()
	_, err := d.Seed(people)
	require.NoError(d.t, err)
}

func (d *desk) signIn(username string) {
	d.t.Helper()
	require.Contains(d.t, d.call("signin", `{"username":"`+username+`","password":"passw0rd"}`), "access_token")
}

// value is that of the input, textarea or select with an id.
func value(t *testing.T, text, id string) string {
	t.Helper()
	quoted := regexp.QuoteMeta(id)
	found := regexp.MustCompile(`<input id="` + quoted + `" [^>]*value="([^"]*)"` +
		`|<textarea id="` + quoted + `" [^>]*>\n([^<]*)<` +
		`|<select id="` + quoted + `" .*?<option(?: value="([^"]*)")? selected>([^<]*)<.*</select>`).FindStringSubmatch(text)
	require.NotNil(t, found, id)
	return html.UnescapeString(cmp.Or(found[1:]...))
}

// has checks that a page has a text. A failure does not print the page.
func has(t *testing.T, page, want string) {
	t.Helper()
	require.True(t, strings.Contains(html.UnescapeString(page), want), "the page does not have %s", want)
}

func hasNot(t *testing.T, page, unwanted string) {
	t.Helper()
	require.False(t, strings.Contains(html.UnescapeString(page), unwanted), "the page has %s", unwanted)
}
