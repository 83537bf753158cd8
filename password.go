package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// SudoRequest has the Password, or the VerificationToken of [Auth.Verify]. A user with a phone number needs the latter.
type SudoRequest struct {
	Password          string `json:"password,omitempty"`
	VerificationToken string `json:"verification_token,omitempty"`
}

// SudoResponse has the sudo token, which allows sensitive changes for ExpiresIn seconds, usually 900.
type SudoResponse struct {
	SudoToken string `json:"sudo_token"`
	ExpiresIn int    `json:"expires_in,omitempty"`
}

func (s *SudoResponse) missing() string { return missingField("sudo_token", s.SudoToken) }

// Sudo checks the signed-in user again and returns the sudo token that [Auth.SetPassword], [Auth.EditContact] and
// [Auth.DeleteMe] need.
//
// js-sdk: sudo.
func (a *Auth) Sudo(ctx context.Context, req SudoRequest) (*SudoResponse, error) {
	// WIRE.md 7.5.
	var invalid error
	if req.Password == "" {
		invalid = required("password or verification_token", req.VerificationToken)
	}
	out, _, err := a.sudo(ctx, "Sudo", nil, req, invalid)
	return out, err
}

// sudo is Sudo for the user of the session as; nil stands for the signed-in user. acted is the session whose token was
// sent: the sudo token is used with it.
func (a *Auth) sudo(ctx context.Context, op string, as *session.Credentials, req SudoRequest, checks ...error) (out *SudoResponse, acted *session.Credentials, err error) {
	return callAs[SudoResponse](ctx, a, as, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/sudo", Body: req, Auth: wire.Bearer,
	}, checks...)
}

// CheckPasswordRequest has the password to check.
type CheckPasswordRequest struct {
	Password string `json:"password"`
	ClientID string `json:"client_id,omitempty"`
}

// CheckPassword returns an error unless this is the password of the signed-in user.
//
// js-sdk: authApi.checkPassword.
func (a *Auth) CheckPassword(ctx context.Context, req CheckPasswordRequest) error {
	// WIRE.md 7.5.
	return exec(ctx, a, wire.Request{
		Op: "CheckPassword", Method: http.MethodPost, Path: "v1/user/sudo", Body: req, Auth: wire.Bearer,
	}, required("password", req.Password))
}

// SetPasswordRequest has the new password, which the password policy checks, and the sudo token of [Auth.Sudo], which may
// be "" if the user has no password yet.
type SetPasswordRequest struct {
	NewPassword string `json:"new_password"`
	SudoToken   string `json:"sudo_token"`
	ClientID    string `json:"client_id,omitempty"`
}

// SetPassword sets the password of the signed-in user.
//
// js-sdk: setPassword.
func (a *Auth) SetPassword(ctx context.Context, req SetPasswordRequest) error {
	// WIRE.md 7.6.
	return a.setPassword(ctx, "SetPassword", nil, req)
}

// setPassword is SetPassword for the user of the session as; nil stands for the signed-in user.
func (a *Auth) setPassword(ctx context.Context, op string, as *session.Credentials, req SetPasswordRequest) error {
	return execAs(ctx, a, as, wire.Request{
		Op: op, Method: http.MethodPatch, Path: "v1/user/password", Body: req, Auth: wire.Bearer,
	}, a.newPassword("new_password", req.NewPassword))
}

// newPassword checks a new password.
func (a *Auth) newPassword(field, password string) error {
	return checkNewPassword(a.app.cfg.policy, field, password)
}

// ResetPasswordRequest has a new password for the user to whom the VerificationToken was issued. The password policy
// checks it. Exactly one of Email and PhoneNumber is given.
type ResetPasswordRequest struct {
	Email             string `json:"email,omitempty"`
	PhoneNumber       string `json:"phone_number,omitempty"` // in any form that NormalizePhone accepts
	NewPassword       string `json:"new_password"`
	VerificationToken string `json:"verification_token"`
	ClientID          string `json:"client_id,omitempty"`
}

// ResetPassword sets the password of a user who is not signed in, with the verification token of a code. It does not sign
// the user in.
//
// js-sdk: resetPassword.
func (a *Auth) ResetPassword(ctx context.Context, req ResetPasswordRequest) error {
	// WIRE.md 7.9.
	return a.resetPassword(ctx, "ResetPassword", "", req)
}

// resetPassword sets a password, with the device id of an earlier step, or "" for the session's own.
func (a *Auth) resetPassword(ctx context.Context, op, deviceID string, req ResetPasswordRequest) error {
	phone, invalid := phoneOrEmail("phone_number", req.PhoneNumber, "email", req.Email)
	req.PhoneNumber = phone
	return exec(ctx, a, wire.Request{Op: op, Method: http.MethodPost, Path: "v1/reset", Body: req, DeviceID: deviceID},
		invalid, a.newPassword("new_password", req.NewPassword), required("verification_token", req.VerificationToken))
}

// ResetPasswordForOldRequest has the password of the signed-in user, and a new one, which the password policy checks.
type ResetPasswordForOldRequest struct {
	OldPassword string `json:"old_password"`
	NewPassword string `json:"new_password"`
}

// ResetPasswordForOld changes the password of the signed-in user and returns the session, which continues. A user with a
// phone number needs [Auth.Sudo] with a code and [Auth.SetPassword] instead.
//
// js-sdk: resetPasswordForOld.
func (a *Auth) ResetPasswordForOld(ctx context.Context, req ResetPasswordForOldRequest) (*LoginState, error) {
	const op = "ResetPasswordForOld"
	sudo, acted, err := a.sudo(ctx, op, nil, SudoRequest{Password: req.OldPassword},
		required("old_password", req.OldPassword), a.newPassword("new_password", req.NewPassword))
	if err != nil {
		return nil, err
	}
	if err := a.setPassword(ctx, op, acted, SetPasswordRequest{NewPassword: req.NewPassword, SudoToken: sudo.SudoToken}); err != nil {
		return nil, err
	}
	return a.still(ctx, op, acted)
}

// ModifyPasswordRequest has passwords that are sent encrypted. The password policy checks NewPassword.
type ModifyPasswordRequest struct {
	UserID      string `json:"user_id,omitempty"`
	Password    string `json:"password,omitempty"` // the old one; "" if the user has none
	NewPassword string `json:"new_password,omitempty"`
}

type modifyPasswordBody struct {
	UserID              string `json:"user_id,omitempty"`
	EncryptPassword     string `json:"encrypt_password"`
	EncryptNewPassword  string `json:"encrypt_new_password"`
	PublicKeyThumbprint string `json:"public_key_thumbprint"`
}

// ModifyPassword changes the password of the signed-in user, with both passwords encrypted for the server.
//
// js-sdk: modifyPassword.
func (a *Auth) ModifyPassword(ctx context.Context, req ModifyPasswordRequest) error {
	// WIRE.md 7.4.
	const op = "ModifyPassword"
	enc, err := a.encryptor(ctx, op, a.newPassword("new_password", req.NewPassword))
	if err != nil {
		return err
	}
	return exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/basic/edit", Auth: wire.Bearer, Body: modifyPasswordBody{
			UserID: req.UserID, EncryptPassword: enc.text(req.Password), EncryptNewPassword: enc.text(req.NewPassword),
			PublicKeyThumbprint: enc.thumbprint,
		},
	}, enc.err)
}

// ModifyPasswordWithoutLoginRequest has a user and the old Password, which the js-sdk sends as "" if the user has none.
// The password policy checks NewPassword.
type ModifyPasswordWithoutLoginRequest struct {
	Username    string `json:"username,omitempty"`
	Password    string `json:"password,omitempty"`
	NewPassword string `json:"new_password,omitempty"`
}

type passwordUpdateBody struct {
	Username            string `json:"username"`
	Password            string `json:"password"`
	NewPassword         string `json:"new_password"`
	PublicKeyThumbprint string `json:"public_key_thumbprint"`
}

// ModifyPasswordWithoutLogin changes the password of a user who is not signed in, with both passwords encrypted for the
// server. It does not sign the user in.
//
// js-sdk: modifyPasswordWithoutLogin.
func (a *Auth) ModifyPasswordWithoutLogin(ctx context.Context, req ModifyPasswordWithoutLoginRequest) error {
	// WIRE.md 7.9.
	const op = "ModifyPasswordWithoutLogin"
	enc, err := a.encryptor(ctx, op, required("username", req.Username), a.newPassword("new_password", req.NewPassword))
	if err != nil {
		return err
	}
	return exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v2/signin/password/update", Body: passwordUpdateBody{
			Username: req.Username, Password: enc.text(req.Password), NewPassword: enc.text(req.NewPassword),
			PublicKeyThumbprint: enc.thumbprint,
		},
	}, enc.err)
}
