package page

import (
	"html/template"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/ops"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
	"github.com/cloudbase-community/tcbauth/authtest/internal/snippets"
)

// How many entries the page shows of each list; the others are found by searching.
const (
	maxMessages = 50
	maxRequests = 100
	maxUsers    = 30
	maxSessions = 30
	maxOthers   = 50
	maxChoices  = 100 // users to approve as
)

// list is what is shown of a list.
type list[T any] struct {
	Rows []T
	All  int // how many match what is searched for
}

// More is how many are not shown.
func (l list[T]) More() int { return l.All - len(l.Rows) }

// view is what the page shows.
type view struct {
	translator
	failed *failure

	Env, URL    string
	Now         time.Time
	Ahead       time.Duration
	Snippets    []snippets.Snippet
	Said        string // the form that was carried out last, "" for none
	SaidAt      string // its section
	Filters     filters
	FaultFor    string // the operation that the form for faults starts with
	Operations  []string
	HasRequests bool

	Newest   *service.Message // of all messages, nil for none
	Messages list[message]
	Captchas list[captcha]
	Devices  list[device]
	QRCodes  list[qrCode]
	Requests list[request]
	Users    list[user]
	Sessions list[session]
	Faults   list[fault]
	Choices  list[choice]
	Rules    service.Rules
}

// message is a code that was sent.
type message struct {
	service.Message
	ID, Find string
}

// captcha is a picture that can still be solved.
type captcha struct{ Token, Answer string }

type device struct {
	UserCode, ClientID string
	Expires            time.Time
}

type qrCode struct {
	ID      string
	Expires time.Time
}

type request struct {
	service.Request
	Number int
	Find   string
}

// Bad says whether a request was not answered with what was asked for.
func (r request) Bad() bool { return r.Status >= http.StatusBadRequest || r.Status == 0 }

type user struct {
	service.Person
	Anonymous, HasPassword bool
	Created, LastLogin     time.Time
	LockedUntil            time.Time // zero if it is not locked now
	Sessions               int
	Find                   string
}

// Label is what a user is called in a line.
func (u user) Label() string { return u.Names()[0] }

// More is what a user is called beside the Label.
func (u user) More() []string { return u.Names()[1:] }

type session struct {
	ID, Sub, Label, Provider, ClientID, Device string
	Began, AccessExpires, RefreshExpires       time.Time
	Refreshes                                  int
	Find                                       string
}

type fault struct {
	ID           int
	Operation    string
	What, To     string
	Times, Every int
	Fired        int
	UsedUp       bool
}

// choice is a user to approve as.
type choice struct {
	Sub, Label string
	Status     string // blocked or pending; "" for a user who can sign in
}

// filters are the texts that lists are searched for.
type filters struct{ Inbox, Requests, Users, Sessions string }

// maxFilter bounds a text that is searched for.
const maxFilter = 100

func readFilters(r *http.Request) filters {
	query := r.URL.Query()
	get := func(name string) string {
		text := strings.TrimSpace(query.Get(name))
		return strings.ToValidUTF8(text[:min(len(text), maxFilter)], "")
	}
	return filters{get("inbox"), get("requests"), get("users"), get("sessions")}
}

func (f filters) query() url.Values {
	query := make(url.Values)
	for name, text := range map[string]string{"inbox": f.Inbox, "requests": f.Requests, "users": f.Users, "sessions": f.Sessions} {
		if text != "" {
			query.Set(name, text)
		}
	}
	return query
}

// Query is the query of the page's address that keeps what is searched for.
func (f filters) Query() template.URL { return encoded(f.query()) }

// encoded is a query as a template puts it into an address.
func encoded(query url.Values) template.URL { return template.URL(query.Encode()) } //nolint:gosec // G203: it is encoded

// matcher says whether a text, in lower case, has every word of what is searched for.
func matcher(filter string) func(text string) bool {
	words := strings.Fields(strings.ToLower(filter))
	return func(text string) bool {
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false
			}
		}
		return true
	}
}

// finds is the text by which an entry is found.
func finds(parts ...string) string {
	return strings.ToLower(strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " "))
}

// matching is matcher for values with a text, which is not made when nothing is searched for.
func matching[T any](filter string, text func(T) string) func(T) bool {
	if filter == "" {
		return func(T) bool { return true }
	}
	matches := matcher(filter)
	return func(v T) bool { return matches(text(v)) }
}

// look collects what the page shows. Messages and requests are copied under the lock, and searched without it. Users, sessions
// and what waits are searched and sorted under it.
func (p *pages) look(r *http.Request, failed *failure) *view {
	v := &view{
		translator: translator{Lang: languageOf(r)}, failed: failed, Env: p.Env, URL: p.URL, Now: p.Now(), Ahead: p.Ahead(),
		Snippets: snippets.For(p.Env, p.URL), Filters: readFilters(r), Rules: p.Rules(),
	}
	for _, op := range ops.All() {
		if !slices.Contains(v.Operations, op.Name) {
			v.Operations = append(v.Operations, op.Name)
		}
	}
	query := r.URL.Query()
	if do, ok := actions[query.Get("said")]; ok && failed == nil {
		v.Said, v.SaidAt = query.Get("said"), do.section
	}
	if wanted := query.Get("fault"); ops.Known(wanted) {
		v.FaultFor = wanted
	}
	limit := maxRequests
	if v.Filters.Requests != "" {
		limit = math.MaxInt
	}
	p.Lock()
	messages := p.Inbox.To("", time.Time{})
	logged, all := p.Log.Newest(limit)
	v.lookAtWaiting(p.Service)
	v.lookAtUsers(p.Service)
	p.Unlock()
	v.HasRequests = all > 0
	if len(messages) > 0 {
		v.Newest = &messages[0]
	}
	v.Messages = searchMessages(messages, v.Filters.Inbox)
	v.Requests = searchRequests(logged, v.Filters.Requests)
	v.Requests.All += all - len(logged) // nothing is searched for in these
	return v
}

// lookAtWaiting copies what waits for a decision, and the faults. The environment is locked.
func (v *view) lookAtWaiting(s *service.Service) {
	pictures := s.Captchas.Pictures()
	v.Captchas.All = len(pictures)
	for _, p := range pictures[:min(len(pictures), maxOthers)] {
		v.Captchas.Rows = append(v.Captchas.Rows, captcha{p.Token, p.Answer})
	}
	devices, all := s.Devices.Newest(maxOthers)
	v.Devices.All = all
	for _, d := range devices {
		v.Devices.Rows = append(v.Devices.Rows, device{d.UserCode, d.ClientID, d.Expires})
	}
	codes, all := s.QRCodes.Newest(maxOthers)
	v.QRCodes.All = all
	for _, c := range codes {
		v.QRCodes.Rows = append(v.QRCodes.Rows, qrCode{c.ID, c.Expires})
	}
	v.Faults = faultsOf(s.Faults.NotLifted())
}

// faultsOf lists faults, which are given the oldest first: those that can still hit, the newest first, and then those that are used up.
func faultsOf(all []*service.Injected) (found list[fault]) {
	var sorted, over []*service.Injected
	for _, f := range slices.Backward(all) {
		if f.UsedUp() {
			over = append(over, f)
		} else {
			sorted = append(sorted, f)
		}
	}
	sorted = append(sorted, over...)
	found.All = len(sorted)
	for _, f := range sorted[:min(len(sorted), maxOthers)] {
		found.Rows = append(found.Rows, fault{f.ID, f.Operation, f.String(), f.To, f.Times, f.Every, f.Fired(), f.UsedUp()})
	}
	return found
}

// lookAtUsers copies the users and sessions that are shown. The environment is locked.
func (v *view) lookAtUsers(s *service.Service) {
	now := s.Now()
	findUser := func(a *service.Account) string {
		return finds(a.Sub, a.Name, a.Username, a.Phone, strings.ReplaceAll(a.Phone, " ", ""), a.Email, strings.ToLower(a.Status()), strings.Join(slices.Sorted(maps.Keys(a.Identities)), " "))
	}
	users, all := s.People.Newest(maxUsers, matching(v.Filters.Users, findUser))
	v.Users.All = all
	for _, a := range users {
		u := user{
			Person: a.Person, Anonymous: a.Anonymous, HasPassword: a.HasPassword(), Created: a.Created, LastLogin: a.LastLogin,
			Sessions: s.Sessions.CountOf(a), Find: findUser(a),
		}
		if now.Before(a.LockedUntil) {
			u.LockedUntil = a.LockedUntil
		}
		v.Users.Rows = append(v.Users.Rows, u)
	}
	if len(v.Devices.Rows)+len(v.QRCodes.Rows) > 0 {
		choices, all := s.People.Newest(maxChoices, func(a *service.Account) bool { return !a.Anonymous })
		v.Choices.All = all
		for _, a := range choices {
			c := choice{Sub: a.Sub, Label: a.Names()[0]}
			if !a.CanSignIn() {
				c.Status = strings.ToLower(a.Status())
			}
			v.Choices.Rows = append(v.Choices.Rows, c)
		}
		slices.SortStableFunc(v.Choices.Rows, func(a, b choice) int { return strings.Compare(a.Status, b.Status) }) // who can comes first
	}
	findSession := func(n *service.Session) string {
		return finds(n.User.Sub, n.User.Names()[0], n.Provider, n.ClientID, n.Device)
	}
	sessions, all := s.Sessions.Newest(maxSessions, matching(v.Filters.Sessions, findSession))
	v.Sessions.All = all
	for _, n := range sessions {
		v.Sessions.Rows = append(v.Sessions.Rows, session{
			ID: n.ID(), Sub: n.User.Sub, Label: n.User.Names()[0], Provider: n.Provider, ClientID: n.ClientID, Device: n.Device,
			Began: n.Began, AccessExpires: n.Expires, RefreshExpires: n.RefreshExpires(), Refreshes: n.Refreshes(), Find: findSession(n),
		})
	}
}

func searchMessages(all []service.Message, filter string) (found list[message]) {
	matches := matcher(filter)
	same := make(map[string]int)
	for _, m := range slices.Backward(all) { // the oldest first, so that numbers stay
		text := finds(m.Code, m.To, strings.ReplaceAll(m.To, " ", ""), m.Channel)
		id := strconv.FormatInt(m.SentAt.UnixMicro(), 36)
		if same[id]++; same[id] > 1 {
			id += "-" + strconv.Itoa(same[id])
		}
		if matches(text) {
			found.All++
			found.Rows = append(found.Rows, message{m, id, text})
		}
	}
	slices.Reverse(found.Rows)
	found.Rows = found.Rows[:min(len(found.Rows), maxMessages)]
	return found
}

func searchRequests(all []service.Logged, filter string) (found list[request]) {
	matches := matcher(filter)
	for i := range slices.Backward(all) {
		r := all[i].Request()
		status := strconv.Itoa(r.Status)
		text := finds(r.Method, r.Path, r.Operation, status, r.Error, r.Description, r.Rule, r.Fault)
		if !matches(text) {
			continue
		}
		found.All++
		if len(found.Rows) < maxRequests {
			found.Rows = append(found.Rows, request{r, all[i].Number, text})
		}
	}
	return found
}
