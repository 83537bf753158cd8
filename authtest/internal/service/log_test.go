package service

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogNewest(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	for range 5 {
		s.Log.Add(Pack(&Request{Operation: "token"}))
	}
	for limit, want := range map[int][]int{0: {}, 2: {4, 5}, 5: {1, 2, 3, 4, 5}, 9: {1, 2, 3, 4, 5}} {
		newest, all := s.Log.Newest(limit)
		numbers := make([]int, len(newest))
		for i := range newest {
			numbers[i] = newest[i].Number
		}
		assert.Equal(t, want, numbers)
		assert.Equal(t, 5, all)
	}
}
