package model

import (
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// The states of a register are persons, by sub, and these.
const (
	nobody    = "nobody"
	someGuest = "some guest" // an anonymous sign-in whose answer nobody has seen
)

// What a step can ask of the state before it, beside a state itself, and what it can leave.
const (
	anything = "anything"
	somebody = "somebody"
	same     = "same"
)

// step is what an operation says about the register: who must have been there, and who may be there afterwards.
type step struct {
	sees  string
	then  []string
	holds string // a sign-out of this person, "" if not known: where the person is there, nobody is afterwards
}

// maybeEnded is what is said by an operation whose refresh token, or bearer, the server may have refused: that ends the
// session, also for the sign-out that revoked the token and has yet to remove what is stored.
var maybeEnded = step{sees: anything, then: []string{same, nobody}}

func (s step) from(state string) (next []string) {
	switch {
	case s.sees == anything, s.sees == state:
	case s.sees == somebody && state != nobody:
	case state == someGuest && guest(s.sees):
		state = s.sees
	default:
		return nil
	}
	if s.holds != "" && s.holds == state {
		return []string{nobody}
	}
	for _, then := range s.then {
		if then == same {
			then = state
		}
		next = append(next, then)
	}
	return next
}

// guest reports whether a sub is one of an anonymous person.
func guest(sub string) bool {
	return !slices.Contains([]string{nobody, somebody, anything}, sub) &&
		!slices.ContainsFunc(animals[:], func(animal string) bool { return strings.HasPrefix(sub, animal+"_") })
}

// operations returns what the operations say about the register, without those that say nothing.
func (h *history) operations(now func(int64) int64) (all []porcupine.Operation) {
	add := func(r *record, s step) {
		all = append(all, porcupine.Operation{Input: &said{record: r, step: s}, Call: r.call, Return: r.last()})
	}
	for _, r := range h.records {
		if s, ok := h.stepOf(r, now); ok {
			add(r, s)
		}
		if r.NoProfile { // what was signed in may be over
			add(r, maybeEnded)
		}
	}
	return all
}

// said is a step with the operation that it comes from.
type said struct {
	record *record
	step   step
}

func recordOf(input any) *record {
	if s, ok := input.(*said); ok {
		return s.record
	}
	return nil
}

func (h *history) stepOf(r *record, now func(int64) int64) (s step, ok bool) {
	excused := h.world.Flavor.excuses()
	stale := h.stale(r) // and may then serve what it knows
	switch {
	case r.unknown || r.Problem == fault || r.Problem == cut:
		if r.Kind.writes() {
			return step{sees: anything, then: []string{same, r.target()}}, true
		}
		return maybeEnded, excused && r.Kind != hasSession
	case r.Problem == none:
		return step{sees: nobody, then: []string{same}}, true
	case r.Problem == expired && r.Kind == setSession && h.tokenGone(r): // nothing of the stored session is spent
		return step{sees: anything, then: []string{same}}, true
	case r.Problem == expired && (excused || h.leaving(r)):
		return maybeEnded, true
	case r.Problem == expired && r.Kind == getInfo && h.changing(r): // it is not made in somebody else's name
		return step{sees: anything, then: []string{same}}, true
	case r.Problem == expired:
		return step{sees: nobody, then: []string{same}}, !stale
	case r.Kind == signOut && stale:
		if person := h.held(r, now); person != "" {
			return step{sees: anything, then: []string{same}, holds: person}, true
		}
		return step{sees: anything, then: []string{same, nobody}}, true
	case r.Kind.writes():
		return step{sees: anything, then: []string{r.target()}}, true
	case r.Kind == hasSession && !r.Has:
		return step{sees: nobody, then: []string{same}}, true
	case stale:
		return step{}, false
	case r.Kind == hasSession:
		return step{sees: somebody, then: []string{same}}, true
	default:
		return step{sees: r.Sub, then: []string{same}}, true
	}
}

// leaving reports whether a session may be ended by somebody else during r, or was ended before and is stored all the same.
func (h *history) leaving(r *record) bool {
	return slices.ContainsFunc(h.records, func(o *record) bool {
		return o != r && o.Kind.leaves() && (o.overlaps(r) || o.Problem == fault && o.call < r.end)
	})
}

// left reports whether a session may have been ended by somebody before the end of r.
func (h *history) left(r *record) bool {
	return slices.ContainsFunc(h.records, func(o *record) bool { return o.Kind.leaves() && o.call < r.end })
}

// joined reports whether somebody may sign in during r.
func (h *history) joined(r *record) bool {
	return slices.ContainsFunc(h.records, func(o *record) bool {
		return o != r && o.Kind.writes() && !o.Kind.leaves() && o.overlaps(r)
	})
}

// tokenGone reports whether the refresh token that r takes over may be of no use: somebody else has taken it over before, and
// that session may have been replaced or ended.
func (h *history) tokenGone(r *record) bool {
	if r.Kind != setSession {
		return false
	}
	first := endOfTime
	for _, o := range h.records {
		if o != r && o.Kind == setSession && o.Spare == r.Spare {
			first = min(first, o.call)
		}
	}
	return first < r.end && slices.ContainsFunc(h.records, func(o *record) bool {
		return o.Kind.writes() && (o.Kind != setSession || o.Spare != r.Spare) && o.call < r.end && o.last() > first
	})
}

// changing reports whether somebody else may sign in during r.
func (h *history) changing(r *record) bool {
	return slices.ContainsFunc(h.records, func(o *record) bool { return o != r && o.Kind.writes() && o.overlaps(r) })
}

// target is who is there if a write has its effect.
func (r *record) target() string {
	switch {
	case r.Kind.leaves():
		return nobody
	case r.Kind != signInGuest:
		return r.Person
	case r.success():
		return r.Sub
	default:
		return someGuest
	}
}

// register is the model that porcupine checks. A state is a set of persons who may be there.
func register() porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{nobody} },
		Step: func(state, input, _ any) (next []any) {
			now, isState := state.(string)
			s, isSaid := input.(*said)
			if !isState || !isSaid {
				return nil
			}
			for _, then := range s.step.from(now) {
				next = append(next, then)
			}
			return next
		},
		DescribeOperation: func(input, _ any) string { return recordOf(input).String() },
	}
	return nondeterministic.ToModel()
}

// checkLimit ends a check that takes too long; such histories are counted.
const checkLimit = 10 * time.Second

// linearize looks for an order of the operations that explains them all. If there is none, unexplained are those that the
// longest explanation lacks.
func (h *history) linearize(now func(int64) int64) (verdict porcupine.CheckResult, unexplained map[*record]bool, picture func(path string) error) {
	operations := h.operations(now)
	model := register()
	verdict = porcupine.CheckOperationsTimeout(model, operations, checkLimit)
	if verdict != porcupine.Illegal {
		return verdict, nil, nil
	}
	_, info := porcupine.CheckOperationsVerbose(model, operations, checkLimit)
	longest := -1
	for _, partition := range info.PartialLinearizations() {
		for _, order := range partition {
			if len(order) <= longest {
				continue
			}
			longest, unexplained = len(order), make(map[*record]bool)
			for _, o := range operations {
				unexplained[recordOf(o.Input)] = true
			}
			for _, i := range order {
				delete(unexplained, recordOf(operations[i].Input))
			}
		}
	}
	return verdict, firstOf(unexplained), func(path string) error { return porcupine.VisualizePath(model, info, path) }
}

// firstOf leaves the operations that overlap the one that ended first: the others only follow from it.
func firstOf(records map[*record]bool) map[*record]bool {
	var first *record
	for r := range records {
		if first == nil || r.last() < first.last() {
			first = r
		}
	}
	if first == nil {
		return nil
	}
	return map[*record]bool{first: true}
}
