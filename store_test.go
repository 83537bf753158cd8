package tcbauth_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

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
