package tcbauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/session"
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

// UpdateUserBasicInfo changes the profile of the signed-in user, fetches the user again and returns it. An error of
// GetUserInfo means that the change was made.
//
// js-sdk: updateUserBasicInfo.
func (a *Auth) UpdateUserBasicInfo(ctx context.Context, req UpdateUserBasicInfoRequest) (*User, error) {
	// WIRE.md 7.4.
	user, _, err := a.updateUserBasicInfo(ctx, "UpdateUserBasicInfo", nil, req)
	return user, err
}

// updateUserBasicInfo is UpdateUserBasicInfo for the user of the session as; nil stands for the signed-in user. acted is
// the session whose token was sent, nil for none.
func (a *Auth) updateUserBasicInfo(ctx context.Context, op string, as *session.Credentials, req UpdateUserBasicInfoRequest) (user *User, acted *session.Credentials, err error) {
	var invalid error
	if req.empty() {
		invalid = &ValidationError{Field: "nickname", Rule: "or another field is required"}
	} else {
		req.Phone, invalid = normalPhoneField("phone", req.Phone)
	}
	_, acted, err = callAs[wire.Empty](ctx, a, as, wire.Request{
		Op: op, Method: http.MethodPost, Path: "v1/user/basic/edit", Body: req, Auth: wire.Bearer,
	}, invalid)
	if err != nil {
		return nil, nil, err
	}
	return a.fetchUser(ctx, acted, GetUserInfoRequest{})
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

// SetUserProfile changes the profile of the signed-in user and returns the server's answer. It does not change the
// environment's data sources; [Auth.UpdateUserBasicInfo] does.
//
// js-sdk: authApi.setUserProfile, User.update.
func (a *Auth) SetUserProfile(ctx context.Context, req SetUserProfileRequest) (*User, error) {
	// WIRE.md 7.3.
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

// QueryUserRequest names users by one of its fields.
type QueryUserRequest struct {
	ID          []string `json:"id,omitempty"` // up to 50
	Username    string   `json:"username,omitempty"`
	Email       string   `json:"email,omitempty"`
	PhoneNumber string   `json:"phone_number,omitempty"` // in any form that NormalizePhone accepts
}

// QueryUserResponse has the users that were found.
type QueryUserResponse struct {
	Total int    `json:"total"`
	Data  []User `json:"data"` // with few fields only
}

// UnmarshalJSON also accepts a total that is a string, as documented.
func (r *QueryUserResponse) UnmarshalJSON(data []byte) error {
	var in struct {
		Total lenient.Int `json:"total"`
		Data  []User      `json:"data"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = QueryUserResponse{Total: int(in.Total), Data: in.Data}
	return nil
}

// QueryUser looks up users. The server refuses it to anonymous and custom-login sessions.
//
// js-sdk: queryUser.
func (a *Auth) QueryUser(ctx context.Context, req QueryUserRequest) (*QueryUserResponse, error) {
	// WIRE.md 7.9.
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

// UserBehaviorLog has an answer in the form of the js-sdk's types. How the server sends several entries is not known, so
// Raw has the whole answer.
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

// MarshalJSON returns Raw if there is one.
func (l UserBehaviorLog) MarshalJSON() ([]byte, error) {
	type plain UserBehaviorLog
	if len(l.Raw) > 0 {
		return l.Raw, nil
	}
	return json.Marshal(plain(l))
}

// GetUserBehaviorLog returns a page of the log of what the signed-in user did.
//
// js-sdk: getUserBehaviorLog.
func (a *Auth) GetUserBehaviorLog(ctx context.Context, req GetUserBehaviorLogRequest) (*UserBehaviorLog, error) {
	// WIRE.md 6.8.
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

// weda is an answer of the low-code plugin, whose ids may have more digits than a float64 holds.
type weda map[string]any

// UnmarshalJSON decodes numbers as json.Number.
func (w *weda) UnmarshalJSON(data []byte) error { return lenient.Exact(data, (*map[string]any)(w)) }

// GetWedaUserInfo returns what the low-code plugin knows about the signed-in user. Numbers are of the type json.Number.
//
// js-sdk: getWedaUserInfo.
func (a *Auth) GetWedaUserInfo(ctx context.Context) (map[string]any, error) {
	// WIRE.md 5.3.
	out, err := call[weda](ctx, a, wire.Request{
		Op: "GetWedaUserInfo", Method: http.MethodGet, Path: "v1/plugin/weda/userinfo", Auth: wire.Bearer, Repeatable: true,
	})
	if err != nil {
		return nil, err
	}
	return *out, nil
}

// GetUserInfoRequest may ask for more than the profile. Version is "v1", the default, or "v2".
type GetUserInfoRequest struct {
	Version string         `json:"version,omitempty"`
	Query   *UserInfoQuery `json:"query,omitempty"`
}

// UserInfoQuery asks for parts that a profile does not have by default.
type UserInfoQuery struct {
	WithDepartment bool `json:"with_department,omitempty"`
	WithRole       bool `json:"with_role,omitempty"`
}

func (q *UserInfoQuery) values() url.Values {
	if q == nil {
		return nil
	}
	values := url.Values{}
	if q.WithDepartment {
		values.Set("with_department", "true")
	}
	if q.WithRole {
		values.Set("with_role", "true")
	}
	return values
}

// GetUserInfo fetches the profile of the signed-in user. If nobody is signed in, the error is [ErrNoSession].
//
// js-sdk: authApi.getUserInfo.
func (a *Auth) GetUserInfo(ctx context.Context, req GetUserInfoRequest) (*User, error) {
	// WIRE.md 7.1.
	user, _, err := a.fetchUser(ctx, nil, req)
	return user, err
}

// fetchUser is GetUserInfo for the user of the session as; nil stands for the signed-in user. acted is the session whose
// token was sent.
func (a *Auth) fetchUser(ctx context.Context, as *session.Credentials, req GetUserInfoRequest) (user *User, acted *session.Credentials, err error) {
	me, acted, err := callAs[userInfo](ctx, a, as, wire.Request{
		Op: "GetUserInfo", Method: http.MethodGet, Path: client.Version(req.Version) + "/user/me", Query: req.Query.values(),
		Auth: wire.Bearer, Repeatable: true,
	}, checkVersion(req.Version))
	if err != nil {
		return nil, nil, err
	}
	user = (*User)(me)
	user.UID = user.Sub
	if a.bare != nil {
		acted = (*session.Credentials)(a.bare)
	}
	if acted != nil { // else it was the access key, which is nobody's session
		a.remember(user, acted)
	}
	return user, acted, nil
}
