package session

import (
	"context"
	"sync"
)

// firstValues are values that came with a lock. Each serves the first read of its holder: nobody else changes them meanwhile.
type firstValues struct {
	mu     sync.Mutex
	values map[string][]byte
}

type firstKey struct{}

func withValues(held context.Context, keys []string, values [][]byte) context.Context {
	f := &firstValues{values: make(map[string][]byte, len(keys))}
	for i, key := range keys {
		f.values[key] = values[i]
	}
	return context.WithValue(held, firstKey{}, f)
}

// came returns the value of key that came with the lock of ctx, nil for nothing there, if it is still to be read.
func came(ctx context.Context, key string) (value []byte, ok bool) {
	f, _ := ctx.Value(firstKey{}).(*firstValues)
	if f == nil {
		return nil, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	value, ok = f.values[key]
	delete(f.values, key)
	return value, ok
}
