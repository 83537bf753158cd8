package doctest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// updating, if set, has generated pages written instead of compared.
const updating = "TCBAUTH_UPDATE_DOCS"

func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	const name = "docs/configuration.md"
	want := configuration(t)
	if os.Getenv(updating) != "" {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(want), 0o644)) //nolint:gosec // for everybody to read
		return
	}
	got := strings.ReplaceAll(read(t, name), "\r\n", "\n")
	assert.True(t, want == got, "%s is stale, update it: TCBAUTH_UPDATE_DOCS=1 go test ./internal/doctest", name)
}

// configuration is the page of all options, from their doc comments.
func configuration(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Configuration

Every option of the packages that a program uses, with the first sentence of its documentation; the link leads to the rest. Options are
checked when they are given: a bad one is an error of the constructor. This page is generated. The options of the emulator, such as its
client ids, are in the [documentation of authtest](https://pkg.go.dev/github.com/cloudbase-community/tcbauth/authtest#Option).

There is no configuration file: a program decides itself where its settings come from.
`)
	for _, p := range []struct{ dir, constructor string }{
		{".", "New, NewApp"}, {"accesstoken", "NewVerifier"}, {"ticket", "NewSigner"}, {"redisstore", "New"},
		{"sqlstore", "New"}, {"authotel", "New"},
	} {
		fmt.Fprintf(&b, "\n## %s: %s\n\n| option | meaning |\n| --- | --- |\n", pathOf(p.dir), p.constructor)
		rows := optionRows(t, p.dir)
		require.NotEmpty(t, rows, p.dir)
		b.WriteString(strings.Join(rows, ""))
	}
	return b.String()
}

func pathOf(dir string) string {
	return strings.TrimSuffix(strings.TrimPrefix(module+"/"+dir, "github.com/cloudbase-community/"), "/.")
}

var docLink = regexp.MustCompile(`\[(\*?[A-Z][\w.]*|[a-z]+\.[A-Z]\w*)\]`)

// optionRows describes the functions of a package that return an option or change a context for one call.
func optionRows(t *testing.T, dir string) []string {
	t.Helper()
	pkg := loadPackage(t, dir)
	functions := slices.Clone(pkg.Funcs)
	for _, typ := range pkg.Types {
		if typ.Name == "Option" {
			functions = append(functions, typ.Funcs...)
		}
	}
	slices.SortFunc(functions, func(a, b *doc.Func) int { return strings.Compare(a.Name, b.Name) })
	var rows []string
	for _, f := range functions {
		if !returnsOption(f.Decl) && !strings.HasPrefix(f.Name, "ContextWith") {
			continue
		}
		var parameters bytes.Buffer
		require.NoError(t, printer.Fprint(&parameters, token.NewFileSet(), &ast.FuncType{Params: f.Decl.Type.Params}))
		meaning := strings.TrimPrefix(pkg.Synopsis(f.Doc), f.Name+" ")
		meaning = strings.ReplaceAll(docLink.ReplaceAllString(meaning, "`$1`"), "|", `\|`)
		link := strings.TrimSuffix("https://pkg.go.dev/"+module+"/"+dir, "/.") + "#" + f.Name
		rows = append(rows, fmt.Sprintf("| [`%s%s`](%s) | %s |\n", f.Name, strings.TrimPrefix(parameters.String(), "func"), link, meaning))
	}
	return rows
}

func returnsOption(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || len(f.Type.Results.List) != 1 {
		return false
	}
	name, ok := f.Type.Results.List[0].Type.(*ast.Ident)
	return ok && name.Name == "Option"
}

// loadPackage reads the documentation of a package of this module.
func loadPackage(t *testing.T, dir string) *doc.Package {
	t.Helper()
	fset := token.NewFileSet()
	entries, err := os.ReadDir(filepath.Join(root, dir))
	require.NoError(t, err)
	var parsed []*ast.File
	for _, entry := range entries {
		if name := entry.Name(); filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(fset, filepath.Join(root, dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			require.NoError(t, err)
			parsed = append(parsed, file)
		}
	}
	pkg, err := doc.NewFromFiles(fset, parsed, strings.TrimSuffix(module+"/"+dir, "/."))
	require.NoError(t, err)
	return pkg
}

var (
	coverageRow    = regexp.MustCompile("(?m)^\\| `[^`]+` \\|[^|]*\\|[^|]*\\| (LIVE|DOC|SDK) \\|")
	claimedEnglish = regexp.MustCompile(`of the (\d+)\s+operations used is known: from what\s+others report of the real server \((\d+)\), from Tencent's documentation \((\d+)\), or only from the js-sdk's source \((\d+)\)`)
	claimedChinese = regexp.MustCompile(`所涉及的 (\d+) 个服务端接口，依据分三种：他人对真实服务端的报告 (\d+) 个，腾讯文档 (\d+) 个，仅 js-sdk 源码 (\d+) 个`)
)

// The READMEs say how much is known of the server.
func TestEvidence(t *testing.T) {
	t.Parallel()
	counts := evidence(read(t, "conformance/COVERAGE.md"))
	require.NotEqual(t, "0", counts[0])
	assert.Equal(t, counts, claims(claimedEnglish, read(t, "README.md")))
	assert.Equal(t, counts, claims(claimedChinese, read(t, "README.zh-CN.md")))
}

// evidence counts the operations of the page of coverage: all, LIVE, DOC, SDK.
func evidence(page string) []string {
	by := make(map[string]int)
	for _, m := range coverageRow.FindAllStringSubmatch(page, -1) {
		by[m[1]]++
		by[""]++
	}
	return []string{fmt.Sprint(by[""]), fmt.Sprint(by["LIVE"]), fmt.Sprint(by["DOC"]), fmt.Sprint(by["SDK"])}
}

func claims(pattern *regexp.Regexp, readme string) []string {
	if m := pattern.FindStringSubmatch(readme); m != nil {
		return m[1:]
	}
	return nil
}

func TestEvidenceFindsFaults(t *testing.T) {
	t.Parallel()
	page := "| `GET a` | yes | yes | LIVE | 1 |\n| `GET b` |  | yes | SDK | 2 |\n"
	assert.Equal(t, []string{"2", "1", "0", "1"}, evidence(page))
	readme := "the server's 2\noperations is known: from what others report of the real server (1), from Tencent's documentation (0), or only from the js-sdk's source (2)"
	assert.NotEqual(t, evidence(page), claims(claimedEnglish, readme))
	assert.Nil(t, claims(claimedEnglish, "nothing"))
}

// What the READMEs must not lose: the commands that .ci/run runs, and their length.
func TestREADMEs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text := read(t, name)
		assert.LessOrEqual(t, strings.Count(text, "\n"), 160, name)
		for _, command := range []string{"go run ./examples/smslogin", "go test ./..."} {
			assert.Contains(t, text, command, name)
		}
	}
}

var methodLink = regexp.MustCompile(`\[Auth\.(\w+)\]`)

// The package comment lists the methods of Auth by task, since the index of pkg.go.dev is alphabetical.
func TestMethodsByTask(t *testing.T) {
	t.Parallel()
	pkg := loadPackage(t, ".")
	_, list, found := strings.Cut(pkg.Doc, "# Methods by task")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "\n# ")
	listed := make(map[string]bool)
	for _, m := range methodLink.FindAllStringSubmatch(list, -1) {
		listed[m[1]] = true
	}
	for _, typ := range pkg.Types {
		if typ.Name != "Auth" {
			continue
		}
		for _, method := range typ.Methods {
			if method.Name != "Format" {
				assert.True(t, listed[method.Name], "doc.go has no task for Auth.%s", method.Name)
				delete(listed, method.Name)
			}
		}
	}
	assert.Empty(t, listed, "doc.go lists methods that do not exist")
}
