// Package random makes the ids, texts and numbers that nobody can foresee. crypto/rand never fails.
package random

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
)

// Bytes returns n bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// ID returns a UUID (version 4).
func ID() string {
	b := Bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Text returns n bytes in base64url.
func Text(n int) string { return base64.RawURLEncoding.EncodeToString(Bytes(n)) }

// Below returns a number in [0, limit).
func Below(limit int64) int64 {
	n, err := rand.Int(rand.Reader, big.NewInt(limit))
	if err != nil {
		panic(fmt.Sprintf("authtest: random number: %v", err))
	}
	return n.Int64()
}

// Word returns n letters of an alphabet.
func Word(alphabet string, n int) string {
	word := make([]byte, n)
	for i := range word {
		word[i] = alphabet[Below(int64(len(alphabet)))]
	}
	return string(word)
}

// Sub returns a user id as the service makes them: 19 decimal digits.
func Sub() string {
	const smallest = 1_000_000_000_000_000_000
	return fmt.Sprint(smallest + Below(8*smallest))
}
