package authtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"
)

// codeGrantLife is the life of an authorization code; RFC 6749, section 4.1.2, says at most 10 minutes. The live one is
// not known.
const codeGrantLife = 600 * time.Second

// codeGrant is an authorization code that somebody got for a client.
type codeGrant struct {
	session     *session // of who authorized
	clientID    string
	redirectURI string
	challenge   string
	method      string // of the challenge
	expires     time.Time
}

// authorize is POST user/authorize for response_type code: CloudBase as an OAuth server (WIRE.md section 5.5).
func authorize(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("response_type", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method", "sign_out_uri")
	if refused != nil {
		return nil, refused
	}
	if in["response_type"] != "code" {
		return nil, &Error{Word: "unsupported_response_type", Description: "response_type must be code"}
	}
	switch in["code_challenge_method"] {
	case "", "plain", "S256":
	default:
		return nil, &Error{Word: "invalid_request", Description: "code_challenge_method must be plain or S256"}
	}
	code := randomText(24)
	s.state.codes[code] = &codeGrant{
		session: c.session, clientID: c.clientID, redirectURI: in["redirect_uri"],
		challenge: in["code_challenge"], method: in["code_challenge_method"], expires: s.Now().Add(codeGrantLife),
	}
	answer := map[string]string{"code": code}
	if state := in["state"]; state != "" {
		answer["state"] = state
	}
	return answer, nil
}

// redeemCode is POST token with grant_type authorization_code. A code is good once (RFC 6749, section 4.1.2), and a
// challenge needs its verifier (RFC 7636, section 4.6).
func (s *Server) redeemCode(c *call, code, redirectURI, verifier string) (any, *Error) {
	grant := s.state.codes[code]
	delete(s.state.codes, code)
	switch {
	case grant == nil || !s.Now().Before(grant.expires) || grant.clientID != c.clientID || grant.session.revoked:
		return nil, &Error{Word: "invalid_grant", Description: "code is invalid or expired"}
	case grant.redirectURI != redirectURI:
		return nil, &Error{Word: "invalid_grant", Description: "redirect_uri does not match the code"}
	case grant.challenge != "" && !grant.verify(verifier):
		return nil, &Error{Word: "invalid_grant", Description: "code_verifier does not match the code"}
	}
	return s.openSession(c, grant.session.user, grant.session.provider)
}

func (g *codeGrant) verify(verifier string) bool {
	if g.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(g.challenge)) == 1
}

// authorizeInfo is GET user/authorize/info, with an access token or Basic authorization (WIRE.md section 5.5). The names
// of clients and scopes are their ids.
func authorizeInfo(s *Server, c *call) (any, *Error) {
	if _, _, basic := c.request.BasicAuth(); !basic && s.sessionOf(c.token) == nil {
		return nil, unauthenticated()
	}
	scopes := []map[string]string{}
	for id := range strings.FieldsSeq(c.request.URL.Query().Get("scope")) {
		scopes = append(scopes, map[string]string{"id": id, "name": id})
	}
	return map[string]any{"client": map[string]string{"id": c.clientID, "name": c.clientID}, "scopes": scopes}, nil
}

// introspect is GET token/introspect: {} with HTTP 200 for a token that is not good (WIRE.md section 6.5). The token is the
// bearer's, or that of the query as in older examples.
func introspect(s *Server, c *call) (any, *Error) {
	token := c.request.URL.Query().Get("token")
	if token == "" {
		token = c.token
	}
	n := s.sessionOf(token)
	if n == nil {
		return struct{}{}, nil
	}
	return map[string]string{"token_type": "Bearer", "client_id": n.clientID, "sub": n.user.Sub, "scope": n.scope()}, nil
}
