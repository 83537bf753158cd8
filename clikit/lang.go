package clikit

import (
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// The languages of messages.
const (
	English            = "en"
	SimplifiedChinese  = "zh-CN"
	TraditionalChinese = "zh-TW" // the messages of tcbauth; the kit's own are in simplified Chinese
)

// Language returns the language of messages: Flags.Lang, or else LC_ALL, LC_MESSAGES or LANG, in the order of POSIX. Any
// other language counts as English.
func (k *Kit) Language() string {
	if k.Flags.Lang != "" {
		return languageOf(k.Flags.Lang)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale, _ := k.cfg.LookupEnv(name); locale != "" {
			return languageOf(locale)
		}
	}
	return English
}

// languageOf takes a tag, such as zh-Hant-HK, or a locale, such as zh_TW.UTF-8.
func languageOf(locale string) string {
	tag, _, _ := strings.Cut(locale, ".")
	tag, _, _ = strings.Cut(tag, "@")
	parts := strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 || parts[0] != "zh" {
		return English
	}
	for _, part := range parts[1:] {
		switch part {
		case "hans":
			return SimplifiedChinese
		case "hant", "tw", "hk", "mo":
			return TraditionalChinese
		}
	}
	return SimplifiedChinese
}

// tell is Say in the user's language.
func (k *Kit) tell(t bilingual.Text, args ...any) { k.Say(t.In(k.Language(), args...)) }
