package service

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of many who add a user with the same sub, one does, and the others replace nothing.
func TestAddUserOnce(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	var added atomic.Int32
	var adding sync.WaitGroup
	for i := range 20 {
		adding.Go(func() {
			err := s.AddUser(Person{Sub: "1", Username: "user_" + strconv.Itoa(i)})
			if err == nil {
				added.Add(1)
				return
			}
			taken, ok := errors.AsType[*PersonError](err)
			if assert.True(t, ok, err) {
				assert.Equal(t, []string{"sub", PersonTaken}, []string{taken.Field, taken.Why})
				assert.Contains(t, taken.Error(), "a user's Sub is that of ")
			}
		})
	}
	adding.Wait()
	assert.Equal(t, int32(1), added.Load())
	require.NoError(t, s.AddUser(Person{Username: "other_user"}), "without a sub it gets one")
}
