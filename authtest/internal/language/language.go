// Package language chooses the language of the emulator's pages.
package language

import (
	"strconv"
	"strings"
)

// The languages of the pages, as HTML names them.
const (
	English = "en"
	Chinese = "zh-CN"
)

// Of returns the language of a tag of BCP 47, such as zh-Hant-TW, in any case. It returns "" for one that no page is in.
func Of(tag string) string {
	switch primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-"); primary {
	case "en":
		return English
	case "zh":
		return Chinese
	default:
		return ""
	}
}

// Other returns the language that a page offers beside its own.
func Other(own string) string {
	if own == Chinese {
		return English
	}
	return Chinese
}

// Preferred returns the language that an Accept-Language header (RFC 9110, section 12.5.4) wants most, or English.
func Preferred(header string) string {
	best, most := English, 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(part, ";")
		quality := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			quality, _ = strconv.ParseFloat(value, 64) // what is no number is not wanted
		}
		if l := Of(tag); l != "" && quality > most {
			best, most = l, quality
		}
	}
	return best
}
