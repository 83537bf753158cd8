package service

import (
	"iter"
	"slices"
)

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
	r.grow(r.sizeOf(v))
}

// grow says that something that is kept has become larger.
func (r *recent[T]) grow(by int) {
	r.size += by
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

// newest returns at most so many of the values that match, the greatest first, and how many match. It looks at each value once, and
// sorts those that it returns only.
func newest[T any](values iter.Seq[T], limit int, match func(T) bool, compare func(a, b T) int) (found []T, all int) {
	for v := range values {
		if !match(v) {
			continue
		}
		all++
		if len(found) == limit && (limit == 0 || compare(v, found[limit-1]) < 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(found, v, func(a, b T) int { return compare(b, a) })
		found = slices.Insert(found, at, v)[:min(len(found)+1, limit)]
	}
	return found, all
}
