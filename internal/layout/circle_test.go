package layout

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Whoever reads a file can put down the ones above it: no two files of a package reach each other.
func TestNoCircleOfFiles(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{
		".", "internal/session", "internal/client",
		"authtest", "authtest/internal/service", "authtest/internal/ops", "authtest/internal/control", "authtest/internal/keys",
		"authtest/internal/approve", "authtest/internal/jsonin", "cmd/tcbauth/internal/emulator",
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			src := load(t, dir)
			for _, circle := range src.uses.circles() {
				t.Errorf("%d files of %s reach each other:\n%s", len(circle), dir, src.uses.arrowsIn(circle))
			}
		})
	}
}

// In testdata/circle a function, a field and a method close a circle of three files, a fourth only uses them, and two
// more use each other.
func TestCirclesAreFound(t *testing.T) {
	t.Parallel()
	src := load(t, "internal/layout/testdata/circle")
	circles := src.uses.circles()
	assert.Equal(t, [][]string{{"field.go", "function.go", "method.go"}, {"one.go", "two.go"}}, circles)
	assert.Equal(t, "  field.go uses of method.go: Method, Method.Walk\n  function.go uses of field.go: Count, Field\n"+
		"  method.go uses of function.go: Function", src.uses.arrowsIn(circles[0]))
}
