package keyringstore

import "context"

// Ring is a keyring of a test's own.
type Ring = ring

// Backend is what a Ring calls.
type Backend = backend

// CallLimit is callLimit.
const CallLimit = callLimit

// NewRing is newRing.
func NewRing(b Backend) *Ring { return newRing(b) }

// Open is New with a keyring of the test's own.
func Open(ctx context.Context, ring *Ring, service, dir string) (*Store, error) {
	return open(ctx, ring, service, dir)
}

// OpenAfresh is StartAfresh with a keyring of the test's own.
func OpenAfresh(ctx context.Context, ring *Ring, service, dir string) (*Store, error) {
	return openAfresh(ctx, ring, service, dir)
}
