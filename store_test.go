package tcbauth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/storetest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) tcbauth.TokenStore { return tcbauth.NewMemoryStore() })
}

// storetest skips the lock tests for a store that is no Locker; the default one must not get away with that.
func TestMemoryStoreIsLocker(t *testing.T) {
	t.Parallel()
	assert.Implements(t, (*tcbauth.Locker)(nil), tcbauth.NewMemoryStore())
}

// reservingStore notes what is reserved, and says whether it is interruptible.
type reservingStore struct {
	tcbauth.TokenStore
	interruptible bool
	sizes         map[string]int
}

func (s *reservingStore) Interruptible() bool { return s.interruptible }

func (s *reservingStore) Reserve(_ context.Context, key string, size int) error {
	s.sizes[key] = size
	return nil
}

// TestSealedAnswersAsTheStoreInside: it reserves what the sealed value needs, and is interruptible if the store inside is.
func TestSealedAnswersAsTheStoreInside(t *testing.T) {
	t.Parallel()
	memory := tcbauth.NewMemoryStore()
	for _, interruptible := range []bool{false, true} {
		inner := &reservingStore{TokenStore: memory, interruptible: interruptible, sizes: make(map[string]int)}
		store, err := tcbauth.Sealed(inner, make([]byte, 32))
		require.NoError(t, err)
		assert.Equal(t, interruptible, store.(tcbauth.Interruptible).Interruptible())
		value := make([]byte, 1000)
		require.NoError(t, store.(tcbauth.Reserver).Reserve(t.Context(), "key", len(value)))
		require.NoError(t, store.Set(t.Context(), "key", value, 0))
		sealed, err := memory.Get(t.Context(), "key")
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"key": len(sealed)}, inner.sizes)
	}

	// One that says nothing about itself.
	store, err := tcbauth.Sealed(struct{ tcbauth.TokenStore }{memory}, make([]byte, 32))
	require.NoError(t, err)
	assert.False(t, store.(tcbauth.Interruptible).Interruptible())
	require.NoError(t, store.(tcbauth.Reserver).Reserve(t.Context(), "key", 1000))
}
