package ops

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// profileFields are the fields of a profile that are kept as they come, beside those of User.
var profileFields = []string{
	"birthdate", "zoneinfo", "locale", "address", "nickName", "avatarUrl", "province", "country", "city",
}

// getMe is GET user/me and GET v2/user/me (WIRE.md section 7.1).
func getMe(_ *service.Service, c *call) (any, *refusal.Error) { return profileOf(c.session.User), nil }

func profileOf(u *service.Account) any {
	groups := make([]map[string]string, 0, len(u.Groups))
	for _, id := range u.Groups {
		groups = append(groups, map[string]string{"id": id})
	}
	providers := make([]map[string]string, 0, len(u.Identities))
	for id, sub := range u.Identities {
		providers = append(providers, map[string]string{"id": id, "provider_user_id": sub, "name": u.IdentityNames[id]})
	}
	slices.SortFunc(providers, func(a, b map[string]string) int { return strings.Compare(a["id"], b["id"]) })
	profile := map[string]any{
		"sub":          u.Sub,
		"user_id":      u.Sub,
		"status":       u.Status(),
		"type":         "external",
		"has_password": u.HasPassword(),
		"groups":       groups,
		"providers":    providers,
		"meta":         map[string]any{},
	}
	if u.HasPassword() {
		profile["password"] = "SET"
	}
	for name, value := range u.Profile {
		profile[name] = value
	}
	for name, value := range map[string]string{
		"username": u.Username, "name": u.Name, "picture": u.Picture, "phone_number": u.Phone, "email": u.Email,
	} {
		if value != "" {
			profile[name] = value
		}
	}
	for name, value := range map[string]time.Time{
		"created_at": u.Created, "updated_at": u.Updated, "password_updated_at": u.PasswordSet, "last_login": u.LastLogin,
	} {
		if !value.IsZero() {
			profile[name] = value.UTC().Format(time.RFC3339)
		}
	}
	return profile
}

// setProfile is PATCH user/profile: fields that are there change, unknown ones do nothing (WIRE.md section 7.3). "" clears
// name and picture, and leaves username and gender as they are. That a phone number or email address other than the present
// one is refused is a guess.
func setProfile(s *service.Service, c *call) (any, *refusal.Error) {
	const message = "UserProfile"
	in, refused := c.fields("name", "picture", "username", "gender", "phone_number", "email")
	if refused == nil {
		refused = checkGender(message, in["gender"])
	}
	if refused != nil {
		return nil, refused
	}
	u := c.session.User
	if p := in["phone_number"]; p != "" && p != u.Phone {
		return nil, refusal.InvalidArgument("phone_number is changed by user/contact")
	}
	if e := in["email"]; e != "" && address.EmailKey(e) != address.EmailKey(u.Email) {
		return nil, refusal.InvalidArgument("email is changed by user/contact")
	}
	if name := in["username"]; name != u.Username && name != "" {
		if refused := checkNewUsername(message, name); refused != nil {
			return nil, refused
		}
		if s.People.Named(name) != nil {
			return nil, usernameTaken()
		}
		u.Username = name
	}
	c.assign("name", in, &u.Name)
	c.assign("picture", in, &u.Picture)
	if in["gender"] != "" {
		u.SetProfile("gender", in["gender"])
	}
	for _, name := range profileFields {
		if value, refused := field[any](c, name); refused == nil && value != nil {
			u.SetProfile(name, value)
		}
	}
	u.Updated = s.Now()
	s.People.Index(u)
	return profileOf(u), nil
}

// assign sets what a string field that the body has names.
func (c *call) assign(name string, in map[string]string, to *string) {
	if _, ok := in[name]; ok {
		*to = in[name]
	}
}

// editUser is POST user/basic/edit: the profile, and the password if it is encrypted (WIRE.md section 7.4). That an
// email address and a phone number need no proof here is what the documentation says.
func editUser(s *service.Service, c *call) (any, *refusal.Error) {
	const message = "ModifyUserBasicInfoRequest"
	in, refused := c.fields("user_id", "nickname", "username", "phone", "email", "description", "avatar_url", "gender",
		"encrypt_password", "encrypt_new_password")
	if refused != nil {
		return nil, refused
	}
	u := c.session.User
	if id := in["user_id"]; id != "" && id != u.Sub {
		return nil, refusal.PermissionDenied("user_id is not the current user's")
	}
	if in["encrypt_new_password"] != "" {
		return editPassword(s, c)
	}
	if n := utf8.RuneCountInString(in["nickname"]); n == 1 || n > 48 {
		return nil, refusal.InvalidField(message, "Nickname", "value length must be between 2 and 48 runes, inclusive")
	}
	if name := in["username"]; name != "" && !loginNamePattern.MatchString(name) {
		return nil, refusal.InvalidField(message, "Username", "value must have 2 to 48 characters, of letters, digits and -_.:+ @")
	}
	if refused := checkGender(message, in["gender"]); refused != nil {
		return nil, refused
	}
	if refused := checkContacts(s, message, u, in["phone"], in["email"]); refused != nil {
		return nil, refused
	}
	if other := s.People.Named(in["username"]); other != nil && other != u {
		return nil, &refusal.Error{Status: 409, Code: "username_already_exists", Number: 409, Description: "username already exists"}
	}
	for name, to := range map[string]*string{
		"nickname": &u.Name, "username": &u.Username, "phone": &u.Phone, "email": &u.Email, "avatar_url": &u.Picture,
	} {
		c.assign(name, in, to)
	}
	if _, ok := in["description"]; ok {
		u.SetProfile("user_desc", in["description"])
	}
	if in["gender"] != "" {
		u.SetProfile("gender", in["gender"])
	}
	u.Updated = s.Now()
	s.People.Index(u)
	return struct{}{}, nil
}

// checkContacts refuses a malformed phone number or email address, and one of another account's.
func checkContacts(s *service.Service, message string, u *service.Account, phone, email string) *refusal.Error {
	if !address.PhonePattern.MatchString(phone) {
		return refusal.InvalidField(message, "Phone", `value does not match regex pattern "`+address.PhonePattern.String()+`"`)
	}
	if email != "" && !address.IsEmail(email) {
		return refusal.InvalidField(message, "Email", "value must be a valid email address")
	}
	for _, to := range []address.Contact{{Phone: phone}, {Email: address.EmailKey(email)}} {
		if other := s.People.Of(to); other != nil && other != u {
			return refusal.FailedPrecondition("the phone number or email is bound to another user")
		}
	}
	return nil
}

// editPassword changes the password by the old one, which is "" for users who have none.
func editPassword(s *service.Service, c *call) (any, *refusal.Error) {
	secret, refused := c.decrypted("encrypt_password", "encrypt_new_password")
	if refused != nil {
		return nil, refused
	}
	u := c.session.User
	switch {
	case u.Anonymous:
		return nil, refusal.PermissionDenied("an anonymous user has no password")
	case u.HasPassword():
		refused = checkPassword(s, c, u, secret["encrypt_password"], wrongPassword())
	}
	if refused == nil {
		refused = checkNewPassword("ModifyUserBasicInfoRequest", "NewPassword", secret["encrypt_new_password"])
	}
	if refused != nil {
		return nil, refused
	}
	changePassword(s, c, u, secret["encrypt_new_password"])
	return struct{}{}, nil
}

// checkFree is GET checkUsername, with the name in the query or, as the js-sdk has it, in a body. The answer for a name
// of somebody else's is a guess (WIRE.md section 7.9).
func checkFree(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("username")
	if refused != nil {
		return nil, refused
	}
	name := in["username"]
	if name == "" {
		name = c.request.URL.Query().Get("username")
	}
	if name == "" {
		return nil, refusal.InvalidArgument("username is required")
	}
	if refused := checkNewUsername("CheckUsernameRequest", name); refused != nil {
		return nil, refused
	}
	if other := s.People.Named(name); other != nil && other != c.session.User {
		return nil, usernameTaken()
	}
	return struct{}{}, nil
}

// userExists is GET checkIfUserExist (WIRE.md section 7.9). Its username may be all that a password login takes.
func userExists(s *service.Service, c *call) (any, *refusal.Error) {
	name := c.request.URL.Query().Get("username")
	if name == "" {
		return nil, refusal.InvalidArgument("username is required")
	}
	return map[string]bool{"exist": s.People.ByLogin(name) != nil}, nil
}
