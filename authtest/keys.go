package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// signingKey is what signs every token of every server in this process, as the live service signs the tokens of many
// environments with one key (WIRE.md section 6.4).
type signingKey struct {
	private *rsa.PrivateKey
	signer  jose.Signer
	set     jose.JSONWebKeySet
}

// processKey makes the key at its first use: it takes a good part of a second.
var processKey = sync.OnceValue(newSigningKey)

func newSigningKey() signingKey {
	key := newRSAKey()
	id := randomID()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use the signing key: %v", err))
	}
	public := jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: string(jose.RS256)}
	return signingKey{private: key, signer: signer, set: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}}
}

// newRSAKey takes a good part of a second.
func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("authtest: make a key: %v", err))
	}
	return key
}

// signed returns claims as a token of the server's.
func signed(claims any) string { return processKey().sign(claims) }

// sign returns claims as a compact RS256 JWS with the header {"alg","kid"}.
func (k signingKey) sign(claims any) string {
	object, err := k.signer.Sign(marshal(claims))
	if err != nil {
		panic(fmt.Sprintf("authtest: sign a token: %v", err))
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		panic(fmt.Sprintf("authtest: write a token: %v", err))
	}
	return compact
}

// signUnder is sign with the kid of another key.
func (k signingKey) signUnder(other signingKey, claims any) string {
	forger := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: other.set.Keys[0].KeyID}}
	signer, err := jose.NewSigner(forger, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use a key: %v", err))
	}
	return signingKey{signer: signer}.sign(claims)
}

// getCerts is GET certs: the public keys of the tokens, asked for without any authorization (WIRE.md section 6.4).
func getCerts(*Server, *call) (any, *Error) { return processKey().set, nil }

// randomBytes returns n random bytes; crypto/rand never fails.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// randomID returns a random UUID (version 4).
func randomID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// randomText returns n random bytes in base64url.
func randomText(n int) string { return base64.RawURLEncoding.EncodeToString(randomBytes(n)) }

// randomBelow returns a random number in [0, limit).
func randomBelow(limit int64) int64 {
	n, err := rand.Int(rand.Reader, big.NewInt(limit))
	if err != nil {
		panic(fmt.Sprintf("authtest: random number: %v", err))
	}
	return n.Int64()
}

// randomSub returns a user id as the service makes them: 19 decimal digits.
func randomSub() string {
	const smallest = 1_000_000_000_000_000_000
	return fmt.Sprint(smallest + randomBelow(8*smallest))
}
