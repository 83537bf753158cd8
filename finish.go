package tcbauth

import (
	"cmp"
	"context"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// FinishOtpRequest has the code of a challenge and what else its kind needs.
type FinishOtpRequest struct {
	Challenge *OtpChallenge `json:"challenge"`
	Token     string        `json:"token"` // what the user typed in; as for Verify
	// MessageID is the VerificationID of [Auth.Resend], if that was called since; "" is that of the challenge.
	MessageID string `json:"messageId,omitempty"`

	// Password is required for OtpRecovery, and optional for OtpSignUp and OtpReauthentication. The password policy checks
	// it before the code is used up.
	Password string `json:"password,omitempty"`

	// The following fields are those of a new user, for OtpSignUp.
	Name           string `json:"name,omitempty"`
	Username       string `json:"username,omitempty"`
	Gender         string `json:"gender,omitempty"`
	Picture        string `json:"picture,omitempty"`
	Locale         string `json:"locale,omitempty"`
	AnonymousToken string `json:"anonymous_token,omitempty"`
	// KeepAnonymousUser is that of [SignUpRequest].
	KeepAnonymousUser bool `json:"-"`
}

// FinishOtp is the second step of a challenge: it checks the code and does what the challenge is for. After a wrong code
// it can be called again with the same challenge, as often as the server allows.
//
// Errors are those of [Auth.Verify] and of the method for the challenge's kind: [Auth.SignIn], [Auth.SignUp],
// [Auth.ResetPassword], [Auth.SetPassword], [Auth.UpdateUserBasicInfo].
//
// js-sdk: the functions data.verifyOtp and data.updateUser in the result of the first step.
func (a *Auth) FinishOtp(ctx context.Context, req FinishOtpRequest) (*LoginState, error) {
	const op = "FinishOtp"
	if err := a.ready(ctx, a.storing(), a.checkFinish(&req)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	c := req.Challenge
	as, err := a.finishing(ctx, op, c, req.Password != "")
	if err != nil { // the code would be spent for nothing
		return nil, err
	}
	deviceID, err := a.prepare(ctx, op, c.DeviceID)
	if err != nil {
		return nil, err
	}
	if c.Kind == OtpSignIn {
		return a.verifyOtp(ctx, op, deviceID, VerifyOtpRequest{
			Email: c.Email, Phone: c.Phone, Token: req.Token, MessageID: req.MessageID,
		})
	}
	newUser, err := a.keepAnonymousUser(ctx, op, SignUpRequest{
		PhoneNumber: c.Phone, Email: c.Email, VerificationCode: req.Token, Password: req.Password, Name: req.Name,
		Username: req.Username, Gender: req.Gender, Picture: req.Picture, Locale: req.Locale,
		AnonymousToken: req.AnonymousToken, KeepAnonymousUser: req.KeepAnonymousUser && c.Kind == OtpSignUp,
	})
	if err != nil {
		return nil, err
	}
	token, err := a.verifyCode(ctx, op, deviceID, req.MessageID, req.Token)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Kind == OtpRecovery:
		return a.finishRecovery(ctx, op, deviceID, req, token)
	case c.Kind == OtpEmailChange, c.Kind == OtpPhoneChange:
		return a.finishChange(ctx, op, as, c)
	case c.Kind == OtpReauthentication && req.Password != "":
		return a.finishNewPassword(ctx, op, as, req.Password, token)
	}
	signIn := func() (*LoginState, error) {
		return a.signInFrom(ctx, op, deviceID, SignInRequest{Username: c.Phone + c.Email, VerificationToken: token})
	}
	if c.Kind == OtpReauthentication || c.IsUser {
		return signIn()
	}
	signUp := func() (*LoginState, error) {
		newUser.VerificationToken = token
		return a.signUp(ctx, op, deviceID, newUser)
	}
	if c.IsUserUnknown {
		return orElse(signUp, signIn, CodeAlreadyExists, CodeFailedPrecondition)
	}
	return signUp()
}

// finishing returns the session for which a challenge of somebody who is signed in is finished: that of the person whom it
// was begun for, or none. Signing in anew needs no session, but is not for somebody else who is signed in by now.
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

// checkFinish judges everything before the code is spent, and completes the request.
func (a *Auth) checkFinish(req *FinishOtpRequest) error {
	c := req.Challenge
	if c == nil {
		return required("challenge", "")
	}
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
		checkDeviceID("challenge.device_id", c.DeviceID))
}

func (a *Auth) finishRecovery(ctx context.Context, op, deviceID string, req FinishOtpRequest, token string) (*LoginState, error) {
	c := req.Challenge
	if err := a.resetPassword(ctx, op, deviceID, ResetPasswordRequest{
		Email: c.Email, PhoneNumber: c.Phone, NewPassword: req.Password, VerificationToken: token,
	}); err != nil {
		return nil, err
	}
	a.fire(AuthEvent{Event: EventPasswordRecovery, Session: (*Credentials)(a.known())})
	return a.signInFrom(ctx, op, deviceID, SignInRequest{Username: c.Phone + c.Email, Password: req.Password})
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
