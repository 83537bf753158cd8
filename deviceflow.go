package tcbauth

import (
	"context"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// WIRE.md 5.4.

// grantDeviceCode is the grant type of RFC 8628, 3.4. Whether the server uses it is not known.
const grantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"

// Error codes of RFC 8628, 3.5, that only polling meets.
const (
	CodeAuthorizationPending Code = "authorization_pending"
	CodeSlowDown             Code = "slow_down"
	CodeExpiredToken         Code = "expired_token"
)

// DeviceAuthorizeRequest may name the scope that the device asks for.
type DeviceAuthorizeRequest struct {
	ClientID string `json:"client_id,omitempty"`
	Scope    string `json:"scope,omitempty"`
}

// DeviceAuthorizeResponse is for a device without a keyboard: it shows UserCode and VerificationURI, and polls with
// DeviceCode.
type DeviceAuthorizeResponse struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code,omitempty"`
	ExpiresIn               int    `json:"expires_in"` // seconds
	Interval                int    `json:"interval"`   // seconds between polls; 0 means 5
	VerificationURI         string `json:"verification_uri,omitempty"`
	VerificationURIComplete string `json:"verification_uri_complete,omitempty"`
}

func (r *DeviceAuthorizeResponse) missing() string { return missingField("device_code", r.DeviceCode) }

// DeviceAuthorize starts a sign-in that the user approves on another device. [Auth.PollDeviceToken] waits for the
// approval.
//
// js-sdk: deviceAuthorize. RFC 8628.
func (a *Auth) DeviceAuthorize(ctx context.Context, req DeviceAuthorizeRequest) (*DeviceAuthorizeResponse, error) {
	// WIRE.md 5.4.
	return call[DeviceAuthorizeResponse](ctx, a, wire.Request{
		Op: "DeviceAuthorize", Method: http.MethodPost, Path: "v1/device/code", Body: req,
	})
}

// AuthorizeDeviceRequest has the code that a device shows.
type AuthorizeDeviceRequest struct {
	UserCode string `json:"user_code"`
	ClientID string `json:"client_id,omitempty"`
	Scope    string `json:"scope,omitempty"`
	State    string `json:"state,omitempty"`
}

// AuthorizeDevice approves the sign-in of another device for the signed-in user.
//
// js-sdk: authApi.authorizeDevice.
func (a *Auth) AuthorizeDevice(ctx context.Context, req AuthorizeDeviceRequest) error {
	// WIRE.md 5.4.
	return exec(ctx, a, wire.Request{
		Op: "AuthorizeDevice", Method: http.MethodPost, Path: "v1/user/device/authorize", Body: req, Auth: wire.Bearer,
	}, required("user_code", req.UserCode))
}

// PollDeviceTokenRequest has the values that [Auth.DeviceAuthorize] returned.
type PollDeviceTokenRequest struct {
	DeviceCode string `json:"device_code"`
	Interval   int    `json:"interval,omitempty"`   // seconds between polls; 0 means 5
	ExpiresIn  int    `json:"expires_in,omitempty"` // seconds until polling ends; 0: until the server ends it
	ClientID   string `json:"client_id,omitempty"`
}

// pollPause is the default interval, and the time that slow_down adds to it: RFC 8628, 3.2 and 3.5.
const pollPause = 5 * time.Second

// PollDeviceToken waits until the user approves the sign-in on the other device. Then it stores the session, replacing an
// existing one, fetches the user and fires [EventSignedIn]. It asks once in each interval, and less often from then on if
// the server answers slow_down or 429.
//
// It ends with ctx, with [CodeAccessDenied] if the user refuses, with [CodeExpiredToken] if the device code expires, and
// with any other error code by which the server refuses the request itself, such as [CodeInvalidGrant]. If the server
// fails, the connection breaks, or a proxy answers instead, polling continues with pauses that grow up to a minute.
// Without ExpiresIn a server that never answers is asked until ctx ends.
//
// It is not known to work on CloudBase: which grant type the server wants, and on which page its users enter the code, is
// unknown. Your own web app calls [Auth.AuthorizeDevice].
//
// RFC 8628, 3.4 and 3.5. The js-sdk leaves polling to its caller.
func (a *Auth) PollDeviceToken(ctx context.Context, req PollDeviceTokenRequest) (*LoginState, error) {
	const op = "PollDeviceToken"
	if err := a.ready(ctx, a.storing(), required("device_code", req.DeviceCode)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	interval := session.Seconds(req.Interval)
	if interval == 0 {
		interval = pollPause
	}
	var expired <-chan time.Time
	if req.ExpiresIn > 0 {
		timer := time.NewTimer(session.Seconds(req.ExpiresIn))
		defer timer.Stop()
		expired = timer.C
	}
	for failures := 0; ; {
		if err := pause(ctx, backoff(interval, failures), expired); err != nil {
			return nil, a.fail(ctx, op, err)
		}
		l, err := a.obtain(ctx, wire.Request{Op: op, Method: http.MethodPost, Path: "v1/token", Body: GrantTokenRequest{
			GrantType: grantDeviceCode, DeviceCode: req.DeviceCode, ClientID: req.ClientID,
		}}, client.V1)
		switch {
		case l != nil:
			return a.signedIn(ctx, l, err, GetUserInfoRequest{}, "")
		case ctx.Err() != nil:
			return nil, err
		}
		switch judgePoll(err) {
		case pollPending:
			failures = 0
		case pollSlower:
			failures = 0
			interval += pollPause
		case pollMissed:
			failures++
		case pollOver:
			return nil, err
		}
	}
}

// pollOutcome tells how polling continues after a poll without a session.
type pollOutcome int

const (
	pollOver    pollOutcome = iota // the server has decided about the request: polling ends
	pollPending                    // the user has not decided
	pollSlower                     // the device asks too often
	pollMissed                     // the server has not decided about the request
)

// judgePoll decides by the error code. An answer without one is not the server's: a gateway, a proxy or the sign-in page of
// a network has answered.
func judgePoll(err error) pollOutcome {
	e, ok := err.(*Error) //nolint:errorlint // what it wraps may be about some other session
	if !ok {
		return pollOver
	}
	switch {
	case e.Code == CodeAuthorizationPending:
		return pollPending
	case e.Category == CategoryRateLimited:
		return pollSlower
	case e.Category == CategoryServiceError, e.StatusCode != 0 && e.Code == "" && e.Number == 0:
		return pollMissed
	}
	return pollOver
}

// backoff is the pause after n polls without an answer: RFC 8628, 3.5, asks for fewer requests then.
func backoff(interval time.Duration, failures int) time.Duration {
	return max(interval, min(interval<<min(failures, 10), time.Minute))
}

// pause waits for the next poll.
func pause(ctx context.Context, interval time.Duration, expired <-chan time.Time) error {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-expired:
		return &wire.Failure{Code: string(CodeExpiredToken)}
	case <-ctx.Done():
		return &session.InterruptedError{Err: ctx.Err()}
	}
}
