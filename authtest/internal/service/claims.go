package service

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// claims are those of an access token, by name and type those of live ones (WIRE.md section 6.3).
type claims struct {
	Issuer       string            `json:"iss"`
	Subject      string            `json:"sub"`
	Audience     string            `json:"aud"`
	Expires      int64             `json:"exp"`
	IssuedAt     int64             `json:"iat"`
	AtHash       string            `json:"at_hash"` // random, so that no two tokens are the same
	Scope        string            `json:"scope"`
	ProjectID    string            `json:"project_id"`
	ProviderType string            `json:"provider_type"`
	Meta         map[string]string `json:"meta"`
	UserID       string            `json:"user_id"`
	UserType     string            `json:"user_type"`
}

// newClaims are those of an access token of this environment.
func (s *setting) newClaims(sub, audience, scope, provider string, issued int64) claims {
	return claims{
		Issuer:       s.URL,
		Subject:      sub,
		Audience:     audience,
		Expires:      issued + int64(s.AccessLifetime/time.Second),
		IssuedAt:     issued,
		AtHash:       "r." + random.Text(16),
		Scope:        scope,
		ProjectID:    s.Env,
		ProviderType: provider,
		Meta:         map[string]string{"wxOpenId": "", "wxUnionId": ""},
		UserID:       sub,
		UserType:     "external",
	}
}
