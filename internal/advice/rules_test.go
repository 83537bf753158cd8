package advice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A phrase with a capital letter would never be found, and a rule needs something to be found by.
func TestCategoryRules(t *testing.T) {
	t.Parallel()
	for _, rule := range categoryRules {
		assert.NotEmpty(t, rule.category)
		assert.Positive(t, len(rule.codes)+len(rule.numbers)+len(rule.texts), rule.category)
		assert.NotContains(t, rule.numbers, 0, "0 is no number")
		for _, words := range [][]string{rule.codes, rule.texts, rule.onlyIf} {
			for _, word := range words {
				assert.Equal(t, strings.ToLower(word), word, rule.category)
				assert.NotEmpty(t, word, rule.category)
			}
		}
	}
}
