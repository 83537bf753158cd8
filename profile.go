package tcbauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// UpdateUserBasicInfoRequest has the fields to change: nil leaves one as it is, a pointer to "" clears it.
type UpdateUserBasicInfoRequest struct {
	UserID      *string `json:"user_id,omitempty"`
	Nickname    *string `json:"nickname,omitempty"`
	Username    *string `json:"username,omitempty"`
	Description *string `json:"description,omitempty"`
	AvatarURL   *string `json:"avatar_url,omitempty"`
	Gender      *string `json:"gender,omitempty"` // MALE or FEMALE
	Email       *string `json:"email,omitempty"`
	Phone       *string `json:"phone,omitempty"`
}

func (r UpdateUserBasicInfoRequest) empty() bool { return r == UpdateUserBasicInfoRequest{} }

// UpdateUserBasicInfo changes the profile of the person who is signed in and returns it, fetched anew. An error of
// GetUserInfo means that the change was made.
//
// js-sdk: updateUserBasicInfo. WIRE.md 7.4.
func (a *Auth) UpdateUserBasicInfo(ctx context.Context, req UpdateUserBasicInfoRequest) (*User, error) {
	return a.updateUserBasicInfo(ctx, "UpdateUserBasicInfo", req)
}

func (a *Auth) updateUserBasicInfo(ctx context.Context, op string, req UpdateUserBasicInfoRequest) (*User, error) {
	var invalid error
	if req.empty() {
		invalid = &ValidationError{Field: "nickname", Rule: "or another field is required"}
	} else {
		req.Phone, invalid = normalPhoneField("phone", req.Phone)
	}
	if err := exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/basic/edit", Body: req, Auth: wire.Bearer,
	}, invalid); err != nil {
		return nil, err
	}
	return a.GetUserInfo(ctx, GetUserInfoRequest{})
}

// SetUserProfileRequest has the fields to change: nil leaves one as it is, a pointer to "" clears it.
type SetUserProfileRequest struct {
	Name        *string  `json:"name,omitempty"`
	Username    *string  `json:"username,omitempty"`
	Picture     *string  `json:"picture,omitempty"`
	Gender      *string  `json:"gender,omitempty"` // MALE, FEMALE or UNKNOWN
	Birthdate   *string  `json:"birthdate,omitempty"`
	Zoneinfo    *string  `json:"zoneinfo,omitempty"`
	Locale      *string  `json:"locale,omitempty"`
	Email       *string  `json:"email,omitempty"`
	PhoneNumber *string  `json:"phone_number,omitempty"`
	Address     *Address `json:"address,omitempty"`
	NickName    *string  `json:"nickName,omitempty"`
	AvatarURL   *string  `json:"avatarUrl,omitempty"`
	Province    *string  `json:"province,omitempty"`
	Country     *string  `json:"country,omitempty"`
	City        *string  `json:"city,omitempty"`
}

// SetUserProfile changes the profile of the person who is signed in and returns the server's answer. It does not reach
// the environment's data sources; [Auth.UpdateUserBasicInfo] does.
//
// js-sdk: setUserProfile of the lower layer, User.update. WIRE.md 7.3.
func (a *Auth) SetUserProfile(ctx context.Context, req SetUserProfileRequest) (*User, error) {
	var invalid error
	if req == (SetUserProfileRequest{}) {
		invalid = &ValidationError{Field: "name", Rule: "or another field is required"}
	} else {
		req.PhoneNumber, invalid = normalPhoneField("phone_number", req.PhoneNumber)
	}
	return call[User](ctx, a, wire.Request{
		Op: "SetUserProfile", Method: http.MethodPatch, Path: "v1/user/profile", Body: req, Auth: wire.Bearer,
	}, invalid)
}

// QueryUserRequest names people in one of its ways.
type QueryUserRequest struct {
	ID          []string `json:"id,omitempty"` // up to 50
	Username    string   `json:"username,omitempty"`
	Email       string   `json:"email,omitempty"`
	PhoneNumber string   `json:"phone_number,omitempty"` // as NormalizePhone takes it
}

// QueryUserResponse has the people that were found.
type QueryUserResponse struct {
	Total int    `json:"total"`
	Data  []User `json:"data"` // with few fields
}

// UnmarshalJSON takes a total that is a string too, as the documentation has it.
func (r *QueryUserResponse) UnmarshalJSON(data []byte) error {
	var in struct {
		Total jsonNumber `json:"total"`
		Data  []User     `json:"data"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = QueryUserResponse{Total: int(in.Total), Data: in.Data}
	return nil
}

// QueryUser looks people up. The server refuses it to anonymous and custom-login sessions.
//
// js-sdk: queryUser. WIRE.md 7.9.
func (a *Auth) QueryUser(ctx context.Context, req QueryUserRequest) (*QueryUserResponse, error) {
	var invalid error
	if req.PhoneNumber != "" {
		req.PhoneNumber, invalid = normalPhone("phone_number", req.PhoneNumber)
	}
	query := url.Values{}
	setQuery(query, "id", strings.Join(req.ID, ","))
	setQuery(query, "username", req.Username)
	setQuery(query, "email", req.Email)
	setQuery(query, "phone_number", req.PhoneNumber)
	if len(query) == 0 && invalid == nil {
		invalid = &ValidationError{Field: "id", Rule: "or username, email or phone_number is required"}
	}
	return call[QueryUserResponse](ctx, a, wire.Request{
		Op: "QueryUser", Method: http.MethodGet, Path: "v1/user/query", Query: query, Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}

// normalPhoneField is normalPhone for a field that may be left as it is or cleared.
func normalPhoneField(field string, phone *string) (*string, error) {
	if phone == nil || *phone == "" {
		return phone, nil
	}
	normal, err := normalPhone(field, *phone)
	return &normal, err
}

// setQuery leaves empty values out, as the js-sdk does.
func setQuery(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

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
	return a.deleteMe(ctx, "DeleteMe", req, required("sudo_token", req.SudoToken), checkVersion(req.Version))
}

func (a *Auth) deleteMe(ctx context.Context, op string, req DeleteMeRequest, checks ...error) (*User, error) {
	user, err := call[User](ctx, a, wire.Request{
		Op: op, Method: http.MethodDelete, Path: orV1(req.Version) + "/user/me",
		Query: url.Values{"sudo_token": {req.SudoToken}}, Auth: wire.Bearer,
	}, checks...)
	if err != nil {
		return nil, err
	}
	return user, a.left(ctx, op, nil)
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
	sudo, err := a.sudo(ctx, op, SudoRequest{Password: req.Password}, required("password", req.Password))
	if err != nil {
		return err
	}
	_, err = a.deleteMe(ctx, op, DeleteMeRequest{SudoToken: sudo.SudoToken})
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

// Kinds of [GetUserBehaviorLogRequest].
const (
	BehaviorLogin  = "LOGIN"  // sign-ins
	BehaviorModify = "MODIFY" // changes of the ways to sign in
)

// GetUserBehaviorLogRequest asks for one page.
type GetUserBehaviorLogRequest struct {
	Type      string `json:"type"`  // BehaviorLogin or BehaviorModify
	Limit     int    `json:"limit"` // entries on a page
	PageToken string `json:"page_token,omitempty"`
}

// UserBehaviorLog has an answer as the js-sdk's types have it. What the server sends for several entries is not known,
// so Raw has the whole answer.
type UserBehaviorLog struct {
	ID        string          `json:"id,omitempty"`
	IP        string          `json:"ip,omitempty"`
	UserAgent string          `json:"user_agent,omitempty"`
	ClientID  string          `json:"client_id,omitempty"`
	DeviceID  string          `json:"device_id,omitempty"`
	CreatedAt string          `json:"created_at,omitempty"` // RFC 3339
	Meta      json.RawMessage `json:"meta,omitempty"`
	Raw       json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the whole answer in Raw.
func (l *UserBehaviorLog) UnmarshalJSON(data []byte) error {
	type plain UserBehaviorLog
	if err := json.Unmarshal(data, (*plain)(l)); err != nil {
		return err
	}
	l.Raw = append(json.RawMessage(nil), data...)
	return nil
}

// MarshalJSON returns Raw where there is one.
func (l UserBehaviorLog) MarshalJSON() ([]byte, error) {
	type plain UserBehaviorLog
	if len(l.Raw) > 0 {
		return l.Raw, nil
	}
	return json.Marshal(plain(l))
}

// GetUserBehaviorLog returns a page of what the person who is signed in did.
//
// js-sdk: getUserBehaviorLog. WIRE.md 6.8.
func (a *Auth) GetUserBehaviorLog(ctx context.Context, req GetUserBehaviorLogRequest) (*UserBehaviorLog, error) {
	query := url.Values{"limit": {strconv.Itoa(req.Limit)}}
	setQuery(query, "page_token", req.PageToken)
	var invalid error
	switch {
	case req.Limit <= 0:
		invalid = &ValidationError{Field: "limit", Rule: "must be positive"}
	case req.Type == BehaviorLogin:
		query.Set("query[action]", "USER_LOGIN")
	case req.Type == BehaviorModify:
		query.Set("ne_query[action]", "USER_LOGIN")
	default:
		invalid = &ValidationError{Field: "type", Rule: "must be LOGIN or MODIFY"}
	}
	return call[UserBehaviorLog](ctx, a, wire.Request{
		Op: "GetUserBehaviorLog", Method: http.MethodGet, Path: "v1/user/security/history", Query: query,
		Auth: wire.Bearer, Repeatable: true,
	}, invalid)
}

// GetWedaUserInfo returns what the low-code plugin knows of the person who is signed in.
//
// js-sdk: getWedaUserInfo. WIRE.md 5.3.
func (a *Auth) GetWedaUserInfo(ctx context.Context) (map[string]any, error) {
	out, err := call[map[string]any](ctx, a, wire.Request{
		Op: "GetWedaUserInfo", Method: http.MethodGet, Path: "v1/plugin/weda/userinfo", Auth: wire.Bearer, Repeatable: true,
	})
	if err != nil {
		return nil, err
	}
	return *out, nil
}
