package service

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Tokens are issued while the rules change, which the race detector watches.
func TestIssueWhileRulesChange(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	var changing sync.WaitGroup
	for range 5 {
		changing.Go(func() { assert.NoError(t, s.StartRulesAgain()) })
		token, err := s.Issue(TokenSpec{})
		assert.NoError(t, err)
		assert.NotEmpty(t, token)
	}
	changing.Wait()
}
