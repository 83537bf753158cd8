package tcbauth

import (
	"context"
	"time"
)

// Kinds of [OtpChallenge]: what finishing it does.
const (
	OtpSignUp           = "signup"           // signs in, and registers people who are new
	OtpSignIn           = "signin"           // signs in people who are registered
	OtpRecovery         = "recovery"         // sets a password and signs in with it
	OtpReauthentication = "reauthentication" // sets a password, or signs in anew
	OtpEmailChange      = "email_change"     // makes Email the user's address
	OtpPhoneChange      = "phone_change"     // makes Phone the user's number
)

// OtpChallenge is the first of two steps: a code is on its way. It is plain data: encode it as JSON, keep it, and finish it
// with [Auth.FinishOtp] later, in another process or on another machine that shares the store. MessageID contains the
// address that the code went to, like Phone and Email; printed with fmt or slog they are hidden. Its JSON is not.
type OtpChallenge struct {
	Kind      string `json:"kind"`
	Phone     string `json:"phone,omitempty"` // in normal form
	Email     string `json:"email,omitempty"`
	MessageID string `json:"messageId"` // the verification_id of the code that was sent last
	IsUser    bool   `json:"is_user"`
	// IsUserUnknown: the server did not say, so that FinishOtp takes the other way once if it contradicts IsUser.
	IsUserUnknown bool      `json:"is_user_unknown,omitempty"`
	ExpiresAt     time.Time `json:"expires_at"` // when the code is too old
	// Sub is the id of the person whose account the challenge changes, for OtpEmailChange, OtpPhoneChange and
	// OtpReauthentication. Nobody else can finish it.
	Sub string `json:"sub,omitempty"`
	// DeviceID is the device id that the code was asked for with. Finishing sends it again.
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

// SignInWithOtpRequest says where a code goes. Exactly one of Email and Phone is given.
type SignInWithOtpRequest struct {
	Email   string               `json:"email,omitempty"`
	Phone   string               `json:"phone,omitempty"` // as NormalizePhone takes it
	Options SignInWithOtpOptions `json:"options,omitzero"`
}

// SignInWithOtpOptions are the options of [SignInWithOtpRequest].
type SignInWithOtpOptions struct {
	// ShouldCreateUser false sends no code to people who are not registered; nil and true register them.
	ShouldCreateUser *bool `json:"shouldCreateUser,omitempty"`
	// EmailRedirectTo sends a link to this URL in place of a code, to people who are registered; with [WithJSSDK3] and a
	// ShouldCreateUser that is true, to everybody.
	EmailRedirectTo string `json:"emailRedirectTo,omitempty"`
	Usage           string `json:"usage,omitempty"` // that of [GetVerificationRequest]
}

// SignInWithOtp sends a code to sign in with.
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

// SignUpWithOtpRequest says where a code goes. Exactly one of Email and Phone is given. Password, if given, is judged by
// the password policy before the code is sent, and not kept: [FinishOtpRequest] takes it again, with the other fields of the
// new user.
type SignUpWithOtpRequest struct {
	Email    string `json:"email,omitempty"`
	Phone    string `json:"phone,omitempty"` // as NormalizePhone takes it
	Password string `json:"password,omitempty"`
	Usage    string `json:"usage,omitempty"` // that of [GetVerificationRequest]
}

// SignUpWithOtp sends a code to register with. People who are registered already are signed in.
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

// ResetPasswordForEmailRequest says where a code goes.
type ResetPasswordForEmailRequest struct {
	EmailOrPhone string `json:"emailOrPhone"`    // a phone number as NormalizePhone takes it
	Usage        string `json:"usage,omitempty"` // that of [GetVerificationRequest]
}

// ResetPasswordForEmail sends a code to somebody who has forgotten their password. FinishOtp sets a new one, fires
// [EventPasswordRecovery] and signs in with it.
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

// Reauthenticate sends a code to the person who is signed in, by mail if they have an address. FinishOtp with a Password
// sets it; without one it signs in anew. The user is fetched if this Auth has not done so yet.
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

// ResendRequest says where a code goes once more. Exactly one of Email and Phone is given.
type ResendRequest struct {
	Type  string `json:"type,omitempty"` // "signup" reaches people who are not registered too
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"` // as NormalizePhone takes it
	Usage string `json:"usage,omitempty"` // that of [GetVerificationRequest]
}

// Resend sends a new code, which ends the life of the one before. An [OtpChallenge] is then finished with the new
// VerificationID as its MessageID.
//
// js-sdk: resend.
func (a *Auth) Resend(ctx context.Context, req ResendRequest) (*VerificationInfo, error) {
	target := TargetUser
	if req.Type == "signup" {
		target = TargetAny
	}
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if invalid != nil {
		return nil, a.fail(ctx, "Resend", invalid)
	}
	return a.getVerification(ctx, "Resend", GetVerificationRequest{
		Email: req.Email, PhoneNumber: phone, Target: target, Usage: req.Usage,
	})
}

// VerifyOtpRequest has a code and where it went. Exactly one of Email and Phone is given.
type VerifyOtpRequest struct {
	Type      string `json:"type,omitempty"` // "phone_change" and "email_change" only check the code
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`     // as NormalizePhone takes it
	Token     string `json:"token"`               // what the person typed in, as Verify takes it
	MessageID string `json:"messageId,omitempty"` // the VerificationID of the code
}

// VerifyOtp signs in somebody who is registered by a code. [Auth.FinishOtp] is for codes of a challenge.
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
