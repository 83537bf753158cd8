package ops

import (
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// What is kept for a code is no longer than this, in bytes. Of the challenge RFC 7636, section 4.2, says so.
const (
	maxRedirectURI = 2048
	maxChallenge   = 128
)

// authorize is POST user/authorize for response_type code: CloudBase as an OAuth server (WIRE.md section 5.5).
func authorize(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("response_type", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method", "sign_out_uri")
	if refused != nil {
		return nil, refused
	}
	if in["response_type"] != "code" {
		return nil, &refusal.Error{Code: "unsupported_response_type", Description: "response_type must be code"}
	}
	switch in["code_challenge_method"] {
	case "", "plain", "S256":
	default:
		return nil, &refusal.Error{Code: "invalid_request", Description: "code_challenge_method must be plain or S256"}
	}
	if len(in["redirect_uri"]) > maxRedirectURI || len(in["code_challenge"]) > maxChallenge {
		return nil, &refusal.Error{Code: "invalid_request", Description: "redirect_uri or code_challenge is too long"}
	}
	code := s.Grants.New(service.Grant{
		Session: c.session, ClientID: c.clientID, RedirectURI: in["redirect_uri"],
		Challenge: in["code_challenge"], Method: in["code_challenge_method"],
	})
	answer := map[string]string{"code": code}
	if state := in["state"]; state != "" {
		answer["state"] = state
	}
	return answer, nil
}

// redeemCode is POST token with grant_type authorization_code. A code is good once (RFC 6749, section 4.1.2), and a
// challenge needs its verifier (RFC 7636, section 4.6).
func redeemCode(s *service.Service, c *call, code, redirectURI, verifier string) (any, *refusal.Error) {
	grant := s.Grants.Take(code)
	switch {
	case grant == nil || grant.ClientID != c.clientID:
		return nil, &refusal.Error{Code: "invalid_grant", Description: "code is invalid or expired"}
	case grant.RedirectURI != redirectURI:
		return nil, &refusal.Error{Code: "invalid_grant", Description: "redirect_uri does not match the code"}
	case grant.Challenge != "" && !grant.Verify(verifier):
		return nil, &refusal.Error{Code: "invalid_grant", Description: "code_verifier does not match the code"}
	}
	return openSession(s, c, grant.Session.User, grant.Session.Provider)
}

// authorizeInfo is GET user/authorize/info, with an access token or Basic authorization (WIRE.md section 5.5). The names
// of clients and scopes are their ids.
func authorizeInfo(s *service.Service, c *call) (any, *refusal.Error) {
	if _, _, basic := c.request.BasicAuth(); !basic && s.Sessions.Of(c.token) == nil {
		return nil, refusal.Unauthenticated()
	}
	scopes := []map[string]string{}
	for id := range strings.FieldsSeq(c.request.URL.Query().Get("scope")) {
		scopes = append(scopes, map[string]string{"id": id, "name": id})
	}
	return map[string]any{"client": map[string]string{"id": c.clientID, "name": c.clientID}, "scopes": scopes}, nil
}

// introspect is GET token/introspect: {} with HTTP 200 for a token that is not good (WIRE.md section 6.5). The token is the
// bearer's, or that of the query as in older examples.
func introspect(s *service.Service, c *call) (any, *refusal.Error) {
	token := c.request.URL.Query().Get("token")
	if token == "" {
		token = c.token
	}
	n := s.Sessions.Of(token)
	if n == nil {
		return struct{}{}, nil
	}
	return map[string]string{"token_type": "Bearer", "client_id": n.ClientID, "sub": n.User.Sub, "scope": n.Scope()}, nil
}
