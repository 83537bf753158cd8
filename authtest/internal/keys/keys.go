// Package keys has the RSA keys of the servers of this process: those that sign tokens, the one that texts for a server are
// encrypted with, and the one of custom login.
package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
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
	create func() Signing
	mu     sync.Mutex
	keys   []func() Signing
}

// process signs the tokens of every server in this process, as the live service signs the tokens of many environments
// with one key (WIRE.md section 6.4).
var process = ring{create: newSigning}

// At returns signing key i of this process, counted from 0. A server uses the first one, and the next one each time that
// its key is rotated.
func At(i int) Signing { return process.at(i) }

// First returns the first n signing keys of this process.
func First(n int) []Signing { return process.first(n) }

func (r *ring) at(i int) Signing { return r.makers(i + 1)[i]() }

func (r *ring) first(n int) []Signing {
	keys := make([]Signing, n)
	for i, key := range r.makers(n) {
		keys[i] = key()
	}
	return keys
}

// makers returns functions for the first n keys, which make them with the ring unlocked.
func (r *ring) makers(n int) []func() Signing {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.keys) < n {
		r.keys = append(r.keys, sync.OnceValue(r.create))
	}
	return r.keys[:n:n]
}

// Stranger signs what no server of this process would. The key is made at its first use.
var Stranger = sync.OnceValue(newSigning)

func newSigning() Signing {
	return ofRSA(random.ID(), newRSA())
}

func ofRSA(id string, key *rsa.PrivateKey) Signing {
	public := jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: string(jose.RS256)}
	return Signing{Public: public, private: key}.under(id)
}

// under returns the key with a signer that names this key id.
func (k Signing) under(id string) Signing {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: id}}, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use a signing key: %v", err))
	}
	k.signer = signer
	return k
}

// Private is the key in PEM, as PKCS #8.
func (k Signing) Private() string {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		panic(fmt.Sprintf("authtest: write a key: %v", err))
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Read returns the signing key with this id and what Private has written of it.
func Read(id, private string) (Signing, error) {
	block, _ := pem.Decode([]byte(private))
	if id == "" || block == nil {
		return Signing{}, errors.New("a signing key has no id, or is not PEM")
	}
	parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return Signing{}, errors.New("a signing key is not an RSA key of PKCS #8")
	}
	return ofRSA(id, key), nil
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
