package doctest

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/cloudbase-community/tcbauth"

// imports are the packages that a fragment may name without importing them, by name.
var imports = map[string]string{
	"bufio": "bufio", "context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "io": "io", "json": "encoding/json",
	"log": "log", "os": "os", "signal": "os/signal", "slog": "log/slog", "sql": "database/sql", "strings": "strings",
	"synctest": "testing/synctest", "syscall": "syscall", "testing": "testing", "time": "time", "url": "net/url", "cmp": "cmp",
	"oauth2": "golang.org/x/oauth2", "redis": "github.com/redis/go-redis/v9",
	"tcbauth": module, "accesstoken": module + "/accesstoken", "authotel": module + "/authotel", "authtest": module + "/authtest",
	"filestore": module + "/filestore", "keyringstore": module + "/keyringstore", "oauthsource": module + "/oauthsource",
	"redisstore": module + "/redisstore", "sqlstore": module + "/sqlstore", "storetest": module + "/storetest", "ticket": module + "/ticket",
	"clikit": module + "/clikit", "cobrakit": module + "/clikit/cobrakit", "cobra": "github.com/spf13/cobra",
	"lenient": module + "/internal/lenient",
}

// snippet is Go code in a document.
type snippet struct {
	where, code string
}

func TestMarkdownCode(t *testing.T) {
	t.Parallel()
	var snippets []snippet
	for _, page := range readPages(t) {
		snippets = append(snippets, page.goCode()...)
	}
	for _, name := range files(t, ".go") {
		snippets = append(snippets, commentCode(t, name, read(t, name))...)
	}
	require.Greater(t, len(snippets), 30)
	checker, tested := newChecker(t), testedCode(t)
	for _, s := range snippets {
		if isIn(s.code, tested) { // and so compiled there
			assert.NoError(t, formatted(s.code), s.where)
		} else {
			assert.NoError(t, checker.check(s.code), s.where)
		}
	}
}

func (p *page) goCode() []snippet {
	var out []snippet
	for _, b := range p.blocks {
		if b.language == "go" {
			out = append(out, snippet{fmt.Sprintf("%s:%d", p.name, b.line), b.text})
		}
	}
	return out
}

// looksLikeGo tells the Go code in comments from shell commands and tables.
var looksLikeGo = regexp.MustCompile(`:=|\bfunc |\b[a-z]\w+\.[A-Z]\w*[({]`)

// commentCode returns the indented blocks of Go in the doc comments of a file.
func commentCode(t *testing.T, name, source string) []snippet {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	var out []snippet
	add := func(doc *ast.CommentGroup) {
		if doc == nil {
			return
		}
		var p comment.Parser
		for _, part := range p.Parse(doc.Text()).Content {
			if code, ok := part.(*comment.Code); ok && looksLikeGo.MatchString(code.Text) {
				out = append(out, snippet{fset.Position(doc.Pos()).String(), code.Text})
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.File:
			add(node.Doc)
		case *ast.FuncDecl:
			add(node.Doc)
		case *ast.GenDecl:
			add(node.Doc)
		case *ast.TypeSpec:
			add(node.Doc)
		case *ast.ValueSpec:
			add(node.Doc)
		case *ast.Field:
			add(node.Doc)
		}
		return true
	})
	return out
}

// checker formats and type-checks fragments of Go.
type checker struct {
	mu       sync.Mutex // the importer's: it is not for concurrent use
	importer types.Importer
	preamble string // declares what fragments use without saying where it comes from
}

// exports has the files of export data of the packages in imports, by path: with them a fragment is checked in no time.
var exports = sync.OnceValues(func() (map[string]string, error) {
	args := append([]string{"list", "-export", "-f", "{{.ImportPath}} {{.Export}}"}, slices.Sorted(maps.Values(imports))...)
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // the arguments stand above
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	listing, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(listing)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[name] = file
	}
	return files, nil
})

func newChecker(t *testing.T) *checker {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("SKIPPED: the Go code of the documents is not type-checked. There is no go command: ", err)
	}
	exports, err := exports()
	require.NoError(t, err)
	preamble, err := os.ReadFile("testdata/preamble.go.txt")
	require.NoError(t, err)
	return &checker{
		importer: importer.ForCompiler(token.NewFileSet(), "gc", func(name string) (io.ReadCloser, error) {
			if exports[name] == "" {
				return nil, fmt.Errorf("no export data of %s: add it to imports", name)
			}
			return os.Open(exports[name])
		}),
		preamble: string(preamble),
	}
}

// check returns what is wrong with a whole file, a list of declarations or a list of statements.
func (c *checker) check(code string) error {
	if err := formatted(code); err != nil {
		return err
	}
	fset := token.NewFileSet()
	files, err := c.parse(fset, code)
	if err != nil {
		return err
	}
	var problems []error
	config := types.Config{Importer: c.importer, Error: func(err error) {
		// What is declared and not used, or declared twice, is what makes it a fragment.
		if failure, ok := errors.AsType[types.Error](err); !ok || !failure.Soft {
			problems = append(problems, err)
		}
	}}
	c.mu.Lock()
	_, _ = config.Check("fragment", fset, files, nil)
	c.mu.Unlock()
	return errors.Join(problems...)
}

// formatted returns an error if code is not as gofmt leaves it.
func formatted(code string) error {
	formatted, err := format.Source([]byte(code))
	if err != nil {
		return fmt.Errorf("it does not parse: %w", err)
	}
	if strings.TrimSpace(string(formatted)) != strings.TrimSpace(code) {
		return errors.New("it is not formatted as gofmt does it")
	}
	return nil
}

// parse returns the files of which a fragment is made.
func (c *checker) parse(fset *token.FileSet, code string) ([]*ast.File, error) {
	if whole, err := parser.ParseFile(fset, "document", code, parser.SkipObjectResolution); err == nil {
		return []*ast.File{whole}, nil
	}
	preamble, err := parser.ParseFile(fset, "preamble", header(c.preamble)+c.preamble, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(fset, "document", header(code)+code, parser.SkipObjectResolution)
	if err != nil {
		file, err = parser.ParseFile(fset, "document", header(code)+"func _() {\n"+code+"\n}", parser.SkipObjectResolution)
	}
	return []*ast.File{preamble, file}, err
}

var qualifier = regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`)

// header is the package clause and the imports of a fragment.
func header(code string) string {
	used := make(map[string]bool)
	for _, m := range qualifier.FindAllStringSubmatch(code, -1) {
		if imports[m[1]] != "" {
			used[m[1]] = true
		}
	}
	var b strings.Builder
	b.WriteString("package fragment; import (")
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&b, "%s %q;", name, imports[name])
	}
	b.WriteString(")\n")
	return b.String()
}

func TestCheckerFindsFaults(t *testing.T) {
	t.Parallel()
	checker := newChecker(t)
	for name, test := range map[string]struct{ code, want string }{
		"good statements":   {"state, err := auth.SignIn(ctx, tcbauth.SignInRequest{Username: \"a\"})\n", ""},
		"good declarations": {"func f(r *http.Request) string { return r.Host }\n", ""},
		"good file":         {"package main\n\nfunc main() { println(1) }\n", ""},
		"dots":              {"x := 1\n...\n", "does not parse"},
		"not formatted":     {"x:=1\n", "not formatted"},
		"unknown method":    {"auth.SignOn(ctx)\n", "SignOn"},
		"unknown field":     {"_ = tcbauth.SignInRequest{Phone: \"1\"}\n", "Phone"},
		"wrong type":        {"auth.SignIn(\"a\")\n", "not enough arguments"},
		"unknown name":      {"nobody.Knows()\n", "nobody"},
		"bad file":          {"package main\n\nfunc main() { println(x) }\n", "undefined: x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checker.check(test.code)
			if test.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
	blocks := commentCode(t, "x.go", "// Package x.\n//\n//\tauth := x.New()\n//\n//\tgo run ./x\npackage x\n")
	require.Len(t, blocks, 1)
}

// longest is how many lines a block may have that is no copy.
const longest = 10

// Longer code is a copy of code that is run: of tests, of examples, or of the recipes for web frameworks.
func TestMarkdownRegions(t *testing.T) {
	t.Parallel()
	tested := testedCode(t)
	for _, page := range readPages(t) {
		for _, s := range page.goCode() {
			assert.True(t, isShort(s.code) || isIn(s.code, tested), "%s: over %d lines, and no copy of tested code", s.where, longest)
		}
	}
}

// testedCode returns the code that is run somewhere in this repository, bare.
func testedCode(t *testing.T) []string {
	t.Helper()
	var sources []string
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "examples/") || strings.HasPrefix(name, "internal/recipes/") {
			sources = append(sources, bare(read(t, name)))
		}
	}
	return sources
}

func isShort(code string) bool { return strings.Count(strings.TrimSpace(code), "\n") < longest }

// isIn reports whether code stands in one of the sources, comments and indentation left out.
func isIn(code string, sources []string) bool {
	return slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, bare(code)) })
}

// bare is code without comments, empty lines and indentation, so that translations of a page can have comments of their own.
func bare(code string) string {
	var b strings.Builder
	b.WriteByte('\n')
	for line := range strings.Lines(code) {
		line = strings.TrimSpace(line)
		if i := strings.Index(" "+line, " //"); i >= 0 {
			line = strings.TrimSpace(line[:max(i-1, 0)])
		}
		if line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func TestCopies(t *testing.T) {
	t.Parallel()
	long := "\tx := 1 // one\n" + strings.Repeat("\tx++\n", longest)
	source := []string{bare("func f() {\n" + long + "}\n")}
	assert.True(t, isIn(strings.ReplaceAll(strings.ReplaceAll(long, "\t", ""), "one", "一"), source))
	assert.False(t, isIn(strings.ReplaceAll(long, "x++", "x--"), source))
	assert.False(t, isShort(long))
	assert.True(t, isShort("x--\n"))
}
