package console

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRowsOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "1234567890": 0, "12345678901": 1, "12345678901234567890": 1, "手机手机手": 0, "1手机手机手": 1, "123456789手": 1, "e\u0301234567890": 0,
	} {
		assert.Equal(t, want, rowsOf(text, 10), text)
	}
}
