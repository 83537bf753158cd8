package page

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The languages of the page, as HTML names them.
const (
	english = "en"
	chinese = "zh-CN"
)

// languageCookie remembers which language was chosen.
const languageCookie = "tcbauth_lang"

// languageOf is the language that was chosen, or else the one that the browser prefers.
func languageOf(r *http.Request) string {
	if cookie, err := r.Cookie(languageCookie); err == nil && (cookie.Value == english || cookie.Value == chinese) {
		return cookie.Value
	}
	return preferred(r.Header.Get("Accept-Language"))
}

// preferred is the language of the page that an Accept-Language header wants most (RFC 9110, section 12.5.4).
func preferred(header string) string {
	type wish struct {
		language string
		quality  float64
	}
	var wishes []wish
	for part := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		w := wish{quality: 1}
		switch primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-"); primary {
		case "zh":
			w.language = chinese
		case "en":
			w.language = english
		default:
			continue
		}
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			w.quality, _ = strconv.ParseFloat(value, 64) // what is no number is not wanted
		}
		wishes = append(wishes, w)
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.quality, a.quality) })
	if len(wishes) > 0 && wishes[0].quality > 0 {
		return wishes[0].language
	}
	return english
}

// chooseLanguage remembers a language, and leads back to the page.
func chooseLanguage(w http.ResponseWriter, r *http.Request, language string) {
	if language != english && language != chinese {
		language = english
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: the emulator may be without TLS, and this is no secret
		Name: languageCookie, Value: language, MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "./?"+readFilters(r).query().Encode(), http.StatusSeeOther)
}
