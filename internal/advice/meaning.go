package advice

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Facts are what is known of an error. A zero field says nothing about it.
type Facts struct {
	Code        string // the server's error code in lower case
	Number      int    // the server's error_code
	Status      int    // HTTP status of the answer
	Description string // the server's text
	Path        string // of the request, "/auth/v1/signin" say; "" for an error that a browser brought back from a third party
	Gateway     bool   // the answer has the gateway's form (WIRE.md 3.2), not the auth service's
	Cause       Cause  // what went wrong besides, or instead of, what the server says
	Field       string // of a refused argument, in the server's spelling
}

// Tokens is what an answer says about the tokens that a call has sent.
type Tokens int

const (
	// RefusesAccess: the server does not accept the access token. A refresh may cure it.
	RefusesAccess Tokens = 1 << iota
	// RefusesRefresh: the server does not accept the refresh token any more. The session has ended.
	RefusesRefresh
)

// Meaning is what an error means. It is shared: callers must not change it.
type Meaning struct {
	// What the meaning is found by.
	Code   string // the server's error code in lower case, "" for none
	Number int    // the server's error_code for it, 0 for none
	Status int    // the HTTP status that tells it where nothing else does; beside a Code the one that comes with it, 0 if unknown
	Cause  Cause  // see Facts
	When   When

	Source   string // where the fact comes from, with its evidence level (WIRE.md 0)
	Category string
	Tokens   Tokens
	Open     bool          // nothing tells whether the request was carried out
	Wait     time.Duration // how long to wait if the server does not say; 0: not known

	HTTP    int     // what a backend answers its own client
	Message message // for the person who signs in
	Help    help    // for the developer
}

// When narrows a Meaning.
type When struct {
	Text    []string // one of these is in the description, compared in lower case
	Path    []string // the request has one of these paths, without the API version
	Gateway bool     // the answer has the gateway's form
	Field   []string // the refused argument has one of these names
}

// String says the condition in words, "" for none.
func (w When) String() string {
	var parts []string
	if len(w.Path) > 0 {
		parts = append(parts, "path "+strings.Join(w.Path, ", "))
	}
	if len(w.Text) > 0 {
		parts = append(parts, "text "+strings.Join(w.Text, ", "))
	}
	if w.Gateway {
		parts = append(parts, "the gateway's form")
	}
	if len(w.Field) > 0 {
		parts = append(parts, "argument "+strings.Join(w.Field, ", "))
	}
	return strings.Join(parts, "; ")
}

func (w When) holds(f Facts) bool {
	if w.Gateway && !f.Gateway || len(w.Field) > 0 && !slices.Contains(w.Field, f.Field) {
		return false
	}
	if len(w.Path) > 0 && !slices.Contains(w.Path, endpointOf(f.Path)) {
		return false
	}
	return len(w.Text) == 0 || slices.ContainsFunc(w.Text, func(part string) bool {
		return strings.Contains(strings.ToLower(f.Description), part)
	})
}

// endpointOf is a path without "/auth/" and the API version.
func endpointOf(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/auth/"), "/")
	return rest
}

// Of returns what an error means. The code decides before the number, the number before the status, and texts only where
// none of these tells. A Cause decides before all of them, but has no category where the server's answer has one.
func Of(f Facts) Meaning {
	said := saidBy(f)
	if f.Cause == None || f.Cause == Answered {
		return *said
	}
	m := *causeOf(f)
	if m.Category == "" {
		m.Category = said.Category
	}
	return m
}

// Code returns the error code that a number stands for in an answer that has no code, "" for none.
func Code(number int) string { return codeOf[number] }

// Known reports whether the table has the error code.
func Known(code string) bool { return len(meaningsOf[code]) > 0 }

// saidBy finds what the server's answer means.
func saidBy(f Facts) *Meaning {
	if m := byCode(f.Code, f); m != nil {
		return m
	}
	if m := byCode(codeOf[f.Number], f); m != nil {
		return m
	}
	for i := range statuses {
		if m := &statuses[i]; m.Status == f.Status && m.When.holds(f) {
			return m
		}
	}
	if f.Status >= http.StatusInternalServerError {
		return &brokenService
	}
	for i := range texts {
		if m := &texts[i]; m.When.holds(f) {
			return m
		}
	}
	return &unknown
}

func byCode(code string, f Facts) *Meaning {
	for _, m := range meaningsOf[code] {
		if m.When.holds(f) {
			return m
		}
	}
	return nil
}

func causeOf(f Facts) *Meaning {
	for i := range causes {
		if m := &causes[i]; m.Cause == f.Cause && m.When.holds(f) {
			return m
		}
	}
	return &unknown
}

// meaningsOf has the meanings of each error code in the order of the table: the narrower ones come first.
var meaningsOf = func() map[string][]*Meaning {
	of := make(map[string][]*Meaning)
	for i := range coded {
		of[coded[i].Code] = append(of[coded[i].Code], &coded[i])
	}
	return of
}()

// codeOf has the error codes of the numbers: those of gRPC, the js-sdk's own, and those that were seen (WIRE.md 0.2, 3.4).
var codeOf = func() map[int]string {
	of := make(map[int]string)
	for _, m := range coded {
		if m.Number != 0 {
			of[m.Number] = m.Code
		}
	}
	return of
}()

// All returns the whole table in its order: what the server says, then what goes wrong here.
func All() []Meaning {
	return slices.Concat(coded, statuses, []Meaning{brokenService}, texts, causes, []Meaning{unknown})
}
