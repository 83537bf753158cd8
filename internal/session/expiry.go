package session

import (
	"math"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
)

const (
	// expiryMargin is how long before its end an access token is no longer used, as in the js-sdk.
	expiryMargin = 30 * time.Second
	// clockMargin is how much the clock may have been set back since a session was stored.
	clockMargin = time.Minute
	// longestLifetime is the life of a session of which nothing says how long it lives.
	longestLifetime = 31 * 24 * time.Hour
)

// Grant sets ExpiresAt of a session that the server has just given. An expires_at of the server's own is not used: its
// clock may be another, and its form.
//
// Without a positive ExpiresIn the life is what the access token itself says, or else fallback, 0 for none; ExpiresIn is
// set from it. If that is no life either, ExpiresIn is 0 and the access token counts as expired.
func (c *Credentials) Grant(now time.Time, fallback time.Duration) {
	if c.ExpiresIn <= 0 {
		life, known := c.tokenLifetime(now)
		if !known {
			life = fallback
		}
		c.ExpiresIn = int(min(max(life/time.Second, 0), math.MaxInt32))
	}
	if c.ExpiresIn == 0 {
		c.ExpiresAt = now.Add(-time.Millisecond).Round(0) // in the millisecond of ExpiresAt it would still be valid
		return
	}
	c.ExpiresAt = now.Add(Seconds(c.ExpiresIn) - expiryMargin).Round(0)
}

// ValidAt reports whether the access token may be used. Wall clocks are compared, to the millisecond: a monotonic one
// stops while the machine sleeps.
//
// An ExpiresAt that is further off than the token can live was written while the clock was ahead, and counts as over.
func (c *Credentials) ValidAt(now time.Time) bool {
	from, until := c.usable(func() time.Time { return now })
	at := now.UnixMilli()
	return c.AccessToken != "" && from <= at && at <= until
}

// usable returns the first and the last millisecond at which the access token may be used. It asks for the time only where c
// does not say how long its token lives.
func (c *Credentials) usable(now func() time.Time) (from, until int64) {
	until = c.ExpiresAt.UnixMilli()
	life := Seconds(c.ExpiresIn)
	if life <= 0 {
		known := false
		if life, known = c.tokenLifetime(now()); !known {
			life = longestLifetime
		}
	}
	return until - (life + clockMargin).Milliseconds(), until
}

// tokenLifetime is how long the access token lives from now on by its own exp, and never longer than from its iat on: the
// clock here may be behind the server's. A token that is over has a life of 0 or less.
func (c *Credentials) tokenLifetime(now time.Time) (life time.Duration, known bool) {
	claims := jwt.Read(c.AccessToken)
	if claims.ExpiresAt == 0 {
		return 0, false
	}
	left := claims.ExpiresAt - now.Unix()
	if whole := claims.ExpiresAt - claims.IssuedAt; claims.IssuedAt != 0 && whole > 0 {
		left = min(left, whole)
	}
	return time.Duration(min(max(left, math.MinInt32), math.MaxInt32)) * time.Second, true
}

// Seconds is n seconds, which somebody else says that something lives: from 0 to 68 years. More would overflow at last, and be
// over before it has begun.
func Seconds(n int) time.Duration {
	return time.Duration(min(max(n, 0), math.MaxInt32)) * time.Second
}
