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
	}
	// What a store links beside that is its own matter, and nobody else's.
	for pkg, more := range map[string][]string{
		".":           nil,
		"./sqlstore":  {module + "/sqlstore"},
		"./filestore": {module + "/filestore", "github.com/gofrs/flock", "golang.org/x/sync/semaphore", "golang.org/x/sys"},

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
		for _, parent := range slices.Concat(allowed, more) {
			used := slices.ContainsFunc(deps, func(dep string) bool { return isIn(dep, parent) })
			assert.True(t, used, "%s need not be allowed: %s does not link it", parent, pkg)
		}
	}
}

// A backend that only verifies tokens, or only signs tickets, links neither resty nor the client.
func TestBackendsLinkLittle(t *testing.T) {
	t.Parallel()
	const jose = "github.com/go-jose/go-jose/v4"
	for pkg, want := range map[string][]string{
		"accesstoken": {jose, jose + "/cipher", jose + "/json", module + "/accesstoken", module + "/internal/detach", module + "/internal/endpoint"},
		"ticket":      {module + "/ticket"},
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			assert.ElementsMatch(t, want, dependencies(t, "./"+pkg))
		})
	}
}

// Whoever builds a tool gets what a terminal needs, and nothing that draws windows, colours or menus.
func TestConsoleLinksLittle(t *testing.T) {
	t.Parallel()
	const qr, system = "github.com/piglig/go-qr", "golang.org/x/sys"
	for _, dep := range dependencies(t, "./clikit/internal/console") {
		ok := dep == module+"/clikit/internal/console" || dep == "golang.org/x/term" || isIn(dep, system) || isIn(dep, qr)
		assert.True(t, ok, "a question on a terminal must not need %s", dep)
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

// A tool on another command framework, or on none, links none through the kit.
func TestKitLinksNoFramework(t *testing.T) {
	t.Parallel()
	const cobra = "github.com/spf13/cobra"
	assert.NotContains(t, dependencies(t, "./clikit"), cobra)
	assert.Contains(t, dependencies(t, "./clikit/cobrakit"), cobra)
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

// The emulator is written from the facts about the server. What it shared with the client, it would get wrong as the
// client does.
func TestEmulatorIsIndependent(t *testing.T) {
	t.Parallel()
	const emulator = module + "/authtest"
	deps := dependencies(t, "./authtest")
	assert.Contains(t, deps, emulator)
	for _, pkg := range deps {
		assert.True(t, isIn(pkg, emulator) || isIn(pkg, "github.com/go-jose/go-jose/v4"), "the emulator must not depend on %s", pkg)
	}
}

// The emulator has three floors. The environment knows nothing of HTTP calls, these nothing of who watches the environment from
// outside, and none of them the test or the program that it serves.
func TestFloorsOfTheEmulator(t *testing.T) {
	t.Parallel()
	const emulator = module + "/authtest"
	leaves := []string{"address", "answer", "captcha", "jsonin", "keys", "random", "refusal"}
	for pkg, want := range map[string][]string{
		"service": leaves,
		"ops":     append([]string{"service"}, leaves...),
		"approve": append([]string{"guard", "language", "service"}, leaves...),
		"control": append([]string{"guard", "ops", "service", "snippets"}, leaves...),
		"page":    append([]string{"language", "ops", "service", "snippets"}, leaves...),
	} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			own := []string{pkg}
			for _, dep := range dependencies(t, "./authtest/internal/"+pkg) {
				if name, ok := strings.CutPrefix(dep, emulator+"/internal/"); ok && name != pkg {
					own = append(own, name)
				}
				assert.NotEqual(t, emulator, dep)
			}
			assert.ElementsMatch(t, append(want, pkg), own)
		})
	}
}
