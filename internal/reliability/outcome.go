package reliability

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Outcome is what came of a Fault.
type Outcome struct {
	Fault, Store string
	Lasted       time.Duration
	Calls        int
	Refreshes    int            // that the server was asked for
	Failed       map[string]int // calls, by what they were told
	Lost         int            // users who had signed in, had not signed out, and were told that they were gone
	Why          string         // they were
	MixedUp      int            // answers about somebody else
	Recovery     time.Duration  // from the end of the fault to the end of the last call that failed

	problems int
	notes    []string
}

const maxNotes = 5

// note keeps what must not be, in words.
func (o *Outcome) note(format string, args ...any) {
	o.problems++
	if len(o.notes) < maxNotes {
		o.notes = append(o.notes, fmt.Sprintf(format, args...))
	}
}

// Err says what must not have come of it: more people lost than there is a reason for, somebody taken for somebody else, or
// not served at last, or not told why.
func (o *Outcome) Err() error {
	if o.problems == 0 {
		return nil
	}
	return fmt.Errorf("%d times: %s", o.problems, strings.Join(o.notes, "; "))
}

// failed are the calls that failed, by what they were told, the most frequent first.
func (o *Outcome) failed() string {
	words := slices.SortedFunc(maps.Keys(o.Failed), func(a, b string) int {
		if n := o.Failed[b] - o.Failed[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for i, word := range words {
		words[i] = fmt.Sprintf("%s %d", word, o.Failed[word])
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
