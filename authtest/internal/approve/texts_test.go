package approve

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// No text is missing in a language, none is left over, and none that the page names is unknown.
func TestTexts(t *testing.T) {
	t.Parallel()
	sources := pageHTML
	for _, name := range []string{"approve.go", "choose.go", "../service/account.go"} { // the last one has the statuses of users
		body, err := os.ReadFile(filepath.FromSlash(name))
		require.NoError(t, err)
		sources += string(body)
	}
	for _, found := range regexp.MustCompile(`text "([^"]+)"`).FindAllStringSubmatch(pageHTML, -1) {
		assert.Contains(t, texts, found[1])
	}
	isHan := func(r rune) bool { return unicode.Is(unicode.Han, r) }
	for key, text := range texts {
		assert.True(t, strings.Contains(sources, `"`+key+`"`), "%s is used by nothing", key)
		if key == "language" { // each is in the other language
			continue
		}
		assert.True(t, strings.ContainsFunc(text.zh, isHan), key)
		assert.False(t, text.en == "" || strings.ContainsFunc(text.en, isHan), key)
		assert.Equal(t, strings.Count(text.en, "%"), strings.Count(text.zh, "%"), key)
	}
}
