package tcbauth

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// DeleteMeRequest carries the proof of [Auth.Sudo]. Version is "v1", the default, or "v2".
type DeleteMeRequest struct {
	SudoToken string `json:"sudo_token,omitempty"`
	Version   string `json:"version,omitempty"`
}

// DeleteMe deletes the account of the person who is signed in, forgets the session and fires [EventSignedOut]. It is
// never sent twice for one call. The user is what the server answers, which may be nothing.
//
// js-sdk: deleteMe, which keeps the dead session. WIRE.md 7.2.
func (a *Auth) DeleteMe(ctx context.Context, req DeleteMeRequest) (*User, error) {
	return a.deleteMe(ctx, "DeleteMe", nil, req, required("sudo_token", req.SudoToken), checkVersion(req.Version))
}

// deleteMe is DeleteMe for the person of as, nil for whoever is signed in.
func (a *Auth) deleteMe(ctx context.Context, op string, as *session.Credentials, req DeleteMeRequest, checks ...error) (*User, error) {
	user, acted, err := callAs[User](ctx, a, as, wire.Request{
		Op: op, Method: http.MethodDelete, Path: client.Version(req.Version) + "/user/me",
		Query: url.Values{"sudo_token": {req.SudoToken}}, Auth: wire.Bearer,
	}, checks...)
	if err != nil {
		return nil, err
	}
	return user, a.forget(ctx, op, acted, nil)
}

// DeleteUserRequest carries the password of the person who is signed in.
type DeleteUserRequest struct {
	Password string `json:"password"`
}

// DeleteUser is [Auth.DeleteMe] with the password in place of a proof.
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

// IsUsernameRegistered reports whether somebody has this user name. It needs no session.
//
// js-sdk: isUsernameRegistered. WIRE.md 7.9.
func (a *Auth) IsUsernameRegistered(ctx context.Context, req IsUsernameRegisteredRequest) (bool, error) {
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

// CheckUsername asks whether the person who is signed in may take this user name; an error says that not. It sends the
// js-sdk's GET with a body, which not every proxy lets through.
//
// js-sdk: checkUsername of the lower layer. WIRE.md 7.9.
func (a *Auth) CheckUsername(ctx context.Context, req CheckUsernameRequest) error {
	return exec(ctx, a, wire.Request{
		Op: "CheckUsername", Method: http.MethodGet, Path: "v1/checkUsername", Body: req, Auth: wire.Bearer, Repeatable: true,
	}, required("username", req.Username))
}
