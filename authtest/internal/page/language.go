package page

import (
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
)

// languageCookie remembers which language was chosen.
const languageCookie = "tcbauth_lang"

// languageOf is the language that was chosen, or else the one that the browser prefers.
func languageOf(r *http.Request) string {
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if chosen := language.Of(cookie.Value); chosen != "" {
			return chosen
		}
	}
	return language.Preferred(r.Header.Get("Accept-Language"))
}

// chooseLanguage remembers a language, and leads back to the page.
func chooseLanguage(w http.ResponseWriter, r *http.Request, chosen string) {
	if chosen = language.Of(chosen); chosen == "" {
		chosen = language.English
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: the emulator may be without TLS, and this is no secret
		Name: languageCookie, Value: chosen, MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	answer.Redirect(w, http.StatusSeeOther, "./?"+readFilters(r).query().Encode())
}
