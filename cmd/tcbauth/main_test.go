package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// asCommand makes this test binary the command itself.
const asCommand = "TCBAUTH_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	testbed.HeedSignals()
	os.Exit(m.Run())
}

// try runs a command line that ends by itself.
func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a server that started by mistake ends at once
	var out, errs bytes.Buffer
	code = run(ctx, clikit.Config{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}, args)
	return code, out.String(), errs.String()
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"emulator", "-h"}, {"emulator", "--help"}} {
		code, stdout, stderr := try(t, args...)
		assert.Equal(t, clikit.ExitOK, code, args)
		assert.Contains(t, stdout, "Usage")
		assert.Empty(t, stderr)
	}
	_, stdout, _ := try(t, "emulator", "-h")
	for _, text := range []string{
		"-addr", "-env", "-seed", "-url-file", "-log", "-allow-non-loopback",
		"16 characters", `"code" in every error`, "rules wait for the next start", "needs port 0",
	} {
		assert.Contains(t, stdout, text)
	}
}

func TestUsageMistakes(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		nil, {"serve"}, {"emulator", "-port", "1"}, {"emulator", "more"}, {"emulator", "-env"},
		{"emulator", "-health", "http://127.0.0.1:1", "--", "npm", "test"}, {"emulator", "-health", "http://127.0.0.1:1", "-relaxed"},
	} {
		code, stdout, stderr := try(t, args...)
		assert.Equal(t, clikit.ExitUsage, code, args)
		assert.Empty(t, stdout)
		assert.Regexp(t, "^tcbauth: ", stderr)
		assert.Equal(t, len(args) > 1, strings.Contains(stderr, "Usage"), "only the emulator has its own")
	}
}

// What would do nothing, or could not be served, is refused before anything is.
func TestFlagsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"-watch reads -seed again: give it a -seed":                               {"-watch"},
		"several environments need several ports: give -addr port 0, or no -addr": {"-addr", "127.0.0.1:9190", "-env", "env-1", "-env", "env-2"},
		"a public URL belongs to one environment: give only one -env":             {"-public-url", "http://emulator", "-env", "env-1", "-env", "env-2"},
		"a state is of one environment: give one -env only":                       {"-state", "f", "-env", "env-1", "-env", "env-2"},
		"-tls-host is for the certificate that -tls makes":                        {"-tls-host", "emulator"},
		"a certificate and its key belong together: give -tls-cert and -tls-key":  {"-tls-cert", "f"},

		"-state is -import and -export-on-exit of one file: give it alone":         {"-import", "f", "-state", "f"},
		"use -tls, which makes a certificate, or -tls-cert and -tls-key, not both": {"-tls", "f", "-tls-cert", "f"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			log := filepath.Join(t.TempDir(), "log")
			code, stdout, stderr := try(t, append([]string{"emulator", "-log", log}, args...)...)
			assert.Equal(t, clikit.ExitUsage, code)
			assert.Empty(t, stdout)
			assert.Equal(t, "tcbauth: "+says+"\n", stderr)
			assert.NoFileExists(t, log)
		})
	}
}

func TestEmulatorMistakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte(`{"users":[{"password":"s3cret-value"}]}`), 0o600))
	for name, args := range map[string][]string{
		"env":          {"-env", "Env_1"},
		"addr":         {"-addr", "nonsense"},
		"non-loopback": {"-addr", "0.0.0.0:0"},
		"no seed file": {"-seed", filepath.Join(dir, "nothing")},
		"bad seed":     {"-seed", bad},
		"url file":     {"-url-file", filepath.Join(dir, "nothing", "url")},
		"log":          {"-log", dir},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := try(t, append([]string{"emulator", "-addr", "127.0.0.1:0"}, args...)...)
			assert.Equal(t, clikit.ExitError, code)
			assert.Empty(t, stdout)
			assert.Regexp(t, "^tcbauth: ", stderr)
			assert.Equal(t, name == "non-loopback", strings.Contains(stderr, "-allow-non-loopback"))
			assert.NotContains(t, stderr, "s3cret")
			if name == "bad seed" {
				assert.Contains(t, stderr, bad+":1:11: a user needs username, ")
			}
		})
	}
}

// Told twice, by the address and by the flag, it does listen for others.
func TestNonLoopback(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := try(t, "emulator", "-addr", "0.0.0.0:0", "-allow-non-loopback")
	assert.Equal(t, clikit.ExitOK, code, stderr)
	assert.Regexp(t, `^http://127\.0\.0\.1:[0-9]+\n$`, stdout)
}
