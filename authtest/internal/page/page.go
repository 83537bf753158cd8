// Package page is the page on which a user watches and moves an environment in a browser.
package page

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
	"github.com/cloudbase-community/tcbauth/authtest/internal/snippets"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock":   func(t time.Time) string { return t.Local().Format(time.DateTime) },
	"rfc3339": func(t time.Time) string { return t.Format(time.RFC3339) },
}).Parse(pageHTML))

// maxRows bounds every table of the page.
const maxRows = 200

// pageData is what the page shows.
type pageData struct {
	Env, URL string
	Now      time.Time
	Ahead    string // how far the clock was moved
	Every    int    // seconds between reloads, 0 for none
	Snippets []snippets.Snippet

	Messages []pageMessage // newest first
	Captchas []pageCaptcha
	Users    []pageUser
	Sessions []pageSession // newest first
	Faults   []pageFault
	Requests []service.Request // newest first

	MoreUsers, MoreSessions, MoreRequests int
}

// pageMessage is a message with the address as a page may show it.
type pageMessage struct {
	service.Message
	Address string
}

// visible is a text as a page may show it: what would turn the text around it is quoted.
func visible(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToASCII(text)
	}
	return text
}

type pageCaptcha struct{ Answer, Token string }

type pageUser struct {
	service.Person
	Status    string
	Providers []string
}

type pageSession struct {
	Sub, Provider, ClientID              string
	Began, AccessExpires, RefreshExpires time.Time
	Refreshes                            int
}

type pageFault struct {
	Operation, What string
	Fired           int
}

// Handler serves the page on GET, and takes its forms on POST, whatever the path. It leaves to others who may call.
func Handler(s *service.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			watched{s}.postForm(w, r)
			return
		}
		watched{s}.getPage(w, r)
	})
}

// watched is the environment that the page shows.
type watched struct{ *service.Service }

// getPage is GET /_emulator/?every=: the page, which reloads itself every so many seconds if it is asked to.
func (s watched) getPage(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the query is malformed")
		return
	}
	every := 0
	if text := query.Get("every"); text != "" {
		if every, err = strconv.Atoi(text); err != nil || every < 1 || every > 3600 {
			refuse(w, http.StatusBadRequest, "every is not a number of seconds between 1 and 3600")
			return
		}
	}
	var out bytes.Buffer
	if err := page.Execute(&out, s.pageData(every)); err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	answer.Write(w, http.StatusOK, "text/html; charset=utf-8", out.Bytes(), out.Len())
}

func (s watched) pageData(every int) pageData {
	d := pageData{Env: s.Env, URL: s.URL, Now: s.Now(), Every: every, Snippets: snippets.For(s.Env, s.URL)}
	if ahead := s.Ahead(); ahead > 0 {
		d.Ahead = ahead.String()
	}

	s.Lock()
	defer s.Unlock()
	sessions, more := newestFirst(s.Service.Sessions.OldestFirst())
	for _, n := range sessions {
		d.Sessions = append(d.Sessions, pageSession{
			n.User.Sub, n.Provider, n.ClientID, n.Began, n.Expires, n.RefreshExpires(), n.Refreshes(),
		})
	}
	d.MoreSessions = more
	messages := s.Inbox.To("", time.Time{})
	for _, m := range messages[:min(len(messages), maxRows)] {
		d.Messages = append(d.Messages, pageMessage{m, visible(m.To)})
	}
	logged, more := newestFirst(s.Log.All())
	for i := range logged {
		d.Requests = append(d.Requests, logged[i].Request())
	}
	d.MoreRequests = more
	users := s.People.OldestFirst()
	d.MoreUsers = max(0, len(users)-maxRows)
	for _, u := range users[:min(len(users), maxRows)] {
		d.Users = append(d.Users, pageUser{u.Person, u.Status(), slices.Sorted(maps.Keys(u.Identities))})
	}
	pictures := s.Captchas.Pictures()
	for _, p := range pictures[:min(len(pictures), maxRows)] {
		d.Captchas = append(d.Captchas, pageCaptcha{p.Answer, p.Token})
	}
	faults := s.Faults.InForce()
	for _, f := range faults[:min(len(faults), maxRows)] {
		d.Faults = append(d.Faults, pageFault{f.Operation, what(f.Fault), f.Fired()})
	}
	return d
}

// newestFirst turns a list around and cuts it to what the page shows; more is how much it cuts.
func newestFirst[T any](oldestFirst []T) (shown []T, more int) {
	more = max(0, len(oldestFirst)-maxRows)
	shown = oldestFirst[more:]
	slices.Reverse(shown)
	return shown, more
}

// what says in words what a fault does.
func what(f service.Fault) string {
	var parts []string
	if f.Delay > 0 {
		parts = append(parts, "delay of "+f.Delay.String())
	}
	switch {
	case f.Error != nil:
		parts = append(parts, fmt.Sprintf("%d %s", f.Error.HTTPStatus(), f.Error.Word))
	case f.Close != 0:
		parts = append(parts, "close "+strings.ReplaceAll(f.Close.String(), "_", " "))
	case f.Body != 0:
		parts = append(parts, strings.ReplaceAll(f.Body.String(), "_", " "))
	}
	if f.Every > 1 {
		parts = append(parts, fmt.Sprintf("each %d calls", f.Every))
	}
	if f.Times > 0 {
		parts = append(parts, fmt.Sprintf("%d times", f.Times))
	}
	if f.To != "" {
		parts = append(parts, "for "+f.To)
	}
	return strings.Join(parts, ", ")
}

// postForm is POST /_emulator/ from the page: do=advance&by=2h, or do=reset. It leads back to the page.
func (s watched) postForm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, ops.MaxBody)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "the form is malformed or too large")
		return
	}
	switch r.PostForm.Get("do") {
	case "advance":
		d, err := time.ParseDuration(strings.TrimSpace(r.PostForm.Get("by")))
		if err == nil {
			err = s.Advance(d)
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, "by is not a duration, such as 2h or 90s: "+err.Error())
			return
		}
	case "reset":
		s.Reset()
	default:
		refuse(w, http.StatusBadRequest, "do is neither advance nor reset")
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

func refuse(w http.ResponseWriter, status int, description string) {
	http.Error(w, description, status)
}
