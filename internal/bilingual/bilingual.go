// Package bilingual has sentences in English and in Chinese, for commands.
package bilingual

import (
	"fmt"
	"strings"
)

// Text is a sentence in both languages. It may have verbs of fmt, in the same order in both.
type Text struct{ en, zh string }

// Of returns the Text of two sentences that say the same.
func Of(en, zh string) Text { return Text{en, zh} }

// In is the sentence in a language, a tag of BCP 47: in Chinese for every kind of that, else in English.
func (t Text) In(language string, args ...any) string {
	format := t.en
	if primary, _, _ := strings.Cut(language, "-"); primary == "zh" {
		format = t.zh
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
