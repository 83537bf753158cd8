package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// UpdateUserRequest has the fields to change: nil leaves a field unchanged, a pointer to "" clears it. Email and Phone
// need a code, cannot be cleared, and cannot be changed together.
type UpdateUserRequest struct {
	UserID      *string `json:"user_id,omitempty"`
	Nickname    *string `json:"nickname,omitempty"`
	Username    *string `json:"username,omitempty"`
	Description *string `json:"description,omitempty"`
	AvatarURL   *string `json:"avatar_url,omitempty"`
	Gender      *string `json:"gender,omitempty"` // MALE or FEMALE
	Email       *string `json:"email,omitempty"`
	Phone       *string `json:"phone,omitempty"` // in any form that NormalizePhone accepts
}

// UpdateUserResult has the user after the change. If Challenge is not nil, a new email address or phone number waits for
// its code.
type UpdateUserResult struct {
	User      *User         `json:"user"`
	Challenge *OtpChallenge `json:"challenge,omitempty"`
}

// UpdateUser changes the profile of the signed-in user and fires [EventUserUpdated]. For a new Email or Phone it first
// sends a code there; [Auth.FinishOtp] then makes the change. If something fails after the code was sent, the result is
// returned beside the error and has the Challenge, so that no second code is needed.
//
// js-sdk: updateUser, which verifies only the email address if both are given.
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

// contactChange returns what a new email address or phone number needs. kind is "" if there is none.
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
