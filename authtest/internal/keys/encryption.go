package keys

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"sync"
)

// Encryption is what texts for the server are encrypted with, of every server in this process.
type Encryption struct {
	Public     string // PEM
	Thumbprint string
	private    *rsa.PrivateKey
}

// ForTexts makes the key at its first use. That it is PKIX and what its thumbprint is made of are guesses.
var ForTexts = sync.OnceValue(func() Encryption {
	key := newRSA()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(fmt.Sprintf("authtest: write the encryption key: %v", err))
	}
	sum := sha256.Sum256(der)
	return Encryption{
		private:    key,
		Public:     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		Thumbprint: base64.RawURLEncoding.EncodeToString(sum[:]),
	}
})

// Decrypt opens what the js-sdk's encryptLong makes: blocks of PKCS #1 v1.5 one after the other, in base64. encryptLong drops
// zeros at the front of a block: of a single block that is made good, as any RSA library does it.
func (k Encryption) Decrypt(text string) (plain string, ok bool) {
	blocks, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(blocks) == 0 {
		return "", false
	}
	size := k.private.Size()
	if missing := size - len(blocks); missing > 0 {
		blocks = append(bytes.Repeat([]byte{0}, missing), blocks...)
	}
	if len(blocks)%size != 0 {
		return "", false
	}
	var whole []byte
	for ; len(blocks) > 0; blocks = blocks[size:] {
		part, err := rsa.DecryptPKCS1v15(nil, k.private, blocks[:size]) //nolint:staticcheck // SA1019: the js-sdk has no other padding
		if err != nil {
			return "", false
		}
		whole = append(whole, part...)
	}
	return string(whole), true
}
