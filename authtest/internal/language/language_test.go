package language

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPreferred(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": English, ";;,": English, "de": English, "fr": English, "en-GB": English, "en-US,en;q=0.9,zh;q=0.8": English,
		"zh": Chinese, "zh-Hant-TW": Chinese, "zh-CN,zh;q=0.9,en;q=0.8": Chinese, "fr,zh;q=0.3": Chinese,
		"en;q=0.5,zh;q=0.9": Chinese, "zh;q=0.1, en;q=0.2": English, "en;q=0.1, ZH-Hant-TW;q=0.2": Chinese,
		"da, ZH-cn;q=0.7, *;q=0.1": Chinese, "zh;q=0": English, "zh;q=x": English, "zh;q=x, de": English,
	} {
		assert.Equal(t, want, Preferred(header), header)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"en": English, " EN-gb ": English, "zh-CN": Chinese, "Zh": Chinese, "": "", "de": "", "zhx": "", "-en": ""} {
		assert.Equal(t, want, Of(tag), tag)
	}
	assert.Equal(t, Chinese, Other(English))
	assert.Equal(t, English, Other(Chinese))
}
