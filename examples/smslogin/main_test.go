package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "ok", lines[len(lines)-1])
	assert.Contains(t, out.String(), "requests for that: 1")
	assert.NotContains(t, out.String(), "true\nok", "the last step signs out")
	for _, secret := range []string{demoPassword, "13800000000", "eyJ"} {
		assert.NotContains(t, out.String(), secret)
	}
}

// TestLive signs in on a server that is not the demonstration's own, then runs again, then signs out.
func TestLive(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithSMSInterval(time.Hour))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	srv.FixCode("+86 13800000000", "123456")
	cfg := liveConfig{env: srv.Env, baseURL: srv.URL, dir: t.TempDir()}
	run := func(in string, signOut bool) (string, error) {
		var out bytes.Buffer
		cfg.in, cfg.out, cfg.signOut = strings.NewReader(in), &out, signOut
		err := live(t.Context(), cfg)
		return out.String(), err
	}

	said, err := run("", false)
	require.ErrorContains(t, err, "no answer")
	assert.True(t, strings.HasSuffix(said, "\n"), "the error has a line of its own")
	_, err = run("12\n\n+99 1\n", false)
	require.ErrorContains(t, err, "phone_number", "three times wrong")
	assert.Zero(t, srv.Count("verification"))

	said, err = run("12\n13800000000\nabc\n000000\n123456\n", false)
	require.NoError(t, err, "mistakes can be corrected")
	assert.Contains(t, said, "signed in: id ")
	assert.NotContains(t, said, "123456")
	assert.Equal(t, 1, srv.Count("verification"))

	said, err = run("", false)
	require.NoError(t, err)
	assert.Contains(t, said, "signed in already: id ")

	_, err = run("", true)
	require.NoError(t, err)
	_, err = run("", true)
	require.ErrorContains(t, err, "nobody is signed in")
	_, err = run("13800000000\n123456\n", false)
	require.ErrorContains(t, err, "too many messages")
	assert.Equal(t, 2, srv.Count("verification"))
}

func TestLiveInterrupted(t *testing.T) {
	t.Parallel()
	srv, err := authtest.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	ctx, cancel := context.WithCancel(t.Context())
	in, keyboard := io.Pipe() // nobody types
	t.Cleanup(func() { assert.NoError(t, keyboard.Close()) })
	prompted := prompts{cancel: cancel}
	err = live(ctx, liveConfig{env: srv.Env, baseURL: srv.URL, dir: t.TempDir(), in: in, out: prompted})
	require.ErrorIs(t, err, context.Canceled)
}

// prompts interrupts at the first prompt.
type prompts struct{ cancel func() }

func (p prompts) Write(text []byte) (int, error) {
	if strings.HasSuffix(string(text), ": ") {
		p.cancel()
	}
	return len(text), nil
}
