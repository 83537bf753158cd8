package accesstoken

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Introspect is [Verifier.Verify], and then asks the auth server whether the token's session still goes on. It sends one
// request for each token that Verify accepts, so it is for what is worth that: a payment, the deletion of data.
//
// A session that has ended is [ErrInactive]. No usable answer is [ErrUnavailable], and the context's error if that was
// the cause. An API key, which has no session, is ErrInactive too.
//
// GET /auth/v1/token/introspect, WIRE.md section 6.5.
func (v *Verifier) Introspect(ctx context.Context, token string) (*Claims, error) {
	claims, err := v.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	status, body, err := v.cfg.get(ctx, "/auth/v1/token/introspect", token)
	if err != nil {
		return nil, fmt.Errorf("%w: introspect a token: %w", ErrUnavailable, err)
	}
	var answer struct {
		Subject string `json:"sub"`
	}
	switch {
	case status == http.StatusUnauthorized:
		return nil, ErrInactive
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w: introspect a token: the answer has the status %d", ErrUnavailable, status)
	case json.Unmarshal(body, &answer) != nil:
		return nil, fmt.Errorf("%w: introspect a token: the answer is not the expected JSON", ErrUnavailable)
	case answer.Subject == "" || answer.Subject != claims.Subject: // {} is the answer for tokens that are not good
		return nil, ErrInactive
	}
	return claims, nil
}
