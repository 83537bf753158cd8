package approve

import (
	"net/http"

	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
)

// languageOf is the language that a request asks for by ?lang=, which is chosen then too; else the one that the browser prefers.
func languageOf(r *http.Request) (use, chosen string) {
	if chosen = language.Of(r.URL.Query().Get("lang")); chosen != "" {
		return chosen, chosen
	}
	return language.Preferred(r.Header.Get("Accept-Language")), ""
}
