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

// Verifier verifies the access tokens of one environment. Make one with [NewVerifier] and keep it: it holds the keys. It
// is safe for concurrent use and needs no Close; a fetch of keys ends by itself, with its timeout at the latest.
type Verifier struct {
	cfg     *config
	keys    *keyCache
	headers *headers
	cache   *tokenCache

	required []Requirements
}

// NewVerifier returns the Verifier of the environment env. It sends nothing; the keys are fetched for the first token.
func NewVerifier(env string, opts ...Option) (*Verifier, error) {
	cfg, err := newConfig(env, opts)
	if err != nil {
		return nil, err
	}
	return &Verifier{cfg: cfg, keys: newKeyCache(cfg), headers: new(headers), cache: newTokenCache(cfg.cachedTokens)}, nil
}

// Verify returns the claims of a token, if it must be accepted: see the package comment.
//
// If the token must be refused, the error is [ErrInvalidToken] and one of the errors below it. [ErrUnavailable] means
// that the keys, or the one that signed this token, could not be fetched. If ctx ends while the token waits for keys, the
// error is the context's. With the keys at hand nothing is sent and ctx does not matter. No error contains any part of
// the token.
//
// A valid token is remembered: see [WithTokenCache]. The caller owns the claims.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	claims, err := v.good(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := v.allows(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// Prefetch makes sure that the keys are at hand, so that no token has to wait for them. Use it as a readiness check, or
// before a server starts. If the keys are at hand it sends nothing; it sends not more often than Verify would. nil means
// that tokens can be verified now; the errors are [ErrUnavailable] and the context's.
func (v *Verifier) Prefetch(ctx context.Context) error {
	_, err := v.keys.usable(ctx)
	return err
}

// good is Verify but for what is required.
func (v *Verifier) good(ctx context.Context, token string) (*Claims, error) {
	if len(token) > maxToken {
		return nil, ErrTooLarge
	}
	header, signature, ok := takeApart(token)
	if !ok {
		return nil, errParts
	}
	kid, known := v.headers.kid(header)
	if !known {
		var err error
		if kid, err = parseHeader(header); err != nil {
			return nil, err
		}
	}
	var room [2048]byte // keeps the copy of an ordinary token off the heap
	text := append(room[:0], token...)
	dot := len(token) - len(signature) - 1
	digest := sha256.Sum256(text[:dot])
	id := identify(&digest, signature)
	if t := v.cache.get(&id); t != nil {
		set, err := v.keys.usable(ctx)
		if err != nil {
			return nil, err
		}
		if set.byID[t.kid] == t.key {
			return v.again(t)
		}
	}
	t := &verified{id: id, kid: kid}
	if err := v.verify(ctx, t, text[len(header)+1:dot], text[dot+1:], &digest); err != nil {
		return nil, err
	}
	if !known {
		if !confirm(token, t.key) {
			return nil, errHeader
		}
		v.headers.remember(header, kid, v.keys.current.Load().byID)
	}
	if !v.cache.takes(t, token) {
		return &t.claims, nil
	}
	v.cache.put(t)
	return t.claims.copied(), nil
}

// again returns the claims of a token that was found good before, and whose key is still in use.
func (v *Verifier) again(t *verified) (*Claims, error) {
	if err := v.judgeTime(&t.claims); err != nil {
		v.cache.drop(&t.id)
		return nil, err
	}
	return t.claims.copied(), nil
}

// forget drops what is remembered of a token.
func (v *Verifier) forget(token string) {
	_, signature, _ := takeApart(token)
	digest := sha256.Sum256([]byte(token[:len(token)-len(signature)-1]))
	id := identify(&digest, signature)
	v.cache.drop(&id)
}

// base64URL refuses a second spelling of the same bytes, but skips line ends.
var base64URL = base64.RawURLEncoding.Strict()

// decodePart appends what a part of a token is to room.
func decodePart(room, part []byte) (data []byte, ok bool) {
	data, err := base64URL.AppendDecode(room, part)
	return data, err == nil && len(part) == base64URL.EncodedLen(len(data)) // else there are line ends
}

// takeApart returns the first part of a token and what follows the second, which may have dots.
func takeApart(token string) (header, signature string, ok bool) {
	header, rest, found := strings.Cut(token, ".")
	_, signature, foundToo := strings.Cut(rest, ".")
	return header, signature, found && foundToo
}

var (
	errParts  = fmt.Errorf("%w: want three parts in base64url", ErrMalformed)
	errHeader = fmt.Errorf("%w: the header is not one of the auth server's", ErrMalformed)
)

// verify sets the key and the claims of t, if it is to be accepted.
func (v *Verifier) verify(ctx context.Context, t *verified, payload, signature []byte, digest *[sha256.Size]byte) error {
	var room [1536]byte
	data, ok := decodePart(room[:0], payload)
	var roomToo [512]byte
	sig, okToo := decodePart(roomToo[:0], signature)
	if !ok || !okToo {
		return errParts
	}
	set, err := v.keys.usable(ctx)
	if err != nil {
		return err
	}
	if t.key, err = v.keys.byID(ctx, set, t.kid); err != nil {
		return err
	}
	if rsa.VerifyPKCS1v15(t.key, crypto.SHA256, digest[:], sig) != nil {
		return ErrSignature
	}
	if err := t.claims.parse(data); err != nil {
		return err
	}
	return v.judge(&t.claims)
}

// judge says whether these claims of an authentic token are to be accepted.
func (v *Verifier) judge(c *Claims) error {
	switch {
	case c.ProjectID != v.cfg.env:
		return fmt.Errorf("%w; expected the project_id %s", ErrWrongEnv, v.cfg.env)
	case !v.cfg.admitted[c.Kind]:
		return notAdmitted[c.Kind]
	case !slices.ContainsFunc(c.Audience, func(aud string) bool { return slices.Contains(v.cfg.audience, aud) }):
		return fmt.Errorf("%w; expected the aud %s", ErrWrongEnv, strings.Join(v.cfg.audience, " or "))
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
