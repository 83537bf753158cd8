package tcbauth

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// WIRE.md 6.3.

// Claims are the claims of an access token. All has every claim, including those without a field; its numbers are of the type
// json.Number, since an id may have more digits than a float64 holds.
type Claims struct {
	Issuer       string
	Subject      string
	Audience     []string
	ExpiresAt    int64 // seconds since 1970
	IssuedAt     int64 // seconds since 1970
	Scope        string
	ProjectID    string // the environment
	ProviderType string // how the user signed in
	UserID       string
	UserType     string
	Groups       []string

	All map[string]any
}

// ClaimsHeader is the header of an access token.
type ClaimsHeader struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
}

// ClaimsResponse is a decoded access token.
type ClaimsResponse struct {
	Claims    *Claims      `json:"claims"`
	Header    ClaimsHeader `json:"header"`
	Signature string       `json:"signature"` // base64url
}

// GetClaims decodes the token of [Auth.GetAccessToken]: the session's, refreshed first if it has expired, or the access key
// while nobody is signed in. It does not verify the signature: the token came from the server itself. A backend that receives
// a token must verify it, with package accesstoken.
//
// js-sdk: getClaims.
func (a *Auth) GetClaims(ctx context.Context) (*ClaimsResponse, error) {
	const op = "GetClaims"
	token, err := a.bearer(ctx, op)
	if err != nil {
		return nil, err
	}
	out, err := parseClaims(token)
	if err != nil {
		return nil, a.fail(ctx, op, err)
	}
	return out, nil
}

var errNotJWT = fmt.Errorf("%w: the access token is not a JWT", ErrInvalidResponse)

func parseClaims(token string) (*ClaimsResponse, error) {
	parts, err := jwt.Parse(token)
	if err != nil {
		return nil, errNotJWT
	}
	out := &ClaimsResponse{Claims: new(Claims), Signature: parts.Signature}
	if json.Unmarshal(parts.Header, &out.Header) != nil || json.Unmarshal(parts.Payload, out.Claims) != nil {
		return nil, errNotJWT
	}
	return out, nil
}

// UnmarshalJSON also accepts an audience that is a string. A claim of an unexpected type counts as absent. Names are
// case-sensitive, as RFC 7519 requires.
func (c *Claims) UnmarshalJSON(data []byte) error {
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(data, &claims); err != nil {
		return err
	}
	*c = Claims{
		Issuer: claim[string](claims["iss"]), Subject: claim[string](claims["sub"]), Scope: claim[string](claims["scope"]),
		ExpiresAt: int64(claim[lenient.Seconds](claims["exp"])), IssuedAt: int64(claim[lenient.Seconds](claims["iat"])),
		ProjectID: claim[string](claims["project_id"]), ProviderType: claim[string](claims["provider_type"]),
		UserID: claim[string](claims["user_id"]), UserType: claim[string](claims["user_type"]),
		Groups: claim[lenient.IDs](claims["groups"]), Audience: claim[[]string](claims["aud"]),
	}
	if one := claim[string](claims["aud"]); one != "" {
		c.Audience = []string{one}
	}
	return lenient.Exact(data, &c.All)
}

// claim decodes a claim, or returns the zero value of its type.
func claim[T any](raw json.RawMessage) T {
	var value, none T
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return none
	}
	return value
}

// MarshalJSON returns All, which has the claims as the token has them, or, for Claims made by hand without it, the fields.
func (c Claims) MarshalJSON() ([]byte, error) {
	if c.All != nil {
		return json.Marshal(c.All)
	}
	return json.Marshal(struct {
		Issuer       string   `json:"iss,omitempty"`
		Subject      string   `json:"sub,omitempty"`
		Audience     []string `json:"aud,omitempty"`
		ExpiresAt    int64    `json:"exp,omitempty"`
		IssuedAt     int64    `json:"iat,omitempty"`
		Scope        string   `json:"scope,omitempty"`
		ProjectID    string   `json:"project_id,omitempty"`
		ProviderType string   `json:"provider_type,omitempty"`
		UserID       string   `json:"user_id,omitempty"`
		UserType     string   `json:"user_type,omitempty"`
		Groups       []string `json:"groups,omitempty"`
	}{
		c.Issuer, c.Subject, c.Audience, c.ExpiresAt, c.IssuedAt, c.Scope, c.ProjectID, c.ProviderType, c.UserID, c.UserType,
		c.Groups,
	})
}
