package service

// recent keeps the newest of what comes in, within a number and a size.
type recent[T any] struct {
	maxNumber, maxSize int
	size               int
	all                []T // the oldest first; the room before it is used up at the next growth
	sizeOf             func(T) int
	dropped            func(T) // may be nil
}

func (r *recent[T]) add(v T) {
	r.all = append(r.all, v)
	r.size += r.sizeOf(v)
	for len(r.all) > r.maxNumber || r.size > r.maxSize {
		old := r.all[0]
		r.size -= r.sizeOf(old)
		r.all[0] = *new(T) // for the garbage collector
		r.all = r.all[1:]
		if r.dropped != nil {
			r.dropped(old)
		}
	}
}
