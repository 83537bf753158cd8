package storetest

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// broken is a store that breaks a promise, and the number whose test must find it.
type broken struct {
	name   string
	number string
	suite  Suite
}

// withFaults is a leased store with faults.
func withFaults(name, number string, f faults) broken { return broken{name, number, suiteOf(f, 0)} }

func keysAre(name string, key func(string) string) broken {
	return withFaults(name, "TokenStore/4_AnyKey", faults{key: key})
}

func valuesAre(name string, value func([]byte) []byte) broken {
	return withFaults(name, "TokenStore/3_AnyValue", faults{value: value})
}

func ttlsAre(name string, ttl func(time.Duration) time.Duration) broken {
	return withFaults(name, "TokenStore/8_TimeToLive", faults{ttl: ttl})
}

// patiently is a store whose failure is found only after some leases.
func patiently(b broken) broken {
	b.suite.limits = usual
	return b
}

// simple is a store for which there is no more than Open.
func simple(name, number string, open func() tcbauth.TokenStore) broken {
	return broken{name, number, Suite{Open: func(*testing.T) tcbauth.TokenStore { return open() }}}
}

func cut(n int) func(string) string { return func(s string) string { return s[:min(len(s), n)] } }

func replaced(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

var brokenStores = []broken{
	// What has been seen in the wild, or in earlier versions of this suite.
	withFaults("undoes what another store has written", "TokenStore/1_LastWrite", faults{rewritesAll: true}),
	withFaults("reads from a cache of its own", "TokenStore/1_LastWrite", faults{cachesReads: true}),
	withFaults("remembers that nothing was there", "TokenStore/1_LastWrite", faults{cachesNothing: true}),
	withFaults("locks in this instance only", "Locker/1_Exclusion", faults{locksHereOnly: true}),
	withFaults("ignores fencing tokens", "Locker/7_LostLock", faults{ignoresFence: true}),
	withFaults("never renews a lease", "Locker/5_Renewal", faults{neverRenews: true}),
	ttlsAre("takes milliseconds for seconds", func(d time.Duration) time.Duration { return d / 1000 }),
	withFaults("keeps the old ttl", "TokenStore/8_TimeToLive", faults{keepsTTL: true}),
	withFaults("says ErrNotFound for every failure", "TokenStore/2_NotFound", faults{notFoundOnFailure: true}),
	keysAre("cuts keys at 255 bytes", cut(255)),
	keysAre("cuts keys at 1024 bytes", cut(1024)),
	keysAre("trims the blanks of a key", strings.TrimSpace),
	keysAre("takes some blanks for one", replaced("  ", " ", "\t", " ", "\u00a0", " ")),
	keysAre("drops accents", replaced("\u00e9", "e", "\u0301", "")),
	keysAre("composes accents", replaced("e\u0301", "\u00e9")),
	keysAre("takes some slashes for one", replaced("///", "/", "//", "/")),
	keysAre("ends a key at NUL", func(s string) string { s, _, _ = strings.Cut(s, "\x00"); return s }),
	keysAre("makes a key valid UTF-8", func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }),
	keysAre("folds the case of a key", strings.ToLower),
	valuesAre("cuts values at 64 KiB", func(v []byte) []byte { return v[:min(len(v), 64<<10)] }),
	withFaults("returns one buffer for all", "TokenStore/5_Copies", faults{oneBuffer: true}),
	simple("keeps the caller's slice", "TokenStore/5_Copies", func() tcbauth.TokenStore { return &plain{keepGiven: true} }),
	simple("returns its own slice", "TokenStore/5_Copies", func() tcbauth.TokenStore { return &plain{keepReturned: true} }),
	{"needs a second connection under a lock", "Locker/9_NoSecondConnection", suiteOf(faults{connectionPerLock: true}, 4)},
	withFaults("quotes the value in its errors", "TokenStore/12_Discretion", faults{quotes: true}),
	simple("lets readers into a write", "TokenStore/6_WholeValues", func() tcbauth.TokenStore { return &torn{} }),
	simple("returns nothing for nothing", "TokenStore/2_NotFound", func() tcbauth.TokenStore { return noErrNotFound{&plain{}} }),
	simple("ignores a context that has ended", "TokenStore/9_Contexts", func() tcbauth.TokenStore {
		return &plain{ignoreContext: true}
	}),
	simple("never deletes", "TokenStore/7_Delete", func() tcbauth.TokenStore { return neverDeletes{&plain{}} }),
	simple("excludes nobody", "Locker/1_Exclusion", func() tcbauth.TokenStore { return free{memory()} }),
	simple("has one lock for all keys", "Locker/1_Exclusion", func() tcbauth.TokenStore { return oneLock{memory()} }),
	simple("waits for a lock whatever the context says", "Locker/2_Waiting", func() tcbauth.TokenStore { return deafLock{memory()} }),
	simple("gives up whoever's lock it is", "Locker/3_Releasing", func() tcbauth.TokenStore {
		return &looseUnlock{lockingStore: memory()}
	}),
	simple("needs the context for giving up", "Locker/3_Releasing", func() tcbauth.TokenStore { return fragileUnlock{memory()} }),
	simple("hands out a bare context", "Locker/4_Held", func() tcbauth.TokenStore { return bareHeld{memory()} }),
	simple("keeps its locks among the values", "Locker/8_BesideValues", func() tcbauth.TokenStore { return lockIsValue{memory()} }),
	simple("reserves where the value is", "Reserver/Reserve", func() tcbauth.TokenStore { return reservesValue{memory()} }),
	simple("reserves what it does not have", "Reserver/Reserve", func() tcbauth.TokenStore { return full{memory()} }),
	simple("reserves whatever the context says", "Reserver/Reserve", func() tcbauth.TokenStore { return deafReserve{memory()} }),
	simple("reserves once", "Reserver/Reserve", func() tcbauth.TokenStore { return &reservesOnce{lockingStore: memory()} }),
	simple("has another string than value", "StringGetter/GetString", func() tcbauth.TokenStore {
		return &staleString{lockingStore: memory()}
	}),
	simple("is slow and says that it is interruptible", "Interruptible/EndsWithContext", func() tcbauth.TokenStore {
		return slow{memory()}
	}),

	// Further ones.
	withFaults("writes behind", "TokenStore/1_LastWrite", faults{writesBehind: true}),
	withFaults("deletes in this instance only", "TokenStore/1_LastWrite", faults{deletesHereOnly: true}),
	withFaults("swallows failures", "TokenStore/2_NotFound", faults{swallowsFailures: true}),
	valuesAre("ends a value at NUL", func(v []byte) []byte { v, _, _ = bytes.Cut(v, []byte{0}); return v }),
	valuesAre("takes values for text", func(v []byte) []byte {
		if utf8.Valid(v) {
			return v
		}
		return bytes.ToValidUTF8(v, []byte("\ufffd"))
	}),
	valuesAre("trims values", bytes.TrimSpace),
	keysAre("unescapes keys", func(s string) string {
		if plain, err := url.PathUnescape(s); err == nil {
			return plain
		}
		return s
	}),
	keysAre("cleans keys as paths", func(s string) string { return path.Clean(s) }),
	keysAre("takes _ for any character", replaced("-", "_", "/", "_", "%", "_")),
	withFaults("writes before it looks at the context", "TokenStore/9_Contexts", faults{writesFirst: true}),
	ttlsAre("counts a ttl in whole seconds", func(d time.Duration) time.Duration { return d.Truncate(time.Second) }),
	ttlsAre("takes a ttl of 0 for the shortest", func(d time.Duration) time.Duration { return max(d, time.Millisecond) }),
	ttlsAre("has a ttl of its own at the most", func(d time.Duration) time.Duration {
		if d == 0 {
			return 500 * time.Millisecond
		}
		return d
	}),
	withFaults("lets readers in while two halves are written", "TokenStore/6_WholeValues", faults{tears: true}),
	withFaults("leaves half a value when it is killed", "TokenStore/6_WholeValues", faults{tearsAtKill: true}),
	withFaults("does one thing at a time, also when that hangs", "TokenStore/10_IndependentKeys", faults{oneAtATime: true}),
	withFaults("has readers wait for the lock", "TokenStore/10_IndependentKeys", faults{lockHidesValue: true}),
	withFaults("forgets who waits for a lock", "Locker/2_Waiting", faults{forgetsWaiters: true}),
	patiently(withFaults("renews a lock that was given up", "Locker/3_Releasing", faults{renewsLate: true})),
	withFaults("keeps the lock of a dead process", "Locker/6_Death", faults{neverFrees: true}),
	withFaults("does not say that a lock is lost", "Locker/7_LostLock", faults{neverCancels: true}),
	withFaults("lets a late unlock release another lock", "Locker/7_LostLock", faults{looseUnlock: true}),
	withFaults("hangs for longer than the context", "Interruptible/EndsWithContext", faults{deafToContext: true}),
	withFaults("hangs for longer than a cancelled context", "Interruptible/EndsWithContext", faults{deafToCancel: true}),
	withFaults("says ErrNotFound when the context ends", "Interruptible/EndsWithContext", faults{notFoundOnHang: true}),
	withFaults("writes late what was given up", "Interruptible/EndsWithContext", faults{lateWrites: true}),
}

// hasty are limits for stores of which a failure is wanted.
var hasty = &limits{patience: 3500 * time.Millisecond, promptly: 300 * time.Millisecond}

// TestBrokenStores has each broken store found by the test of the number that it breaks, and prints the table of them.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	type found struct{ parts, says string }
	all := make([]found, len(brokenStores))
	slots := make(chan struct{}, 40) // most of them wait for time to go by
	var wg sync.WaitGroup
	for i, store := range brokenStores {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if store.suite.limits == nil {
				store.suite.limits = hasty
			}
			var parts []string
			for _, part := range partsOf(t, store.number) {
				if r := record(t, store.suite, part); r.Failed() {
					parts = append(parts, part.name)
					all[i].says = r.failed[0]
				}
			}
			all[i].parts = strings.Join(parts, ", ")
		})
	}
	wg.Wait()
	var table strings.Builder
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(columns, "\nA STORE THAT\tIS FOUND BY\tWHICH SAYS")
	for i, store := range brokenStores {
		assert.NotEmpty(t, all[i].parts, "a store that %s passes the test of %s", store.name, store.number)
		says, _, _ := strings.Cut(all[i].says, "\n")
		_, _ = fmt.Fprintf(columns, "%s\t%s (%s)\t%.110s\n", store.name, store.number, all[i].parts, says)
	}
	require.NoError(t, columns.Flush())
	t.Log(table.String())
}

// TestBrokenStoresAreEverywhere: there is a broken store for each number.
func TestBrokenStoresAreEverywhere(t *testing.T) {
	t.Parallel()
	for _, group := range contract {
		for _, number := range group.numbers {
			name := group.name + "/" + number.name
			if name == "TokenStore/11_ConcurrentUse" {
				continue // the race detector finds those
			}
			assert.True(t, slices.ContainsFunc(brokenStores, func(b broken) bool { return b.number == name }), name)
		}
	}
}

func partsOf(t *testing.T, name string) []part {
	t.Helper()
	for _, group := range contract {
		for _, number := range group.numbers {
			if group.name+"/"+number.name == name {
				return number.parts
			}
		}
	}
	t.Errorf("%s is no number", name)
	return nil
}

func memory() lockingStore { return tcbauth.NewMemoryStore().(lockingStore) }
