package tcbauth

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// DeleteMeRequest carries the sudo token of [Auth.Sudo]. Version is "v1", the default, or "v2".
type DeleteMeRequest struct {
	SudoToken string `json:"sudo_token,omitempty"`
	Version   string `json:"version,omitempty"`
}

// DeleteMe deletes the account of the signed-in user, removes the session and fires [EventSignedOut]. One call never
// sends it twice. The result is the server's answer, which may be empty.
//
// js-sdk: deleteMe, which keeps the dead session.
func (a *Auth) DeleteMe(ctx context.Context, req DeleteMeRequest) (*User, error) {
	// WIRE.md 7.2.
	return a.deleteMe(ctx, "DeleteMe", nil, req, required("sudo_token", req.SudoToken), checkVersion(req.Version))
}

// deleteMe is DeleteMe for the user of the session as; nil stands for the signed-in user.
func (a *Auth) deleteMe(ctx context.Context, op string, as *session.Credentials, req DeleteMeRequest, checks ...error) (*User, error) {
	user, acted, err := callAs[User](ctx, a, as, wire.Request{
		Op: op, Method: http.MethodDelete, Path: client.Version(req.Version) + "/user/me",
		Query: url.Values{"sudo_token": {req.SudoToken}}, Auth: wire.Bearer,
	}, checks...)
	if err != nil {
		return nil, err
	}
	if acted == nil && a.bare == nil {
		return user, nil // the access key is nobody's session
	}
	return user, a.forget(ctx, op, acted, nil)
}

// DeleteUserRequest carries the password of the signed-in user.
type DeleteUserRequest struct {
	Password string `json:"password"`
}

// DeleteUser deletes the account as [Auth.DeleteMe] does, with the password instead of a sudo token.
//
// js-sdk: deleteUser, which keeps the dead session.
func (a *Auth) DeleteUser(ctx context.Context, req DeleteUserRequest) error {
	const op = "DeleteUser"
	sudo, acted, err := a.sudo(ctx, op, nil, SudoRequest{Password: req.Password}, required("password", req.Password))
	if err != nil {
		return err
	}
	_, err = a.deleteMe(ctx, op, acted, DeleteMeRequest{SudoToken: sudo.SudoToken})
	return err
}

// IsUsernameRegisteredRequest has the user name to look for.
type IsUsernameRegisteredRequest struct {
	Username string `json:"username"`
}

// IsUsernameRegistered reports whether a user has this user name. It needs no session.
//
// js-sdk: isUsernameRegistered.
func (a *Auth) IsUsernameRegistered(ctx context.Context, req IsUsernameRegisteredRequest) (bool, error) {
	// WIRE.md 7.9.
	type answer struct {
		Exist bool `json:"exist"`
	}
	out, err := call[answer](ctx, a, wire.Request{
		Op: "IsUsernameRegistered", Method: http.MethodGet, Path: "v1/checkIfUserExist",
		Query: url.Values{"username": {req.Username}}, Repeatable: true,
	}, required("username", req.Username))
	return err == nil && out.Exist, err
}

// CheckUsernameRequest has the user name to check.
type CheckUsernameRequest struct {
	Username string `json:"username"`
}

// CheckUsername asks whether the signed-in user may take this user name. If not, it returns an error. It sends the
// js-sdk's GET with a body, which some proxies do not let through.
//
// js-sdk: authApi.checkUsername.
func (a *Auth) CheckUsername(ctx context.Context, req CheckUsernameRequest) error {
	// WIRE.md 7.9.
	return exec(ctx, a, wire.Request{
		Op: "CheckUsername", Method: http.MethodGet, Path: "v1/checkUsername", Body: req, Auth: wire.Bearer, Repeatable: true,
	}, required("username", req.Username))
}
