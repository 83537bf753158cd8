package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// network is a transport of one App. It tells of every refresh token before it is sent, and loses answers in a lossy world.
type network struct {
	inner http.RoundTripper
	world world
	tell  func(event)
}

// event is what a transport tells of a refresh token, by its hash: that it is about to be sent, or what became of that.
type event struct {
	World string
	Token string
	End   string // "" before it is sent; else the answer's status, or the error

	Lost    bool // the answer was lost on purpose
	Refused bool // the server did not take it, so that it is not spent by this
}

var errLost = errors.New("the connection broke after the server had answered")

// names are the people as whom the requests of one operation were made.
type names struct {
	mu  sync.Mutex
	all []string
}

type namesKey struct{}

// noteName notes the person whose bearer r carries, if it carries one.
func noteName(r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	noted, asked := r.Context().Value(namesKey{}).(*names)
	if !ok || !asked {
		return
	}
	var of result
	of.readToken(token)
	noted.mu.Lock()
	defer noted.mu.Unlock()
	if !slices.Contains(noted.all, of.Sub) {
		noted.all = append(noted.all, of.Sub)
	}
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	noteName(r)
	token, err := refreshTokenIn(r)
	if err != nil {
		return nil, err
	}
	if err := pause(r.Context(), lateness()); err != nil {
		return nil, err
	}
	if token != "" {
		n.tell(event{World: n.world.ID, Token: token})
	}
	resp, err := n.inner.RoundTrip(r)
	_ = pause(r.Context(), lateness())
	end := event{World: n.world.ID, Token: token}
	switch {
	case err != nil:
		end.End = err.Error()
	case n.world.Flavor == lossy && rand.IntN(odds(r)) == 0: //nolint:gosec // no secret depends on it
		end.End, end.Lost = "lost after "+resp.Status, true
		resp, err = nil, errors.Join(errLost, resp.Body.Close())
	default:
		end.End, end.Refused = resp.Status, resp.StatusCode == http.StatusBadRequest
	}
	if token != "" {
		n.tell(end)
	}
	return resp, err
}

// odds says that one answer in so many is lost. What is repeated after a loss takes a second each time.
func odds(r *http.Request) int {
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/revoke") {
		return 200
	}
	return 12
}

// refreshTokenIn returns the hash of the refresh token that r spends, "" if it spends none.
func refreshTokenIn(r *http.Request) (string, error) {
	if r.Body == nil || !strings.HasSuffix(r.URL.Path, "/token") {
		return "", nil
	}
	data, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(data, &body); err != nil || body.RefreshToken == "" {
		return "", err
	}
	sum := sha256.Sum256([]byte(body.RefreshToken))
	return hex.EncodeToString(sum[:8]), nil
}

// ledger is what all transports of a run have told, by world and token.
type ledger struct {
	began time.Time // of the run

	mu     sync.Mutex
	worlds map[string]map[string]*spending
}

// spending is what became of one refresh token.
type spending struct {
	sent    int      // and not refused
	twice   bool     // sent when it had been sent already
	excused bool     // an answer was lost, or a process that sent it was to be killed
	story   []string // for people
}

func newLedger(began time.Time) *ledger {
	return &ledger{began: began, worlds: make(map[string]map[string]*spending)}
}

func (l *ledger) open(world string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worlds[world] = make(map[string]*spending)
}

// note takes an event. doomed says that it comes from a process that is killed now and then.
func (l *ledger) note(e event, doomed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := l.worlds[e.World]
	if tokens == nil {
		return // the world is over
	}
	s := tokens[e.Token]
	if s == nil {
		s = new(spending)
		tokens[e.Token] = s
	}
	s.excused = s.excused || e.Lost || doomed
	now := milliseconds(int64(time.Since(l.began)))
	switch {
	case e.End == "":
		s.twice = s.twice || s.sent > 0
		s.sent++
		s.story = append(s.story, "sent at "+now)
		return
	case e.Refused:
		s.sent--
	}
	s.story = append(s.story, e.End+" at "+now)
}

// close returns what became of the refresh tokens that were sent more than once without an excuse, and forgets the world.
func (l *ledger) close(world string) (twice []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.worlds[world] {
		if s.twice && !s.excused {
			twice = append(twice, strings.Join(s.story, ", "))
		}
	}
	delete(l.worlds, world)
	return twice
}
