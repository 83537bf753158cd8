package authtest

import (
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// WithRefreshPolicy sets what becomes of a refresh token that is used. The default is Rotating.
func WithRefreshPolicy(p RefreshPolicy) Option {
	return func(c *config) error {
		c.Refresh = p.policy
		return notNegative("RotatingWithGrace", p.policy.Grace)
	}
}

// RefreshPolicy says what becomes of a refresh token that is used. The zero value is that of Rotating.
type RefreshPolicy struct{ policy service.RefreshPolicy }

// Rotating gives a new refresh token with every refresh; the old one is dead at once, and using it again is
// invalid_grant 4026 (WIRE.md section 6.1, live).
func Rotating() RefreshPolicy { return RefreshPolicy{} }

// RotatingWithGrace is Rotating, but the token that was last replaced is taken again for d after that: it gives a new
// access token and the current refresh token, so that a lost answer can be asked for again. The live service is not
// known to do this.
func RotatingWithGrace(d time.Duration) RefreshPolicy {
	return RefreshPolicy{service.RefreshPolicy{Grace: d}}
}

// Static keeps the refresh token of a session for its whole lifetime and answers it again with every refresh.
func Static() RefreshPolicy { return RefreshPolicy{service.RefreshPolicy{Static: true}} }

// RevokingReuse returns the policy with one more rule: using a spent refresh token, outside the grace if there is one, ends
// its session with every token of it, as RFC 9700, section 4.14.2, recommends. The live service is not known to do this.
// Nothing is ever spent with Static.
func (p RefreshPolicy) RevokingReuse() RefreshPolicy {
	p.policy.Revoking = true
	return p
}
