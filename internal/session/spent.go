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
	endedFor    = 24 * time.Hour // the longest that a token lives in a handle that does not know yet
	maxEnded    = 1 << 14
	maxSucceeds = 64 // how many refreshes in a row are followed from one token to another
)

// digest stands for a token where only equality counts, so that no usable token is kept.
type digest [16]byte

func digestOf(token string) digest {
	sum := sha256.Sum256([]byte(token))
	return digest(sum[:16])
}

// exchanged is what this process remembers of the exchanges for one store, whichever Keeper has made them.
type exchanged struct {
	spent   spent
	unsaved memory[string, unsaved] // by session key
	orphans memory[string, orphan]  // by session key
	endings memory[string, ending]  // by session key
	keepers int                     // of the store that are in use
}

func newExchanged() *exchanged {
	e := new(exchanged)
	e.spent.limit, e.unsaved.limit, e.orphans.limit, e.endings.limit = maxSpent, maxUnsaved, maxUnsaved, maxEnded
	return e
}

// byStore has the exchanges of each store that a Keeper of this process uses.
var byStore struct {
	mu     sync.Mutex
	stores map[Store]*exchanged
}

// share returns the exchanges of a store for a keeper. They are forgotten with the last keeper of the store. A keeper is of any
// type here, since the file of Keeper uses this one.
func share[K any](keeper *K, s Store) *exchanged {
	if !reflect.ValueOf(s).Comparable() || reflect.TypeOf(s).Size() == 0 { // it cannot be told from other stores
		return newExchanged()
	}
	byStore.mu.Lock()
	defer byStore.mu.Unlock()
	e := byStore.stores[s]
	if e == nil {
		e = newExchanged()
		if byStore.stores == nil {
			byStore.stores = make(map[Store]*exchanged)
		}
		byStore.stores[s] = e
	}
	e.keepers++
	runtime.AddCleanup(keeper, unshare, s)
	return e
}

func unshare(s Store) {
	byStore.mu.Lock()
	defer byStore.mu.Unlock()
	e := byStore.stores[s]
	if e.keepers--; e.keepers == 0 {
		delete(byStore.stores, s)
	}
}

// spent remembers which refresh tokens were spent, and the digest of what came of each.
type spent struct{ memory[digest, digest] }

// orphan is a session that was taken over and could not be stored.
type orphan struct {
	session *Credentials
	token   digest // of the refresh token that was spent for it
}

// ending is the end of a session by the server, for the other handles that know the session.
type ending struct {
	access, refresh digest // of its last pair
	reason          error
}

func endingOf(c *Credentials, reason error) ending {
	return ending{digestOf(c.AccessToken), digestOf(c.RefreshToken), reason}
}

// endingOf returns how the server has ended the session under a key, if that was c or what has become of c.
func (e *exchanged) endingOf(key string, c *Credentials) (last ending, ended bool) {
	last, ok := e.endings.get(key)
	if !ok || last.access != digestOf(c.AccessToken) && (c.RefreshToken == "" || !e.spent.leads(c.RefreshToken, last.refresh)) {
		return ending{}, false
	}
	return last, true
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
	return s.leads(refreshToken, digestOf(later.RefreshToken))
}

// leads reports whether want stands for a refresh token, or for what has come of it by refreshes in this process.
func (s *spent) leads(refreshToken string, want digest) bool {
	at := digestOf(refreshToken)
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
