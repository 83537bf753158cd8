package tcbauth

import (
	"context"
	"strings"
)

// FinishOtpRequest has the code of a challenge and what else its kind needs.
type FinishOtpRequest struct {
	Challenge *OtpChallenge `json:"challenge"`
	Token     string        `json:"token"` // what the person typed in: digits
	// MessageID is the VerificationID of [Auth.Resend], if that was called since; "" is that of the challenge.
	MessageID string `json:"messageId,omitempty"`

	// Password is required for OtpRecovery, and may be given for OtpSignUp and OtpReauthentication. It is judged by the
	// password policy before the code is spent.
	Password string `json:"password,omitempty"`

	// The others are those of a new user, for OtpSignUp.
	Name           string `json:"name,omitempty"`
	Username       string `json:"username,omitempty"`
	Gender         string `json:"gender,omitempty"`
	Picture        string `json:"picture,omitempty"`
	Locale         string `json:"locale,omitempty"`
	AnonymousToken string `json:"anonymous_token,omitempty"`
}

// FinishOtp takes the second step of a challenge: it checks the code and does what the challenge is for. A wrong code can be
// tried again with the same challenge, as often as the server allows.
//
// Errors are those of [Auth.Verify] and of the methods that the kind stands for: [Auth.SignIn], [Auth.SignUp],
// [Auth.ResetPassword], [Auth.SetPassword], [Auth.UpdateUserBasicInfo].
//
// js-sdk: data.verifyOtp and data.updateUser of what the first step returns.
func (a *Auth) FinishOtp(ctx context.Context, req FinishOtpRequest) (*LoginState, error) {
	const op = "FinishOtp"
	if err := a.ready(ctx, a.storing(), a.checkFinish(&req)); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	c := req.Challenge
	contact := c.Phone + c.Email
	if c.Kind == OtpSignIn {
		return a.verifyOtp(ctx, op, VerifyOtpRequest{Email: c.Email, Phone: c.Phone, Token: req.Token, MessageID: req.MessageID})
	}
	if c.Kind == OtpEmailChange || c.Kind == OtpPhoneChange || c.Kind == OtpReauthentication && req.Password != "" {
		if _, err := a.stored(ctx, op); err != nil { // the code would be spent for nothing
			return nil, err
		}
	}
	token, err := a.verifyCode(ctx, op, req.MessageID, req.Token)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Kind == OtpRecovery:
		return a.finishRecovery(ctx, op, req, token)
	case c.Kind == OtpEmailChange, c.Kind == OtpPhoneChange:
		return a.finishChange(ctx, op, c)
	case c.Kind == OtpReauthentication && req.Password != "":
		return a.finishNewPassword(ctx, op, req.Password, token)
	}
	signIn := func() (*LoginState, error) {
		return a.signIn(ctx, op, SignInRequest{Username: contact, VerificationToken: token})
	}
	if c.Kind == OtpReauthentication || c.IsUser {
		return signIn()
	}
	signUp := func() (*LoginState, error) {
		return a.signUp(ctx, op, SignUpRequest{
			PhoneNumber: c.Phone, Email: c.Email, VerificationToken: token, VerificationCode: req.Token,
			Password: req.Password, Name: req.Name, Username: req.Username, Gender: req.Gender, Picture: req.Picture,
			Locale: req.Locale, AnonymousToken: req.AnonymousToken,
		})
	}
	if c.IsUserUnknown {
		return orElse(signUp, signIn, CodeAlreadyExists, CodeFailedPrecondition)
	}
	return signUp()
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
	for _, err := range []error{invalid, checkCode("token", req.Token), required("messageId", req.MessageID)} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Auth) finishRecovery(ctx context.Context, op string, req FinishOtpRequest, token string) (*LoginState, error) {
	c := req.Challenge
	if err := a.resetPassword(ctx, op, ResetPasswordRequest{
		Email: c.Email, PhoneNumber: c.Phone, NewPassword: req.Password, VerificationToken: token,
	}); err != nil {
		return nil, err
	}
	a.events.fire(AuthEvent{Event: EventPasswordRecovery, Session: a.cur.Load().credentials})
	return a.signIn(ctx, op, SignInRequest{Username: c.Phone + c.Email, Password: req.Password})
}

func (a *Auth) finishNewPassword(ctx context.Context, op, password, token string) (*LoginState, error) {
	sudo, err := a.sudo(ctx, op, SudoRequest{VerificationToken: token})
	if err != nil {
		return nil, err
	}
	if err := a.setPassword(ctx, op, SetPasswordRequest{NewPassword: password, SudoToken: sudo.SudoToken}); err != nil {
		return nil, err
	}
	return a.loginState(ctx, op)
}

func (a *Auth) finishChange(ctx context.Context, op string, c *OtpChallenge) (*LoginState, error) {
	change := UpdateUserBasicInfoRequest{Email: &c.Email}
	if c.Kind == OtpPhoneChange {
		change = UpdateUserBasicInfoRequest{Phone: &c.Phone}
	}
	if _, err := a.updateUserBasicInfo(ctx, op, change); err != nil {
		return nil, err
	}
	state, err := a.loginState(ctx, op)
	if err == nil {
		a.events.fire(AuthEvent{Event: EventUserUpdated, Session: state.Credentials})
	}
	return state, err
}

// UpdateUserRequest has the fields to change: nil leaves one as it is, a pointer to "" clears it. Email and Phone cannot be
// cleared; they need a code, and exclude each other.
type UpdateUserRequest struct {
	UserID      *string `json:"user_id,omitempty"`
	Nickname    *string `json:"nickname,omitempty"`
	Username    *string `json:"username,omitempty"`
	Description *string `json:"description,omitempty"`
	AvatarURL   *string `json:"avatar_url,omitempty"`
	Gender      *string `json:"gender,omitempty"` // MALE or FEMALE
	Email       *string `json:"email,omitempty"`
	Phone       *string `json:"phone,omitempty"` // as NormalizePhone takes it
}

// UpdateUserResult has the user after the change. Challenge is what a new mail address or phone number waits for; nil:
// nothing.
type UpdateUserResult struct {
	User      *User         `json:"user"`
	Challenge *OtpChallenge `json:"challenge,omitempty"`
}

// UpdateUser changes the profile of the person who is signed in and fires [EventUserUpdated]. For a new Email or Phone it
// sends a code there first; [Auth.FinishOtp] makes that change. If something fails after the code was sent, the result
// stands beside the error and has the Challenge, so that no second code is needed.
//
// js-sdk: updateUser, which with both verifies only the address.
func (a *Auth) UpdateUser(ctx context.Context, req UpdateUserRequest) (*UpdateUserResult, error) {
	const op = "UpdateUser"
	rest := UpdateUserBasicInfoRequest(req)
	rest.Email, rest.Phone = nil, nil
	kind, verification, invalid := contactChange(req)
	if kind == "" && rest.empty() && invalid == nil {
		invalid = &ValidationError{Field: "nickname", Rule: "or another field is required"}
	}
	if err := a.ready(ctx, invalid); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	out := new(UpdateUserResult)
	var err error
	if kind != "" {
		if out.Challenge, err = a.challenge(ctx, op, kind, verification); err != nil {
			return nil, err
		}
	}
	if !rest.empty() {
		if _, err := a.updateUserBasicInfo(ctx, op, rest); err != nil {
			return out, err // with the challenge, whose code is on its way
		}
	}
	state, err := a.loginState(ctx, op)
	if err != nil {
		return out, err
	}
	out.User = state.User
	if !rest.empty() {
		a.events.fire(AuthEvent{Event: EventUserUpdated, Session: state.Credentials})
	}
	return out, nil
}

// contactChange says what a new mail address or phone number needs. kind is "" if there is none.
func contactChange(req UpdateUserRequest) (kind string, verification GetVerificationRequest, err error) {
	switch {
	case req.Email != nil && req.Phone != nil:
		return "", verification, &ValidationError{Field: "phone", Rule: "and email exclude each other"}
	case req.Email != nil:
		verification.Email = *req.Email
		return OtpEmailChange, verification, checkEmail("email", *req.Email)
	case req.Phone != nil:
		verification.PhoneNumber, err = normalPhone("phone", *req.Phone)
		return OtpPhoneChange, verification, err
	}
	return "", verification, nil
}

// phoneOrMail tells the two apart as the js-sdk does.
func phoneOrMail(contact string) (phone, email string) {
	if strings.Contains(contact, "@") {
		return "", contact
	}
	return contact, ""
}
