package bilingual_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

func TestIn(t *testing.T) {
	t.Parallel()
	in := bilingual.Of("%d s, 100%%", "%d 秒，100%%")
	for language, want := range map[string]string{
		"en": "5 s, 100%", "": "5 s, 100%", "fr": "5 s, 100%", "zhx": "5 s, 100%", "zh": "5 秒，100%", "zh-CN": "5 秒，100%", "zh-TW": "5 秒，100%",
	} {
		assert.Equal(t, want, in.In(language, 5), language)
	}
	assert.Equal(t, "100%", bilingual.Of("100%", "").In("en"), "no verbs without arguments")
}
