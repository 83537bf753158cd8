package ticket

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Option changes a default of [NewSigner]. Every option is checked there; a bad one is an error.
type Option func(*config) error

type config struct {
	env string // "" takes the key's
	now func() time.Time
}

// WithEnv names the environment to which the key must belong, so that the key of another environment is an error. By
// default any is accepted.
func WithEnv(env string) Option {
	return func(c *config) error {
		if env == "" {
			return errors.New("WithEnv: an empty environment id")
		}
		c.env = env
		return nil
	}
}

// WithClock sets the clock; the default is time.Now. The function must be safe for concurrent use.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: a nil clock")
		}
		c.now = now
		return nil
	}
}

// NewSigner returns a Signer for the console's key file for custom login: JSON with private_key_id, private_key (RSA, in
// PEM) and env_id. Keys of 1024 bits and more are accepted, since the console may issue small ones.
//
// Changes that environment variables and editors make to such a file do no harm: a BOM, indentation, other or missing
// line ends, and a \n of two characters. For any other fault the error says what is wrong. No error quotes the file.
func NewSigner(keyJSON []byte, opts ...Option) (*Signer, error) {
	c := &config{now: time.Now}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("ticket: a nil Option")
		}
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("ticket: %w", err)
		}
	}
	var file struct {
		KeyID string `json:"private_key_id"`
		Key   string `json:"private_key"`
		Env   string `json:"env_id"`
	}
	if err := decodeFile(keyJSON, &file); err != nil {
		return nil, fmt.Errorf("ticket: the key file is not JSON with private_key_id, private_key and env_id: %w", err)
	}
	switch {
	case file.KeyID == "":
		return nil, errors.New("ticket: the key file has no private_key_id")
	case file.Env == "":
		return nil, errors.New("ticket: the key file has no env_id; get a new one from the console")
	case c.env != "" && c.env != file.Env:
		return nil, fmt.Errorf("ticket: the key file is of another environment than %s", c.env)
	}
	key, err := parseKey(file.Key)
	if err != nil {
		return nil, err
	}
	header, err := encode(struct {
		Alg  string `json:"alg"`
		Type string `json:"typ"`
	}{"RS256", "JWT"})
	if err != nil {
		return nil, fmt.Errorf("ticket: %w", err)
	}
	return &Signer{keyID: file.KeyID, env: file.Env, key: key, now: c.now, header: header}, nil
}

// parseKey reads a key and tries it: the standard library refuses small ones, and says so, only when they are used.
func parseKey(text string) (*rsa.PrivateKey, error) {
	block, err := decodePEM(text)
	if err != nil {
		return nil, fmt.Errorf("ticket: the key file's private_key is not PEM: %w", err)
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes) // nil if it is none
		rsaKey, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("ticket: the key file's private_key is %s, not an RSA key of PKCS #1 or PKCS #8", notPrivate(block))
		}
		key = rsaKey
	}
	digest := sha256.Sum256(nil)
	if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
		return nil, fmt.Errorf("ticket: the key file's private_key cannot be used: %w", err)
	}
	return key, nil
}
