package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// What a program reads of a limit is how long the server has it wait, and nothing where that is not said in seconds.
func TestWaitOfAnAPI(t *testing.T) {
	t.Parallel()
	emulator, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, emulator.Close()) })
	emulator.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
	base, err := url.Parse(emulator.URL)
	require.NoError(t, err)
	gateway := http.NewServeMux()
	gateway.Handle("/auth/", httputil.NewSingleHostReverseProxy(base))
	gateway.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", r.FormValue("wait"))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	srv := httptest.NewServer(gateway)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	command := func(args ...string) (code int, stderr string) {
		var text bytes.Buffer
		code = run(t.Context(), clikit.Config{
			Dir: dir, Env: emulator.Env, BaseURL: srv.URL, Stdin: strings.NewReader("correct-horse-1"), Stdout: &bytes.Buffer{}, Stderr: &text,
		}, args)
		return code, text.String()
	}
	code, stderr := command("--store", "file", "login", "--user", "gopher_01", "--password-stdin")
	require.Equal(t, clikit.ExitOK, code, stderr)
	for wait, want := range map[string]any{"17": 17.0, "": nil, "soon": nil, "-1": nil, "99999999999": nil} {
		t.Run(wait, func(t *testing.T) {
			t.Parallel()
			code, stderr := command("api", "GET", "/busy?wait="+wait, "--json")
			assert.Equal(t, clikit.ExitRateLimited, code)
			var told map[string]any
			require.NoError(t, json.Unmarshal([]byte(stderr), &told))
			assert.Equal(t, want, told["retry_after"])
		})
	}
}
