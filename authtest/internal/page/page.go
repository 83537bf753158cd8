// Package page is the page on which developers watch and move an environment in a browser. All of it works without script: forms are
// sent, and answered by a redirect to the page. With its one script the page follows what happens, and nothing that is being typed is
// lost. It loads nothing from elsewhere.
package page

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"path"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

//go:embed templates static
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"second": second, "full": full, "stamp": stamp, "short": short, "millis": millis, "visible": visible,
}).ParseFS(files, "templates/*.html"))

// policy lets the page load and send to nothing but its own server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// pages are the page of one environment.
type pages struct {
	*service.Service
	streams chan struct{} // has an entry for every open stream of changes
	tick    time.Duration // after which a stream has an event without a change
}

func newPages(s *service.Service) *pages {
	return &pages{Service: s, streams: make(chan struct{}, maxStreams), tick: changeTick}
}

// Routes are the handlers by method and name. A name is relative to the page, which is {$}. They check nothing of the caller: package guard does.
func Routes(s *service.Service) map[string]http.HandlerFunc {
	return newPages(s).routes()
}

func (p *pages) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET {$}":      p.get,
		"POST {$}":     p.post,
		"GET changes":  p.changes,
		"GET page.css": static,
		"GET page.js":  static,
		"GET icon.svg": static,
	}
}

// get answers the page. The query has the texts that lists are searched for, and what the last form has done.
func (p *pages) get(w http.ResponseWriter, r *http.Request) {
	if chosen := r.URL.Query().Get("lang"); chosen != "" {
		chooseLanguage(w, r, chosen)
		return
	}
	p.write(w, r, http.StatusOK, nil)
}

// post carries a form out, and leads back to the page; the page says what was wrong with a form that could not be.
func (p *pages) post(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, ops.MaxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form is malformed or too large", http.StatusBadRequest)
		return
	}
	f := form{r.PostForm}
	do, ok := actions[f.get("do")]
	if !ok {
		http.Error(w, "there is no such form", http.StatusBadRequest)
		return
	}
	if wrong := do.run(p.Service, f); wrong != nil {
		p.write(w, r, http.StatusUnprocessableEntity, &failure{form: f, wrong: wrong})
		return
	}
	query := readFilters(r).query()
	query.Set("said", f.get("do"))
	answer.Redirect(w, http.StatusSeeOther, "./?"+query.Encode()+"#"+do.section)
}

func (p *pages) write(w http.ResponseWriter, r *http.Request, status int, failed *failure) {
	v := p.look(r, failed)
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "page.html", v); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Language", v.Lang)
	answer.Write(w, status, "text/html; charset=utf-8", out.Bytes(), out.Len())
}

// kinds are the media types of the files by extension. Those that the machine knows may be others, which browsers refuse.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// static answers a file that belongs to the page.
func static(w http.ResponseWriter, r *http.Request) {
	body, err := files.ReadFile("static/" + path.Base(r.URL.Path))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	answer.Write(w, http.StatusOK, kinds[path.Ext(r.URL.Path)], body, len(body))
}
