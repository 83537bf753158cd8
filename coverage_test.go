package tcbauth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

const (
	coveragePage     = "conformance/COVERAGE.md"
	drivenByGo       = "conformance/go-operations.json"
	drivenByJS       = "conformance/js-sdk-operations.json"
	coverageUpdating = "TCBAUTH_UPDATE_COVERAGE" // if set, the files are written instead of compared
)

// TestMain looks for goroutines that are left when all tests are over, and compares what all of them together have called
// with what the page of coverage says of this package.
func TestMain(m *testing.M) {
	testbed.RunHelper(map[string]testbed.Helper{"finish": helpFinish})
	testbed.Main(m, checkDriven)
}

func checkDriven() error {
	now, err := json.MarshalIndent(testbed.Driven(), "", "  ")
	if err != nil {
		return err
	}
	now = append(now, '\n')
	if os.Getenv(coverageUpdating) != "" {
		if err := os.WriteFile(drivenByGo, now, 0o600); err != nil {
			return err
		}
		page, err := coverage()
		if err != nil {
			return err
		}
		return os.WriteFile(coveragePage, page, 0o600)
	}
	committed, err := os.ReadFile(drivenByGo)
	if err == nil && !bytes.Equal(committed, now) {
		err = fmt.Errorf("%s is stale: TCBAUTH_UPDATE_COVERAGE=1 go test . updates it", drivenByGo)
	}
	return err
}

// coverage renders the page of coverage.
func coverage() ([]byte, error) {
	by := make(map[string]map[string]bool)
	known := make(map[string]bool)
	for _, op := range authtest.Operations() {
		known[op.Method+" "+op.Name] = true
	}
	for _, file := range []string{drivenByJS, drivenByGo} {
		data, err := os.ReadFile(file) //nolint:gosec // G304: one of the two above
		if err != nil {
			return nil, err
		}
		var names []string
		if err := json.Unmarshal(data, &names); err != nil {
			return nil, err
		}
		by[file] = make(map[string]bool)
		for _, name := range names {
			if !known[name] {
				return nil, fmt.Errorf("%s: the emulator has no operation %q", file, name)
			}
			by[file][name] = true
		}
	}
	var out bytes.Buffer
	var js, goClient, neither int
	mark := func(yes bool, count *int) string {
		if yes {
			*count++
			return "yes"
		}
		return ""
	}
	rows := new(bytes.Buffer)
	for _, op := range authtest.Operations() {
		name := op.Method + " " + op.Name
		inJS, inGo := by[drivenByJS][name], by[drivenByGo][name]
		_ = mark(!inJS && !inGo, &neither)
		fmt.Fprintf(rows, "| `%s` | %s | %s | %s | %s |\n", name, mark(inJS, &js), mark(inGo, &goClient), op.Evidence, op.Section)
	}
	version, err := jsSDKVersion()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&out, `# What drives the emulator

We recorded nothing ourselves; LIVE means others did. This page says which operations of the emulator, package authtest, the real
js-sdk ("npm test" here) and the Go client (in the tests of package tcbauth) have called with success, and how surely each
operation is known. It is generated; tests fail when it is stale (CONTRIBUTING.md says how to update it).

The emulator has %d operations: %d driven by the real @cloudbase/js-sdk %s, %d by the Go client, %d by neither.

Evidence levels: LIVE, others report request and successful answer of the real server, or use them in production; SDK, only the
js-sdk sends the request, and its types have the answer; DOC, Tencent documents them. The sections are those of
[docs/WIRE.md](../docs/WIRE.md).

| operation | js-sdk | Go | evidence | section |
| --- | --- | --- | --- | --- |
`, len(known), js, version, goClient, neither)
	out.Write(rows.Bytes())
	rules, err := evidenceOfRules()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&out, "\n## How surely the rules are known\n\nFrom the documentation of package authtest:\n\n%s", rules)
	return out.Bytes(), nil
}

// jsSDKVersion is the version of the js-sdk that drives the emulator.
func jsSDKVersion() (string, error) {
	data, err := os.ReadFile("conformance/package.json")
	if err != nil {
		return "", err
	}
	var manifest struct {
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return "", err
	}
	const name = "@cloudbase/js-sdk"
	version := manifest.DevDependencies[name]
	if version == "" {
		return "", fmt.Errorf("conformance/package.json has no %s", name)
	}
	return version, nil
}

// evidenceOfRules is the section "Evidence" of the emulator's package comment, as Markdown.
func evidenceOfRules() (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "authtest/doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	_, section, ok := strings.Cut(file.Doc.Text(), "# Evidence\n\n")
	if !ok {
		return "", fmt.Errorf("authtest/doc.go has no section Evidence")
	}
	var lines []string
	for line := range strings.Lines(section) {
		line = strings.TrimPrefix(strings.TrimPrefix(line, " "), " ")
		lines = append(lines, strings.NewReplacer("[", "`", "]", "`").Replace(line))
	}
	return strings.Join(lines, ""), nil
}

func TestCoveragePage(t *testing.T) {
	t.Parallel()
	if os.Getenv(coverageUpdating) != "" {
		t.Skip("the page is being updated, not compared")
	}
	want, err := coverage()
	require.NoError(t, err)
	got, err := os.ReadFile(coveragePage)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got), "%s is stale: TCBAUTH_UPDATE_COVERAGE=1 go test . updates it", coveragePage)
}
