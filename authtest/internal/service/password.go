package service

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// password is what is kept of a password. One round of SHA-256 keeps it from being read by accident, and is quick; it would not
// do for real users.
type password struct {
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

// newPassword returns nil for "", which is none.
func newPassword(text string) *password {
	if text == "" {
		return nil
	}
	p := &password{Salt: random.Bytes(16)}
	p.Hash = p.hash(text)
	return p
}

func (p *password) hash(text string) []byte {
	sum := sha256.Sum256(append(append([]byte(nil), p.Salt...), text...))
	return sum[:]
}

// is says whether it is this one; nil is "".
func (p *password) is(text string) bool {
	if p == nil {
		return text == ""
	}
	return subtle.ConstantTimeCompare(p.Hash, p.hash(text)) == 1
}
