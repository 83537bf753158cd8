package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// SignUpRequest registers a new user, with the VerificationToken of [Auth.Verify] and the PhoneNumber or Email for which
// it was issued, or with a ProviderToken. All other fields are optional.
type SignUpRequest struct {
	PhoneNumber string `json:"phone_number,omitempty"` // in any form that NormalizePhone accepts
	Email       string `json:"email,omitempty"`

	VerificationCode  string `json:"verification_code,omitempty"`
	VerificationToken string `json:"verification_token,omitempty"`
	ProviderToken     string `json:"provider_token,omitempty"`
	VerifyOpt         string `json:"verify_opt,omitempty"`
	AnonymousToken    string `json:"anonymous_token,omitempty"` // access token of an anonymous user, who becomes this user

	Username string `json:"username,omitempty"` // see ValidateUsername for the server's rule
	Password string `json:"password,omitempty"` // checked by the password policy
	Name     string `json:"name,omitempty"`
	Gender   string `json:"gender,omitempty"` // MALE or FEMALE
	Picture  string `json:"picture,omitempty"`
	Locale   string `json:"locale,omitempty"`
	ClientID string `json:"client_id,omitempty"`

	// KeepAnonymousUser turns the signed-in anonymous user into the new user. The id and the data stored under it stay. It
	// has no effect if nobody is signed in, if the signed-in user is not anonymous, or if the new user is registered
	// already. AnonymousToken takes precedence.
	KeepAnonymousUser bool `json:"-"`
}

// SignUp registers a new user and signs in. It stores the session, replacing an existing one, fetches the user and fires
// [EventSignedIn].
//
// A phone number or email address that is registered already is [CodeFailedPrecondition] or [CodeAlreadyExists]. A weak
// password is refused before anything is sent. After a sign-in that was refused with [CodeNotFound], the same
// verification token can be used to sign up. If the store fails, the error is [ErrStore] and the result still has the
// credentials.
//
// js-sdk: signUp with a verification token.
func (a *Auth) SignUp(ctx context.Context, req SignUpRequest) (*LoginState, error) {
	// WIRE.md 4.4.
	return a.signUp(ctx, "SignUp", "", req)
}

// signUp registers a user with the device id of an earlier step, or "" for the session's own.
func (a *Auth) signUp(ctx context.Context, op, deviceID string, req SignUpRequest) (*LoginState, error) {
	var invalid, invalidCode error
	req.VerificationCode, invalidCode = normalCodeIfAny("verification_code", req.VerificationCode)
	switch {
	case req.PhoneNumber != "" || req.Email != "" || req.ProviderToken == "":
		req.PhoneNumber, invalid = phoneOrEmail("phone_number", req.PhoneNumber, "email", req.Email)
	default: // the provider knows the user
	}
	if invalid == nil && req.VerificationToken == "" && req.VerificationCode == "" {
		invalid = required("verification_token", req.ProviderToken)
	}
	if invalid == nil && req.Password != "" {
		invalid = checkNewPassword(a.app.cfg.policy, "password", req.Password)
	}
	if invalid == nil {
		var err error
		if req, err = a.keepAnonymousUser(ctx, op, req); err != nil {
			return nil, err
		}
	}
	l, err := a.obtain(ctx, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/signup", Body: req, DeviceID: deviceID,
	}, "", invalidCode, invalid)
	return a.signedIn(ctx, l, err, GetUserInfoRequest{}, "")
}

// keepAnonymousUser completes a sign-up: if KeepAnonymousUser is set and AnonymousToken is not, it takes the access token
// of the current anonymous session.
func (a *Auth) keepAnonymousUser(ctx context.Context, op string, req SignUpRequest) (SignUpRequest, error) {
	keep := req.KeepAnonymousUser && req.AnonymousToken == ""
	req.KeepAnonymousUser = false // it is asked once, before the first step
	if !keep {
		return req, nil
	}
	if err := a.ready(ctx, a.storing()); err != nil {
		return req, a.fail(ctx, op, err)
	}
	c, err := a.session.Stored(ctx)
	if err == nil && c.Anonymous() {
		c, err = a.fresh(ctx, op)
	}
	if err != nil {
		err = a.fail(ctx, op, err)
		switch codeOf(err) {
		case CodeUnauthenticated, CodeInvalidGrant, CodePermissionDenied: // there is no such session, or it has ended
			return req, nil
		}
		return req, err // nothing is used up yet, and the user would get another id
	}
	if c.Anonymous() {
		req.AnonymousToken = c.AccessToken
	}
	return req, nil
}
