package tcbauth

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Kinds of [OtpChallenge]: what finishing it does.
const (
	OtpSignUp           = "signup"           // signs in, and registers new users
	OtpSignIn           = "signin"           // signs in registered users
	OtpRecovery         = "recovery"         // sets a password and signs in with it
	OtpReauthentication = "reauthentication" // sets a password, or signs in again
	OtpEmailChange      = "email_change"     // makes Email the user's email address
	OtpPhoneChange      = "phone_change"     // makes Phone the user's number
)

// OtpChallenge is the result of the first of two steps: a code was sent. [WithStoredOtp] keeps it for [Auth.FinishOtp].
// Without that option it is plain data: encode it as JSON, keep it, and pass it to FinishOtp later, in another process or
// on another machine that uses the same store. MessageID contains the address to which the code was sent, like Phone and
// Email. Printed with fmt or slog they are hidden; in JSON they are not.
type OtpChallenge struct {
	Kind      string `json:"kind"`
	Phone     string `json:"phone,omitempty"` // in normal form
	Email     string `json:"email,omitempty"`
	MessageID string `json:"messageId"` // the verification_id of the code that was sent last
	IsUser    bool   `json:"is_user"`
	// IsUserUnknown means that the server did not say whether the user is registered. FinishOtp then tries both.
	IsUserUnknown bool      `json:"is_user_unknown,omitempty"`
	ExpiresAt     time.Time `json:"expires_at"` // when the code expires
	// Sub is the id of the user whose account the challenge changes, for OtpEmailChange, OtpPhoneChange and
	// OtpReauthentication. No other user can finish it.
	Sub string `json:"sub,omitempty"`
	// DeviceID is the device id with which the code was requested. Finishing sends it again.
	DeviceID string `json:"device_id,omitempty"`
}

// challenge sends a code for the first step of op, and stores the challenge if [WithStoredOtp] is set. sub is the user
// whose account the second step changes, or "". If the challenge could not be stored, it is returned beside the error.
func (a *Auth) challenge(ctx context.Context, op, kind, sub string, req GetVerificationRequest) (*OtpChallenge, error) {
	phone, err := normalPhone("phone", req.PhoneNumber)
	if req.PhoneNumber != "" && err != nil {
		return nil, a.fail(ctx, op, err)
	}
	held, turn, err := a.readyOtp(ctx, op)
	if err != nil {
		return nil, err
	}
	defer turn.done()
	sent, err := a.sendCode(ctx, op, req)
	if err != nil {
		return nil, err
	}
	c := &OtpChallenge{Kind: kind, Phone: phone, Email: req.Email, Sub: sub, IsUser: sent.info().IsUser, IsUserUnknown: sent.IsUser == nil}
	a.waitFor(c, sent)
	return c, turn.keep(held, c)
}

// waitFor records in c the code that was sent.
func (a *Auth) waitFor(c *OtpChallenge, sent *sentCode) {
	c.MessageID, c.DeviceID = sent.VerificationID, sent.DeviceID
	c.ExpiresAt = a.app.cfg.now().Add(session.Seconds(sent.ExpiresIn)).UTC().Round(0)
}

// otpTurn is one call's turn with the stored challenge. pending is nil if none is stored.
type otpTurn struct {
	a       *Auth
	op      string
	pending *session.Pending
	done    func()
}

// takeOtp waits for the call's turn. held is the context of the turn; it continues after ctx has ended.
func (a *Auth) takeOtp(ctx context.Context, op string) (held context.Context, t *otpTurn, err error) {
	if !a.app.cfg.storedOtp || a.bare != nil {
		return ctx, &otpTurn{done: func() {}}, nil
	}
	if err := a.ready(ctx); err != nil {
		return nil, nil, a.fail(ctx, op, err)
	}
	held, pending, done, err := a.session.TakePending(ctx)
	if err != nil {
		return nil, nil, a.fail(ctx, op, err)
	}
	return held, &otpTurn{a: a, op: op, pending: pending, done: done}, nil
}

// maxChallenge is larger than any challenge as JSON, in bytes.
const maxChallenge = 8 << 10

// readyOtp is takeOtp before a code is sent. Sending costs money, so the store must have room for the challenge.
func (a *Auth) readyOtp(ctx context.Context, op string) (held context.Context, t *otpTurn, err error) {
	held, t, err = a.takeOtp(ctx, op)
	if err != nil || t.pending == nil {
		return held, t, err
	}
	if err := t.pending.Ready(held, maxChallenge); err != nil {
		t.done()
		return nil, nil, a.fail(ctx, op, err)
	}
	return held, t, nil
}

// stored returns the challenge that waits for its code, or nil.
func (t *otpTurn) stored() *OtpChallenge {
	if t.pending == nil {
		return nil
	}
	return storedChallenge(t.pending.Value())
}

// storedChallenge decodes a stored challenge; nil if it is of no use.
func storedChallenge(value []byte) *OtpChallenge {
	c := new(OtpChallenge)
	if value == nil || json.Unmarshal(value, c) != nil {
		return nil
	}
	return c
}

// otpLifetime is the lifetime of a code if the server does not say.
const otpLifetime = 10 * time.Minute

func (t *otpTurn) keep(held context.Context, c *OtpChallenge) error {
	if t.pending == nil {
		return nil
	}
	until := c.ExpiresAt
	if now := t.a.app.cfg.now(); !now.Before(until) {
		until = now.Add(otpLifetime)
	}
	value, err := json.Marshal(c)
	if err == nil {
		err = t.pending.Keep(held, value, until)
	}
	if err != nil {
		return t.a.fail(held, t.op, err)
	}
	return nil
}

// maxOtpTries is how often a code for a stored challenge may be refused. The server has its own limit, which is not larger
// as far as is known.
const maxOtpTries = 5

// tried records the result of a code: the challenge is finished, ended, or refused once more. A code that the server has
// not checked does not count.
func (t *otpTurn) tried(held context.Context, err error) {
	if t.pending == nil {
		return
	}
	var failed error
	e, _ := err.(*Error) //nolint:errorlint // what it wraps may be about some other session
	switch {
	case err == nil, codeOf(err) == CodeAborted, codeOf(err) == CodePermissionDenied: // the latter two: no code can be right any more
		failed = t.pending.Drop(held)
	case e == nil || judged(e):
		failed = t.pending.Refused(held, maxOtpTries)
	}
	if failed != nil {
		t.a.app.warn(held, "what has become of a code could not be stored", failed)
	}
}

// judged reports whether the server may have checked the code of a failed call.
func judged(e *Error) bool {
	unknown := errors.Is(e.Err, ErrOutcomeUnknown)
	if e.StatusCode == 0 { // it has failed here
		return unknown
	}
	switch e.Category {
	case CategoryServiceError, CategoryRateLimited, CategoryCaptchaRequired, CategoryCaptchaInvalid, CategoryProviderNotEnabled:
		return unknown
	}
	return true
}

// StoredOtp returns the challenge that [WithStoredOtp] keeps for this session, for a page that asks for the code. If
// there is none, the error is [ErrNoOtp]; without that option it is [ErrInvalidParams].
func (a *Auth) StoredOtp(ctx context.Context) (*OtpChallenge, error) {
	const op = "StoredOtp"
	if err := a.ready(ctx, a.storingOtp()); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	value, err := a.session.Pending(ctx)
	c := storedChallenge(value)
	if err == nil && c == nil {
		err = session.ErrNothingPending
	}
	if err != nil {
		return nil, a.fail(ctx, op, err)
	}
	return c, nil
}

// storingOtp fails if WithStoredOtp is not set.
func (a *Auth) storingOtp() error {
	if a.bare == nil && !a.app.cfg.storedOtp {
		return &ValidationError{Field: "challenge", Rule: "is required without WithStoredOtp"}
	}
	return a.storing()
}

// SignInWithOtpRequest says where the code is sent. Exactly one of Email and Phone is given.
type SignInWithOtpRequest struct {
	Email   string               `json:"email,omitempty"`
	Phone   string               `json:"phone,omitempty"` // in any form that NormalizePhone accepts
	Options SignInWithOtpOptions `json:"options,omitzero"`
}

// SignInWithOtpOptions are the options of [SignInWithOtpRequest].
type SignInWithOtpOptions struct {
	// ShouldCreateUser false sends no code to users who are not registered; nil and true register them.
	ShouldCreateUser *bool `json:"shouldCreateUser,omitempty"`
	// EmailRedirectTo sends a link to this URL instead of a code, to registered users only; with [WithJSSDK3] and
	// ShouldCreateUser true, to all.
	EmailRedirectTo string `json:"emailRedirectTo,omitempty"`
	Usage           string `json:"usage,omitempty"` // as in [GetVerificationRequest]
}

// SignInWithOtp sends a code for signing in. [Auth.FinishOtp] checks it and signs the user in.
//
// js-sdk: signInWithOtp.
func (a *Auth) SignInWithOtp(ctx context.Context, req SignInWithOtpRequest) (*OtpChallenge, error) {
	const op = "SignInWithOtp"
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if invalid != nil {
		return nil, a.fail(ctx, op, invalid)
	}
	verification := GetVerificationRequest{Email: req.Email, PhoneNumber: phone, Usage: req.Options.Usage}
	mayCreate := req.Options.ShouldCreateUser == nil || *req.Options.ShouldCreateUser
	if mayCreate && req.Options.EmailRedirectTo == "" {
		return a.challenge(ctx, op, OtpSignUp, "", verification)
	}
	verification.Target, verification.EmailRedirectTo = TargetUser, req.Options.EmailRedirectTo
	if create := req.Options.ShouldCreateUser; a.app.cfg.speech.linksRegister && create != nil && *create {
		verification.Target = TargetAny
	}
	return a.challenge(ctx, op, OtpSignIn, "", verification)
}

// SignUpWithOtpRequest says where the code is sent. Exactly one of Email and Phone is given. The password policy checks
// Password, if given, before the code is sent. It is not kept: [FinishOtpRequest] takes it again, with the other fields
// of the new user.
type SignUpWithOtpRequest struct {
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"` // in any form that NormalizePhone accepts
	Password string `json:"password,omitempty"`
	Usage    string `json:"usage,omitempty"` // as in [GetVerificationRequest]
}

// SignUpWithOtp sends a code for registering. [Auth.FinishOtp] checks it and registers the user, or signs in a user who
// is registered already.
//
// js-sdk: signUp with a phone or email.
func (a *Auth) SignUpWithOtp(ctx context.Context, req SignUpWithOtpRequest) (*OtpChallenge, error) {
	const op = "SignUpWithOtp"
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if invalid == nil && req.Password != "" {
		invalid = a.newPassword("password", req.Password)
	}
	if invalid != nil {
		return nil, a.fail(ctx, op, invalid)
	}
	return a.challenge(ctx, op, OtpSignUp, "", GetVerificationRequest{Email: req.Email, PhoneNumber: phone, Usage: req.Usage})
}

// ResetPasswordForEmailRequest says where the code is sent.
type ResetPasswordForEmailRequest struct {
	EmailOrPhone string `json:"emailOrPhone"`    // a phone number in any form that NormalizePhone accepts
	Usage        string `json:"usage,omitempty"` // as in [GetVerificationRequest]
}

// ResetPasswordForEmail sends a code to a user who has forgotten the password. [Auth.FinishOtp] sets a new one, fires
// [EventPasswordRecovery] and signs in with it. Despite its name it takes phone numbers too.
//
// js-sdk: resetPasswordForEmail.
func (a *Auth) ResetPasswordForEmail(ctx context.Context, req ResetPasswordForEmailRequest) (*OtpChallenge, error) {
	const op = "ResetPasswordForEmail"
	if req.EmailOrPhone == "" {
		return nil, a.fail(ctx, op, required("emailOrPhone", ""))
	}
	phone, email := phoneOrMail(req.EmailOrPhone)
	phone, invalid := phoneOrEmail("emailOrPhone", phone, "emailOrPhone", email)
	if invalid != nil {
		return nil, a.fail(ctx, op, invalid)
	}
	return a.challenge(ctx, op, OtpRecovery, "", GetVerificationRequest{
		Email: email, PhoneNumber: phone, Target: TargetUser, Usage: req.Usage,
	})
}

// Reauthenticate sends a code to the signed-in user: by email if the account has an email address, else by SMS.
// [Auth.FinishOtp] with a Password sets the password; without one it signs the user in again. The user is fetched if this
// Auth has not done so yet.
//
// js-sdk: reauthenticate.
func (a *Auth) Reauthenticate(ctx context.Context) (*OtpChallenge, error) {
	const op = "Reauthenticate"
	begun, err := a.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	user := begun.user
	if user.Email == "" && user.PhoneNumber == "" {
		if user, _, err = a.fetchUser(ctx, begun.as, GetUserInfoRequest{}); err != nil {
			return nil, err
		}
	}
	req := GetVerificationRequest{Email: user.Email}
	if user.Email == "" {
		req.PhoneNumber = user.PhoneNumber
	}
	return a.challenge(ctx, op, OtpReauthentication, begun.sub, req)
}

// ResendRequest says where the code is sent again. Exactly one of Email and Phone is given.
type ResendRequest struct {
	Type  string `json:"type,omitempty"` // "signup" also reaches users who are not registered
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"` // in any form that NormalizePhone accepts
	Usage string `json:"usage,omitempty"` // as in [GetVerificationRequest]
}

// Resend sends a new code, which invalidates the one before. To finish an [OtpChallenge] with it, set its MessageID to
// the new VerificationID; a challenge that [WithStoredOtp] keeps for the same address is updated already.
//
// js-sdk: resend.
func (a *Auth) Resend(ctx context.Context, req ResendRequest) (*VerificationInfo, error) {
	const op = "Resend"
	target := TargetUser
	if req.Type == "signup" {
		target = TargetAny
	}
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if invalid != nil {
		return nil, a.fail(ctx, op, invalid)
	}
	held, turn, err := a.readyOtp(ctx, op)
	if err != nil {
		return nil, err
	}
	defer turn.done()
	sent, err := a.sendCode(ctx, op, GetVerificationRequest{
		Email: req.Email, PhoneNumber: phone, Target: target, Usage: req.Usage,
	})
	if err != nil {
		return nil, err
	}
	if c := turn.stored(); c != nil && c.Phone == phone && c.Email == req.Email {
		a.waitFor(c, sent)
		err = turn.keep(held, c)
	}
	return sent.info(), err
}
