package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRun: without arguments it serves on an emulator, says where, and ends when it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, config{addr: "127.0.0.1:0"}, in, slog.New(slog.DiscardHandler))
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+\S*`)
	require.True(t, lines.Scan())
	emulator := url.FindString(lines.Text())
	require.True(t, lines.Scan())
	service := url.FindString(lines.Text())
	for _, target := range []string{emulator, service} {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusOK, resp.StatusCode, target)
	}
	cancel()
	require.NoError(t, <-ended)
	assert.False(t, lines.Scan())
}

// TestShutdown: a request that has begun comes to its end.
func TestShutdown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	began := make(chan struct{})
	stopping := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-stopping
		_, _ = io.WriteString(w, "to the end")
	})
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, slow, slog.New(slog.NewTextHandler(writerFunc(func(p []byte) {
			if strings.Contains(string(p), "shutting down") {
				close(stopping)
			}
		}), nil)))
	}()
	answer := make(chan string, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if !assert.NoError(t, err) {
			return
		}
		resp, err := http.DefaultClient.Do(r)
		if !assert.NoError(t, err) {
			return
		}
		text, err := io.ReadAll(resp.Body)
		assert.NoError(t, err)
		assert.NoError(t, resp.Body.Close())
		answer <- string(text)
	}()
	<-began
	cancel()
	assert.Equal(t, "to the end", <-answer)
	require.NoError(t, <-ended)
}

type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

// TestSite: cookies and codes do not cross a network in the clear.
func TestSite(t *testing.T) {
	t.Parallel()
	here, err := net.ResolveTCPAddr("tcp", "127.0.0.1:8080")
	require.NoError(t, err)
	everywhere, err := net.ResolveTCPAddr("tcp", "0.0.0.0:8080")
	require.NoError(t, err)
	for _, test := range []struct {
		given string
		addr  net.Addr
		want  string // "": refused
	}{
		{"", here, "http://127.0.0.1:8080"},
		{"http://localhost:8080", here, "http://localhost:8080"},
		{"https://login.example.com/", everywhere, "https://login.example.com"},
		{"https://login.example.com:8443", here, "https://login.example.com:8443"},
		{"", everywhere, ""},
		{"http://login.example.com", here, ""},
		{"https://login.example.com/path", here, ""},
		{"https://user@login.example.com", here, ""},
		{"https://login.example.com?a=b", here, ""},
		{"ftp://login.example.com", here, ""},
		{"login.example.com", here, ""},
		{"https://%zz", here, ""},
	} {
		got, err := publicSite(test.given, test.addr)
		if test.want == "" {
			assert.Error(t, err, test.given)
			continue
		}
		require.NoError(t, err, test.given)
		assert.Equal(t, test.want, got.String())
	}
}

// TestRunRefuses what cannot work before it listens for visitors.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]config{
		"address":     {addr: "nonsense"},
		"plain http":  {addr: "127.0.0.1:0", publicURL: "http://login.example.com"},
		"environment": {addr: "127.0.0.1:0", env: "not an id"},
		"Redis":       {addr: "127.0.0.1:0", redisURL: "nonsense"},
	} {
		require.Error(t, run(t.Context(), cfg, io.Discard, slog.New(slog.DiscardHandler)), name)
	}
}
