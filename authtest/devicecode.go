package authtest

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Lives and intervals of RFC 8628, section 3.2 and 3.5. The live service's are not known.
const (
	deviceCodeLife     = 600 * time.Second
	deviceInterval     = 5 * time.Second
	deviceSlowDown     = 5 * time.Second // what every slow_down adds to the interval
	deviceGrant        = "urn:ietf:params:oauth:grant-type:device_code"
	userCodeAlphabet   = "BCDFGHJKLMNPQRSTVWXZ" // no vowels, so that it makes no words
	userCodeHalfLength = 4
)

// deviceCode is one sign-in of a device that cannot show a browser.
type deviceCode struct {
	userCode string
	clientID string
	expires  time.Time
	interval time.Duration
	polled   time.Time // the last time, zero before the first
	approved *user
	denied   bool
	used     bool
}

func (d *deviceCode) pending() bool { return d.approved == nil && !d.denied }

// newDeviceCode is POST device/code (WIRE.md section 5.4).
func newDeviceCode(s *Server, c *call) (any, *Error) {
	if _, refused := c.fields("scope"); refused != nil {
		return nil, refused
	}
	d := &deviceCode{
		userCode: randomWord(userCodeHalfLength) + "-" + randomWord(userCodeHalfLength),
		clientID: c.clientID,
		expires:  s.Now().Add(deviceCodeLife),
		interval: deviceInterval,
	}
	code := randomText(32)
	s.state.deviceCodes[code] = d
	page := s.URL + "/device" // nothing is there
	return map[string]any{
		"device_code":               code,
		"user_code":                 d.userCode,
		"expires_in":                int(deviceCodeLife / time.Second),
		"interval":                  int(deviceInterval / time.Second),
		"verification_uri":          page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(d.userCode),
	}, nil
}

func randomWord(n int) string {
	word := make([]byte, n)
	for i := range word {
		word[i] = userCodeAlphabet[randomBelow(int64(len(userCodeAlphabet)))]
	}
	return string(word)
}

// pollDevice is POST token with the grant of RFC 8628. The words are the RFC's (section 3.5); that polling too fast
// matters only while nobody has decided is a guess.
func (s *Server) pollDevice(c *call, code string) (any, *Error) {
	if code == "" {
		return nil, invalidArgument("device_code is required")
	}
	d, now := s.state.deviceCodes[code], s.Now()
	switch {
	case d == nil || d.used || d.clientID != c.clientID:
		return nil, &Error{Word: "invalid_grant", Description: "device_code is invalid"}
	case !now.Before(d.expires):
		return nil, &Error{Word: "expired_token", Description: "device_code is expired"}
	case d.denied:
		return nil, &Error{Word: "access_denied", Description: "the request was denied"}
	case d.approved != nil:
		d.used = true
		return s.openSession(c, d.approved, "device")
	}
	early := !d.polled.IsZero() && now.Sub(d.polled) < d.interval
	d.polled = now
	if early {
		d.interval += deviceSlowDown
		return nil, &Error{Word: "slow_down", Description: "polling too frequently"}
	}
	return nil, &Error{Word: "authorization_pending", Description: "the authorization request is still pending"}
}

// authorizeDevice is POST user/device/authorize: whose access token it is lets the device sign in as them.
func authorizeDevice(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("user_code", "scope", "state")
	if refused != nil {
		return nil, refused
	}
	if in["user_code"] == "" {
		return nil, invalidArgument("user_code is required")
	}
	d := s.pendingDevice(in["user_code"])
	if d == nil {
		return nil, notFound("user_code is invalid or expired")
	}
	d.approved = c.session.user
	return struct{}{}, nil
}

// pendingDevice returns what waits for a decision under a user code, or nil. People may write the code in lower case and
// without the hyphen. s.mu is held.
func (s *Server) pendingDevice(userCode string) *deviceCode {
	plain := func(code string) string { return strings.ToUpper(strings.ReplaceAll(code, "-", "")) }
	for _, d := range s.state.deviceCodes {
		if d.pending() && s.Now().Before(d.expires) && plain(d.userCode) == plain(userCode) {
			return d
		}
	}
	return nil
}

// ApproveDevice lets the device that shows a user code sign in as the account with this id, as POST
// user/device/authorize does. A code that waits for nobody and an unknown id fail the test, or panic if the server was
// made by Listen.
func (s *Server) ApproveDevice(userCode, sub string) {
	s.helper()
	if err := s.approveDevice(userCode, sub); err != nil {
		s.fatalf("ApproveDevice: %v", err)
	}
}

func (s *Server) approveDevice(userCode, sub string) error {
	return s.decideDevice(userCode, func(d *deviceCode) error {
		u := s.state.users[sub]
		if u == nil {
			return fmt.Errorf("no user with the Sub %q", sub)
		}
		d.approved = u
		return nil
	})
}

// DenyDevice makes the device that shows a user code be refused with access_denied. A code that waits for nobody fails
// the test, or panics if the server was made by Listen.
func (s *Server) DenyDevice(userCode string) {
	s.helper()
	if err := s.denyDevice(userCode); err != nil {
		s.fatalf("DenyDevice: %v", err)
	}
}

func (s *Server) denyDevice(userCode string) error {
	return s.decideDevice(userCode, func(d *deviceCode) error {
		d.denied = true
		return nil
	})
}

func (s *Server) decideDevice(userCode string, decide func(*deviceCode) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.pendingDevice(userCode)
	if d == nil {
		return fmt.Errorf("no device waits with the code %q", userCode)
	}
	return decide(d)
}
