package model

// A handle that lives longer than one operation may serve what it knows, though the register says something else by now. So
// its answers are not part of the register's history. They are held against it by times: what such an operation returned
// must have been there at some moment after the handle's last look, and after its own last change.

// stale reports whether the handle of r had something to know when r began.
func (h *history) stale(r *record) bool {
	holder := r.holder()
	if holder == "" {
		return false
	}
	for _, own := range h.records {
		if own.call >= r.call {
			return false
		}
		if own.holder() == holder {
			return true
		}
	}
	return false
}

// held returns the person whose session the handle of a sign-out has in mind, "" if that is not sure: somebody else whom it
// finds on looking again can have gone before the session is removed.
func (h *history) held(out *record, now func(int64) int64) (person string) {
	if h.world.Ahead { // then it looks at the store whenever it likes
		return ""
	}
	holder := out.holder()
	var since int64 // the beginning of the last change through the handle: what ended before it is over
	for _, own := range h.records {
		if own.holder() == holder && own.Kind.writes() && own.end < out.call {
			since = max(since, own.call)
		}
	}
	var expires int64
	for _, own := range h.records {
		if own.holder() != holder || own == out || own.end < since || own.call > out.end {
			continue
		}
		found := own.person()
		if !own.success() || own.Kind.writes() && found == "" || found != "" && person != "" && found != person {
			return ""
		}
		if found != "" {
			person = found
		}
		if own.Expires > 0 && own.end < out.call {
			expires = own.Expires
		}
	}
	if now(out.end)+margin >= expires {
		return ""
	}
	return person
}

// margin is how many seconds before its end a token is not used any more, and one.
const margin = 31

// written is a change of the register, by times.
type written struct {
	by         *record
	person     string // or nobody, or someGuest
	call, last int64
	certain    bool
	gone       int64 // the moment after which the person is surely gone, as far as later changes tell
}

func (h *history) written() (all []*written) {
	for _, r := range h.records {
		if !r.Kind.writes() || r.Problem == none {
			continue
		}
		all = append(all, &written{
			by: r, person: r.target(), call: r.call, last: r.last(), gone: endOfTime,
			certain: r.success() && (r.Kind != signOut || !h.stale(r)),
		})
	}
	for _, w := range all {
		for _, later := range all {
			if later.certain && later.call > w.last && later.person != w.person {
				w.gone = min(w.gone, later.last)
			}
		}
	}
	return all
}

// impossible returns the answers of long-lived handles that nothing explains.
func (h *history) impossible(now func(int64) int64) map[*record]bool {
	all := h.written()
	found := make(map[*record]bool)
	floors := make(map[*record]int64) // the earliest moment of which an operation can have told
	for _, r := range h.records {     // by beginning, so that what came before is there
		if r.holder() == "" || r.unknown {
			continue
		}
		floor, own := h.ownFloor(r, floors, now)
		person := r.person()
		switch {
		case r.Kind.writes() && r.success(), r.Problem == none:
			floors[r] = r.call
		case person == "" || r.Kind.writes():
			floors[r] = floor
		default:
			earliest := endOfTime
			for _, w := range all {
				matches := w.person == person || w.person == someGuest && guest(person)
				if matches && w.call <= r.end && w.gone >= floor && own.allow(w) {
					earliest = min(earliest, w.call)
				}
			}
			if earliest == endOfTime {
				found[r] = true
				earliest = floor
			}
			floors[r] = max(floor, earliest)
		}
	}
	return found
}

// ownPast is what a handle did and saw itself before one of its operations.
type ownPast struct {
	last    *record          // its last change that says who was there after it, or the last time that it saw nobody
	signOut map[string]int64 // by person, the beginning of its last sign-out of that person
	saw     map[string]int64 // by person, the earliest moment at which that person, as last seen, can have been there
}

// allow reports whether w can be what the handle serves: it is no older than what the handle did and saw.
func (o ownPast) allow(w *written) bool {
	if o.last != nil && w.by != o.last && w.last < o.last.call {
		return false
	}
	for person, since := range o.saw {
		if person != w.person && w.last < since {
			return false
		}
	}
	call, out := o.signOut[w.person]
	return !out || w.last >= call
}

// ownFloor returns the earliest moment of which r can tell, by what its handle was told before.
func (h *history) ownFloor(r *record, floors map[*record]int64, now func(int64) int64) (floor int64, own ownPast) {
	own.signOut, own.saw = make(map[string]int64), make(map[string]int64)
	holder := r.holder()
	for _, before := range h.records {
		if before.holder() != holder || before.unknown || before.end >= r.call {
			continue
		}
		floor = max(floor, floors[before])
		switch {
		case before.Problem == none, before.Kind.writes() && before.Kind != signOut && before.success():
			if own.last == nil || before.call > own.last.call {
				own.last = before
			}
		case before.Kind == signOut && before.success():
			if person := h.held(before, now); person != "" {
				own.signOut[person] = max(own.signOut[person], before.call)
			}
		case before.person() != "" && !before.Kind.writes():
			own.saw[before.person()] = max(own.saw[before.person()], floors[before])
		}
	}
	return floor, own
}
