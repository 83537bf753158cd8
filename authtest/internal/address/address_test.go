package address

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIsEmail(t *testing.T) {
	t.Parallel()
	const domain = "@b.cn"
	for text, want := range map[string]bool{
		"a@b.cn": true, "a+b@b.cn": true, "": false, "a": false, "A <a@b.cn>": false,
		strings.Repeat("a", 254-len(domain)) + domain: true,
		strings.Repeat("a", 255-len(domain)) + domain: false,
	} {
		assert.Equal(t, want, IsEmail(text), text)
	}
}
