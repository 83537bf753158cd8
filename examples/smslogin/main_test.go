package main

import (
	"bytes"
	"strings"
	"testing"

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
	srv, err := authtest.Listen("127.0.0.1:0")
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

	_, err = run("", false)
	require.ErrorContains(t, err, "no answer")
	_, err = run("12\n", false)
	require.ErrorContains(t, err, "phone_number")

	said, err := run("13800000000\n123456\n", false)
	require.NoError(t, err)
	assert.Contains(t, said, "signed in: id ")
	assert.NotContains(t, said, "123456\n")

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
