package tcbauth

import (
	"context"
	"time"
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

// OtpChallenge is the result of the first of two steps: a code was sent. It is plain data: encode it as JSON, keep it,
// and pass it to [Auth.FinishOtp] later, in another process or on another machine that uses the same store. MessageID
// contains the address to which the code was sent, like Phone and Email. Printed with fmt or slog they are hidden; in
// JSON they are not.
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

// challenge sends a code for the first step of op.
func (a *Auth) challenge(ctx context.Context, op, kind string, req GetVerificationRequest) (*OtpChallenge, error) {
	sent, err := a.sendCode(ctx, op, req)
	if err != nil {
		return nil, err
	}
	phone, err := normalPhone("phone", req.PhoneNumber)
	if req.PhoneNumber != "" && err != nil {
		return nil, a.fail(ctx, op, err)
	}
	return &OtpChallenge{
		Kind: kind, Phone: phone, Email: req.Email, MessageID: sent.VerificationID,
		IsUser: sent.info().IsUser, IsUserUnknown: sent.IsUser == nil,
		ExpiresAt: a.app.cfg.now().Add(time.Duration(sent.ExpiresIn) * time.Second).UTC().Round(0),
		DeviceID:  sent.DeviceID,
	}, nil
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
	Usage           string `json:"usage,omitempty"` // that of [GetVerificationRequest]
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
		return a.challenge(ctx, op, OtpSignUp, verification)
	}
	verification.Target, verification.EmailRedirectTo = TargetUser, req.Options.EmailRedirectTo
	if create := req.Options.ShouldCreateUser; a.app.cfg.speech.linksRegister && create != nil && *create {
		verification.Target = TargetAny
	}
	return a.challenge(ctx, op, OtpSignIn, verification)
}

// SignUpWithOtpRequest says where the code is sent. Exactly one of Email and Phone is given. The password policy checks
// Password, if given, before the code is sent. It is not kept: [FinishOtpRequest] takes it again, with the other fields
// of the new user.
type SignUpWithOtpRequest struct {
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"` // in any form that NormalizePhone accepts
	Password string `json:"password,omitempty"`
	Usage    string `json:"usage,omitempty"` // that of [GetVerificationRequest]
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
	return a.challenge(ctx, op, OtpSignUp, GetVerificationRequest{Email: req.Email, PhoneNumber: phone, Usage: req.Usage})
}

// ResetPasswordForEmailRequest says where the code is sent.
type ResetPasswordForEmailRequest struct {
	EmailOrPhone string `json:"emailOrPhone"`    // a phone number in any form that NormalizePhone accepts
	Usage        string `json:"usage,omitempty"` // that of [GetVerificationRequest]
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
	return a.challenge(ctx, op, OtpRecovery, GetVerificationRequest{
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
	challenge, err := a.challenge(ctx, op, OtpReauthentication, req)
	if err == nil {
		challenge.Sub = begun.sub
	}
	return challenge, err
}

// VerifyOtpRequest has a code and the address to which it was sent. Exactly one of Email and Phone is given.
type VerifyOtpRequest struct {
	Type      string `json:"type,omitempty"` // "phone_change" and "email_change" only check the code
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`     // in any form that NormalizePhone accepts
	Token     string `json:"token"`               // what the user typed in; as for Verify
	MessageID string `json:"messageId,omitempty"` // the VerificationID of the code
}

// VerifyOtp checks a code and signs in a registered user. For the code of a challenge use [Auth.FinishOtp].
//
// js-sdk: verifyOtp.
func (a *Auth) VerifyOtp(ctx context.Context, req VerifyOtpRequest) (*LoginState, error) {
	return a.verifyOtp(ctx, "VerifyOtp", "", req)
}

// verifyOtp signs in by a code, with the device id that it was asked for with, "" for the session's.
func (a *Auth) verifyOtp(ctx context.Context, op, deviceID string, req VerifyOtpRequest) (*LoginState, error) {
	code, invalidCode := normalCode("token", req.Token)
	checks := []error{invalidCode, required("messageId", req.MessageID)}
	if req.Type == OtpPhoneChange || req.Type == OtpEmailChange {
		if err := a.ready(ctx, checks...); err != nil {
			return nil, a.fail(ctx, op, err)
		}
		if _, err := a.verifyCode(ctx, op, deviceID, req.MessageID, code); err != nil {
			return nil, err
		}
		return a.loginState(ctx, op)
	}
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if err := a.ready(ctx, append(checks, a.storing(), invalid)...); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	deviceID, err := a.prepare(ctx, op, deviceID)
	if err != nil {
		return nil, err
	}
	token, err := a.verifyCode(ctx, op, deviceID, req.MessageID, code)
	if err != nil {
		return nil, err
	}
	return a.signInFrom(ctx, op, deviceID, SignInRequest{Username: phone + req.Email, VerificationToken: token})
}
