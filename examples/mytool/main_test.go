package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.Zero(t, demo(t.Context(), &out), out.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "ok", lines[len(lines)-1])
	assert.Contains(t, lines, "hello, +86 138****00")
	for _, secret := range []string{"123456", "eyJ"} {
		assert.NotContains(t, out.String(), secret)
	}
}

// What the tool itself needs stays small: the rest is the kit's.
func TestShort(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.Less(t, bytes.Count(source, []byte("\n")), 60)
}
