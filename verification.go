package tcbauth

import (
	"cmp"
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// WIRE.md 4.1.

// Targets of [GetVerificationRequest]: the users to whom the server sends a code.
const (
	TargetAny         = "ANY"      // all users; the default of the server
	TargetUser        = "USER"     // registered users only
	TargetNotUser     = "NOT_USER" // new users only
	TargetCurrentUser = "CUR_USER" // the signed-in user
)

// GetVerificationRequest asks for a code. Exactly one of PhoneNumber and Email is given.
type GetVerificationRequest struct {
	PhoneNumber     string `json:"phone_number,omitempty"` // in any form that NormalizePhone accepts
	Email           string `json:"email,omitempty"`
	Target          string `json:"target,omitempty"`
	Usage           string `json:"usage,omitempty"`             // the purpose of the code in the server's terms, for example PASSWORD_RESET or "recovery"
	EmailRedirectTo string `json:"email_redirect_to,omitempty"` // the email has a link to this URL instead of a code
	ClientID        string `json:"client_id,omitempty"`

	// WithCaptcha sends a captcha token at once, instead of waiting until the server asks for it.
	WithCaptcha bool `json:"withCaptcha,omitempty"`
}

// VerificationInfo describes a code that was sent. VerificationID contains the phone number or email address: keep it out
// of logs and URLs.
type VerificationInfo struct {
	VerificationID string `json:"verification_id"` // up to 1,000 characters and more
	ExpiresIn      int    `json:"expires_in,omitempty"`
	IsUser         bool   `json:"is_user"` // also false if the server does not say
	// DeviceID is the device id with which the code was requested. The last step of the flow sends it again, also on another
	// machine. It is not a secret.
	DeviceID string `json:"device_id,omitempty"`
}

// sentCode is the server's answer after it has sent a code. IsUser is nil if the server does not say.
type sentCode struct {
	VerificationID string
	ExpiresIn      int
	IsUser         *bool
	DeviceID       string // that the call has sent
}

func (v *sentCode) info() *VerificationInfo {
	return &VerificationInfo{VerificationID: v.VerificationID, ExpiresIn: v.ExpiresIn, IsUser: v.IsUser != nil && *v.IsUser, DeviceID: v.DeviceID}
}

func (v *sentCode) missing() string { return missingField("verification_id", v.VerificationID) }

// UnmarshalJSON takes a field of another type as not given.
func (v *sentCode) UnmarshalJSON(data []byte) error {
	var in sentCode
	members := lenient.Object(data)
	for members.Next() {
		value := members.Value()
		switch string(members.Name()) {
		case "verification_id":
			in.VerificationID = value.Text()
		case "expires_in":
			in.ExpiresIn = value.Whole()
		case "is_user":
			in.IsUser = flag(value)
		}
	}
	if err := members.Err(); err != nil {
		return err
	}
	*v = in
	return nil
}

// flag is true or false, or nil for anything else.
func flag(v lenient.Value) *bool {
	switch string(v.Bytes()) {
	case "true":
		return new(true)
	case "false":
		return new(false)
	}
	return nil
}

// GetVerification sends a code by SMS or email. ExpiresIn of the result is in seconds, usually 300 or 600.
//
// One call never sends it twice: if the connection breaks after sending, the error is [ErrOutcomeUnknown]. The server
// allows one SMS a minute to a number; more is [ErrRateLimited]. A new code invalidates the one before. If a user is
// signed in, the call carries the session, as in the js-sdk.
//
// js-sdk: getVerification.
func (a *Auth) GetVerification(ctx context.Context, req GetVerificationRequest) (*VerificationInfo, error) {
	// WIRE.md 4.1.
	return a.getVerification(ctx, "GetVerification", req)
}

func (a *Auth) getVerification(ctx context.Context, op string, req GetVerificationRequest) (*VerificationInfo, error) {
	sent, err := a.sendCode(ctx, op, req)
	if err != nil {
		return nil, err
	}
	return sent.info(), nil
}

func (a *Auth) sendCode(ctx context.Context, op string, req GetVerificationRequest) (*sentCode, error) {
	phone, invalid := phoneOrEmail("phone_number", req.PhoneNumber, "email", req.Email)
	if err := a.ready(ctx, invalid); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	req.PhoneNumber = phone
	if req.Email != "" {
		req.Usage = cmp.Or(req.Usage, a.app.cfg.speech.usages[op])
	}
	withCaptcha := req.WithCaptcha
	req.WithCaptcha = false
	r := wire.Request{Op: op, Method: http.MethodPost, Path: "v1/verification", Body: req}
	carries := req.Target == TargetCurrentUser
	if !carries {
		var err error
		if carries, err = a.carriesBearer(ctx); err != nil {
			return nil, a.fail(ctx, op, err)
		}
	}
	if carries {
		r.Auth = wire.Bearer
	}
	r.DeviceID = a.client.NextDeviceID(ctx)
	if withCaptcha {
		if err := a.client.WithCaptcha(ctx, &r); err != nil {
			return nil, a.fail(ctx, op, err)
		}
	}
	sent, err := call[sentCode](ctx, a, r)
	if err != nil {
		return nil, err
	}
	sent.DeviceID = r.DeviceID
	return sent, nil
}

// SendVerificationCodeToCurrentUser sends a code to the signed-in user, with a captcha token at once. It sets the Target
// of the request.
//
// js-sdk: authApi.sendVerificationCodeToCurrentUser.
func (a *Auth) SendVerificationCodeToCurrentUser(ctx context.Context, req GetVerificationRequest) (*VerificationInfo, error) {
	req.Target, req.WithCaptcha = TargetCurrentUser, true
	return a.getVerification(ctx, "SendVerificationCodeToCurrentUser", req)
}

// carriesBearer reports whether this call carries an access token, for a call that may. A failing store is an internal
// error.
func (a *Auth) carriesBearer(ctx context.Context) (bool, error) {
	if a.ready(ctx) != nil {
		return false, nil // which the call itself will say
	}
	return a.client.HasBearer(ctx)
}

// VerifyRequest checks a code. Version is "v1", the default, or "v2".
type VerifyRequest struct {
	VerificationID   string `json:"verification_id"`
	VerificationCode string `json:"verification_code"` // digits, in any form in which a user pastes them
	// VerificationToken comes from an earlier code and is sent with this one. How the server uses it is not known.
	VerificationToken string `json:"verification_token,omitempty"`
	Version           string `json:"version,omitempty"`
	ClientID          string `json:"client_id,omitempty"`
}

// VerifyResponse has the verification token of a right code, valid for ExpiresIn seconds, usually 600.
type VerifyResponse struct {
	VerificationToken string `json:"verification_token,omitempty"`
	ExpiresIn         int    `json:"expires_in,omitempty"`
	// Credentials is the session that v2 returns at once, instead of a token. It is stored; the user is not fetched and
	// no event is fired, as in the js-sdk.
	Credentials *Credentials `json:"credentials,omitempty"`
}

// checkedCode is the answer of v1 to a correct code.
type checkedCode VerifyResponse

func (v *checkedCode) missing() string {
	return missingField("verification_token", v.VerificationToken)
}

// UnmarshalJSON takes a field of another type as not given.
func (v *checkedCode) UnmarshalJSON(data []byte) error {
	var in checkedCode
	members := lenient.Object(data)
	for members.Next() {
		value := members.Value()
		switch string(members.Name()) {
		case "verification_token":
			in.VerificationToken = value.Text()
		case "expires_in":
			in.ExpiresIn = value.Whole()
		}
	}
	if err := members.Err(); err != nil {
		return err
	}
	*v = in
	return nil
}

// Verify checks the code that the user typed or pasted. As in every method that takes a code, white space, hyphens, dots
// and invisible marks are ignored and full-width digits count as plain ones, as for [NormalizePhone]; a code with
// anything else in it is refused.
//
// The server allows few attempts and counts each wrong code, so one call never sends the code twice. A wrong or expired
// code is [ErrVerificationFailed] or [CodeInvalidVerificationCode]; which of them the server sends is not known. Too many
// wrong codes are [CodeAborted].
//
// js-sdk: verify.
func (a *Auth) Verify(ctx context.Context, req VerifyRequest) (*VerifyResponse, error) {
	// WIRE.md 4.2.
	return a.verify(ctx, "Verify", "", req)
}

// verify checks a code with the device id that requested it, or "" for the session's own.
func (a *Auth) verify(ctx context.Context, op, deviceID string, req VerifyRequest) (*VerifyResponse, error) {
	version, invalid := req.Version, error(nil)
	req.Version = ""
	req.VerificationCode, invalid = normalCode("verification_code", req.VerificationCode)
	r := wire.Request{Op: op, Method: http.MethodPost, Path: "v1/verification/verify", Body: req, DeviceID: deviceID}
	checks := []error{
		required("verification_id", req.VerificationID), invalid, checkVersion(version),
	}
	if version != client.V2 {
		out, err := call[checkedCode](ctx, a, r, checks...)
		return (*VerifyResponse)(out), err
	}
	r.Path = "v2/signin/verificationcode"
	if err := a.ready(ctx, append(checks, a.storing())...); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	var err error
	if r.DeviceID, err = a.prepare(ctx, op, deviceID); err != nil {
		return nil, err
	}
	l, err := a.obtain(ctx, r, version)
	c, err := l.credentials(err)
	if c == nil {
		return nil, err
	}
	return &VerifyResponse{ExpiresIn: c.ExpiresIn, Credentials: c}, err
}

// verifyCode checks a code at v1 and returns the verification token for the next step of a flow.
func (a *Auth) verifyCode(ctx context.Context, op, deviceID, id, code string) (token string, err error) {
	verified, err := a.verify(ctx, op, deviceID, VerifyRequest{VerificationID: id, VerificationCode: code})
	if err != nil {
		return "", err
	}
	return verified.VerificationToken, nil
}
