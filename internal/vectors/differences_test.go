package vectors_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

var (
	recordedNames = regexp.MustCompile("Recorded: ((?:`[^`]+`(?:, )?)+)\\.")
	quoted        = regexp.MustCompile("`([^`]+)`")
)

// namesIn returns the vectors that a page of differences names, in its order.
func namesIn(page string) (names []string) {
	page = strings.Join(strings.Fields(page), " ")
	for _, list := range recordedNames.FindAllStringSubmatch(page, -1) {
		for _, name := range quoted.FindAllStringSubmatch(list[1], -1) {
			names = append(names, name[1])
		}
	}
	return names
}

// TestDifferencesPage: docs/DIFFERENCES.md names every vector of differences.json once, and no other.
func TestDifferencesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/DIFFERENCES.md")
	require.NoError(t, err)
	var differences map[string]wireDifference
	testbed.ReadJSON(t, "../../testdata/wire/differences.json", &differences)
	assert.Equal(t, slices.Sorted(maps.Keys(differences)), slices.Sorted(slices.Values(namesIn(string(page)))))
}

// TestDifferencesOfAPage: names are found across lines, and only where something was recorded.
func TestDifferencesOfAPage(t *testing.T) {
	t.Parallel()
	for page, want := range map[string][]string{
		"- `SignOut` forgets.":                      nil,
		"- It is. Recorded: `a/b`.":                 {"a/b"},
		"- It is. Recorded:\n  `a/b`,\n  `c`.":      {"a/b", "c"},
		"x. Recorded: `a`.\n\n- y. Recorded: `b`.":  {"a", "b"},
		"- `no`. Recorded: `a`, which is so (`b`).": nil,
	} {
		assert.Equal(t, want, namesIn(page), page)
	}
}
