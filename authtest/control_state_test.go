package authtest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestControlUsers(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	body := `{"sub":"1","username":"user_01","password":"passw0rd","phone_number":"` + phone + `","identities":{"wx_open":"o-1"}}`
	status, _ := control(t, srv, http.MethodPost, "users", body)
	require.Equal(t, 200, status)
	assert.Equal(t, "1", signIn(t, srv, "user_01")["sub"])
	_, out := control(t, srv, http.MethodGet, "users", "")
	assert.Equal(t, object{"users": []any{map[string]any{
		"sub": "1", "username": "user_01", "phone_number": phone, "identities": map[string]any{"wx_open": "o-1"},
	}}}, out)
	for _, bad := range []string{"", "x", `{"nobody":1}`, `{}`, `{"username":"user_01"}`} {
		status, _ = control(t, srv, http.MethodPost, "users", bad)
		assert.Equal(t, 400, status, bad)
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	for _, body := range []string{
		`{"operation":"certs","times":1,"delay":"1ms","error":"unavailable","error_code":14,"error_description":"x"}`,
		`{"operation":"certs","times":1,"close":"after_commit"}`,
		`{"operation":"certs","body":"bad_json"}`,
	} {
		status, out := control(t, srv, http.MethodPost, "faults", body)
		require.Equal(t, 200, status, out)
	}
	refused(t, srv, "certs", "", nil, 503, "unavailable", 14)
	_, out := control(t, srv, http.MethodGet, "faults", "")
	assert.Equal(t, []any{
		map[string]any{
			"operation": "certs", "times": 1., "delay": "1ms", "status": 503., "error": "unavailable", "error_code": 14.,
			"error_description": "x", "fired": 1., "used_up": true, "id": 1.,
		},
		map[string]any{"operation": "certs", "times": 1., "close": "after_commit", "fired": 0., "id": 2.},
		map[string]any{"operation": "certs", "body": "bad_json", "fired": 0., "id": 3.},
	}, out["faults"])
	for _, bad := range []string{
		"x", `{"operation":"certs"}`, `{"operation":"nothing","close":"after_commit"}`, `{"operation":"certs","close":"x"}`,
		`{"operation":"certs","delay":"x"}`, `{"operation":"certs","body":"x"}`, `{"operation":"certs","status":500}`,
	} {
		status, _ := control(t, srv, http.MethodPost, "faults", bad)
		assert.Equal(t, 400, status, bad)
	}
}

func TestControlCaptchas(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	_, out := control(t, srv, http.MethodGet, "captchas", "")
	assert.Equal(t, object{"captchas": []any{}}, out)
	shown := ok(t, srv, "captcha/data", "", object{})
	_, out = control(t, srv, http.MethodGet, "captchas", "")
	picture := out["captchas"].([]any)[0].(map[string]any)
	assert.Equal(t, shown["token"], picture["token"])
	ok(t, srv, "captcha/data/verify", "", object{"token": picture["token"], "key": picture["answer"]})
	_, out = control(t, srv, http.MethodGet, "captchas", "")
	assert.Equal(t, object{"captchas": []any{}}, out)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	call := func(method, path, body string, headers ...string) (int, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := srv.Client().Do(r)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode, resp.Header
	}
	const origin = "http://localhost:3000"
	status, header := call(http.MethodOptions, "/auth/v1/signin", "", "Origin", origin, "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "x-device-id,undefined", "Access-Control-Request-Private-Network", "true")
	assert.Equal(t, 204, status)
	assert.Equal(t, origin, header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "x-device-id,undefined", header.Get("Access-Control-Allow-Headers"))
	assert.Contains(t, header.Get("Access-Control-Allow-Methods"), "PATCH")
	assert.Equal(t, "true", header.Get("Access-Control-Allow-Private-Network"))
	assert.Empty(t, srv.Requests(), "a preflight is no call")

	status, header = call(http.MethodPost, "/auth/v1/signin", `{}`, "Origin", origin, "Content-Type", "text/plain;charset=UTF-8")
	assert.Equal(t, 400, status)
	assert.Equal(t, origin, header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, []string{"Origin"}, header.Values("Vary"))
	_, header = call(http.MethodPost, "/auth/v1/signin", `{}`)
	assert.Empty(t, header.Get("Access-Control-Allow-Origin"))
	_, header = call(http.MethodGet, "/_emulator/users", "", "Origin", origin)
	assert.Empty(t, header.Get("Access-Control-Allow-Origin"), "the control API is for no page")
}
