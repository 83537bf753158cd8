package doctest

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notRun are the examples that cannot be run: they need a database, or the *testing.T of go test.
var notRun = map[string]bool{
	"sqlstore.": true, "storetest.": true, "storetest.Suite": true, "authtest.NewServer": true,
}

// publicPackages returns the directories of the packages that users import, below root.
func publicPackages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		switch name := entry.Name(); {
		case path == root:
		case strings.HasPrefix(name, "."), name == "internal", name == "testdata", name == "cmd", name == "examples",
			name == "conformance", name == "tools", name == "docs", name == "scripts":
			return fs.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if len(files) > 0 {
			dir, _ := filepath.Rel(root, path)
			dirs = append(dirs, filepath.ToSlash(dir))
		}
		return err
	}))
	require.Contains(t, dirs, ".")
	require.Contains(t, dirs, "clikit/cobrakit")
	return dirs
}

// examplesIn returns the examples of the package in a directory, by what they are about: "" is the package.
func examplesIn(t *testing.T, dir string) []*doc.Example {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	return doc.Examples(files...)
}

// TestExamples: each package that users import has an example of its main task, and every example runs, says what it is
// about, and compares its output.
func TestExamples(t *testing.T) {
	t.Parallel()
	run := 0
	for _, dir := range publicPackages(t) {
		pkg := filepath.Base(dir)
		main := false
		for _, e := range examplesIn(t, dir) {
			main = main || e.Name == ""
			compared := e.Output != ""
			if compared {
				run++
			}
			name := pkg + "." + e.Name
			assert.NotEqual(t, notRun[name], compared, "the example %s has an output comment, or needs one", name)
			assert.False(t, e.EmptyOutput, "the example %s prints nothing", name)
		}
		assert.True(t, main, "package %s has no function Example, which shows its main task", dir)
	}
	assert.GreaterOrEqual(t, run, 60, "examples that are run")
}
