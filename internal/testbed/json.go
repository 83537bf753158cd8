package testbed

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// AsJSON returns v as JSON, null for what has none.
func AsJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(data)
}

// ReadJSON reads a file of JSON into out.
func ReadJSON(t testing.TB, name string, out any) {
	t.Helper()
	data, err := os.ReadFile(name) //nolint:gosec // the test's own files
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, out))
}
