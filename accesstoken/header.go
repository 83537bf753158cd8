package accesstoken

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/go-jose/go-jose/v4"
)

// maxHeaders is the number of different headers that are remembered. A service that signs uses one for each key.
const maxHeaders = 64

// headers has the first parts of tokens that were found good, as they stand there, with the ids of their keys, so that the
// next token that begins the same needs no parsing of it. The map is copied to be changed.
type headers struct {
	known atomic.Pointer[map[string]string]
}

func (h *headers) kid(header string) (kid string, known bool) {
	if m := h.known.Load(); m != nil {
		kid, known = (*m)[header]
	}
	return kid, known
}

// remember keeps a header, and of the others those whose keys are still in use.
func (h *headers) remember(header, kid string, inUse map[string]*rsa.PublicKey) {
	old := h.known.Load()
	m := map[string]string{}
	if old != nil {
		m = maps.Clone(*old)
	}
	if len(m) >= maxHeaders {
		maps.DeleteFunc(m, func(_, kid string) bool { return inUse[kid] == nil })
	}
	if len(m) < maxHeaders {
		m[header] = kid
		h.known.CompareAndSwap(old, &m) // if somebody was faster, the next token will do it
	}
}

var algorithms = []jose.SignatureAlgorithm{jose.RS256}

// parseHeader returns what go-jose makes of a token whose header is not known yet, and the id of its key. What it says of a
// header holds for all tokens that begin with the same.
func parseHeader(header, token string) (jws *jose.JSONWebSignature, kid string, err error) {
	if _, err := base64URL.DecodeString(header); err != nil {
		return nil, "", fmt.Errorf("%w: the header is not base64url", ErrMalformed)
	}
	jws, err = jose.ParseSignedCompact(token, algorithms)
	if _, other := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); other {
		return nil, "", ErrAlgorithm
	}
	if err != nil {
		return nil, "", fmt.Errorf("%w: the header is not one of a JWS", ErrMalformed)
	}
	if kid = jws.Signatures[0].Header.KeyID; kid == "" {
		return nil, "", fmt.Errorf("%w: the header has no kid", ErrMalformed)
	}
	return jws, kid, nil
}
