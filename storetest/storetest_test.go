package storetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// TestGoodStores: a store that keeps every promise passes every test, with everything that a Suite can have. One whose locks
// need no connection of their own makes do with four.
func TestGoodStores(t *testing.T) {
	t.Parallel()
	for name, conns := range map[string]int{"any number of connections": 0, "four connections": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite := suiteOf(faults{}, conns)
			suite.HangsWhole = conns > 0 // calls that hang need all of them
			var wg sync.WaitGroup
			for _, group := range contract {
				if group.name == "Reserver" || group.name == "StringGetter" {
					continue // it is none
				}
				for _, number := range group.numbers {
					wg.Go(func() {
						for _, part := range number.parts {
							r := record(t, suite, part)
							assert.Empty(t, r.failed, "%s/%s/%s", group.name, number.name, part.name)
							if r.skipped != "" {
								assert.True(t, suite.HangsWhole && part.name == "HangingKey", "%s: %s", part.name, r.skipped)
							}
						}
					})
				}
			}
			wg.Wait()
		})
	}
}

// TestRun: the memory store passes. Run ends after its subtests: what its caller closes then must not be needed any more.
func TestRun(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	opened, closed := 0, 0
	Run(t, func(t *testing.T) tcbauth.TokenStore {
		mu.Lock()
		defer mu.Unlock()
		opened++
		t.Cleanup(func() {
			mu.Lock()
			defer mu.Unlock()
			closed++
		})
		return tcbauth.NewMemoryStore()
	})
	want := 0
	for _, group := range contract {
		for _, number := range group.numbers {
			want += len(number.parts)
		}
	}
	assert.Equal(t, want, opened)
	assert.Equal(t, opened, closed)
}

// TestEveryNumberIsTested compares the numbers of the doc comments with those of the tests: "6. Whole values." is tested by
// 6_WholeValues.
func TestEveryNumberIsTested(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../store.go", nil, parser.ParseComments)
	require.NoError(t, err)
	docs := make(map[string]string)
	for _, decl := range file.Decls {
		if types, ok := decl.(*ast.GenDecl); ok && types.Tok == token.TYPE {
			docs[types.Specs[0].(*ast.TypeSpec).Name.Name] = types.Doc.Text()
		}
	}
	item := regexp.MustCompile(`(?m)^ +(\d+)\. ([^.]+)\. `)
	for _, group := range contract[:2] {
		var want, got []string
		for _, m := range item.FindAllStringSubmatch(docs[group.name], -1) {
			title := ""
			for _, word := range strings.Fields(strings.ReplaceAll(m[2], "'", "")) {
				title += strings.ToUpper(word[:1]) + word[1:]
			}
			want = append(want, m[1]+"_"+title)
		}
		for _, number := range group.numbers {
			got = append(got, number.name)
			assert.NotEmpty(t, number.parts)
		}
		assert.Equal(t, want, got, group.name)
		assert.Greater(t, len(got), 8)
	}
}

// childEnv is set in a process in which the suite is to be run.
const childEnv = "STORETEST_CHILD"

// TestRunFails: what a store does wrong fails the test that calls Run, under the name of the number.
func TestRunFails(t *testing.T) {
	t.Parallel()
	if os.Getenv(childEnv) == "broken" {
		Run(t, func(*testing.T) tcbauth.TokenStore { return &plain{keepGiven: true} })
		return
	}
	output, err := runChild(t, "^TestRunFails$", "broken")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "the suite passes:\n%s", output)
	assert.Contains(t, output, "--- FAIL: TestRunFails/TokenStore/5_Copies/Copies (")
	assert.Contains(t, output, "--- PASS: TestRunFails/TokenStore/1_LastWrite/RoundTrip (")
	assert.NotContains(t, output, "panic:")
}

// TestRunSkips: a store without locks passes, and says which tests it did not have.
func TestRunSkips(t *testing.T) {
	t.Parallel()
	if os.Getenv(childEnv) == "no locks" {
		Run(t, func(*testing.T) tcbauth.TokenStore { return &plain{} })
		return
	}
	output, err := runChild(t, "^TestRunSkips$", "no locks")
	require.NoError(t, err, output)
	assert.Contains(t, output, "--- PASS: TestRunSkips/TokenStore/1_LastWrite/RoundTrip (")
	assert.Contains(t, output, "--- SKIP: TestRunSkips/Locker/1_Exclusion/Excludes (")
	assert.Contains(t, output, "--- SKIP: TestRunSkips/Locker/1_Exclusion (", "nothing of it was tested")
	assert.Contains(t, output, "--- PASS: TestRunSkips/TokenStore/1_LastWrite (")
	for _, why := range []string{
		"*storetest.plain does not implement tcbauth.Locker", "*storetest.plain does not implement tcbauth.Reserver",
		"*storetest.plain does not say that it is tcbauth.Interruptible", "the Suite has no Again", "the Suite has no Process",
		"the Suite has no Break", "the Suite has no Hang",
	} {
		assert.Contains(t, output, why)
	}
}

func runChild(t *testing.T, pattern, env string) (output string, err error) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary, "-test.run="+pattern, "-test.v", "-test.parallel=64") //nolint:gosec // this binary
	cmd.Env = append(os.Environ(), childEnv+"="+env, "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
