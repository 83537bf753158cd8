package everymethod_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// TestWhatAStoreSays makes no difference to any method: it comes to the same as with any other failure of the store.
func TestWhatAStoreSays(t *testing.T) {
	t.Parallel()
	key := testbed.PlantedKey
	type result struct {
		err, store bool
		requests   []string
	}
	run := func(t *testing.T, name string, row testbed.MethodRow, visitor bool, failure error, ops []string) result {
		t.Helper()
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
		store := testbed.LockingStore{HookedStore: &testbed.HookedStore{TokenStore: testbed.SessionStore(t)}}
		testbed.Put(t, store, testbed.VisitorKey("", testbed.MethodEnv, "visitor"), testbed.Stored(t, store, testbed.PeerKey))
		store.On(testbed.FailsWith(failure, ops...))
		app := testbed.NewPeerApp(t, p, store, append(row.Opts[:len(row.Opts):len(row.Opts)], tcbauth.WithAccessKey(key))...)
		auth := app.Auth()
		if visitor {
			auth = app.ForUser("visitor")
		}
		_, err := testbed.CallMethod(t.Context(), auth, name, row)
		out := result{err: err != nil, store: errors.Is(err, tcbauth.ErrStore)}
		for _, r := range p.Requests() {
			out.requests = append(out.requests, r.Method+" "+r.URL.Path)
			if visitor || slices.Contains(ops, "Get") {
				assert.NotEqual(t, "Bearer "+key, r.Header.Get("Authorization"), "the administrator's key stands in for somebody")
			}
		}
		return out
	}
	for _, ops := range [][]string{{"Get"}, {"Set", "Delete"}, {"Lock"}} {
		t.Run(strings.Join(ops, " "), func(t *testing.T) {
			t.Parallel()
			forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
				for _, visitor := range []bool{true, false} {
					want := run(t, name, row, visitor, testbed.ErrDisk, ops)
					for _, kind := range []string{
						"an *Error without a session", "an *Error of a refused refresh", "a *ValidationError", "ErrNoSession", "CodeInvalidGrant",
						"context.Canceled",
					} {
						foreign := testbed.ForeignErrors()[kind]
						got := run(t, name, row, visitor, foreign, ops)
						require.Equal(t, want, got, "%s, visitor: %v", kind, visitor)
					}
				}
			})
		})
	}
}
