package accesstoken

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxToken is the length of the longest token that is looked at, in bytes. Access tokens have up to 4096.
const maxToken = 16 << 10

// Verifier verifies the access tokens of one environment. Make one with [NewVerifier] and keep it: it has the keys. It is
// safe for concurrent use and needs no Close; a fetch of keys that it has begun ends by itself, with its timeout at the
// latest.
type Verifier struct {
	cfg  *config
	keys *keyCache

	headers headers
}

// NewVerifier returns the Verifier of the environment env. It sends nothing; the keys are fetched for the first token.
func NewVerifier(env string, opts ...Option) (*Verifier, error) {
	cfg, err := newConfig(env, opts)
	if err != nil {
		return nil, err
	}
	return &Verifier{cfg: cfg, keys: newKeyCache(cfg)}, nil
}

// Verify returns the claims of a token that is to be accepted. The package comment says which are.
//
// The error of a token that is not is [ErrInvalidToken] and one of the errors under it. [ErrUnavailable] says that the
// keys, or the one that signed this token, could not be fetched; a ctx that ends while the token waits for keys is the
// context's error. With the keys at hand nothing is sent and ctx does not matter. No error holds any part of the token.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	payload, err := v.authentic(ctx, token)
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := v.judge(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// authentic returns the payload of a token whose signature is right.
func (v *Verifier) authentic(ctx context.Context, token string) ([]byte, error) {
	if len(token) > maxToken {
		return nil, ErrTooLarge
	}
	header, payload, signature, ok := takeApart(token)
	if !ok {
		return nil, fmt.Errorf("%w: want three parts in base64url", ErrMalformed)
	}
	kid, known := v.headers.kid(header)
	if !known {
		var err error
		if kid, err = parseHeader(header); err != nil {
			return nil, err
		}
	}
	set, err := v.keys.usable(ctx)
	if err != nil {
		return nil, err
	}
	key, err := v.keys.byID(ctx, set, kid)
	if err != nil {
		return nil, err
	}
	var room [2048]byte // keeps the copy of an ordinary token off the heap
	signed := append(room[:0], token[:strings.LastIndexByte(token, '.')]...)
	digest := sha256.Sum256(signed)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return nil, ErrSignature
	}
	if !known {
		if !confirm(token, key) {
			return nil, fmt.Errorf("%w: the header is not one of a JWS", ErrMalformed)
		}
		v.headers.remember(header, kid, set.byID)
	}
	return payload, nil
}

// base64URL refuses a second spelling of the same bytes, but skips line ends.
var base64URL = base64.RawURLEncoding.Strict()

// takeApart leaves the header as it is.
func takeApart(token string) (header string, payload, signature []byte, ok bool) {
	header, rest, found := strings.Cut(token, ".")
	encodedPayload, encodedSignature, foundToo := strings.Cut(rest, ".")
	payload, err := base64URL.DecodeString(encodedPayload)
	signature, errToo := base64URL.DecodeString(encodedSignature) // a third dot is no base64url
	ok = found && foundToo && err == nil && errToo == nil &&
		strings.IndexByte(token, '\n') < 0 && strings.IndexByte(token, '\r') < 0
	return header, payload, signature, ok
}

// judge says whether these claims of an authentic token are to be accepted.
func (v *Verifier) judge(c *Claims) error {
	switch {
	case c.ProjectID != v.cfg.env:
		return fmt.Errorf("%w; expected the project_id %s", ErrWrongEnv, v.cfg.env)
	case !slices.ContainsFunc(c.Audience, func(aud string) bool { return slices.Contains(v.cfg.audience, aud) }):
		return fmt.Errorf("%w; expected the aud %s", ErrWrongEnv, strings.Join(v.cfg.audience, " or "))
	case !v.cfg.admitted[c.Kind]:
		return notAdmitted[c.Kind]
	case c.Kind == APIKey && c.Issuer == "": // they come without one
	case !slices.Contains(v.cfg.issuers, c.Issuer):
		return fmt.Errorf("%w; expected %s", ErrWrongIssuer, strings.Join(v.cfg.issuers, " or "))
	}
	return v.judgeTime(c)
}

var notAdmitted = [kinds]error{User: ErrNotAccessToken, Anonymous: ErrAnonymous, PublishableKey: ErrPublishableKey, APIKey: ErrAPIKey}

func (v *Verifier) judgeTime(c *Claims) error {
	now, leeway := v.cfg.now(), v.cfg.leeway
	switch {
	case c.ExpiresAt.IsZero():
		return fmt.Errorf("%w: no exp", ErrMalformed)
	case !now.Before(c.ExpiresAt.Add(leeway)):
		return ErrExpired
	case fromFuture(now, c.NotBefore, leeway) || fromFuture(now, c.IssuedAt, leeway):
		return ErrNotYetValid
	}
	return nil
}

func fromFuture(now, at time.Time, leeway time.Duration) bool {
	return now.Before(at.Add(-leeway)) // the zero time is never in the future
}
