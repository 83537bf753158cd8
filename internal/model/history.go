package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// record is an operation with what became of it.
type record struct {
	op
	result
	seat      string // the App or process, by number
	unknown   bool   // the process was killed before it answered
	prepared  int64  // when what the operation needs was begun to be got
	call, end int64  // moments of the run's stopwatch, in nanoseconds
}

// holder names the handle, "" for one that was made for this operation.
func (r *record) holder() string {
	if r.Handle == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%d", r.seat, r.Handle)
}

// open reports whether the operation may take effect after its end.
func (r *record) open() bool { return r.unknown || r.Problem == cut }

// success reports whether the operation is known to have done what it was to do.
func (r *record) success() bool { return !r.unknown && r.Problem == fine }

// person is who the operation says is signed in, "" if it does not say.
func (r *record) person() string {
	switch {
	case !r.success():
		return ""
	case r.Kind == setTokens:
		return r.Person
	case r.Kind.leaves(), r.Kind == hasSession:
		return ""
	default:
		return r.Sub
	}
}

func (r *record) overlaps(other *record) bool {
	return r.call <= other.last() && other.call <= r.last()
}

// last is the last moment at which the operation can have taken effect.
func (r *record) last() int64 {
	if r.open() {
		return endOfTime
	}
	return r.end
}

const endOfTime = int64(1) << 62

// history is what happened under one key.
type history struct {
	world world
	key   string

	mu      sync.Mutex
	records []*record
	offered *tcbauth.Credentials // the last session for SetSession
	whose   string
}

// spare returns the last session for SetSession again, nil if there was none.
func (h *history) spare() (person string, c *tcbauth.Credentials) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.whose, h.offered
}

func (h *history) offer(person string, c *tcbauth.Credentials) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.whose, h.offered = person, c
}

func (h *history) add(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, r)
}

// sort puts the operations in the order of their beginnings.
func (h *history) sort() {
	slices.SortFunc(h.records, func(a, b *record) int { return cmp.Compare(a.call, b.call) })
}

const mostLines = 120

// text writes the last operations up to the last one that is marked.
func (h *history) text(marked map[*record]bool) string {
	stop := len(h.records)
	for i, r := range h.records {
		if marked[r] {
			stop = min(i+6, len(h.records))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "world %s, key %q; the operations by beginning, in ms; ! cannot be explained\n", h.world.ID, h.key)
	first := max(0, stop-mostLines)
	if first > 0 {
		fmt.Fprintf(&b, "  ... %d before these\n", first)
	}
	for _, r := range h.records[first:stop] {
		mark := " "
		if marked[r] {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s %s\n", mark, r)
	}
	return b.String()
}

// String is one line: when, who, with what handle, what, and what it said.
func (r *record) String() string {
	handle, end := "fresh", milliseconds(r.end)
	if r.Handle != 0 {
		handle = fmt.Sprintf("own %d", r.Handle)
	}
	if r.open() {
		end = "?"
	}
	what := string(r.Kind)
	if r.Kind == signIn || r.Kind == setSession || r.Kind == setTokens {
		what += " " + r.Person
	}
	return fmt.Sprintf("%10s - %10s  App %-4s %-7s %-32s %s", milliseconds(r.call), end, r.seat, handle, what, r.outcome())
}

func (r *record) outcome() string {
	switch {
	case r.unknown:
		return "killed"
	case r.Problem == fault:
		return "failed: " + r.Text
	case r.Problem != fine:
		return string(r.Problem)
	case r.Kind == hasSession:
		return fmt.Sprint(r.Has)
	case r.Sub != "":
		return r.Sub
	default:
		return "ok"
	}
}

func milliseconds(ns int64) string { return fmt.Sprintf("%.3f", float64(ns)/float64(time.Millisecond)) }
