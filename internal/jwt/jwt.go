// Package jwt takes JSON Web Tokens apart (RFC 7519). It verifies no signature: it is for tokens that came from the server
// itself, whose holder wants to know whose they are and how long they live.
package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// maxSize is the longest token that is looked at, in bytes. No header could carry a longer one.
const maxSize = 64 << 10

// ErrMalformed is for a text that is no JWT. It has nothing of the text in it.
var ErrMalformed = errors.New("not a JWT")

// Token is a JWT taken apart.
type Token struct {
	Header    []byte // a JSON object
	Payload   []byte // a JSON object: the claims
	Signature string // base64url, as in the token
}

// Parse takes a token apart. A token of more than 64 KiB, and one whose header or payload is no JSON object, is
// [ErrMalformed].
func Parse(token string) (Token, error) {
	header, payload, signature := split(token)
	t := Token{Header: decode(header), Payload: decode(payload), Signature: signature}
	if t.Header == nil || t.Payload == nil {
		return Token{}, ErrMalformed
	}
	return t, nil
}

// Claims are the claims that decide whose a token is and how long it lives. One that is not there, or of another type, is
// the zero value. Names are compared exactly; of two claims with one name the last one counts.
type Claims struct {
	Subject      string // sub: the user's id
	ProjectID    string // project_id: the environment
	ProviderType string // provider_type: how the person signed in
	Scope        string
	ExpiresAt    int64 // exp: seconds since 1970
	IssuedAt     int64 // iat: seconds since 1970
}

// Read returns a token's claims, and none if it is no JWT.
func Read(token string) Claims {
	_, payload, _ := split(token)
	return claims(decode(payload))
}

// Subject is a token's sub, "" if it has none or is no JWT.
func Subject(token string) string { return Read(token).Subject }

// split returns the three parts of a token, or empty ones, which hold no JSON.
func split(token string) (header, payload, signature string) {
	if len(token) > maxSize || strings.Count(token, ".") != 2 {
		return "", "", ""
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ = strings.Cut(rest, ".")
	return header, payload, signature
}

// decode returns the JSON object that a part of a token holds, nil if it holds anything else.
func decode(part string) []byte {
	object, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil || !json.Valid(object) || bytes.TrimLeft(object, " \t\r\n")[0] != '{' {
		return nil
	}
	return object
}
