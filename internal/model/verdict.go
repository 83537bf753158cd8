package model

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// htmlEnv names a directory for pictures of histories.
const htmlEnv = "TCBAUTH_MODEL_HTML"

// judge looks at histories, and keeps what concerns more than one of them.
type judge struct {
	clock  clock
	ledger *ledger
	lag    func() time.Duration // by how much the server's time has been behind

	undecided atomic.Int64 // histories that took too long to check

	mu     sync.Mutex
	guests map[string]string // the world and key of each anonymous person
}

// violation says what is wrong with a history, "" if nothing is.
func (j *judge) violation(h *history) string {
	h.sort()
	for _, check := range []func(*history) (rule string, marked map[*record]bool){
		j.strangers, j.names, j.errors, j.profiles, j.stale, j.returned, j.handles,
	} {
		if rule, marked := check(h); len(marked) > 0 {
			return rule + "\n" + h.text(marked)
		}
	}
	verdict, unexplained, picture := h.linearize(j.now)
	switch verdict {
	case porcupine.Illegal:
		text := "no order of the operations explains what they said\n" + h.text(unexplained)
		if dir := os.Getenv(htmlEnv); dir != "" {
			name := strings.ReplaceAll(h.world.ID+"-"+h.key+".html", "/", "-")
			text += fmt.Sprintln("picture:", filepath.Join(dir, name), picture(filepath.Join(dir, name)))
		}
		return text
	case porcupine.Unknown:
		j.undecided.Add(1)
	}
	return ""
}

// spentTwice says which refresh tokens of a world were sent twice. Call it once, when the world is over.
func (j *judge) spentTwice(w world) string {
	twice := j.ledger.close(w.ID)
	if len(twice) == 0 || w.Flavor == sick { // what a sick store did not take is there once more for others
		return ""
	}
	return fmt.Sprintf("a refresh token was sent twice, and no answer was lost: world %s, in ms\n%s", w.ID, strings.Join(twice, "\n"))
}

// now turns a moment of a history into virtual seconds since 1970.
func (j *judge) now(moment int64) int64 {
	return j.clock.at(j.clock.began.Add(time.Duration(moment))).Unix()
}

// strangers finds anonymous people who are known from another key.
func (j *judge) strangers(h *history) (rule string, marked map[*record]bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	place := h.world.ID + " " + h.key
	return "an anonymous person of another key", mark(h, func(r *record) bool {
		if r.Sub == "" || !guest(r.Sub) {
			return false
		}
		if j.guests[r.Sub] == "" {
			j.guests[r.Sub] = place
		}
		return j.guests[r.Sub] != place
	})
}

// names finds calls that were made as one person and then repeated as another.
func (j *judge) names(h *history) (rule string, marked map[*record]bool) {
	return "a call was made in two names", mark(h, func(r *record) bool { return len(r.Names) > 1 })
}

// errors finds failures for which the world gave no reason.
func (j *judge) errors(h *history) (rule string, marked map[*record]bool) {
	return "an error without a reason", mark(h, func(r *record) bool {
		switch {
		case r.unknown, h.world.Flavor.excuses():
			return false
		case r.Problem == cut:
			return r.Cut == 0
		case r.Problem == fault && h.world.Flavor.faulty():
			return false
		case r.Problem == expired && h.tokenGone(r):
			return false
		case r.Problem == expired && !h.left(r) && (r.Kind != getInfo || !h.changing(r)):
			return true
		case r.Problem == none, r.Problem == expired: // the tokens that these need are their own
			return r.Kind.writes() && r.Kind != signOut
		default:
			return r.Problem == fault
		}
	})
}

// profiles finds sign-ins that ended in the name of somebody else, and with somebody else's profile.
func (j *judge) profiles(h *history) (rule string, marked map[*record]bool) {
	return "somebody else's token or profile came of signing in", mark(h, func(r *record) bool {
		switch {
		case !r.success():
			return false
		case r.Kind == signIn, r.Kind == setSession:
			return r.Sub != r.Person || r.Profile != "" && r.Profile != r.Person
		case r.Kind == signInGuest:
			return !guest(r.Sub) || r.Profile != r.Sub
		default:
			return false
		}
	})
}

// stale finds tokens that were no longer to be used when they were asked for. Where requests go on beside operations it is
// not known when a token has come.
func (j *judge) stale(h *history) (rule string, marked map[*record]bool) {
	unknown := h.world.Ahead || h.world.Flavor == hasty || h.world.Flavor == killed
	return "an access token that was no longer to be used", mark(h, func(r *record) bool {
		if unknown || !r.success() || r.Kind != getToken {
			return false
		}
		came, known := j.came(h, r)
		return known && j.now(r.call) > came+int64(usable.Seconds())+2 // both are whole seconds
	})
}

// came is the latest moment, in virtual seconds, at which the token of r can have come from the server: the end of an
// operation during which that has made it.
func (j *judge) came(h *history, r *record) (moment int64, known bool) {
	made := r.Expires - int64(tokenLifetime.Seconds()) // or a second later, by a clock that may be behind
	for _, o := range h.records {
		if j.now(o.prepared) <= made+1+int64(j.lag().Seconds()) && j.now(o.end) >= made {
			moment, known = max(moment, j.now(o.end)), true
		}
	}
	return moment, known
}

// returned finds anonymous people who are back after they have signed out.
func (j *judge) returned(h *history) (rule string, marked map[*record]bool) {
	return "an anonymous person who had signed out is back", mark(h, func(r *record) bool {
		if h.key == "" || r.Kind != signInGuest || !r.success() { // the default session keeps its device id
			return false
		}
		return slices.ContainsFunc(h.records, func(out *record) bool {
			return out.Kind.leaves() && out.success() && !h.stale(out) && out.end < r.call && !h.joined(out) &&
				slices.ContainsFunc(h.records, func(o *record) bool { return o.Sub == r.Sub && o.end < out.call })
		})
	})
}

// handles finds what long-lived handles should know better. Under a sick store that has lost a lock, what a handle has just
// refreshed may be gone already.
func (j *judge) handles(h *history) (rule string, marked map[*record]bool) {
	rule = "a handle serves a person who was gone when it last looked"
	if h.world.Flavor == sick {
		return rule, nil
	}
	return rule, h.impossible(j.now)
}

func mark(h *history, bad func(*record) bool) map[*record]bool {
	marked := make(map[*record]bool)
	for _, r := range h.records {
		if bad(r) {
			marked[r] = true
		}
	}
	return marked
}
