package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

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
	var as *session.Credentials
	if kind != "" {
		begun, err := a.begin(ctx, op)
		if err != nil {
			return nil, err
		}
		as = begun.as
		out.Challenge, err = a.challenge(ctx, op, kind, begun.sub, verification)
		switch {
		case out.Challenge == nil:
			return nil, err
		case err != nil:
			return out, err // its code is on its way
		}
	}
	if !rest.empty() {
		var err error
		if _, as, err = a.updateUserBasicInfo(ctx, op, as, rest); err != nil {
			return out, err // with the challenge, whose code is on its way
		}
	}
	state, err := a.still(ctx, op, as)
	if err != nil {
		return out, err
	}
	out.User = state.User
	if !rest.empty() {
		a.fire(AuthEvent{Event: EventUserUpdated, Session: state.Credentials})
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
