package authtest

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"sync"
)

// encryptionKey is what texts for the server are encrypted with, of every server in this process.
type encryptionKey struct {
	private    *rsa.PrivateKey
	public     string // PEM
	thumbprint string
}

// processEncryptionKey makes the key at its first use. That it is PKIX and what its thumbprint is made of are guesses.
var processEncryptionKey = sync.OnceValue(func() encryptionKey {
	key := newRSAKey()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(fmt.Sprintf("authtest: write the encryption key: %v", err))
	}
	sum := sha256.Sum256(der)
	return encryptionKey{
		private:    key,
		public:     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		thumbprint: base64.RawURLEncoding.EncodeToString(sum[:]),
	}
})

// getPublicKey is POST v2/signin/publichkey, by the server's own spelling (WIRE.md section 7.9).
func getPublicKey(*Server, *call) (any, *Error) {
	key := processEncryptionKey()
	return map[string]string{"public_key": key.public, "public_key_thumbprint": key.thumbprint}, nil
}

// openParams replaces the body of an encrypted sign-in, {"params","public_key_thumbprint"}, by what it holds.
func (c *call) openParams() *Error {
	in, refused := c.fields("params", "public_key_thumbprint")
	if refused != nil || in["params"] == "" {
		return refused
	}
	text, refused := decryptText("params", in["params"], in["public_key_thumbprint"])
	if refused != nil {
		return refused
	}
	body := make(map[string]json.RawMessage)
	if json.Unmarshal([]byte(text), &body) != nil || body == nil {
		return invalidArgument("params is not an encrypted JSON object")
	}
	c.body = body
	return nil
}

// decryptText opens what the js-sdk's encryptLong makes: blocks of PKCS #1 v1.5 one after the other, in base64. "" stays
// "". encryptLong drops zeros at the front of a block: of a single block that is made good, as any RSA library does it.
func decryptText(name, text, thumbprint string) (string, *Error) {
	if text == "" {
		return "", nil
	}
	key := processEncryptionKey()
	if thumbprint != key.thumbprint {
		return "", invalidArgument("public_key_thumbprint is not that of the server's key")
	}
	bad := invalidArgument(name + " could not be decrypted")
	blocks, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(blocks) == 0 {
		return "", bad
	}
	size := key.private.Size()
	if missing := size - len(blocks); missing > 0 {
		blocks = append(bytes.Repeat([]byte{0}, missing), blocks...)
	}
	if len(blocks)%size != 0 {
		return "", bad
	}
	var plain []byte
	for ; len(blocks) > 0; blocks = blocks[size:] {
		part, err := rsa.DecryptPKCS1v15(nil, key.private, blocks[:size]) //nolint:staticcheck // SA1019: the js-sdk has no other padding
		if err != nil {
			return "", bad
		}
		plain = append(plain, part...)
	}
	return string(plain), nil
}

// decrypted returns string fields of the body that are encrypted for the server.
func (c *call) decrypted(names ...string) (map[string]string, *Error) {
	in, refused := c.fields(append([]string{"public_key_thumbprint"}, names...)...)
	if refused != nil {
		return nil, refused
	}
	plain := make(map[string]string, len(names))
	for _, name := range names {
		if plain[name], refused = decryptText(name, in[name], in["public_key_thumbprint"]); refused != nil {
			return nil, refused
		}
	}
	return plain, nil
}
