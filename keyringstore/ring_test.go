package keyringstore_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// TestSilentKeyring: a keyring that waits for its owner to unlock it.
func TestSilentKeyring(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sessions")
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		unlocked := make(chan struct{})
		m := &memory{get: func() error {
			asked.Add(1)
			<-unlocked
			return nil
		}}
		ring := keyringstore.NewRing(m)
		for _, want := range []string{
			"keyringstore: the keyring cannot be used: no answer within 3s; it may be locked",
			"keyringstore: the keyring cannot be used: an earlier call still waits for its answer",
		} {
			start := time.Now()
			_, err := keyringstore.Open(t.Context(), ring, service, dir)
			require.EqualError(t, err, want)
			require.ErrorIs(t, err, keyringstore.ErrNoKeyring)
			assert.Equal(t, keyringstore.CallLimit, time.Since(start))
		}
		assert.EqualValues(t, 1, asked.Load(), "calls that wait do not pile up")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := keyringstore.Open(ctx, ring, service, dir)
		require.ErrorIs(t, err, context.DeadlineExceeded, "ctx ends first")
		require.NotErrorIs(t, err, keyringstore.ErrNoKeyring)

		close(unlocked)
		synctest.Wait()
		_, err = keyringstore.Open(t.Context(), ring, service, dir)
		require.NoError(t, err)
	})
}

// TestLateKey: a key that is stored after all, when New had given up. Nobody else may make one before that.
func TestLateKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sessions")
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		var asked atomic.Bool
		m := &memory{set: func() error {
			if !asked.Swap(true) {
				<-goOn
			}
			return nil
		}}
		_, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		require.ErrorIs(t, err, keyringstore.ErrNoKeyring)

		got := make(chan error, 1)
		go func() { // as another process: the ring is its own
			_, err := keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
			got <- err
		}()
		select {
		case err := <-got:
			require.Fail(t, "another process went on while the first key was under way", "error: %v", err)
		case <-time.After(keyringstore.CallLimit / 2):
		}
		close(goOn)
		require.NoError(t, <-got)
		_, err = keyringstore.Open(t.Context(), keyringstore.NewRing(m), service, dir)
		require.NoError(t, err, "the key is the one with which the proof was sealed")
	})
}
