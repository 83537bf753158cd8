package layout

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	maxLines     = 400
	maxRootFiles = 40 // without tests
	maxRootTests = 32
)

// The words with which a generated file begins (go help generate).
var generatedFile = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// A file is one subject and can be read in one go, and whoever looks for a subject can read the list of files.
func TestFilesAreShortAndFew(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var files, rootFiles, rootTests []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "node_modules" || strings.HasPrefix(name, ".") && path != root) {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		files = append(files, path)
		if filepath.Dir(path) == root {
			if strings.HasSuffix(name, "_test.go") {
				rootTests = append(rootTests, name)
			} else {
				rootFiles = append(rootFiles, name)
			}
		}
		return nil
	}))
	assert.Contains(t, rootFiles, "auth.go")
	assert.LessOrEqual(t, len(rootFiles), maxRootFiles, "files of package tcbauth without tests")
	assert.LessOrEqual(t, len(rootTests), maxRootTests, "test files of package tcbauth")
	for _, path := range files {
		source, err := os.ReadFile(path) //nolint:gosec // of this module
		require.NoError(t, err)
		if lines := bytes.Count(source, []byte("\n")); !generatedFile.Match(source) {
			assert.LessOrEqual(t, lines, maxLines, path)
		}
	}
}
