package ops

import (
	"net/url"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

const (
	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code"
	deviceSlowDown = 5 * time.Second // what every slow_down adds to the interval
)

// newDeviceCode is POST device/code (WIRE.md section 5.4).
func newDeviceCode(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("scope")
	if refused != nil {
		return nil, refused
	}
	code, d := s.Devices.New(c.clientID, cut(in["scope"]))
	page := s.URL + service.DevicePath
	return map[string]any{
		"device_code":               code,
		"user_code":                 d.UserCode,
		"expires_in":                int(service.DeviceCodeLifetime / time.Second),
		"interval":                  int(service.DeviceInterval / time.Second),
		"verification_uri":          page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(d.UserCode),
	}, nil
}

// pollDevice is POST token with the grant of RFC 8628. The words are the RFC's (section 3.5); that polling too fast
// matters only while nobody has decided is a guess.
func pollDevice(s *service.Service, c *call, code string) (any, *refusal.Error) {
	if code == "" {
		return nil, refusal.InvalidArgument("device_code is required")
	}
	d, now := s.Devices.ByCode(code), s.Now()
	switch {
	case d == nil || d.Used || d.ClientID != c.clientID:
		return nil, &refusal.Error{Code: "invalid_grant", Description: "device_code is invalid"}
	case !now.Before(d.Expires):
		return nil, &refusal.Error{Code: "expired_token", Description: "device_code is expired"}
	case d.Denied:
		return nil, &refusal.Error{Code: "access_denied", Description: "the request was denied"}
	case d.Approved != nil:
		d.Used = true
		return openSession(s, c, d.Approved, "device")
	}
	early := !d.Polled.IsZero() && now.Sub(d.Polled) < d.Interval
	d.Polled = now
	if early {
		d.Interval += deviceSlowDown
		return nil, &refusal.Error{Code: "slow_down", Description: "polling too frequently"}
	}
	return nil, &refusal.Error{Code: "authorization_pending", Description: "the authorization request is still pending"}
}

// authorizeDevice is POST user/device/authorize: whose access token it is lets the device sign in as them.
func authorizeDevice(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("user_code", "scope", "state")
	if refused != nil {
		return nil, refused
	}
	if in["user_code"] == "" {
		return nil, refusal.InvalidArgument("user_code is required")
	}
	d := s.Devices.Pending(in["user_code"])
	if d == nil {
		return nil, refusal.NotFound("user_code is invalid or expired")
	}
	d.Approved = c.session.User
	return struct{}{}, nil
}
