package authtest

// grantToken is POST token and POST v2/token, with grant_type refresh_token, password, authorization_code or the one of
// RFC 8628 (WIRE.md section 6.1).
func grantToken(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("grant_type", "refresh_token", "username", "password", "device_code",
		"code", "redirect_uri", "code_verifier")
	if refused != nil {
		return nil, refused
	}
	switch in["grant_type"] {
	case "refresh_token":
		if in["refresh_token"] == "" {
			return nil, invalidArgument("refresh_token is required")
		}
		return s.refreshSession(in["refresh_token"])
	case "password":
		return s.passwordLogin(c, in["username"], in["password"])
	case deviceGrant:
		return s.pollDevice(c, in["device_code"])
	case "authorization_code":
		return s.redeemCode(c, in["code"], in["redirect_uri"], in["code_verifier"])
	case "":
		return nil, invalidArgument("grant_type is required")
	default:
		return nil, unimplemented("the emulator does not know this grant_type")
	}
}

// refreshSession spends a refresh token as the policy says. The refusal is the live one for a token that was used before;
// the live answer for other dead tokens is not known. s.mu is held.
func (s *Server) refreshSession(token string) (any, *Error) {
	dead := &Error{
		Word:        "invalid_grant",
		Number:      4026,
		Description: "invalid refresh token.  for it may be has been refreshed by other process",
	}
	n := s.state.refresh[token]
	now := s.Now()
	switch {
	case n == nil || !now.Before(n.refreshExpires):
		return nil, dead
	case token == n.refresh:
		if !s.cfg.refresh.static {
			s.newRefreshToken(n)
		}
	case token == n.previous() && now.Sub(n.replacedAt) < s.cfg.refresh.grace:
	default:
		if s.cfg.refresh.revoking {
			s.endSession(n)
		}
		return nil, dead
	}
	return s.mint(n), nil
}

// revoke is POST revoke: it ends the session of an access or a refresh token. It needs no authorization; a token that is
// unknown or already dead is no error (WIRE.md section 6.6). Without a token in the body the bearer's session ends.
func revoke(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("token", "refresh_token")
	if refused != nil {
		return nil, refused
	}
	tokens := []string{in["token"], in["refresh_token"]}
	if in["token"] == "" && in["refresh_token"] == "" {
		if c.token == "" {
			return nil, invalidArgument("token is required")
		}
		tokens = []string{c.token}
	}
	for _, token := range tokens {
		if held := s.state.access[token]; held != nil {
			s.endSession(held.session)
		}
		if n := s.state.refresh[token]; n != nil {
			s.endSession(n)
		}
	}
	return struct{}{}, nil
}

// signOut is POST user/signout: it ends the bearer's session, also with an access token that has expired (WIRE.md section
// 6.7). That the answer repeats redirect_uri is a guess.
func signOut(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("redirect_uri", "state")
	if refused != nil {
		return nil, refused
	}
	s.endSession(c.session)
	answer := make(map[string]string)
	if uri := in["redirect_uri"]; uri != "" {
		answer["redirect_uri"] = uri
	}
	return answer, nil
}
