package accesstoken

import (
	"errors"
	"net/http"
	"strings"
)

// Extractor finds the token of a request. It returns [ErrNoToken] if there is none in its place, and [ErrInvalidRequest]
// if there is something that cannot be a token. Other errors are answered with their [StatusCode], which is 503 for those
// that are not of this package. It must be safe for concurrent use.
type Extractor func(r *http.Request) (token string, err error)

// HeaderToken is the default [Extractor]: the token follows the scheme Bearer in the header Authorization (RFC 6750
// section 2.1). A malformed or repeated header is [ErrInvalidRequest].
func HeaderToken(r *http.Request) (string, error) {
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", ErrInvalidRequest
	}
	if len(values) == 0 {
		return "", ErrNoToken
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", ErrNoToken
	case !isB64token(token):
		return "", ErrInvalidRequest
	}
	return token, nil
}

// CookieToken returns an [Extractor] for tokens in the cookie with that name. A request with two such cookies is
// [ErrInvalidRequest].
//
// A browser also sends cookies with requests that other sites cause. Make the cookie HttpOnly, Secure and SameSite, and
// refuse such requests, for example with http.CrossOriginProtection.
func CookieToken(name string) Extractor {
	return func(r *http.Request) (string, error) {
		switch cookies := r.CookiesNamed(name); {
		case len(cookies) == 0, len(cookies) == 1 && cookies[0].Value == "":
			return "", ErrNoToken
		case len(cookies) > 1 || !isB64token(cookies[0].Value):
			return "", ErrInvalidRequest
		default:
			return cookies[0].Value, nil
		}
	}
}

// WebSocketToken returns an [Extractor] for WebSockets of browsers, which cannot send a header Authorization. The token
// follows the name of a subprotocol in the header Sec-WebSocket-Protocol: new WebSocket(url, ["bearer", token]) for the
// subprotocol "bearer". The server must answer with that subprotocol, never with the token.
func WebSocketToken(subprotocol string) Extractor {
	return func(r *http.Request) (string, error) {
		token, found := "", false
		list := strings.Split(strings.Join(r.Header["Sec-Websocket-Protocol"], ","), ",")
		for i, name := range list {
			if strings.TrimSpace(name) != subprotocol {
				continue
			}
			if found || i+1 == len(list) {
				return "", ErrInvalidRequest
			}
			token, found = strings.TrimSpace(list[i+1]), true
		}
		switch {
		case !found:
			return "", ErrNoToken
		case !isB64token(token):
			return "", ErrInvalidRequest
		}
		return token, nil
	}
}

// token asks the extractors one after the other, until one finds something.
func (c *config) token(r *http.Request) (string, error) {
	for _, extract := range c.extractors {
		if token, err := extract(r); token != "" || err != nil && !errors.Is(err, ErrNoToken) {
			return token, err
		}
	}
	return "", ErrNoToken
}

// isB64token reports whether text is one, or has at least the characters that it may have (RFC 6750 section 2.1).
func isB64token(text string) bool {
	var bad byte // without a branch for each character
	for i := range len(text) {
		bad |= notB64token[text[i]]
	}
	return bad == 0 && text != ""
}

var notB64token = func() (t [256]byte) {
	for c := range t {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=", rune(c)) {
			t[c] = 1
		}
	}
	return t
}()
