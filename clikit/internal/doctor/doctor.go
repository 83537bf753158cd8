// Package doctor looks for what keeps a user from signing in, or from staying so: settings that cannot be right, a server that
// cannot be reached and why, a clock that is wrong, a store that others can read. Each check is a small function, which says what
// it has found and what to do about it, in English or Chinese.
package doctor

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
)

// Status is how bad something is.
type Status string

// The values of Status.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it works, and may not for long
	Failure Status = "failure" // the user cannot sign in, or cannot stay signed in
)

// Finding is the result of one check. What and Do are for the user and contain no secret.
type Finding struct {
	Check  string `json:"check"` // its name, the same in all languages
	Status Status `json:"status"`
	What   string `json:"what"`
	Do     string `json:"do,omitempty"` // "" where there is nothing to do
}

// Target is what is looked at.
type Target struct {
	Env     string // id of the environment
	Region  string // "": that of the js-sdk
	BaseURL string // "": CloudBase's own server of the region

	// Proxy says which proxy stands before the server; nil: http.ProxyFromEnvironment. HTTPClient is what asks the server; nil: one
	// that goes by Proxy.
	Proxy      func(*http.Request) (*url.URL, error)
	HTTPClient *http.Client

	Now func() time.Time // nil: time.Now

	// StoreDir is where the sessions lie, "" if nothing has chosen a store so far. Keyring says that the key to them is in the
	// system's keyring. Open opens the store and returns the session that is in force, or the error of opening it; nil if there
	// is none.
	StoreDir string
	Keyring  bool
	Open     func(context.Context) (*tcbauth.Auth, error)

	Language string // of the texts: a tag of BCP 47
}

// checks are made in this order. What one of them has found out, such as what the server answers, the later ones know.
var checks = []struct {
	name  string
	limit time.Duration
	run   func(context.Context, *exam) Finding
}{
	{"region", time.Second, region},
	{"proxy", 10 * time.Second, proxy},
	{"host", 10 * time.Second, host},
	{"certs", time.Second, certs},
	{"environment", 10 * time.Second, environment},
	{"clock", time.Second, clock},
	{"store", 5 * time.Second, store},
	{"keyring", 10 * time.Second, keyring},
	{"lock", 5 * time.Second, lock},
	{"session", 5 * time.Second, session},
	{"issuer", time.Second, issuer},
}

// Run makes all checks, and returns what they have found. One that has nothing to look at, such as that of the certs where
// nothing answers, says nothing. A check that does not end in its time, such as of a file system that does not answer, is a
// Failure, and goes on in a goroutine until it ends. Once parent has ended no more checks are made, and what was found is of no use.
func Run(parent context.Context, t Target) []Finding {
	e := newExam(parent, t)
	var found []Finding
	for _, check := range checks {
		if parent.Err() != nil {
			break
		}
		ctx, cancel := context.WithTimeout(parent, check.limit)
		done := make(chan Finding, 1)
		go func() { done <- check.run(ctx, e) }()
		var f Finding
		select {
		case f = <-done:
		case <-ctx.Done():
			select {
			case f = <-done:
			case <-time.After(time.Second): // for those that end with their context
				f = e.failure(say(noEnd, check.limit), say(doNoEnd))
			}
		}
		cancel()
		if f.Status != "" {
			f.Check = check.name
			found = append(found, f)
		}
	}
	return found
}

// exam is what the checks know in common.
type exam struct {
	Target
	base string // the URL in force
	ask  func() *answer
	open func() opened
}

func newExam(ctx context.Context, t Target) *exam {
	if t.Proxy == nil {
		t.Proxy = http.ProxyFromEnvironment
	}
	if t.HTTPClient == nil {
		t.HTTPClient = &http.Client{Transport: &http.Transport{Proxy: t.Proxy, DisableKeepAlives: true}}
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	if t.Region == "" {
		t.Region = endpoint.DefaultRegion
	}
	e := &exam{Target: t, base: t.BaseURL}
	if e.base == "" {
		e.base = endpoint.Regional(t.Env, t.Region)
	}
	e.ask = sync.OnceValue(func() *answer { return e.get(ctx) })
	e.open = sync.OnceValue(func() opened { return e.openSession(ctx) })
	return e
}

// sentence is a text with what it has places for.
type sentence struct {
	text bilingual.Text
	args []any
}

func say(text bilingual.Text, args ...any) sentence { return sentence{text, args} }

// in is a sentence in the user's language. What the server or a token has put into it cannot move the cursor.
func (e *exam) in(s sentence) string { return console.Printable(s.text.In(e.Language, s.args...)) }

func (e *exam) ok(what sentence) Finding { return Finding{Status: OK, What: e.in(what)} }

func (e *exam) warning(what, do sentence) Finding {
	return Finding{Status: Warning, What: e.in(what), Do: e.in(do)}
}

func (e *exam) failure(what, do sentence) Finding {
	return Finding{Status: Failure, What: e.in(what), Do: e.in(do)}
}

// nothing is of a check that has nothing to look at.
func nothing() Finding { return Finding{} }
