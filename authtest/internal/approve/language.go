package approve

import (
	"net/http"
	"strconv"
	"strings"
)

// language is one in which the page speaks.
type language string

const (
	english language = "en"
	chinese language = "zh"
)

// other is the language that the page offers in place of this one.
func (l language) other() language {
	if l == chinese {
		return english
	}
	return chinese
}

// known returns the language of a tag such as zh-CN, "" for one that the page does not speak.
func known(tag string) language {
	primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
	switch l := language(strings.ToLower(primary)); l {
	case english, chinese:
		return l
	default:
		return ""
	}
}

// languageOf is the one that a request asks for by ?lang=, and then chosen is it too; else the one of Accept-Language that
// the browser likes best, or English.
func languageOf(r *http.Request) (use, chosen language) {
	if chosen = known(r.URL.Query().Get("lang")); chosen != "" {
		return chosen, chosen
	}
	use = english
	best := 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, parameter, _ := strings.Cut(part, ";")
		liked := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			liked, _ = strconv.ParseFloat(text, 64) // 0 for what is no number
		}
		if l := known(tag); l != "" && liked > best {
			use, best = l, liked
		}
	}
	return use, ""
}
