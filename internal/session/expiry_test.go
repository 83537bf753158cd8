package session_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

var now = time.Date(2030, 1, 1, 0, 0, 0, 123456789, time.FixedZone("CST", 8*3600))

func token(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + ".c2ln"
}

// living is a token with an exp and an iat, seconds from now; an iat of 0 is left out.
func living(exp, iat int64) string {
	if iat == 0 {
		return token(fmt.Sprintf(`{"exp":%d}`, now.Unix()+exp))
	}
	return token(fmt.Sprintf(`{"exp":%d,"iat":%d}`, now.Unix()+exp, now.Unix()+iat))
}

func TestGrant(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expiresIn int
		token     string
		fallback  time.Duration
		want      int // ExpiresIn then
	}{
		"expires_in":                       {expiresIn: 7200, token: living(60, -1), fallback: time.Hour, want: 7200},
		"short":                            {expiresIn: 10, token: "a", want: 10},
		"the token's exp":                  {token: living(3600, 0), fallback: time.Minute, want: 3600},
		"exp and iat":                      {token: living(3600, -1), want: 3600},
		"negative expires_in":              {expiresIn: -5, token: living(3600, -1), want: 3600},
		"token of an earlier time":         {token: living(3600, -3600), want: 3600},
		"clock behind":                     {token: living(2*3600, 3600), want: 3600},
		"iat after exp":                    {token: living(3600, 7200), want: 3600},
		"token that is over":               {token: living(-1, -3600), fallback: time.Hour},
		"token of eternity":                {token: living(1<<40, 0), want: math.MaxInt32},
		"token over for ever":              {token: living(-1<<40, 0)},
		"the old life":                     {token: "a", fallback: 2 * time.Hour, want: 7200},
		"the old life, token without exp":  {token: token(`{"iat":5}`), fallback: 2 * time.Hour, want: 7200},
		"nothing":                          {token: "a"},
		"nothing, and a fallback below it": {token: "a", fallback: -time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := session.Credentials{AccessToken: tt.token, ExpiresIn: tt.expiresIn, ExpiresAt: now.Add(999 * time.Hour)}
			c.Grant(now, tt.fallback)
			assert.Equal(t, tt.want, c.ExpiresIn)
			if tt.want == 0 {
				assert.WithinDuration(t, now, c.ExpiresAt, time.Millisecond)
			} else {
				assert.Equal(t, now.Add(time.Duration(tt.want)*time.Second-30*time.Second), c.ExpiresAt)
			}
			assert.Equal(t, tt.want >= 30, c.ValidAt(now))
			assert.False(t, c.ValidAt(now.Add(time.Duration(tt.want)*time.Second)))
		})
	}
}

// A number that no time.Duration holds is a long life, not one that is over.
func TestGrantOfAbsurdLives(t *testing.T) {
	t.Parallel()
	for _, n := range []int{math.MaxInt32, math.MaxInt} {
		c := session.Credentials{AccessToken: "a", ExpiresIn: n}
		c.Grant(now, 0)
		assert.Equal(t, n, c.ExpiresIn)
		assert.True(t, c.ValidAt(now.AddDate(60, 0, 0)))
		assert.Equal(t, 2098, c.ExpiresAt.Year())
	}
	c := session.Credentials{AccessToken: "a", ExpiresIn: math.MinInt}
	c.Grant(now, 0)
	assert.False(t, c.ValidAt(now))
}

// A stored time is compared by the wall clock, so the part of the clock that stops in sleep is not kept.
func TestGrantKeepsNoMonotonicClock(t *testing.T) {
	t.Parallel()
	for _, expiresIn := range []int{0, 7200} {
		c := session.Credentials{AccessToken: "a", ExpiresIn: expiresIn}
		c.Grant(time.Now(), 0)
		assert.NotContains(t, c.ExpiresAt.String(), "m=")
	}
}

func TestValidAt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		c    session.Credentials
		left time.Duration // of ExpiresAt, from now
		want bool
	}{
		"valid":                               {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, time.Hour, true},
		"the last millisecond":                {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, 0, true},
		"over":                                {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, -time.Millisecond, false},
		"no token":                            {session.Credentials{ExpiresIn: 7200}, time.Hour, false},
		"a whole life left":                   {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, 2 * time.Hour, true},
		"clock set back a little":             {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, 2*time.Hour + time.Minute, true},
		"clock was ahead":                     {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, 2*time.Hour + time.Minute + time.Millisecond, false},
		"clock was years ahead":               {session.Credentials{AccessToken: "a", ExpiresIn: 7200}, 5 * 365 * 24 * time.Hour, false},
		"expires_in rather than the token":    {session.Credentials{AccessToken: living(60, 0), ExpiresIn: 7200}, time.Hour, true},
		"token":                               {session.Credentials{AccessToken: living(3600, 0)}, time.Hour, true},
		"further than the token":              {session.Credentials{AccessToken: living(3600, 0)}, 2 * time.Hour, false},
		"further than the token, clock back":  {session.Credentials{AccessToken: living(9*3600, 8*3600)}, 2 * time.Hour, false},
		"token that is over":                  {session.Credentials{AccessToken: living(-3600, -7200)}, time.Hour, false},
		"nothing known":                       {session.Credentials{AccessToken: "a"}, 31 * 24 * time.Hour, true},
		"nothing known, too far":              {session.Credentials{AccessToken: "a"}, 32 * 24 * time.Hour, false},
		"negative expires_in, nothing known":  {session.Credentials{AccessToken: "a", ExpiresIn: -1}, time.Hour, true},
		"largest expires_in":                  {session.Credentials{AccessToken: "a", ExpiresIn: math.MaxInt}, 60 * 365 * 24 * time.Hour, true},
		"largest expires_in, further than it": {session.Credentials{AccessToken: "a", ExpiresIn: math.MaxInt}, 70 * 365 * 24 * time.Hour, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.c.ExpiresAt = now.Add(tt.left)
			assert.Equal(t, tt.want, tt.c.ValidAt(now))
		})
	}
	c := session.Credentials{AccessToken: "a", ExpiresIn: 7200}
	assert.False(t, c.ValidAt(now), "without ExpiresAt")
	c.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	assert.False(t, c.ValidAt(now), "the year 9999")
}

// Every call asks, so it must cost next to nothing.
func TestValidAtAllocatesNothing(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts what other tests allocate too
	c := session.Credentials{AccessToken: living(7200, 0), ExpiresIn: 7200, ExpiresAt: now.Add(time.Hour)}
	assert.Zero(t, testing.AllocsPerRun(100, func() { c.ValidAt(now) }))
}
