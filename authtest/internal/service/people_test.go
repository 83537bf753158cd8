package service

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	t.Parallel()
	s, err := New(Defaults(), "http://127.0.0.1")
	require.NoError(t, err)
	_, err = s.Seed([]Person{
		{Sub: "1", Username: "user_01", Phone: "+86 13800000077"}, {Sub: "2", Username: "1", Email: "Ann@b.cn"},
		{Sub: "3", Phone: "+1 4155552671"}, {Sub: "4", Phone: "+1684 6331234"},
	})
	require.NoError(t, err)
	for text, want := range map[string]string{
		"1": "1", "user_01": "1", " user_01\t": "1", "+86 13800000077": "1", "13800000077": "1", "138 0000 0077": "1", "+86-138-0000-0077": "1",
		"2": "2", "ann@B.cn": "2", " Ann@b.cn ": "2",
		"+14155552671": "3", "+1 415-555-2671": "3", "+16846331234": "4",
		"": "", " ": "", "9": "", "USER_01": "", "13800000078": "", "4155552671": "", "+": "", "x@b.cn": "", "ann": "",
	} {
		found := s.People.Find(text)
		if want == "" {
			assert.Nil(t, found, text)
		} else if assert.NotNil(t, found, text) {
			assert.Equal(t, want, found.Sub, text)
		}
	}
}
