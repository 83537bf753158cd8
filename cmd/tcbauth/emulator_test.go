//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// process is an emulator in a process of its own.
type process struct {
	url    string
	cmd    *exec.Cmd
	stderr *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startProcess starts one; change, if not nil, changes the command first.
func startProcess(t *testing.T, change func(*exec.Cmd), args ...string) *process {
	t.Helper()
	p := &process{stderr: &lockedBuffer{}}
	p.cmd = exec.CommandContext(t.Context(), os.Args[0], append([]string{"emulator"}, args...)...) //nolint:gosec // G702: this test itself
	p.cmd.Env = append(os.Environ(), asCommand+"=1")
	p.cmd.Stderr = p.stderr
	if change != nil {
		change(p.cmd)
	}
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	p.url, err = bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, p.stderr)
	p.url = strings.TrimSpace(p.url)
	return p
}

// call sends one request and returns the status and the answer.
func (p *process) call(t *testing.T, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	var out map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&out) // not every answer is JSON
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, out
}

func TestEmulator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	urlFile, logFile, seed := filepath.Join(dir, "url"), filepath.Join(dir, "log"), filepath.Join(dir, "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"users":[{"sub":"1","username":"user_01","password":"passw0rd"}]}`), 0o600))
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-env", "env-1", "-url-file", urlFile, "-log", logFile, "-seed", seed)
	written, err := os.ReadFile(urlFile) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	assert.Equal(t, p.url+"\n", string(written))

	status, out := p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
	assert.Equal(t, 200, status)
	assert.Equal(t, "1", out["sub"])
	status, _ = p.call(t, "POST", "/auth/v1/verification", `{"phone_number":"+86 13800000000"}`)
	assert.Equal(t, 200, status)
	_, out = p.call(t, "GET", "/_emulator/inbox?to=13800000000&wait=5s", "")
	code := out["messages"].([]any)[0].(map[string]any)["code"].(string)

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), "a signal is no error")
	assert.Contains(t, p.stderr.String(), "sms to +86 13800000000: "+code)
	assert.Contains(t, p.stderr.String(), "environment env-1, page and inbox at "+p.url+"/_emulator/")
	_, err = os.Stat(urlFile)
	require.ErrorIs(t, err, os.ErrNotExist)

	logged, err := os.ReadFile(logFile) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(logged)), "\n")
	require.Len(t, lines, 2)
	var first map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
	assert.Equal(t, "signin", first["operation"])
	for _, secret := range []string{"passw0rd", "13800000000", code} {
		assert.NotContains(t, string(logged), secret)
	}
	info, err := os.Stat(logFile)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// The emulator has the rules of the live service, and says which of them has refused a call, unless it is relaxed. What a seed says
// stands beside that.
func TestRelaxed(t *testing.T) {
	t.Parallel()
	seed := filepath.Join(t.TempDir(), "seed.json")
	require.NoError(t, os.WriteFile(seed, []byte(`{"rules":{"sms_interval":"0s"},
		"users":[{"username":"user_01","password":"passw0rd"}]}`), 0o600))
	refreshed := func(p *process) int {
		_, first := p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
		_, _ = p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
		status, _ := p.call(t, "POST", "/auth/v1/token", `{"grant_type":"refresh_token","refresh_token":"`+first["refresh_token"].(string)+`"}`)
		return status
	}
	sent := func(p *process) (last int) {
		for range 2 {
			last, _ = p.call(t, "POST", "/auth/v1/verification", `{"phone_number":"+86 13800000000"}`)
		}
		return last
	}
	live := startProcess(t, nil, "-addr", "127.0.0.1:0")
	assert.Equal(t, 429, sent(live))
	live.end(t)
	assert.Contains(t, live.stderr.String(), "verification was refused by the rule sms_interval: see the rules of -seed, and -relaxed\n")
	seeded := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed)
	assert.Equal(t, 200, sent(seeded))
	assert.Equal(t, 400, refreshed(seeded))
	seeded.end(t)
	assert.Contains(t, seeded.stderr.String(), "token was refused by the rule max_sessions: ")
	relaxed := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed, "-relaxed")
	assert.Equal(t, 200, sent(relaxed))
	assert.Equal(t, 200, refreshed(relaxed))
	relaxed.end(t)
	assert.NotContains(t, relaxed.stderr.String(), "by the rule")
}

// Codes that nobody reads on standard error neither hold up the server nor keep a signal from ending it.
func TestNobodyReadsStderr(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer func() { assert.NoError(t, errors.Join(read.Close(), write.Close())) }()
	p := startProcess(t, func(cmd *exec.Cmd) { cmd.Stderr = write }, "-addr", "127.0.0.1:0")
	name := strings.Repeat("n", 200)
	for i := range 500 {
		status, _ := p.call(t, "POST", "/auth/v1/verification", fmt.Sprintf(`{"email":"%s%d@example.com"}`, name, i))
		require.Equal(t, 200, status)
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
}

// The file is another emulator's by now, or gone: neither is touched, and neither is an error.
func TestURLFileOfAnother(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "url")
	first := startProcess(t, nil, "-addr", "127.0.0.1:0", "-url-file", name)
	second := startProcess(t, nil, "-addr", "127.0.0.1:0", "-url-file", name)
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, first.cmd.Wait())
	text, err := os.ReadFile(name) //nolint:gosec // G304: this test's own
	require.NoError(t, err)
	assert.Equal(t, second.url+"\n", string(text))
	require.NoError(t, os.Remove(name))
	require.NoError(t, second.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.cmd.Wait())
}

// Whatever is thrown at it, the emulator goes on, and gives nobody what is somebody else's.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed := filepath.Join(dir, "seed.json")
	const secret = "only-for-eyes-of-user-01"
	require.NoError(t, os.WriteFile(seed, []byte(`{"users":[{"sub":"1","username":"user_01","password":"passw0rd","name":"`+secret+`"}]}`), 0o600))
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-seed", seed)
	_, session := p.call(t, "POST", "/auth/v1/signin", `{"username":"user_01","password":"passw0rd"}`)
	bearer := session["access_token"].(string)

	large := strings.Repeat("x", 10<<20)
	huge := `{"username":"` + large + `"}`
	for _, in := range []struct{ method, path, body string }{
		{"POST", "/auth/v1/signin", `{`}, {"POST", "/auth/v1/signin", `[]`}, {"POST", "/auth/v1/signin", "\x00\xff"},
		{"POST", "/auth/v1/signin", `{"username":{"a":[1]},"password":null}`}, {"POST", "/auth/v1/signin", strings.Repeat("[", 1<<19)},
		{"POST", "/auth/v1/verification", `{"phone_number":"` + strings.Repeat("1", 1<<19) + `"}`},
		{"DELETE", "/auth/v1/signin", ""}, {"PATCH", "/auth/v1/token", "{}"}, {"TRACE", "/auth/v1/user/me", ""}, {"GET", "/auth/v1/signup", ""},
		{"GET", "/auth/v1/../../etc/passwd", ""}, {"GET", "/../../../etc/passwd", ""}, {"GET", "/auth/v1/%2e%2e/%2e%2e/etc/passwd", ""},
		{"GET", "/_emulator/../../" + seed, ""}, {"GET", "//" + seed, ""}, {"GET", "/auth", ""},
		{"GET", "/auth/v1/user/me", ""}, {"GET", "/auth/v1/user/query?username=user_01", ""}, {"DELETE", "/auth/v1/user/provider/%2f..%2f", ""},
		{"GET", "/auth/v1/provider/uri?provider_id=wx_open&redirect_uri=javascript:alert(1)", ""},
	} {
		status, out := p.call(t, in.method, in.path, in.body)
		assert.GreaterOrEqual(t, status, 200, in.path)
		assert.NotContains(t, fmt.Sprint(out), secret, in.path)
		if !strings.Contains(in.path, "provider/uri") {
			assert.GreaterOrEqual(t, status, 400, "%s %s", in.method, in.path)
		}
	}
	for _, path := range []string{"/auth/v1/signin", "/_emulator/users", "/_emulator/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, strings.NewReader(huge))
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // it may hang up before it was sent everything
		}
		assert.GreaterOrEqual(t, resp.StatusCode, 400, path)
		require.NoError(t, resp.Body.Close())
	}

	// A thousand connections that send next to nothing do not keep others out.
	var slow []net.Conn
	for i := range 1000 {
		conn, err := (&net.Dialer{Timeout: time.Minute}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		require.NoError(t, err)
		slow = append(slow, conn)
		start := "POST /auth/v1/signin HTTP/1.1\r\nHost: localhost\r\n"
		if i%2 == 0 {
			start += "Content-Length: 100\r\n\r\n{"
		}
		_, err = io.WriteString(conn, start)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/auth/v1/user/me", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 200, resp.StatusCode)
	assert.Contains(t, string(body), secret)
	for _, conn := range slow {
		assert.NoError(t, conn.Close())
	}
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, p.cmd.Wait())
}

// Without an address it takes its usual port, or the next one that is free and says so. No other test starts one without.
func TestUsualPort(t *testing.T) {
	t.Parallel()
	first, second := startProcess(t, nil, "-env", "env-1", "-env", "env-2"), startProcess(t, nil)
	assert.Regexp(t, `^http://127\.0\.0\.1:9[12][0-9]{2}$`, first.url)
	assert.Regexp(t, `^http://127\.0\.0\.1:9[12][0-9]{2}$`, second.url)
	assert.NotEqual(t, first.url, second.url)
	require.NoError(t, second.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.cmd.Wait())
	assert.Contains(t, second.stderr.String(), "port 9190 is taken\n")
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, first.cmd.Wait())
	notes := 0 // the port that env-1 has is not free for env-2
	if !strings.HasSuffix(first.url, ":9190") {
		notes = 1
	}
	assert.Equal(t, notes, strings.Count(first.stderr.String(), "is taken"))
}

func TestSeveralEnvironments(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := try(t, "emulator", "-addr", "127.0.0.1:0", "-env", "env-1", "-env", "shop-1g2h3j4k5l")
	assert.Equal(t, clikit.ExitOK, code, stderr)
	assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+\nhttp://127\.0\.0\.1:[0-9]+\n$`, stdout)
	for _, env := range []string{"env-1", "shop-1g2h3j4k5l"} {
		assert.Contains(t, stderr, "environment "+env+",")
	}
	assert.Contains(t, stderr, "WARNING: shop-1g2h3j4k5l looks like the id of a real environment.")
	assert.NotContains(t, stderr, "WARNING: env-1")
}

// What is sent to an address that would move the terminal's cursor is printed without doing so.
func TestControlCharactersAreQuoted(t *testing.T) {
	t.Parallel()
	p := startProcess(t, nil, "-addr", "127.0.0.1:0")
	for _, to := range []string{`"phone_number":"+86\n13800000000"`, `"email":"a\u202eb@example.com"`, `"email":"\"a\u009bb\"@example.com"`} {
		_, _ = p.call(t, "POST", "/auth/v1/verification", `{`+to+`}`) // some are refused
	}
	status, _ := p.call(t, "POST", "/auth/v1/verification", `{"phone_number":"+86 13900000000"}`)
	require.Equal(t, 200, status)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
	said := p.stderr.String()
	assert.Contains(t, said, "sms to +86 13900000000: ")
	assert.Contains(t, said, `sms to "+86\n13800000000": `)
	for _, bad := range []string{"\u202e", "\u009b", "+86\n"} {
		assert.NotContains(t, said, bad)
	}
}

// The lines for Go and curl that are printed at the start do what they say. conformance has those for the js-sdk.
func TestSnippets(t *testing.T) {
	t.Parallel()
	p := startProcess(t, nil, "-addr", "127.0.0.1:0", "-env", "env-1")
	_, out := p.call(t, "GET", "/_emulator/snippets", "")
	lines := map[string]string{}
	for _, snippet := range out["snippets"].([]any) {
		snippet := snippet.(map[string]any)
		lines[snippet["name"].(string)] = snippet["text"].(string)
	}
	quoted := regexp.MustCompile(`^auth, err := tcbauth\.New\("([^"]+)", tcbauth\.WithBaseURL\("([^"]+)"\)\)$`).FindStringSubmatch(lines["Go"])
	require.Len(t, quoted, 3, lines["Go"])
	auth, err := tcbauth.New(quoted[1], tcbauth.WithBaseURL(quoted[2]))
	require.NoError(t, err)
	_, err = auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "+86 13900000000"})
	require.NoError(t, err)

	defer func() {
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, p.cmd.Wait())
		for name, text := range lines {
			assert.Contains(t, p.stderr.String(), "  "+name+":\n    "+strings.ReplaceAll(text, "\n", "\n    "))
		}
	}()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("SKIPPED: the snippet for curl is not tried. There is no curl: ", err)
	}
	answer, err := exec.CommandContext(t.Context(), "sh", "-c", lines["curl"]).Output() //nolint:gosec // G204: that is what a person pastes
	require.NoError(t, err)
	assert.Contains(t, string(answer), `"verification_id"`)
}
