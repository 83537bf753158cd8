package client_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/client"
)

// Every byte at every place of texts that are looked at in pieces of eight.
func TestHeaderText(t *testing.T) {
	t.Parallel()
	assert.False(t, client.HeaderText(""))
	for length := range 18 {
		for at := range length {
			for b := range 0x100 {
				text := strings.Repeat("~", at) + string([]byte{byte(b)}) + strings.Repeat("!", length-at-1)
				if want := '!' <= b && b <= '~'; client.HeaderText(text) != want {
					assert.Failf(t, "judged wrongly", "byte %#x at %d of %d", b, at, length)
				}
			}
		}
	}
}
