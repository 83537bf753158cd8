package layout

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	architecture = "docs/architecture.md"
	module       = "github.com/cloudbase-community/tcbauth"
)

// The page for contributors names every package, and no other.
func TestEveryPackageIsInTheTable(t *testing.T) {
	t.Parallel()
	assert.Equal(t, packages(t), tabled(section(t, "Packages")), "the table of %s", architecture)
}

func TestTabled(t *testing.T) {
	t.Parallel()
	table := "| package | what |\n| --- | --- |\n| `tcbauth` | uses `internal/b` |\n| `internal/b`, `a` | |\n"
	assert.Equal(t, []string{".", "a", "internal/b"}, tabled(table))
}

// An arrow of the drawing is an import, and every import between two packages that are drawn is an arrow.
func TestDrawingHasTheImports(t *testing.T) {
	t.Parallel()
	arrows, drawn := drawing(section(t, "The way of a call"))
	var imported []string
	for _, from := range drawn {
		for _, to := range imports(t, from) {
			if slices.Contains(drawn, to) {
				imported = append(imported, from+" --> "+to)
			}
		}
	}
	slices.Sort(imported)
	require.Greater(t, len(imported), 5)
	assert.Equal(t, imported, arrows, "the drawing of %s", architecture)
}

func TestDrawing(t *testing.T) {
	t.Parallel()
	arrows, drawn := drawing("program[program] -.-> root[tcbauth: the API]\nroot --> one[internal/one: it]\none -.-> store[(files)]\n")
	assert.Equal(t, []string{". --> internal/one"}, arrows)
	assert.Equal(t, []string{".", "internal/one"}, drawn)
}

// section is the part of the page under a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(architecture)))
	require.NoError(t, err)
	_, rest, found := strings.Cut(strings.ReplaceAll(string(page), "\r\n", "\n"), "\n## "+heading+"\n")
	require.True(t, found, heading)
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

var code = regexp.MustCompile("`([^`]+)`")

// tabled are the packages in the first column of a table.
func tabled(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			names = append(names, directory(m[1]))
		}
	}
	slices.Sort(names)
	return names
}

// directory is where a package lies that a page names.
func directory(name string) string {
	if name == path.Base(module) {
		return "."
	}
	return name
}

// packages are the directories with Go files, also of the modules below this one.
func packages(t *testing.T) []string {
	t.Helper()
	root := filepath.Join("..", "..")
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != root && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		found = append(found, filepath.ToSlash(dir))
		return err
	}))
	slices.Sort(found)
	return slices.Compact(found)
}

var (
	node  = regexp.MustCompile(`(\w+)\[([\w/]+): [^\]]*\]`)
	arrow = regexp.MustCompile(`(?m)^\s*(\w+)\S*(?: [^-]*)? --> (\w+)`)
)

// drawing returns the solid arrows of a diagram, and the packages that it draws.
func drawing(text string) (arrows, drawn []string) {
	dirs := map[string]string{}
	for _, m := range node.FindAllStringSubmatch(text, -1) {
		dirs[m[1]] = directory(m[2])
		drawn = append(drawn, directory(m[2]))
	}
	for _, m := range arrow.FindAllStringSubmatch(text, -1) {
		arrows = append(arrows, dirs[m[1]]+" --> "+dirs[m[2]])
	}
	slices.Sort(arrows)
	slices.Sort(drawn)
	return arrows, drawn
}

// imports are the packages of this module that the package in a directory imports.
func imports(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var found []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if rel, ok := strings.CutPrefix(imported, module+"/"); ok {
				found = append(found, rel)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
