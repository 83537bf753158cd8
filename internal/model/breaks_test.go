package model

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

const (
	breaksEnv = "TCBAUTH_MODEL_BREAKS"
	root      = "../.." // of the module
)

// found is what TestModel says of a violation.
var found = regexp.MustCompile(`model: violation after (\d+) operations \([^)]*\): (.*)`)

// TestModelFindsBreaks shows that TestModel can fail: it breaks the engine by one change of its source at a time, in copies that
// only the build sees, and every one must be found. The engine as it is must pass.
func TestModelFindsBreaks(t *testing.T) { //nolint:paralleltest // each takes the whole machine
	if os.Getenv(breaksEnv) == "" {
		t.Skipf("takes many minutes: %s=1 breaks the engine on purpose", breaksEnv)
	}
	rows := []string{"rule\tbreak\tstore\toperations\tfound by"}
	for _, b := range breaks {
		t.Run(b.name, func(t *testing.T) {
			out := b.run(t)
			match := found.FindSubmatch(out)
			if match == nil {
				match = [][]byte{nil, []byte("NOT FOUND"), nil}
				t.Errorf("not found in %s:\n%s", breakLength(), out)
			}
			t.Logf("after %s operations: %s", match[1], match[2])
			rows = append(rows, fmt.Sprintf("%d\t%s\t%s\t%s\t%s", b.rule, b.name, b.place(), match[1], match[2]))
		})
	}
	for _, store := range []string{"memory", "file"} { //nolint:paralleltest // as above
		t.Run("the engine as it is, "+store, func(t *testing.T) {
			out := string(brokenBy{store: store}.run(t))
			require.NotRegexp(t, found, out)
			require.Regexp(t, `(?m)^ok\s`, out)
		})
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, strings.Join(rows, "\n"))
	require.NoError(t, errors.Join(err, w.Flush()))
	t.Logf("\n%s", table.String())
}

// breakLength is how long an engine with a break is tested at most, as the environment takes it.
func breakLength() string { return cmp.Or(os.Getenv(lengthEnv), "1m") }

// place is the store on which a break is looked for.
func (b brokenBy) place() string {
	if b.store == "" {
		return "memory"
	}
	return b.store
}

// run tests the model with the break in place and returns what the test said.
func (b brokenBy) run(t *testing.T) []byte {
	t.Helper()
	args := []string{
		"test", "-count=1", "-vet=off", "-ldflags=-s -w", "-timeout=10m", "-run=^TestModel$/^" + b.place() + "$", "-overlay=" + b.overlay(t),
		"./internal/model",
	}
	cmd := exec.CommandContext(t.Context(), "go", args...) //nolint:gosec // the arguments are this file's
	cmd.Dir = root
	cmd.Env = append(os.Environ(), lengthEnv+"="+breakLength(), breaksEnv+"=", opsEnv+"=")
	out, err := cmd.CombinedOutput()
	require.NotContains(t, string(out), "[build failed]", "the break is no Go:\n%s", out)
	if err != nil && !found.Match(out) {
		t.Errorf("it failed, though not by a violation: %v", err)
	}
	return out
}

// cheaper makes the emulator sign with a smaller key, which is half of what a run costs.
var cheaper = brokenBy{file: "authtest/internal/keys/keys.go", old: "rsa.GenerateKey(rand.Reader, 2048)", replace: "rsa.GenerateKey(rand.Reader, 1024)"}

// overlay writes the file that names the broken copies to the go command.
func (b brokenBy) overlay(t *testing.T) string {
	t.Helper()
	replace := make(map[string]string)
	for _, change := range []brokenBy{b, cheaper} {
		if change.file == "" {
			continue
		}
		path, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(change.file)))
		require.NoError(t, err)
		source, err := os.ReadFile(path) //nolint:gosec // a source of this module
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(source), change.old), "%s must have the text of the break exactly once", change.file)
		broken := filepath.Join(t.TempDir(), filepath.Base(path))
		text := strings.Replace(string(source), change.old, change.replace, 1)
		require.NoError(t, os.WriteFile(broken, []byte(text), 0o600)) //nolint:gosec // a directory of the test's
		replace[path] = broken
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// TestBreaksApply holds the table of breaks to the sources there are, without running anything.
func TestBreaksApply(t *testing.T) {
	t.Parallel()
	for _, b := range breaks {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, b.old, b.replace)
			b.overlay(t)
		})
	}
}
