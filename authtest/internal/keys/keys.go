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
	made   map[string]int // the numbers of those that were made, by id
}

// process signs the tokens of every server in this process, as the live service signs the tokens of many environments
// with one key (WIRE.md section 6.4).
var process = ring{create: newSigning}

// At returns signing key i of this process, counted from 0. A server uses the first one, and the next one each time that
// its key is rotated.
func At(i int) Signing { return process.at(i) }

// After returns the number of the first signing key of this process that is neither among these keys nor before one of them.
func After(used []Signing) int { return process.after(used) }

func (r *ring) at(i int) Signing { return r.maker(i)() }

// maker returns a function for key i, which makes it with the ring unlocked.
func (r *ring) maker(i int) func() Signing {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.keys) <= i {
		r.keys = append(r.keys, sync.OnceValue(r.number(len(r.keys))))
	}
	return r.keys[i]
}

// number returns a function that makes key i, for after to find.
func (r *ring) number(i int) func() Signing {
	return func() Signing {
		key := r.create()
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.made == nil {
			r.made = make(map[string]int)
		}
		r.made[key.Public.KeyID] = i
		return key
	}
}

func (r *ring) after(used []Signing) (i int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range used {
		if number, ok := r.made[key.Public.KeyID]; ok {
			i = max(i, number+1)
		}
	}
	return i
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
