package approve

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// view is what the page shows. Title, Text and Problem are names of texts.
type view struct {
	Env                  string
	Lang, Chosen         string
	OtherLang, OtherPage string

	Step     string // enter, choose or end
	Problem  string // above the form, "" for none
	UserCode string

	Client, Scope string
	Minutes       int // that the code is good for
	Users         []row
	More          int    // users beside these
	Sub, Login    string // as they were given

	Title, Text string
	User        string // who was approved
	Good        bool   // it has ended well
	Again       bool   // another code may help

	device  *service.Device // that waits for a decision, nil for none
	decided *service.Device // that was decided on before, nil for none
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pages = map[string]*template.Template{language.English: parse(language.English), language.Chinese: parse(language.Chinese)}

func parse(lang string) *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"text":  func(name string, args ...any) (string, error) { return textIn(lang, name, args...) },
		"style": func() template.CSS { return template.CSS(pageCSS) }, //nolint:gosec // G203: it is the page's own
	}).Parse(pageHTML))
}

// policy lets the page have its own style, its own forms, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(pageCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

// show answers with the page of an environment.
func show(w http.ResponseWriter, r *http.Request, env string, status int, v view) {
	v.Env = env
	v.Lang, v.Chosen = languageOf(r)
	v.OtherLang = language.Other(v.Lang)
	query := url.Values{"lang": {v.OtherLang}}
	for name, values := range r.URL.Query() {
		if name != "lang" {
			query[name] = values
		}
	}
	if v.UserCode != "" {
		query.Set("user_code", v.UserCode)
	}
	v.OtherPage = "?" + query.Encode()
	var out bytes.Buffer
	if err := pages[v.Lang].Execute(&out, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Language", v.Lang)
	h.Set("Referrer-Policy", "same-origin") // with no-referrer a browser says that its own form is of the origin "null"
	h.Set("Vary", "Accept-Language")
	if status == http.StatusTooManyRequests {
		h.Set("Retry-After", "60")
	}
	answer.Write(w, status, "text/html; charset=utf-8", out.Bytes(), out.Len())
}
