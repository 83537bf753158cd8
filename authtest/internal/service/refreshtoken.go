package service

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// sessionID names a session in its refresh tokens.
type sessionID [16]byte

const (
	refreshPrefix  = "m."
	refreshPayload = len(sessionID{}) + 8
)

// refreshSecret makes refresh tokens. A token names its session and says how many there were before it, under a proof that it
// was made here. So a session remembers none of its tokens, and knows them all.
type refreshSecret []byte

func (s refreshSecret) proof(payload []byte) []byte {
	mac := hmac.New(sha256.New, s)
	mac.Write(payload)
	return mac.Sum(nil)[:24]
}

// token is token number n of a session.
func (s refreshSecret) token(id sessionID, n int) string {
	token := binary.BigEndian.AppendUint64(id[:], uint64(n)) //nolint:gosec // G115: a count
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(token, s.proof(token)...))
}

// read undoes token.
func (s refreshSecret) read(token string) (id sessionID, n int, ok bool) {
	text, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok {
		return id, 0, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < refreshPayload || !hmac.Equal(raw[refreshPayload:], s.proof(raw[:refreshPayload])) {
		return id, 0, false
	}
	copy(id[:], raw)
	return id, int(binary.BigEndian.Uint64(raw[len(id):])), true //nolint:gosec // G115: it was a count
}
