// Package keys has the RSA keys of the servers of this process: those that sign tokens, the one that texts for a server are
// encrypted with, and the one of custom login.
package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Signing is a key that signs tokens.
type Signing struct {
	Public  jose.JSONWebKey
	private *rsa.PrivateKey
	signer  jose.Signer
}

// ring makes keys as they are needed, each once: one takes a good part of a second.
type ring struct {
	mu   sync.Mutex
	keys []Signing
}

// process signs the tokens of every server in this process, as the live service signs the tokens of many environments
// with one key (WIRE.md section 6.4).
var process ring

// At returns signing key i of this process, counted from 0. A server uses the first one, and the next one each time that
// its key is rotated.
func At(i int) Signing { return First(i + 1)[i] }

// First returns the first n signing keys of this process.
func First(n int) []Signing {
	process.mu.Lock()
	defer process.mu.Unlock()
	for len(process.keys) < n {
		process.keys = append(process.keys, newSigning())
	}
	return process.keys[:n:n]
}

// Stranger signs what no server of this process would. The key is made at its first use.
var Stranger = sync.OnceValue(newSigning)

func newSigning() Signing {
	key := newRSA()
	return Signing{
		private: key,
		Public:  jose.JSONWebKey{Key: key.Public(), KeyID: random.ID(), Algorithm: string(jose.RS256)},
	}.under("")
}

// under returns the key with a signer that names the key id, or its own for "".
func (k Signing) under(id string) Signing {
	if id == "" {
		id = k.Public.KeyID
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: id}}, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use a signing key: %v", err))
	}
	k.signer = signer
	return k
}

// newRSA takes a good part of a second.
func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("authtest: make a key: %v", err))
	}
	return key
}

// Sign returns claims, which JSON can have, as a compact RS256 JWS with the header {"alg","kid"}.
func (k Signing) Sign(claims any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(fmt.Sprintf("authtest: encode claims: %v", err))
	}
	object, err := k.signer.Sign(payload)
	if err != nil {
		panic(fmt.Sprintf("authtest: sign a token: %v", err))
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		panic(fmt.Sprintf("authtest: write a token: %v", err))
	}
	return compact
}

// Forge is Sign with the kid of another key, so that the signature is wrong.
func (k Signing) Forge(other Signing, claims any) string {
	return k.under(other.Public.KeyID).Sign(claims)
}
