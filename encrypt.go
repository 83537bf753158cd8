package tcbauth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// PublicKey is the server's RSA key, in PEM, with which encrypted sign-ins encrypt passwords.
type PublicKey struct {
	PublicKey           string `json:"public_key"`
	PublicKeyThumbprint string `json:"public_key_thumbprint"`
}

func (k *PublicKey) missing() string {
	if k.PublicKey == "" {
		return "public_key"
	}
	return missingField("public_key_thumbprint", k.PublicKeyThumbprint)
}

// GetPublicKey returns the key of encrypted sign-ins, for callers who encrypt the request themselves.
//
// js-sdk: authApi.getPublicKey.
func (a *Auth) GetPublicKey(ctx context.Context) (*PublicKey, error) {
	// WIRE.md 7.9.
	return a.getPublicKey(ctx, "GetPublicKey")
}

func (a *Auth) getPublicKey(ctx context.Context, op string, checks ...error) (*PublicKey, error) {
	return call[PublicKey](ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v2/signin/publichkey", Body: wire.Empty{},
	}, checks...)
}

// encryptor encrypts texts for the server. The first failure stays in err.
type encryptor struct {
	key        *rsa.PublicKey
	thumbprint string
	err        error
}

func (a *Auth) encryptor(ctx context.Context, op string, checks ...error) (*encryptor, error) {
	answer, err := a.getPublicKey(ctx, op, checks...)
	if err != nil {
		return nil, err
	}
	key, err := parsePublicKey(answer.PublicKey)
	if err != nil {
		return nil, a.fail(ctx, op, fmt.Errorf("%w: %w", ErrInvalidResponse, err))
	}
	return &encryptor{key: key, thumbprint: answer.PublicKeyThumbprint}, nil
}

// encryptedBody stands for any other body.
type encryptedBody struct {
	Params              string `json:"params"`
	PublicKeyThumbprint string `json:"public_key_thumbprint"`
}

// encrypted returns the encrypted form of body.
func (a *Auth) encrypted(ctx context.Context, op string, body any, checks ...error) (*encryptedBody, error) {
	enc, err := a.encryptor(ctx, op, checks...)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(body)
	if err != nil {
		return nil, a.fail(ctx, op, err)
	}
	out := &encryptedBody{Params: enc.text(string(plain)), PublicKeyThumbprint: enc.thumbprint}
	if enc.err != nil {
		return nil, a.fail(ctx, op, enc.err)
	}
	return out, nil
}

var errPublicKey = errors.New("the public key is not an RSA key of PKIX or PKCS #1")

// parsePublicKey accepts PEM, or its base64 text without line breaks. Which of them the server sends is not known.
func parsePublicKey(text string) (*rsa.PublicKey, error) {
	var der []byte
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der = block.Bytes
	} else if raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err == nil {
		der = raw
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		if key, ok := key.(*rsa.PublicKey); ok {
			return key, nil
		}
		return nil, errPublicKey
	}
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return nil, errPublicKey
	}
	return key, nil
}

// text encrypts s as the js-sdk's encryptLong does: blocks of PKCS #1 v1.5 one after the other, in base64. Unlike it, it
// cuts bytes and not characters, and keeps the zeros at the front of a block. "" stays "".
func (e *encryptor) text(s string) string {
	const padding = 11 // of PKCS #1 v1.5, RFC 8017, 7.2.1
	if s == "" || e.err != nil {
		return ""
	}
	size := e.key.Size() - padding
	if size <= 0 {
		e.err = fmt.Errorf("%w: %w", ErrInvalidResponse, errPublicKey)
		return ""
	}
	var blocks []byte
	for rest := []byte(s); len(rest) > 0; {
		n := min(size, len(rest))
		block, err := rsa.EncryptPKCS1v15(rand.Reader, e.key, rest[:n]) //nolint:staticcheck // it is the server's only form
		if err != nil {
			e.err = fmt.Errorf("%w: the public key: %w", ErrInvalidResponse, err) // too short, or with a bad exponent
			return ""
		}
		blocks, rest = append(blocks, block...), rest[n:]
	}
	return base64.StdEncoding.EncodeToString(blocks)
}
