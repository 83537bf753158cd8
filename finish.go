package tcbauth

import (
	"cmp"
	"context"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// FinishOtpRequest has the code of a challenge, and the fields that its kind needs.
type FinishOtpRequest struct {
	Challenge *OtpChallenge `json:"challenge,omitempty"` // nil: the one that [WithStoredOtp] keeps
	Token     string        `json:"token"`               // as the user typed it; see Verify
	// MessageID is the VerificationID of [Auth.Resend], if that was called since the first step; "" uses the challenge's
	// own.
	MessageID string `json:"messageId,omitempty"`

	// Password is required for OtpRecovery, and optional for OtpSignUp and OtpReauthentication. The password policy checks
	// it before the code is used up.
	Password string `json:"password,omitempty"`

	// The following fields describe a new user, for OtpSignUp.
	Name           string `json:"name,omitempty"`
	Username       string `json:"username,omitempty"`
	Gender         string `json:"gender,omitempty"`
	Picture        string `json:"picture,omitempty"`
	Locale         string `json:"locale,omitempty"`
	AnonymousToken string `json:"anonymous_token,omitempty"`
	// KeepAnonymousUser works as in [SignUpRequest].
	KeepAnonymousUser bool `json:"-"`

	// NewKey stores the session under this key of [App.ForUser] and deletes everything under the key of this Auth. The old
	// key is then useless to anyone who knew it: a backend gives each sign-in a new session id. If deleting fails, UserErr
	// says so. If NewKey is "", the session is stored under the Auth's own key. NewKey must be "" if the challenge signs
	// nobody in (OtpEmailChange, OtpPhoneChange, OtpReauthentication with a Password).
	NewKey string `json:"-"`
}

// FinishOtp is the second step of a challenge: it checks the code and then signs in, registers, or changes the account.
// After a wrong code it can be called again with the same challenge, as often as the server allows.
//
// With [WithStoredOtp] and without a Challenge in the request, it finishes the stored challenge. Each session has one. A
// first step that sends a code replaces it, also in another tab of the browser, and signing in or out removes it. If that
// happens while a code is being sent, nothing is stored, and only the caller of the first step has the challenge. The
// challenge stays when the server ends the session.
//
// The challenge ends when its code was right (whatever fails after that), when it has expired, when the server says that no
// code can be right any more, and after the fifth code that the server has, or may have, refused. Then the error is
// [ErrNoOtp]. Concurrent calls wait for each other, so a form that was sent twice uses the code once.
//
// While the store cannot keep a challenge, no code is sent. If the store fails after the code was sent, the first step
// returns the challenge beside [ErrStore]; pass it in the Challenge field.
//
// It returns the errors of [Auth.Verify] and of the method for the challenge's kind: [Auth.SignIn], [Auth.SignUp],
// [Auth.ResetPassword], [Auth.SetPassword], [Auth.UpdateUserBasicInfo].
//
// js-sdk: the functions data.verifyOtp and data.updateUser in the result of the first step.
func (a *Auth) FinishOtp(ctx context.Context, req FinishOtpRequest) (*LoginState, error) {
	const op = "FinishOtp"
	held, turn := ctx, &otpTurn{done: func() {}}
	if req.Challenge == nil {
		var err error
		if held, turn, err = a.finishStored(ctx, op, &req); err != nil {
			return nil, err
		}
	}
	defer turn.done()
	if err := a.ready(ctx, a.storing(), a.checkFinish(&req)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	f, err := a.prepareFinish(ctx, op, &req)
	if err != nil { // the code would be spent for nothing
		return nil, err
	}
	token, err := a.verifyCode(ctx, op, f.deviceID, req.MessageID, req.Token)
	turn.tried(held, err)
	turn.done()
	if err != nil {
		return nil, err
	}
	state, err := f.finish(ctx, &req, token)
	if err == nil && f.to != a {
		if failed := a.session.Vacate(ctx); failed != nil {
			a.app.warn(ctx, "signed in under a new key, but what lies under the old one could not be deleted", failed)
			state.UserErr = cmp.Or(state.UserErr, a.fail(ctx, op, failed))
		}
	}
	return state, err
}

// finishStored completes a request with the stored challenge, and returns the call's turn.
func (a *Auth) finishStored(ctx context.Context, op string, req *FinishOtpRequest) (held context.Context, turn *otpTurn, err error) {
	_, invalid := normalCode("token", req.Token)
	if err := a.ready(ctx, a.storingOtp(), invalid); err != nil {
		return nil, nil, a.fail(ctx, op, err)
	}
	held, turn, err = a.takeOtp(ctx, op)
	if err != nil {
		return nil, nil, err
	}
	if req.Challenge = turn.stored(); req.Challenge == nil {
		turn.done()
		return nil, nil, a.fail(ctx, op, session.ErrNothingPending)
	}
	return held, turn, nil
}

// otpFinish is the second step of a challenge, with all that is known before the code is checked.
type otpFinish struct {
	a        *Auth
	op       string
	to       *Auth                // the Auth that gets the session
	as       *session.Credentials // of the user whose account changes, nil for none
	deviceID string
	newUser  SignUpRequest
}

// prepareFinish does everything that can fail before the code is used up.
func (a *Auth) prepareFinish(ctx context.Context, op string, req *FinishOtpRequest) (*otpFinish, error) {
	c := req.Challenge
	f := &otpFinish{a: a, op: op, to: a}
	if req.NewKey != "" {
		f.to = a.app.ForUser(req.NewKey)
		f.to.client.AnswersOf(&a.session)
	}
	var err error
	if f.as, err = a.finishing(ctx, op, c, req.Password != ""); err != nil {
		return nil, err
	}
	if f.deviceID, err = f.to.prepare(ctx, op, c.DeviceID); err != nil {
		return nil, err
	}
	f.newUser, err = a.keepAnonymousUser(ctx, op, SignUpRequest{
		PhoneNumber: c.Phone, Email: c.Email, VerificationCode: req.Token, Password: req.Password, Name: req.Name,
		Username: req.Username, Gender: req.Gender, Picture: req.Picture, Locale: req.Locale,
		AnonymousToken: req.AnonymousToken, KeepAnonymousUser: req.KeepAnonymousUser && c.Kind == OtpSignUp,
	})
	return f, err
}

// finish does the second step's work, with the verification token of the code.
func (f *otpFinish) finish(ctx context.Context, req *FinishOtpRequest, token string) (*LoginState, error) {
	c := req.Challenge
	switch {
	case c.Kind == OtpRecovery:
		return f.recover(ctx, req, token)
	case c.Kind == OtpEmailChange, c.Kind == OtpPhoneChange:
		return f.a.finishChange(ctx, f.op, f.as, c)
	case c.Kind == OtpReauthentication && req.Password != "":
		return f.a.finishNewPassword(ctx, f.op, f.as, req.Password, token)
	}
	signIn := func() (*LoginState, error) {
		return f.to.signInFrom(ctx, f.op, f.deviceID, SignInRequest{Username: c.Phone + c.Email, VerificationToken: token})
	}
	if c.Kind == OtpSignIn || c.Kind == OtpReauthentication || c.IsUser {
		return signIn()
	}
	signUp := func() (*LoginState, error) {
		f.newUser.VerificationToken = token
		return f.to.signUp(ctx, f.op, f.deviceID, f.newUser)
	}
	if c.IsUserUnknown {
		return orElse(signUp, signIn, CodeAlreadyExists, CodeFailedPrecondition)
	}
	return signUp()
}

// recover sets the new password of a user who has forgotten it, and signs in with it.
func (f *otpFinish) recover(ctx context.Context, req *FinishOtpRequest, token string) (*LoginState, error) {
	c := req.Challenge
	if err := f.to.resetPassword(ctx, f.op, f.deviceID, ResetPasswordRequest{
		Email: c.Email, PhoneNumber: c.Phone, NewPassword: req.Password, VerificationToken: token,
	}); err != nil {
		return nil, err
	}
	f.a.fire(AuthEvent{Event: EventPasswordRecovery, Session: (*Credentials)(f.a.known())})
	return f.to.signInFrom(ctx, f.op, f.deviceID, SignInRequest{Username: c.Phone + c.Email, Password: req.Password})
}

// finishing returns the session for which the challenge of a signed-in user is finished: the session of that user, or none.
// Signing in again needs no session, but fails if another user has signed in since.
func (a *Auth) finishing(ctx context.Context, op string, c *OtpChallenge, newPassword bool) (*session.Credentials, error) {
	switch c.Kind {
	case OtpEmailChange, OtpPhoneChange:
	case OtpReauthentication:
		if newPassword {
			break
		}
		if now, err := a.stored(ctx, op); err == nil && c.Sub != "" && now.Subject() == c.Sub {
			return nil, nil // a session that has expired is not refreshed only to be replaced
		}
		as, err := a.finishFor(ctx, op, c.Sub)
		if unauthenticated(err) {
			return nil, nil
		}
		return as, err
	default:
		return nil, nil
	}
	return a.finishFor(ctx, op, c.Sub)
}

// checkFinish checks everything before the code is used up, and completes the request.
func (a *Auth) checkFinish(req *FinishOtpRequest) error {
	c := req.Challenge
	if req.MessageID == "" {
		req.MessageID = c.MessageID
	}
	_, invalid := phoneOrEmail("challenge.phone", c.Phone, "challenge.email", c.Email)
	switch c.Kind {
	case OtpSignUp, OtpSignIn, OtpReauthentication:
		if invalid == nil && req.Password != "" {
			invalid = a.newPassword("password", req.Password)
		}
	case OtpRecovery:
		if invalid == nil {
			invalid = a.newPassword("password", req.Password)
		}
	case OtpEmailChange, OtpPhoneChange:
	default:
		invalid = &ValidationError{Field: "challenge.kind", Rule: "is none of this package's"}
	}
	var invalidCode error
	req.Token, invalidCode = normalCode("token", req.Token)
	return cmp.Or(invalid, invalidCode, required("messageId", req.MessageID),
		checkDeviceID("challenge.device_id", c.DeviceID), a.checkNewKey(req))
}

// checkNewKey refuses an invalid new key, and a new key for a challenge that signs nobody in.
func (a *Auth) checkNewKey(req *FinishOtpRequest) error {
	if req.NewKey == "" {
		return nil
	}
	switch kind := req.Challenge.Kind; {
	case kind == OtpEmailChange, kind == OtpPhoneChange, kind == OtpReauthentication && req.Password != "":
		return &ValidationError{Field: "newKey", Rule: "is of no use: nobody signs in"}
	case a.client.UserKey() == req.NewKey:
		return &ValidationError{Field: "newKey", Rule: "is the key that the session has"}
	}
	return nil
}

func (a *Auth) finishNewPassword(ctx context.Context, op string, as *session.Credentials, password, token string) (*LoginState, error) {
	sudo, as, err := a.sudo(ctx, op, as, SudoRequest{VerificationToken: token})
	if err != nil {
		return nil, err
	}
	if err := a.setPassword(ctx, op, as, SetPasswordRequest{NewPassword: password, SudoToken: sudo.SudoToken}); err != nil {
		return nil, err
	}
	return a.still(ctx, op, as)
}

func (a *Auth) finishChange(ctx context.Context, op string, as *session.Credentials, c *OtpChallenge) (*LoginState, error) {
	change := UpdateUserBasicInfoRequest{Email: &c.Email}
	if c.Kind == OtpPhoneChange {
		change = UpdateUserBasicInfoRequest{Phone: &c.Phone}
	}
	_, as, err := a.updateUserBasicInfo(ctx, op, as, change)
	if err != nil {
		return nil, err
	}
	state, err := a.still(ctx, op, as)
	if err == nil {
		a.fire(AuthEvent{Event: EventUserUpdated, Session: state.Credentials})
	}
	return state, err
}

// VerifyOtpRequest has a code and the address to which it was sent. Exactly one of Email and Phone is given.
type VerifyOtpRequest struct {
	Type      string `json:"type,omitempty"` // "phone_change" and "email_change" only check the code, for the signed-in user
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`     // in any form that NormalizePhone accepts
	Token     string `json:"token"`               // what the user typed in; as for Verify
	MessageID string `json:"messageId,omitempty"` // the VerificationID of the code
}

// VerifyOtp checks a code and signs in a registered user. For the code of a challenge use [Auth.FinishOtp].
//
// js-sdk: verifyOtp.
func (a *Auth) VerifyOtp(ctx context.Context, req VerifyOtpRequest) (*LoginState, error) {
	const op = "VerifyOtp"
	code, invalidCode := normalCode("token", req.Token)
	checks := []error{invalidCode, required("messageId", req.MessageID)}
	if req.Type == OtpPhoneChange || req.Type == OtpEmailChange {
		if err := a.ready(ctx, checks...); err != nil {
			return nil, a.fail(ctx, op, err)
		}
		as, err := a.fresh(ctx, op)
		if err != nil { // the code would be spent for nothing
			return nil, err
		}
		if _, err := a.verifyCode(ctx, op, "", req.MessageID, code); err != nil {
			return nil, err
		}
		return a.still(ctx, op, as)
	}
	phone, invalid := phoneOrEmail("phone", req.Phone, "email", req.Email)
	if err := a.ready(ctx, append(checks, a.storing(), invalid)...); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	deviceID, err := a.prepare(ctx, op, "")
	if err != nil {
		return nil, err
	}
	token, err := a.verifyCode(ctx, op, deviceID, req.MessageID, code)
	if err != nil {
		return nil, err
	}
	return a.signInFrom(ctx, op, deviceID, SignInRequest{Username: phone + req.Email, VerificationToken: token})
}
