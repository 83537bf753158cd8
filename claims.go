package tcbauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Claims are those of an access token (WIRE.md 6.3). All has every claim, those without a field too.
type Claims struct {
	Issuer       string
	Subject      string
	Audience     []string
	ExpiresAt    int64 // seconds since 1970
	IssuedAt     int64 // seconds since 1970
	Scope        string
	ProjectID    string // the environment
	ProviderType string // how the person signed in
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

// ClaimsResponse is an access token taken apart.
type ClaimsResponse struct {
	Claims    *Claims      `json:"claims"`
	Header    ClaimsHeader `json:"header"`
	Signature string       `json:"signature"` // base64url
}

// GetClaims takes the session's access token apart, refreshed first if it has expired. It does not verify the
// signature: it is for the holder of the session, who got the token from the server. A backend that is shown a token must
// verify it.
//
// js-sdk: getClaims.
func (a *Auth) GetClaims(ctx context.Context) (*ClaimsResponse, error) {
	const op = "GetClaims"
	err := a.ready(ctx)
	if err == nil {
		var token string
		if token, err = a.bearer(ctx); err == nil {
			var out *ClaimsResponse
			if out, err = parseClaims(token); err == nil {
				return out, nil
			}
		}
	}
	return nil, a.fail(ctx, op, err)
}

var errNotJWT = errors.New("the access token is not a JWT")

func parseClaims(token string) (*ClaimsResponse, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: %w", ErrInvalidResponse, errNotJWT)
	}
	out := &ClaimsResponse{Claims: new(Claims), Signature: parts[2]}
	if !decodePart(parts[0], &out.Header) || !decodePart(parts[1], out.Claims) {
		return nil, fmt.Errorf("%w: %w", ErrInvalidResponse, errNotJWT)
	}
	return out, nil
}

func decodePart(part string, out any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	return err == nil && json.Unmarshal(raw, out) == nil
}

// UnmarshalJSON takes an audience that is a string too.
func (c *Claims) UnmarshalJSON(data []byte) error {
	var in struct {
		Issuer       string          `json:"iss"`
		Subject      string          `json:"sub"`
		Audience     json.RawMessage `json:"aud"`
		ExpiresAt    jsonSeconds     `json:"exp"`
		IssuedAt     jsonSeconds     `json:"iat"`
		Scope        string          `json:"scope"`
		ProjectID    string          `json:"project_id"`
		ProviderType string          `json:"provider_type"`
		UserID       string          `json:"user_id"`
		UserType     string          `json:"user_type"`
		Groups       jsonStrings     `json:"groups"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok || mismatch.Field == "" {
			return err
		}
	}
	*c = Claims{
		Issuer: in.Issuer, Subject: in.Subject, ExpiresAt: int64(in.ExpiresAt), IssuedAt: int64(in.IssuedAt), Scope: in.Scope,
		ProjectID: in.ProjectID, ProviderType: in.ProviderType, UserID: in.UserID, UserType: in.UserType, Groups: in.Groups,
	}
	var one string
	if json.Unmarshal(in.Audience, &one) == nil {
		c.Audience = []string{one}
	} else {
		_ = json.Unmarshal(in.Audience, &c.Audience) // another type counts as absent
	}
	return json.Unmarshal(data, &c.All)
}

// MarshalJSON returns all claims as the token has them.
func (c Claims) MarshalJSON() ([]byte, error) { return json.Marshal(c.All) }

// LoginScope returns the scope of the stored session, "user" or "anonymous" say. It sends nothing.
//
// js-sdk: loginScope.
func (a *Auth) LoginScope(ctx context.Context) (string, error) {
	c, err := a.stored(ctx, "LoginScope")
	if err != nil {
		return "", err
	}
	return c.Scope, nil
}

// LoginGroups returns the groups of the stored session. It sends nothing.
//
// js-sdk: loginGroups.
func (a *Auth) LoginGroups(ctx context.Context) ([]string, error) {
	c, err := a.stored(ctx, "LoginGroups")
	if err != nil {
		return nil, err
	}
	return c.Groups, nil
}
