package tcbauth_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/cloudbase-community/tcbauth"

// dependencies are the packages outside the standard library that a package of this module links, itself among them.
func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	command, err := exec.LookPath("go")
	if err != nil {
		t.Skip("SKIPPED: what users link is not checked. There is no go command to list it: ", err)
	}
	cmd := exec.CommandContext(t.Context(), command, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg) //nolint:gosec // pkg is one of this module's
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	require.NoError(t, err, failure.String())
	deps := strings.Fields(string(out))
	require.NotEmpty(t, deps)
	return deps
}

// isIn reports whether pkg is parent or below it.
func isIn(pkg, parent string) bool { return pkg == parent || strings.HasPrefix(pkg, parent+"/") }

// Whoever imports this package gets all that it links: what is heavier belongs into a package that nobody has to import.
func TestDependencies(t *testing.T) {
	t.Parallel()
	allowed := []string{
		module + "/internal",
		"github.com/go-resty/resty/v2",
		"golang.org/x/net/publicsuffix",
		"golang.org/x/sync",
	}
	// What a store links beside that is its own matter, and nobody else's.
	for pkg, more := range map[string][]string{
		".":          nil,
		"./sqlstore": {module + "/sqlstore"},

		"./internal/reliability": {module + "/authtest", "github.com/go-jose/go-jose/v4"}, // and no driver of a store
	} {
		deps := dependencies(t, pkg)
		assert.Contains(t, deps, module)
		for _, dep := range deps {
			ok := dep == module
			for _, parent := range slices.Concat(allowed, more) {
				ok = ok || isIn(dep, parent)
			}
			assert.True(t, ok, "%s is linked by everybody who imports %s", dep, pkg)
		}
	}
}

// A backend that only verifies tokens, or only signs tickets, links neither resty nor the client.
func TestBackendsLinkLittle(t *testing.T) {
	t.Parallel()
	const jose = "github.com/go-jose/go-jose/v4"
	for pkg, want := range map[string][]string{
		"accesstoken": {jose, jose + "/cipher", jose + "/json", module + "/accesstoken", module + "/internal/endpoint"},
		"ticket":      {module + "/ticket"},
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			assert.ElementsMatch(t, want, dependencies(t, "./"+pkg))
		})
	}
}

// Which SDK of OpenTelemetry a program sets up, and whether any, is its own choice.
func TestTelemetryLinksNoSDK(t *testing.T) {
	t.Parallel()
	const otel = "go.opentelemetry.io/otel"
	deps := dependencies(t, "./authotel")
	assert.Contains(t, deps, otel+"/trace")
	for _, pkg := range deps {
		assert.False(t, isIn(pkg, otel+"/sdk") || isIn(pkg, otel+"/exporters"), "%s is more than the API of OpenTelemetry", pkg)
	}
}

// A session knows no server, and a request no session: neither links what belongs to the other, by whatever way.
func TestHalvesOfTheClientAreApart(t *testing.T) {
	t.Parallel()
	const internal = module + "/internal/"
	for pkg, want := range map[string][]string{
		"session": {internal + "session", internal + "jwt", internal + "keylock", internal + "lenient", internal + "redact", internal + "uuid"},
		"wire": {
			internal + "wire", internal + "advice", "github.com/go-resty/resty/v2", "github.com/go-resty/resty/v2/shellescape", "golang.org/x/net/publicsuffix",
		},
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			assert.ElementsMatch(t, want, dependencies(t, "./internal/"+pkg))
		})
	}
}

// The emulator is written anew from the facts about the server. What it shared with the client, it would get wrong as the
// client does.
func TestEmulatorIsIndependent(t *testing.T) {
	t.Parallel()
	const emulator = module + "/authtest"
	deps := dependencies(t, "./authtest")
	assert.Contains(t, deps, emulator)
	for _, pkg := range deps {
		assert.True(t, pkg == emulator || isIn(pkg, "github.com/go-jose/go-jose/v4"), "the emulator must not depend on %s", pkg)
	}
}
