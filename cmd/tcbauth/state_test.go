//go:build unix

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (p *process) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), p.stderr)
}

// With a state the next emulator goes on where the last one ended: ids, sessions and keys stay.
func TestStateFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed, state := filepath.Join(dir, "seed.json"), filepath.Join(dir, "state.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"users":[{"username":"user_01","password":"passw0rd"}]}`), 0o600))
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed, "-state", state)
	status, session := p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
	require.Equal(t, 200, status)
	_, certs := p.call(t, "GET", "/auth/v1/certs", "")
	p.end(t)
	info, err := os.Stat(state)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	p = startProcess(t, nil, "-addr", "127.0.0.1:0", "-import", state, "-export-on-exit", filepath.Join(dir, "copy.json"))
	_, again := p.call(t, "GET", "/auth/v1/certs", "")
	assert.Equal(t, certs, again)
	status, fresh := p.call(t, "POST", "/auth/v1/token", `{"grant_type":"refresh_token","refresh_token":"`+session["refresh_token"].(string)+`"}`)
	assert.Equal(t, 200, status)
	assert.Equal(t, session["sub"], fresh["sub"])
	status, saved := p.call(t, "GET", "/_emulator/state", "")
	assert.Equal(t, 200, status)
	assert.Len(t, saved["users"], 1)
	p.end(t)
	require.FileExists(t, filepath.Join(dir, "copy.json"))

	for _, args := range [][]string{
		{"-import", filepath.Join(dir, "nothing")}, {"-import", seed}, {"-state", state, "-env", "another"},
		{"-state", filepath.Join(dir, "nothing", "state")}, {"-export-on-exit", filepath.Join(dir, "nothing", "state")},
		{"-export-on-exit", dir},
	} {
		code, stdout, stderr := try(t, append([]string{"emulator", "-addr", "127.0.0.1:0"}, args...)...)
		assert.Equal(t, clikit.ExitError, code, args)
		assert.Empty(t, stdout, "it has not served")
		assert.NotContains(t, stderr, "PRIVATE")
	}
}

// One state file is for one emulator at a time: of two, the last to end would replace what the other has saved.
func TestStateFileInUse(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-state", state)
	for _, flag := range []string{"-state", "-export-on-exit"} {
		code, stdout, stderr := try(t, "emulator", "-addr", "127.0.0.1:0", flag, state)
		assert.Equal(t, clikit.ExitError, code)
		assert.Empty(t, stdout, "it has not served")
		assert.Contains(t, stderr, "another emulator saves its state in "+state)
	}
	p.end(t)
	require.FileExists(t, state)
	startProcess(t, nil, "-addr", "127.0.0.1:0", "-state", state).end(t)
}

// A terminal that closes hangs up more than once, by its shell and by itself. The state is saved all the same.
func TestStateOutlivesHangups(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-state", state)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.cmd.Wait() // the last signal may come when all is done
	}()
	hangups := time.NewTicker(time.Millisecond)
	defer hangups.Stop()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-hangups.C:
			_ = p.cmd.Process.Signal(syscall.SIGHUP) // it may have ended
		}
	}
	assert.FileExists(t, state)
}

// Every sign-in that was answered is in the state, also when it was answered while the emulator ended.
func TestStateHasAllThatWasAnswered(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-state", state)
	var answered [4][]string
	var all, begun sync.WaitGroup
	begun.Add(len(answered))
	for i := range answered {
		all.Go(func() {
			ready := sync.OnceFunc(begun.Done)
			defer ready()
			for n := 0; ; n++ {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/auth/v1/signin/anonymously", strings.NewReader(`{}`))
				if !assert.NoError(t, err) {
					return
				}
				r.Header.Set("X-Device-Id", fmt.Sprintf("device-%d-%d", i, n))
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					return // it has ended
				}
				var session struct{ Sub string }
				if json.NewDecoder(resp.Body).Decode(&session) == nil {
					answered[i] = append(answered[i], session.Sub)
				}
				_ = resp.Body.Close()
				if n == 20 {
					ready()
				}
			}
		})
	}
	begun.Wait()
	p.end(t)
	all.Wait()
	saved, err := os.ReadFile(state) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	for _, subs := range answered {
		for _, sub := range subs {
			require.True(t, strings.Contains(string(saved), `"sub": "`+sub+`"`), "user %s was forgotten", sub)
		}
	}
}

// A seed is read again when it changes, and when the emulator is told so; a mistake in it changes nothing.
func TestSeedIsReadAgain(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	write := func(text string) { require.NoError(t, os.WriteFile(seed, []byte(text), 0o600)) }
	signIn := func(p *process, name string) int {
		status, _ := p.call(t, "POST", "/auth/v1/signin", `{"username":"`+name+`","password":"passw0rd"}`)
		return status
	}
	says := func(p *process, text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(p.stderr.String(), text) }, time.Minute, 20*time.Millisecond, text)
	}
	write(`{}`)
	watching := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed, "-watch")
	told := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed)
	write(`{"users":[{"username":"user_01","password":"passw0rd"}]}`)
	says(watching, "was read again")
	assert.Equal(t, 200, signIn(watching, "user_01"))
	assert.Equal(t, 400, signIn(told, "user_01"))
	require.NoError(t, told.cmd.Process.Signal(syscall.SIGHUP))
	says(told, "was read again")
	assert.Equal(t, 200, signIn(told, "user_01"))
	write(`{"usres":[]}`)
	says(watching, "the seed was not read again: "+seed+":1:2: unknown name")
	assert.Equal(t, 200, signIn(watching, "user_01"))
	watching.end(t)
	told.end(t)

	without := startProcess(t, nil, "-addr", "127.0.0.1:0")
	require.NoError(t, without.cmd.Process.Signal(syscall.SIGHUP))
	require.NoError(t, without.cmd.Wait(), "a signal is no error")
}

// A seed that one of several environments cannot take is taken by none.
func TestSeedIsReadAgainByAllOrNone(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	write := func(text string) { require.NoError(t, os.WriteFile(seed, []byte(text), 0o600)) }
	write(`{}`)
	urls := seed + ".urls"
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-env", "env-1", "-env", "env-2", "-seed", seed, "-url-file", urls)
	written, err := os.ReadFile(urls) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	lines := strings.Fields(string(written))
	require.Len(t, lines, 2)
	first, second := &process{url: lines[0]}, &process{url: lines[1]}
	status, _ := second.call(t, "POST", "/_emulator/users", `{"sub":"7","username":"user_01"}`)
	require.Equal(t, 200, status)
	signIn := func(p *process) int {
		status, _ := p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
		return status
	}
	read := func(says string) {
		t.Helper()
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
		require.Eventually(t, func() bool { return strings.Contains(p.stderr.String(), says) }, time.Minute, 20*time.Millisecond, says)
	}
	write(`{"users":[{"sub":"8","username":"user_01","password":"passw0rd"}]}`)
	read("the seed was not read again: environment env-2: ")
	assert.Equal(t, 400, signIn(first))
	assert.Equal(t, 400, signIn(second))
	write(`{"users":[{"sub":"7","username":"user_01","password":"passw0rd"}]}`)
	read("was read again: users and codes")
	assert.Equal(t, 200, signIn(first))
	assert.Equal(t, 200, signIn(second))
	p.end(t)
}

// A container that has only this command asks itself whether it serves: without the control token, and by TLS with any name that
// was given.
func TestHealthFlag(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	plain := startProcess(t, nil, "-addr", "127.0.0.1:0", "-control-token", "0123456789abcdef")
	secure := startProcess(t, nil, "-addr", "127.0.0.1:0", "-tls", ca, "-tls-host", "127.0.0.2")
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	health := func(url string) error {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "emulator", "-health", url) //nolint:gosec // G702: this test itself
		cmd.Env = append(os.Environ(), asCommand+"=1", "SSL_CERT_FILE="+ca)
		return cmd.Run()
	}
	require.NoError(t, health(plain.url))
	require.Error(t, health(other.URL), "another server")
	if runtime.GOOS == "linux" { // where the variable says whom to trust
		require.NoError(t, health(secure.url))
	}
	secure.end(t)
	require.Error(t, health(secure.url), "nothing serves there")
	plain.end(t)
}

// With -tls the emulator serves https by a certificate whose authority a client can trust, under the name of its public URL too.
func TestTLSFlags(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-tls", ca, "-url-file", ca+".url")
	authority, err := os.ReadFile(ca) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	auth, err := tcbauth.New("authtest", tcbauth.WithBaseURL(p.url), tcbauth.WithHTTPClient(client))
	require.NoError(t, err)
	assert.Regexp(t, "^https://", auth.BaseURL())
	_, err = auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
	require.NoError(t, err)
	for _, args := range [][]string{{"-addr", strings.TrimPrefix(p.url, "https://")}, {"-addr", "127.0.0.1:0", "-import", ca}} {
		code, _, stderr := try(t, append([]string{"emulator", "-tls", ca}, args...)...)
		assert.Equal(t, clikit.ExitError, code, stderr)
		kept, err := os.ReadFile(ca) //nolint:gosec // G304: this test's own
		require.NoError(t, err)
		assert.Equal(t, string(authority), string(kept), "a start that fails leaves the file to the emulator that runs: %q", args)
	}
	p.end(t)

	p = startProcess(t, nil, "-addr", "127.0.0.1:0", "-public-url", "https://emulator.test:9190", "-control-token", "0123456789abcdef", "-tls", ca)
	assert.Equal(t, "https://emulator.test:9190", p.url)
	p.end(t)
	for _, args := range [][]string{{"-control-token", "short"}, {"-public-url", "x"}} {
		code, _, stderr := try(t, append([]string{"emulator", "-addr", "127.0.0.1:0"}, args...)...)
		assert.Equal(t, clikit.ExitError, code, args)
		assert.NotContains(t, stderr, "short")
	}
}
