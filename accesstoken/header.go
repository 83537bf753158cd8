package accesstoken

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"strings"
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
		m[strings.Clone(header)] = kid  // a part of the token would keep all of it in memory
		h.known.CompareAndSwap(old, &m) // if somebody was faster, the next token will do it
	}
}

// maxHeader is the length of the longest header that is looked at, in bytes and before it is encoded. Those of the service
// have less than a hundred.
const maxHeader = 1 << 10

// parseHeader returns the id of the key that a token with this header must be signed with. It does little work, since
// nobody has vouched for the header yet: [confirm] has the rest of it, once the signature is found right.
func parseHeader(header string) (kid string, err error) {
	if len(header) > base64URL.EncodedLen(maxHeader) {
		return "", fmt.Errorf("%w: the header is longer than 1 KiB", ErrMalformed)
	}
	data, ok := decodePart(nil, []byte(header))
	if !ok {
		return "", fmt.Errorf("%w: the header is not base64url", ErrMalformed)
	}
	var alg, id string
	text, strange := string(data), false
	valid := walk(text, func(name, value string) bool {
		switch {
		case name == `"alg"` && alg == "":
			alg = value
		case name == `"kid"` && id == "":
			id = value
		case name == `"alg"`, name == `"kid"`, name == `"crit"`, name == `"b64"`, strings.IndexByte(name, '\\') >= 0:
			strange = true
		}
		return true
	})
	if !valid || strange || text[skipSpace(text, 0)] != '{' {
		return "", errHeader
	}
	if alg != `"RS256"` {
		return "", ErrAlgorithm
	}
	if kid, _ = decodeString(id); kid == "" {
		return "", fmt.Errorf("%w: the header has no kid", ErrMalformed)
	}
	return kid, nil
}

var algorithms = []jose.SignatureAlgorithm{jose.RS256}

// confirm reports whether go-jose, too, finds that token is signed with key. What it says of a header holds for all tokens
// that begin with the same.
func confirm(token string, key *rsa.PublicKey) bool {
	jws, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return false
	}
	_, err = jws.Verify(key)
	return err == nil
}
