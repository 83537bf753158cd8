package authtest_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// devicePage is what a browser has after it was sent on.
type devicePage struct {
	status int
	header http.Header
	at     *url.URL
	text   string
}

// browsed is a server with a client that reaches it.
type browsed interface{ Client() *http.Client }

// openDevice opens the page of a URL, or sends a form there.
func openDevice(t *testing.T, srv browsed, at string, form url.Values, headers ...string) devicePage {
	t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	setHeaders(r, headers)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return devicePage{resp.StatusCode, resp.Header, resp.Request.URL, html.UnescapeString(string(text))}
}

var (
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// submit sends the form of a page with more fields, as a browser does.
func (d devicePage) submit(t *testing.T, srv browsed, fields ...string) devicePage {
	t.Helper()
	action := formAction.FindStringSubmatch(d.text)
	require.NotNil(t, action, d.text)
	at, err := d.at.Parse(action[1])
	require.NoError(t, err)
	form := url.Values{}
	for _, hidden := range hiddenField.FindAllStringSubmatch(d.text, -1) {
		form.Set(hidden[1], hidden[2])
	}
	for pair := range slices.Chunk(fields, 2) {
		form.Set(pair[0], pair[1])
	}
	return openDevice(t, srv, at.String(), form)
}

func (d devicePage) says(t *testing.T, status int, texts ...string) {
	t.Helper()
	assert.Equal(t, status, d.status)
	for _, text := range texts {
		assert.Contains(t, d.text, text)
	}
}

// askForDevice begins the sign-in of a device.
func askForDevice(t *testing.T, srv *authtest.Server) object {
	t.Helper()
	return ok(t, srv, "device/code", "", object{"scope": "read write"})
}

// In memory and over TCP the link leads to a page where a user approves. The code may be typed in any way.
func TestDevicePage(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) *authtest.Server{
		"in memory": func(t *testing.T) *authtest.Server {
			t.Helper()
			return authtest.NewServer(t, authtest.WithEnv("env-1"))
		},
		"over TCP": func(t *testing.T) *authtest.Server { t.Helper(); return listen(t, authtest.WithEnv("env-1")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t)
			srv.Seed(authtest.User{Sub: "1", Username: "user_01", Name: "User <One>"}, authtest.User{Sub: "2", Username: "user_02"})
			issued := askForDevice(t, srv)
			code := issued.text("user_code")

			empty := openDevice(t, srv, issued.text("verification_uri"), nil)
			empty.says(t, 200, `name="user_code"`, "Enter the code")
			assert.NotContains(t, empty.text, "user_01")
			for _, typed := range []string{
				code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " – ") + "\t",
				strings.Map(func(r rune) rune { return r - '!' + '！' }, code), // as a Chinese keyboard writes it
			} {
				found := openDevice(t, srv, issued.text("verification_uri")+"?user_code="+url.QueryEscape(typed), nil)
				found.says(t, 200, code, "env-1", "read write", "10 min", "User <One>", "user_01")
			}

			choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
			refused(t, srv, "token", "", poll(issued["device_code"]), 400, "authorization_pending", 0)
			last := choice.submit(t, srv, "sub", "1", "do", "approve")
			last.says(t, 200, "Approved", "User <One>", "go back to your device")
			assert.Equal(t, "/device", last.at.Path, "it can be loaded again")
			assert.Equal(t, "1", ok(t, srv, "token", "", poll(issued["device_code"]))["sub"])
			openDevice(t, srv, last.at.String(), nil).says(t, 200, "Approved")
			openDevice(t, srv, issued.text("verification_uri_complete"), nil).says(t, 410, "already used")
			choice.submit(t, srv, "sub", "2", "do", "deny").says(t, 410, "already used")
			choice.submit(t, srv, "sub", "2", "do", "approve").says(t, 410, "already used")
			choice.submit(t, srv, "sub", "1", "do", "approve").says(t, 200, "Approved", "User <One>") // a second click
			choice.submit(t, srv, "login", "user_01", "do", "approve").says(t, 200, "Approved")
		})
	}
}

// What was decided before the device asks again holds: denied is denied, and no code is good after its time.
func TestDevicePageEnds(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01"})
	issued := askForDevice(t, srv)
	choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	choice.submit(t, srv, "do", "deny", "sub", "1").says(t, 200, "Denied", "not signed in")
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "access_denied", 0)
	choice.submit(t, srv, "do", "approve", "sub", "1").says(t, 410, "already used")
	choice.submit(t, srv, "do", "deny").says(t, 200, "Denied") // a second click

	issued = askForDevice(t, srv)
	choice = openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	srv.Advance(9*time.Minute + 30*time.Second)
	openDevice(t, srv, issued.text("verification_uri_complete"), nil).says(t, 200, "1 min")
	srv.Advance(30 * time.Second)
	openDevice(t, srv, issued.text("verification_uri_complete"), nil).says(t, 410, "has expired")
	choice.submit(t, srv, "do", "approve", "sub", "1").says(t, 410, "has expired")
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "expired_token", 0)

	page := issued.text("verification_uri")
	for _, wrong := range []string{"AAAA-AAAA", "-", strings.Repeat("X", 5000)} {
		openDevice(t, srv, page+"?user_code="+wrong, nil).says(t, 404, "No device waits with this code", `aria-invalid="true" aria-describedby="problem how"`)
	}
	for _, form := range []url.Values{{"user_code": {strings.Repeat("X", 1<<20)}}, {}} {
		assert.GreaterOrEqual(t, openDevice(t, srv, page, form).status, 400)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions} {
		status, _, err := send(t.Context(), srv, method, "/device", "", nil)
		require.NoError(t, err)
		assert.Equal(t, 405, status)
	}
}

// Whoever tries codes has to wait, also with a right one. It ends by itself.
func TestDevicePageTries(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	issued := askForDevice(t, srv)
	page := issued.text("verification_uri")
	for range 10 {
		openDevice(t, srv, page+"?user_code=AAAA-AAAA", nil).says(t, 404)
	}
	kept := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	kept.says(t, 429, "Too many wrong codes", `aria-describedby="problem how"`)
	assert.NotContains(t, kept.text, "aria-invalid", "the code may be right")
	assert.Equal(t, "60", kept.header.Get("Retry-After"))
	openDevice(t, srv, page, url.Values{"user_code": {issued.text("user_code")}, "do": {"deny"}}).says(t, 429)
	srv.Advance(time.Minute)
	openDevice(t, srv, issued.text("verification_uri_complete"), nil).says(t, 200, issued.text("user_code"))
}

// The page speaks English and Chinese, as the browser or the link wants it, from the first step to the last.
func TestDevicePageLanguages(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01"})
	for header, want := range map[string]string{"": "en", "fr,zh;q=0.3": "zh-CN"} {
		got := openDevice(t, srv, srv.URL+"/device", nil, "Accept-Language", header)
		got.says(t, 200, `<html lang="`+want+`">`)
		assert.Equal(t, want, got.header.Get("Content-Language"), header)
	}
	for lang, want := range map[string][]string{
		"en":    {"Approve this sign-in?", "Application", "Choose a user", "Approved", "already used", `lang=zh`},
		"zh-CN": {"同意这次登录吗？", "应用", "请选择或输入一个用户", "已同意", "已被使用", `lang=en`},
	} {
		issued := askForDevice(t, srv)
		choice := openDevice(t, srv, issued.text("verification_uri_complete")+"&lang="+lang, nil, "Accept-Language", "fr")
		choice.says(t, 200, want[0], want[1], want[5], "user_code="+issued.text("user_code"))
		choice.submit(t, srv, "do", "approve").says(t, 422, want[2])
		choice.submit(t, srv, "do", "approve", "sub", "1").says(t, 200, want[3])
		choice.submit(t, srv, "do", "deny").says(t, 410, want[4])
	}
	openDevice(t, srv, srv.URL+"/device?lang=fr", nil).says(t, 200, "Enter the code")
}

// The page is for those whom the control API is for, and does not give itself to pages of other origins.
func TestDevicePageIsGuarded(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	open, guarded := listen(t), listen(t, authtest.WithControlToken(token), authtest.WithPublicURL("http://emulator.example"))
	issued := askForDevice(t, open)
	link := issued.text("verification_uri_complete")
	form := url.Values{"user_code": {issued.text("user_code")}, "do": {"deny"}}
	for name, tt := range map[string]struct {
		form    url.Values
		headers []string
		status  int
		text    string
	}{
		"another name":        {nil, []string{"Host", "emulator"}, 403, "for the machine that the emulator runs on"},
		"rebound name":        {form, []string{"Host", "evil.example"}, 403, ""},
		"form from elsewhere": {form, []string{"Origin", "https://evil.example"}, 403, "tab of its own"},
		"form from a site":    {form, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 403, "tab of its own"},
		"in a frame":          {nil, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}, 403, "tab of its own"},
		"fetched":             {nil, []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "empty"}, 403, ""},
		"a link elsewhere":    {nil, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200, "Approve"},
		"in Chinese":          {nil, []string{"Host", "emulator", "Accept-Language", "zh"}, 403, "只能在运行模拟器的机器上打开"},
	} {
		got := openDevice(t, open, link, tt.form, tt.headers...)
		assert.Equal(t, tt.status, got.status, name)
		assert.Contains(t, got.text, tt.text, name)
		assert.Empty(t, got.header.Get("Access-Control-Allow-Origin"), name)
	}
	refused(t, open, "token", "", poll(issued["device_code"]), 400, "authorization_pending", 0)

	guarded.Seed(authtest.User{Sub: "1", Username: "user_01"})
	issued = askForDevice(t, guarded)
	assert.Equal(t, "http://emulator.example/device", issued["verification_uri"])
	form = url.Values{"user_code": {issued.text("user_code")}, "do": {"approve"}, "sub": {"1"}}
	for _, none := range []string{"", "Bearer x"} {
		got := openDevice(t, guarded, issued.text("verification_uri"), form, "Authorization", none)
		got.says(t, 401, "control token")
		assert.Contains(t, got.header.Get("WWW-Authenticate"), "Basic ")
	}
	openDevice(t, guarded, issued.text("verification_uri"), form, "Authorization", "Bearer "+token).says(t, 200, "Approved")
}

// belowAPath returns a server behind a proxy that takes the path /below away, and the proxy.
func belowAPath(t *testing.T) (*authtest.Server, *httptest.Server) {
	t.Helper()
	proxy := httptest.NewUnstartedServer(nil)
	public := "http://" + proxy.Listener.Addr().String() + "/below"
	srv := listen(t, authtest.WithPublicURL(public), authtest.WithControlToken("0123456789abcdef"))
	proxy.Config.Handler = http.StripPrefix("/below", &httputil.ReverseProxy{
		Transport: srv.Client().Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", proxy.Listener.Addr().String() // by which the client reaches the server itself
			r.Out.Header.Set("Authorization", "Bearer 0123456789abcdef")
		},
	})
	proxy.Start()
	t.Cleanup(proxy.Close)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01"})
	return srv, proxy
}

// Behind a proxy that takes a path away, links, forms and what they lead to stay below that path.
func TestDevicePageBelowAPath(t *testing.T) {
	t.Parallel()
	srv, proxy := belowAPath(t)
	issued, err := post(proxy.Client(), srv.URL+"/auth/v1/device/code", object{})
	require.NoError(t, err)
	last := openDevice(t, proxy, issued.text("verification_uri_complete"), nil).submit(t, proxy, "do", "approve", "sub", "1")
	last.says(t, 200, "Approved")
	assert.Equal(t, "/below/device", last.at.Path)
}

// So does the page for developers, with its languages and its forms.
func TestPageBelowAPath(t *testing.T) {
	t.Parallel()
	srv, proxy := belowAPath(t)
	for _, test := range []struct {
		method, path, form, query string
	}{
		{http.MethodGet, "/", "", ""},
		{http.MethodGet, "/_emulator", "", ""},
		{http.MethodGet, "/_emulator/?lang=zh&users=x", "", "users=x"},
		{http.MethodPost, "/_emulator/?users=x", "do=clear-faults", "said=clear-faults&users=x"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, srv.URL+test.path, strings.NewReader(test.form))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := proxy.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusOK, resp.StatusCode, test.path)
		assert.Equal(t, "/below/_emulator/", resp.Request.URL.Path, test.path)
		assert.Equal(t, test.query, resp.Request.URL.RawQuery, test.path)
	}
}

// Nothing on the page comes from elsewhere, goes elsewhere or runs, whatever it shows.
func TestDevicePageIsClosed(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	const evil = `"><script>alert(1)</script>`
	srv.Seed(authtest.User{Sub: "1", Name: evil, Username: "user_01"})
	issued := ok(t, srv, "device/code", "", object{"scope": evil + strings.Repeat("s", 10_000)})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issued.text("verification_uri_complete")+"&lang="+url.QueryEscape(evil), nil)
	require.NoError(t, err)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.NotContains(t, string(raw), "<script")
	assert.NotContains(t, string(raw), "style=")
	assert.Less(t, len(raw), 20_000)
	policy := resp.Header.Get("Content-Security-Policy")
	assert.Regexp(t, `^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$`, policy)
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, "same-origin", resp.Header.Get("Referrer-Policy"), "with no-referrer a browser calls the origin of the form null, and the guard refuses it")
}
