package accesstoken_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A backend that only verifies tokens links the JOSE library and nothing else: not resty, and not the client.
func TestDependencies(t *testing.T) {
	t.Parallel()
	command, err := exec.LookPath("go")
	if err != nil {
		t.Skip("SKIPPED: what users link is not checked. There is no go command to list it: ", err)
	}
	cmd := exec.CommandContext(t.Context(), command, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".") //nolint:gosec // the go command
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	require.NoError(t, err, failure.String())
	const jose, module = "github.com/go-jose/go-jose/v4", "github.com/cloudbase-community/tcbauth"
	deps := strings.Fields(string(out))
	assert.ElementsMatch(t, []string{jose, jose + "/cipher", jose + "/json", module + "/accesstoken", module + "/internal/endpoint"}, deps)
}
