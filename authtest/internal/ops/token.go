package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// grantToken is POST token and POST v2/token, with grant_type refresh_token, password, authorization_code or the one of
// RFC 8628 (WIRE.md section 6.1).
func grantToken(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("grant_type", "refresh_token", "username", "password", "device_code",
		"code", "redirect_uri", "code_verifier")
	if refused != nil {
		return nil, refused
	}
	switch in["grant_type"] {
	case "refresh_token":
		if in["refresh_token"] == "" {
			return nil, refusal.InvalidArgument("refresh_token is required")
		}
		return refreshSession(s, in["refresh_token"])
	case "password":
		return passwordLogin(s, c, in["username"], in["password"])
	case deviceGrant:
		return pollDevice(s, c, in["device_code"])
	case "authorization_code":
		return redeemCode(s, c, in["code"], in["redirect_uri"], in["code_verifier"])
	case "":
		return nil, refusal.InvalidArgument("grant_type is required")
	default:
		return nil, refusal.Unimplemented("the emulator does not know this grant_type")
	}
}

// refreshSession spends a refresh token as the policy says. The refusal is the live one for a token that was used before;
// the live answer for other dead tokens is not known.
func refreshSession(s *service.Service, token string) (any, *refusal.Error) {
	dead := &refusal.Error{
		Code:        "invalid_grant",
		Number:      4026,
		Description: "invalid refresh token.  for it may be has been refreshed by other process",
	}
	n := s.Sessions.Spend(token)
	if n == nil {
		return nil, byRule(s.Sessions.EndedBy(token), dead)
	}
	return s.Sessions.Mint(n), nil
}

// revoke is POST revoke: it ends the session of an access or a refresh token. It needs no authorization; a token that is
// unknown or already dead is no error (WIRE.md section 6.6). Without a token in the body the bearer's session ends.
func revoke(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("token", "refresh_token")
	if refused != nil {
		return nil, refused
	}
	tokens := []string{in["token"], in["refresh_token"]}
	if in["token"] == "" && in["refresh_token"] == "" {
		if c.token == "" {
			return nil, refusal.InvalidArgument("token is required")
		}
		tokens = []string{c.token}
	}
	for _, token := range tokens {
		if n := s.Sessions.OfAny(token); n != nil {
			s.Sessions.End(n)
		}
	}
	return struct{}{}, nil
}

// signOut is POST user/signout: it ends the bearer's session, also with an access token that has expired (WIRE.md section
// 6.7). That the answer repeats redirect_uri is a guess.
func signOut(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("redirect_uri", "state")
	if refused != nil {
		return nil, refused
	}
	s.Sessions.End(c.session)
	answer := make(map[string]string)
	if uri := in["redirect_uri"]; uri != "" {
		answer["redirect_uri"] = uri
	}
	return answer, nil
}
