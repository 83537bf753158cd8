package advice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]advice.Language{
		"zh": advice.SimplifiedChinese, "zh-CN": advice.SimplifiedChinese, "ZH-cn": advice.SimplifiedChinese,
		"zh-Hans": advice.SimplifiedChinese, "zh-Hans-CN": advice.SimplifiedChinese, "zh-SG": advice.SimplifiedChinese,
		"zh-MY": advice.SimplifiedChinese, "zh-Hans-HK": advice.SimplifiedChinese, "zh-Hans-TW": advice.SimplifiedChinese,
		"zh-cmn-Hans-CN": advice.SimplifiedChinese, "zh-CN-u-rg-hkzzzz": advice.SimplifiedChinese, "zh-x-tw": advice.SimplifiedChinese,

		"zh-TW": advice.TraditionalChinese, "zh-HK": advice.TraditionalChinese, "zh-MO": advice.TraditionalChinese,
		"zh-Hant": advice.TraditionalChinese, "zh-hant-tw": advice.TraditionalChinese, "zh-Hant-CN": advice.TraditionalChinese,
		"zh-yue-HK": advice.TraditionalChinese,

		"en": advice.English, "en-US": advice.English, "en-GB": advice.English, "fr": advice.English, "ja-JP": advice.English,
		"*": advice.English, "zha": advice.English, "za-CN": advice.English,

		// Several, in any order.
		"zh-CN,zh;q=0.9,en;q=0.8":                       advice.SimplifiedChinese,
		"zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7":           advice.TraditionalChinese,
		"zh-HK, zh-Hant;q=0.9, zh;q=0.8, en;q=0.7":      advice.TraditionalChinese,
		"en-US,en;q=0.9,zh-CN;q=0.8":                    advice.English,
		"da, en-gb;q=0.8, en;q=0.7":                     advice.English,
		"fr-FR, zh;q=0.1":                               advice.SimplifiedChinese,
		"en;q=0.5, zh-CN":                               advice.SimplifiedChinese,
		"en;q=0.5\t,\tzh-CN ; q=0.501":                  advice.SimplifiedChinese,
		"zh-CN;q=0.3,zh-TW;q=0.4":                       advice.TraditionalChinese,
		"zh-TW,zh-CN":                                   advice.TraditionalChinese,
		"zh,en":                                         advice.SimplifiedChinese,
		"en,zh":                                         advice.English,
		"zh-CN;Q=0.9,en;q=0.8":                          advice.SimplifiedChinese,
		"zh-CN;q=1.000, en;q=1":                         advice.SimplifiedChinese,
		"zh-CN;q=0.9, en-GB;q=0.1, zh-TW;q=1, en;q=0.9": advice.TraditionalChinese,
		" , zh-CN,, ":                                   advice.SimplifiedChinese,

		// What is not wanted, and what "*" stands for.
		"zh-CN;q=0":            advice.English,
		"zh-CN;q=0.000, en":    advice.English,
		"en;q=0, zh;q=0":       advice.English,
		"en;q=0, *":            advice.SimplifiedChinese,
		"*;q=0.5, zh-TW":       advice.TraditionalChinese,
		"zh-TW;q=0.5, *;q=0.8": advice.English,
		"*, zh-CN":             advice.English,

		// What is no value of the header.
		"": advice.English, " ": advice.English, "zh_CN": advice.English, "zh-CN;q=2": advice.English, "中文": advice.English,
		"zh-CN;q=0.9;q=0.8": advice.English, "zh-CN, en US": advice.English, "zh-CN\r\nX: y": advice.English,
		strings.Repeat("zh-CN,", 171): advice.English,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, advice.Match(value))
		})
	}
}

func TestAcceptLanguage(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"zh-CN", "en", "*", "i-klingon", "de-1996", "zh-CN,zh;q=0.9,en;q=0.8", "da, en-gb;q=0.8, en;q=0.7", "*;q=0", "en;q=0.", "en;q=1.000",
		"en ;\tq=0.5", "en;Q=1", ",en,,", "a-b-c", "abcdefgh-12345678", strings.Repeat("zh-CN,", 170),
	} {
		for _, given := range []string{value, " " + value + "\t"} {
			header, ok := advice.AcceptLanguage(given)
			assert.True(t, ok, given)
			assert.Equal(t, value, header)
		}
	}
	for _, value := range []string{
		"", " ", ",", ", ,", "zh_CN", "en US", "en-", "-en", "en--US", "e1", "1", "abcdefghi", "en-abcdefghi", "**", "*-CN", "en;", "en;q",
		"en;q=", "en;q=2", "en;q=1.001", "en;q=0.1234", "en;q=.5", "en;q=-1", "en;q=1e0", "en;q=0,5", "en;q =0.5", "en;q= 0.5", "en;v=1",
		"en;q=0.5;q=0.5", "en;q=0.5 x", "中文", "en\n", "en\r\nX: y", "en\x00", "zh-CN\u00a0", "ｅｎ", strings.Repeat("zh-CN,", 171),
	} {
		header, ok := advice.AcceptLanguage(value)
		assert.False(t, ok, "%q", value)
		assert.Empty(t, header)
	}
}

// FuzzMatch: what is no value of the header is English, and what is one can stand in a header.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "zh-CN", "zh-TW,zh;q=0.9,*;q=0", "da, en-gb;q=0.8", "en;q=1.0000", "zh-Hant-\x00", ",,,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := advice.Match(value)
		assert.Contains(t, []advice.Language{advice.English, advice.SimplifiedChinese, advice.TraditionalChinese}, got)
		if _, ok := advice.AcceptLanguage(value); !ok {
			assert.Equal(t, advice.English, got)
			return
		}
		assert.Empty(t, strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*,;=. \t"))
	})
}
