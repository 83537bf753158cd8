// Package layout has only tests: they hold how the module's files are cut and which of them may use which.
package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// uses says which file of a package uses which other one, and by which names: uses[user][used][name].
type uses map[string]map[string]map[string]bool

// add notes that the file from uses the name that the file to declares.
func (u uses) add(from, to, name string) {
	if u[from] == nil {
		u[from] = map[string]map[string]bool{}
	}
	if u[from][to] == nil {
		u[from][to] = map[string]bool{}
	}
	u[from][to][name] = true
}

// from returns the files that use others, in order.
func (u uses) from() []string { return slices.Sorted(maps.Keys(u)) }

// to returns the files that a file uses, in order.
func (u uses) to(file string) []string { return slices.Sorted(maps.Keys(u[file])) }

// arrow is one line of a failure: the file from uses the file to, and by which names.
func (u uses) arrow(from, to string) string {
	return fmt.Sprintf("%s uses of %s: %s", from, to, strings.Join(slices.Sorted(maps.Keys(u[from][to])), ", "))
}

// circles returns the groups of files that all reach each other, without groups of one file.
func (u uses) circles() [][]string {
	reached := map[string]map[string]bool{}
	for file := range u {
		seen := map[string]bool{}
		for next := slices.Collect(maps.Keys(u[file])); len(next) > 0; {
			last := next[len(next)-1]
			next = next[:len(next)-1]
			if !seen[last] {
				seen[last] = true
				next = slices.AppendSeq(next, maps.Keys(u[last]))
			}
		}
		reached[file] = seen
	}
	var found [][]string
	in := map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(reached)) {
		if !reached[file][file] || in[file] {
			continue
		}
		var circle []string
		for _, other := range slices.Sorted(maps.Keys(reached[file])) {
			if reached[other][file] {
				circle = append(circle, other)
				in[other] = true
			}
		}
		found = append(found, circle)
	}
	return found
}

// arrowsIn are the lines of a failure for a circle.
func (u uses) arrowsIn(circle []string) string {
	var lines []string
	for _, from := range circle {
		for _, to := range u.to(from) {
			if slices.Contains(circle, to) {
				lines = append(lines, "  "+u.arrow(from, to))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// source is a package as its files without tests have it.
type source struct {
	files []string // their base names
	uses  uses
}

// load type-checks the package in a directory, which is relative to the module's root.
func load(t *testing.T, dir string) source {
	t.Helper()
	fset := token.NewFileSet()
	names, exports := list(t, dir)
	var src source
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
		src.files = append(src.files, filepath.Base(name))
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	pkg, err := config.Check(dir, fset, files, info)
	require.NoError(t, err)

	src.uses = uses{}
	for ident, object := range info.Uses {
		if object.Pkg() != pkg {
			continue
		}
		from := filepath.Base(fset.Position(ident.Pos()).Filename)
		to := filepath.Base(fset.Position(object.Pos()).Filename)
		if from != to {
			src.uses.add(from, to, nameOf(object))
		}
	}
	return src
}

// nameOf is an object's name, for a method after the type that it belongs to.
func nameOf(object types.Object) string {
	function, ok := object.(*types.Func)
	if !ok || function.Signature().Recv() == nil {
		return object.Name()
	}
	typ := function.Signature().Recv().Type()
	if pointer, ok := typ.(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	if named, ok := typ.(*types.Named); ok {
		return named.Obj().Name() + "." + object.Name()
	}
	return object.Name()
}

// list returns the files of the package in a directory, and the files with the compiled exports of what it imports.
func list(t *testing.T, dir string) (files []string, exports map[string]string) {
	t.Helper()
	command, err := exec.LookPath("go")
	if err != nil {
		t.Skip("SKIPPED: which file uses which is not checked. There is no go command to compile what they import: ", err)
	}
	cmd := exec.CommandContext(t.Context(), command, "list", "-export", "-deps", "-json=Dir,ImportPath,Export,GoFiles,DepOnly", "./"+dir) //nolint:gosec // dir is one of this module's
	cmd.Dir = filepath.Join("..", "..")
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	require.NoError(t, err, failure.String())
	exports = map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			Dir, ImportPath, Export string
			GoFiles                 []string
			DepOnly                 bool
		}
		err := decoder.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		exports[pkg.ImportPath] = pkg.Export
		if !pkg.DepOnly {
			for _, name := range pkg.GoFiles {
				files = append(files, filepath.Join(pkg.Dir, name))
			}
		}
	}
	require.NotEmpty(t, files)
	return files, exports
}
