package session

import (
	"crypto/sha256"
	"reflect"
	"runtime"
	"sync"
	"time"
)

// What is remembered of tokens that were spent.
const (
	spentFor    = time.Hour
	maxSpent    = 1 << 14
	unsavedFor  = time.Hour
	maxUnsaved  = 1 << 14
	maxSucceeds = 64 // how many refreshes in a row are followed from one token to another
)

// digest stands for a token where only equality counts, so that no usable token is kept.
type digest [16]byte

func digestOf(token string) digest {
	sum := sha256.Sum256([]byte(token))
	return digest(sum[:16])
}

// spent remembers which refresh tokens were spent, and the digest of what came of each.
type spent struct{ memory[digest, digest] }

func newSpent() *spent {
	s := new(spent)
	s.limit = maxSpent
	return s
}

// spentIn has what all Keepers of this process have spent, by the store that they share.
var spentIn struct {
	mu     sync.Mutex
	stores map[Store]*sharedSpent
}

type sharedSpent struct {
	spent   *spent
	keepers int // that are in use
}

// shareSpent returns the memory of a store for a keeper. It is dropped with the last keeper of the store. A keeper is of any
// type here, since the file of Keeper uses this one.
func shareSpent[K any](keeper *K, s Store) *spent {
	if !reflect.ValueOf(s).Comparable() || reflect.TypeOf(s).Size() == 0 { // it cannot be told from other stores
		return newSpent()
	}
	spentIn.mu.Lock()
	defer spentIn.mu.Unlock()
	shared := spentIn.stores[s]
	if shared == nil {
		shared = &sharedSpent{spent: newSpent()}
		if spentIn.stores == nil {
			spentIn.stores = make(map[Store]*sharedSpent)
		}
		spentIn.stores[s] = shared
	}
	shared.keepers++
	runtime.AddCleanup(keeper, unshareSpent, s)
	return shared.spent
}

func unshareSpent(s Store) {
	spentIn.mu.Lock()
	defer spentIn.mu.Unlock()
	shared := spentIn.stores[s]
	if shared.keepers--; shared.keepers == 0 {
		delete(spentIn.stores, s)
	}
}

// unsaved is a refreshed session that the store did not take.
type unsaved struct {
	renewed  *Credentials
	replaced *Credentials // what the store held, and holds until renewed is written
}

// add remembers that the refresh token of old was spent for fresh. A server that does not rotate gives the same one
// again: then nothing was spent.
func (s *spent) add(old, fresh *Credentials) {
	if old.RefreshToken != "" && fresh.RefreshToken != old.RefreshToken {
		s.put(digestOf(old.RefreshToken), digestOf(fresh.RefreshToken), spentFor)
		s.given(fresh)
	}
}

// given: what the server has given just now is not spent, whatever became of it before.
func (s *spent) given(fresh *Credentials) { s.forget(digestOf(fresh.RefreshToken)) }

// has reports whether a refresh token was spent in this process.
func (s *spent) has(refreshToken string) bool {
	_, spent := s.get(digestOf(refreshToken))
	return spent
}

// succeeds reports whether later came of an earlier refresh token by refreshes in this process.
func (s *spent) succeeds(later *Credentials, refreshToken string) bool {
	if later == nil || later.RefreshToken == "" || refreshToken == "" {
		return false
	}
	want, at := digestOf(later.RefreshToken), digestOf(refreshToken)
	for range maxSucceeds {
		if at == want {
			return true
		}
		next, ok := s.get(at)
		if !ok {
			return false
		}
		at = next
	}
	return false
}
