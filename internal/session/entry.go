package session

import (
	"context"
	"sync"
)

// entry is what a store has under a key.
type entry struct {
	text  string
	there bool
}

// firstValues are values that came with a lock. Each serves the first read of its holder: nobody else changes them meanwhile.
type firstValues struct {
	mu     sync.Mutex
	values map[string]entry
}

type firstKey struct{}

func withValues(held context.Context, keys []string, values [][]byte) context.Context {
	f := &firstValues{values: make(map[string]entry, len(keys))}
	for i, key := range keys {
		f.values[key] = entry{text: string(values[i]), there: values[i] != nil}
	}
	return context.WithValue(held, firstKey{}, f)
}

// came returns what came of key with the lock of ctx, if it is still to be read.
func came(ctx context.Context, key string) (e entry, ok bool) {
	f, _ := ctx.Value(firstKey{}).(*firstValues)
	if f == nil {
		return entry{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok = f.values[key]
	delete(f.values, key)
	return e, ok
}
