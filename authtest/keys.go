package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// signingKey signs tokens.
type signingKey struct {
	private *rsa.PrivateKey
	signer  jose.Signer
	public  jose.JSONWebKey
}

// keyRing makes keys as they are needed, each once: one takes a good part of a second.
type keyRing struct {
	mu   sync.Mutex
	keys []signingKey
}

// processKeys sign the tokens of every server in this process, as the live service signs the tokens of many environments
// with one key (WIRE.md section 6.4). A server uses the first one, and the next one each time that its key is rotated.
var processKeys keyRing

// at returns key i, counted from 0.
func (r *keyRing) at(i int) signingKey { return r.first(i + 1)[i] }

// first returns the first n keys.
func (r *keyRing) first(n int) []signingKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.keys) < n {
		r.keys = append(r.keys, newSigningKey())
	}
	return r.keys[:n:n]
}

func newSigningKey() signingKey {
	key := newRSAKey()
	id := randomID()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use the signing key: %v", err))
	}
	return signingKey{
		private: key, signer: signer,
		public: jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: string(jose.RS256)},
	}
}

// newRSAKey takes a good part of a second.
func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("authtest: make a key: %v", err))
	}
	return key
}

// RotateKey makes the server sign with another key from now on. Tokens of the keys before stay good, and certs has those
// keys too, after the new one. Reset goes back to the first key. It is safe for concurrent use.
func (s *Server) RotateKey() {
	s.mu.Lock()
	rotation := s.state.rotation + 1
	s.mu.Unlock()
	processKeys.at(rotation) // made here, so that nobody waits for it with the server locked
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.rotation++
}

// sign returns claims as a token of the server's. s.mu is held.
func (s *Server) sign(claims any) string { return processKeys.at(s.state.rotation).sign(claims) }

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
	forger := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.private, KeyID: other.public.KeyID}}
	signer, err := jose.NewSigner(forger, nil)
	if err != nil {
		panic(fmt.Sprintf("authtest: use a key: %v", err))
	}
	return signingKey{signer: signer}.sign(claims)
}

// getCerts is GET certs: the public keys of the tokens, asked for without any authorization (WIRE.md section 6.4).
func getCerts(s *Server, _ *call) (any, *Error) {
	var set jose.JSONWebKeySet
	for _, key := range slices.Backward(processKeys.first(s.state.rotation + 1)) {
		set.Keys = append(set.Keys, key.public)
	}
	return set, nil
}

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
