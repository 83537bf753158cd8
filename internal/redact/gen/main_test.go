package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/redact"
)

func TestGeneratedFileIsCurrent(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	want, err := generate(root, redact.Open, redact.Plain)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(root, output)) //nolint:gosec // a file of this module
	require.NoError(t, err, "run: go generate ./...")
	if !bytes.Equal(want, got) {
		t.Fatalf("%s is stale: run go generate ./... and commit the file", output)
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	const methodsOfUser = `
func (u User) Format(f fmt.State, _ rune) { redact.Format(f, u) }
func (u User) LogValue() slog.Value       { return redact.Value(u) }
`
	const methodsOfFinish = `
func (r Finish) Format(f fmt.State, _ rune) { redact.Format(f, r) }
func (r Finish) LogValue() slog.Value       { return redact.Value(r) }
`
	for name, tt := range map[string]struct {
		source string
		open   []string
		want   string
	}{
		"struct":                       {"type User struct{ Sub string }", nil, methodsOfUser},
		"parameter's letter":           {"type Finish struct{}", nil, methodsOfFinish},
		"sorted by name":               {"type User struct{}\ntype Finish struct{}", nil, methodsOfFinish + methodsOfUser},
		"group of types":               {"type (\n\tFinish struct{}\n\tUser struct{}\n)", nil, methodsOfFinish + methodsOfUser},
		"fields of another type":       {"type fields struct{ Sub string }\ntype User fields", nil, methodsOfUser},
		"fields of a type on the list": {"type Finish struct{}\ntype User Finish", []string{"Finish"}, methodsOfUser},
		"on the list":                  {"type User struct{}\ntype Finish struct{}", []string{"User"}, methodsOfFinish},
		"unexported":                   {"type user struct{ Sub string }", nil, ""},
		"alias":                        {"type user struct{}\ntype User = user", nil, ""},
		"no struct":                    {"type Code string\ntype Option func()\ntype Store interface{ Get() }\ntype List []User", nil, ""},
		"a type of another package":    {"import \"time\"\ntype At time.Time\ntype Code Unknown", nil, ""},
		"declared in a function":       {"func f() { type User struct{} }", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, dir, "source.go", "package tcbauth\n\n"+tt.source+"\n")
			writeFile(t, dir, "source_test.go", "package tcbauth\n\ntype InTest struct{}\n")
			open := map[string]string{}
			for _, name := range tt.open {
				open[name] = "a reason"
			}
			got, err := generate(dir, open)
			require.NoError(t, err)
			assert.Equal(t, header+tt.want, string(got))
		})
	}
}

// What was generated before is read too, and changes nothing.
func TestGenerateAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "source.go", "package tcbauth\n\ntype User struct{}\n")
	first, err := generate(dir)
	require.NoError(t, err)
	writeFile(t, dir, output, string(first))
	second, err := generate(dir)
	require.NoError(t, err)
	assert.Equal(t, string(first), string(second))
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ source, want string }{
		"a listed name without a struct": {"type Other struct{}", "User is listed as a struct without methods, but there is no such struct"},
		"a listed name of another kind":  {"type User string", "User is listed as a struct without methods, but there is no such struct"},
		"a file that is not Go":          {"type User struct", "expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, dir, "source.go", "package tcbauth\n\n"+tt.source+"\n")
			_, err := generate(dir, map[string]string{"User": "a reason"})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// A list that names a struct twice, or without a reason, does not say why.
func TestListsHaveOneReasonEach(t *testing.T) {
	t.Parallel()
	for name, reason := range redact.Open {
		assert.NotEmpty(t, reason, name)
		assert.NotContains(t, redact.Plain, name)
	}
	for name, reason := range redact.Plain {
		assert.NotEmpty(t, reason, name)
	}
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}
