package authtest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func listen(t *testing.T, opts ...authtest.Option) *authtest.Server {
	t.Helper()
	srv, err := authtest.Listen("127.0.0.1:0", opts...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	return srv
}

// control calls the control API with the headers given as name and value in turn.
func control(t *testing.T, srv *authtest.Server, method, path, body string, headers ...string) (int, object) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/_emulator/"+path, strings.NewReader(body))
	require.NoError(t, err)
	setHeaders(r, headers)
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	var out object
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	}
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, out
}

func TestListen(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithEnv("env-1"))
	assert.Regexp(t, `^http://127\.0\.0\.1:[1-9][0-9]*$`, srv.URL)
	session := signUp(t, srv, phone)

	status, out := control(t, srv, http.MethodGet, "inbox?to=13800000000", "")
	require.Equal(t, 200, status)
	require.Len(t, out["messages"], 1)
	message := object(out["messages"].([]any)[0].(map[string]any))
	assert.Equal(t, phone, message["to"])
	assert.Equal(t, "sms", message["channel"])
	assert.Regexp(t, `^[0-9]{6}$`, message["code"])
	sentAt, err := time.Parse(time.RFC3339, message.text("sent_at"))
	require.NoError(t, err)
	assert.WithinDuration(t, srv.Now(), sentAt, time.Minute)

	ok(t, srv, "verification", "", object{"email": email})
	_, out = control(t, srv, http.MethodGet, "inbox", "")
	require.Len(t, out["messages"], 2)
	assert.Equal(t, email, out["messages"].([]any)[0].(map[string]any)["to"])

	before := srv.Now()
	status, out = control(t, srv, http.MethodPost, "clock", `{"advance":"2h"}`)
	require.Equal(t, 200, status)
	now, err := time.Parse(time.RFC3339, out.text("now"))
	require.NoError(t, err)
	assert.WithinDuration(t, before.Add(2*time.Hour), now, time.Minute)
	refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)

	status, out = control(t, srv, http.MethodPost, "reset", "")
	require.Equal(t, 200, status)
	assert.Empty(t, out)
	_, out = control(t, srv, http.MethodGet, "inbox", "")
	assert.Equal(t, object{"messages": []any{}}, out)
	assert.WithinDuration(t, time.Now(), srv.Now(), time.Minute)
}

func TestInboxWaits(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	status, out := control(t, srv, http.MethodGet, "inbox?to=13800000000&wait=1ms", "")
	assert.Equal(t, 200, status)
	assert.Empty(t, out["messages"])

	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _, err := send(t.Context(), srv, http.MethodPost, "/auth/v1/verification", "", []byte(`{"phone_number":"`+phone+`"}`))
		assert.NoError(t, err)
	}()
	_, out = control(t, srv, http.MethodGet, "inbox?to=13800000000&wait=1m", "")
	seen := list(t, out, "messages")
	require.Len(t, seen, 1)
	<-sent

	// An unescaped + is a space. After the message that was seen there is none, until the next one.
	after := "inbox?to=+8613800000000&after=" + url.QueryEscape(seen[0].text("sent_at"))
	_, out = control(t, srv, http.MethodGet, after, "")
	assert.Empty(t, out["messages"])
	srv.Advance(time.Minute)
	ok(t, srv, "verification", "", object{"phone_number": phone})
	_, out = control(t, srv, http.MethodGet, after+"&wait=1m", "")
	assert.Len(t, out["messages"], 1)
}

func TestControlRefusals(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	for _, test := range []struct {
		method, path, body string
		headers            []string
		status             int
	}{
		{"GET", "nothing", "", nil, 404},
		{"GET", "reset", "", nil, 405},
		{"GET", "inbox?to=nobody", "", nil, 400},
		{"GET", "inbox?wait=6m", "", nil, 400},
		{"GET", "inbox?wait=x", "", nil, 400},
		{"GET", "inbox?to=12345", "", nil, 400},
		{"GET", "inbox?to=8613800000000", "", nil, 400},
		{"GET", "inbox?after=yesterday", "", nil, 400},
		{"POST", "clock", `{"advance":"-2h"}`, nil, 400},
		{"POST", "clock", `{"advance":"x"}`, nil, 400},
		{"POST", "clock", `x`, nil, 400},
		{"POST", "reset", "", []string{"Origin", "https://evil.example"}, 403},
		{"GET", "inbox", "", []string{"Host", "evil.example"}, 403},
		{"GET", "inbox", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "empty"}, 403},
		{"GET", "inbox", "", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "image"}, 403},
		{"GET", "inbox", "", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty"}, 200},
		{"GET", "", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, 200},
	} {
		status, _ := control(t, srv, test.method, test.path, test.body, test.headers...)
		assert.Equal(t, test.status, status, "%s %s %s", test.method, test.path, test.body)
	}
	assert.Empty(t, srv.Requests(), "the control API is not in the log")
}

// What a proxy forwards has not come from this machine, whether the proxy says so or not.
func TestControlBehindProxy(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithPublicURL("http://localhost:9190"))
	for _, name := range []string{
		"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP",
	} {
		for _, srv := range []*authtest.Server{srv, listen(t)} {
			status, _ := control(t, srv, http.MethodGet, "inbox", "", "Host", "127.0.0.1", name, "x")
			assert.Equal(t, 403, status, name)
		}
	}
	for _, host := range []string{"127.0.0.1", "[::1]", "[::1]:9190", "localhost"} {
		status, _ := control(t, srv, http.MethodGet, "inbox", "", "Host", host)
		assert.Equal(t, 200, status, host)
	}
	for path, want := range map[string]int{"inbox": 403, "state": 403} {
		status, _ := control(t, listen(t, authtest.WithPublicURL("http://emulator")), http.MethodGet, path, "", "Host", "127.0.0.1")
		assert.Equal(t, want, status, "silent proxy")
	}
}

func TestListenRefusals(t *testing.T) {
	t.Parallel()
	for addr, open := range map[string]bool{
		":0": true, "0.0.0.0:0": true, "[::]:0": true, "192.0.2.1:0": true, "nonsense": false, "127.0.0.1:x": false,
	} {
		srv, err := authtest.Listen(addr)
		require.Error(t, err, addr)
		assert.Equal(t, open, errors.Is(err, authtest.ErrNotLoopback), addr)
		assert.Nil(t, srv)
	}
	srv := listen(t)
	_, err := authtest.Listen(strings.TrimPrefix(srv.URL, "http://"))
	require.Error(t, err, "the port is taken")

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.0.2.1/", nil)
	require.NoError(t, err)
	resp, err := srv.Client().Do(r)
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.ErrorContains(t, err, "of this machine only")

	assert.PanicsWithValue(t, `authtest: Count: unknown operation "nothing"`, func() { srv.Count("nothing") })
	assert.Panics(t, func() { srv.Fault(authtest.Fault{Operation: "nothing"}) })
	injected := srv.Fault(authtest.Fault{Operation: "certs", Times: 1, Error: &authtest.Error{Code: "internal", Number: 13, Description: "x"}})
	assert.Zero(t, injected.Fired())
	refused(t, srv, "certs", "", nil, 500, "internal", 13)
	assert.Equal(t, 1, injected.Fired())
}

func TestAllowNonLoopback(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("0.0.0.0:0", authtest.AllowNonLoopback())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	assert.Regexp(t, `^http://127\.0\.0\.1:`, srv.URL)
	ok(t, srv, "certs", "", nil)
}
