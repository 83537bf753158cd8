package authtest

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// loginNamePattern is the documented rule for usernames at sign-in, which basic/edit is taken to follow (WIRE.md section 8).
var loginNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:+ @-]{1,47}$`)

// profileFields are the fields of a profile that are kept as they come, beside those of User.
var profileFields = []string{
	"birthdate", "zoneinfo", "locale", "address", "nickName", "avatarUrl", "province", "country", "city",
}

func checkGender(message, gender string) *Error {
	switch gender {
	case "", "MALE", "FEMALE", "UNKNOWN":
		return nil
	}
	return invalidField(message, "Gender", "value must be one of the defined enum values")
}

func (u *user) setProfile(name string, value any) {
	if u.profile == nil {
		u.profile = make(map[string]any)
	}
	u.profile[name] = value
}

// getMe is GET user/me and GET v2/user/me (WIRE.md section 7.1).
func getMe(_ *Server, c *call) (any, *Error) { return profileOf(c.session.user), nil }

func profileOf(u *user) any {
	groups := make([]map[string]string, 0, len(u.Groups))
	for _, id := range u.Groups {
		groups = append(groups, map[string]string{"id": id})
	}
	providers := make([]map[string]string, 0, len(u.Identities))
	for id, sub := range u.Identities {
		providers = append(providers, map[string]string{"id": id, "provider_user_id": sub, "name": u.identityNames[id]})
	}
	slices.SortFunc(providers, func(a, b map[string]string) int { return strings.Compare(a["id"], b["id"]) })
	profile := map[string]any{
		"sub":          u.Sub,
		"user_id":      u.Sub,
		"status":       u.status(),
		"type":         "external",
		"has_password": u.Password != "",
		"groups":       groups,
		"providers":    providers,
		"meta":         map[string]any{},
	}
	for name, value := range u.profile {
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
		"created_at": u.created, "updated_at": u.updated, "password_updated_at": u.passwordSet, "last_login": u.lastLogin,
	} {
		if !value.IsZero() {
			profile[name] = value.UTC().Format(time.RFC3339)
		}
	}
	return profile
}

// setProfile is PATCH user/profile: fields that are there change, "" clears one, unknown ones do nothing (WIRE.md section
// 7.3). That a phone number or e-mail address other than the present one is refused is a guess.
func setProfile(s *Server, c *call) (any, *Error) {
	const message = "UserProfile"
	in, refused := c.fields("name", "picture", "username", "gender", "phone_number", "email")
	if refused == nil {
		refused = checkGender(message, in["gender"])
	}
	if refused != nil {
		return nil, refused
	}
	u := c.session.user
	if p := in["phone_number"]; p != "" && p != u.Phone {
		return nil, invalidArgument("phone_number is changed by user/contact")
	}
	if e := in["email"]; e != "" && emailKey(e) != emailKey(u.Email) {
		return nil, invalidArgument("email is changed by user/contact")
	}
	if name := in["username"]; name != u.Username && name != "" {
		if refused := checkNewUsername(message, name); refused != nil {
			return nil, refused
		}
		if s.userNamed(name) != nil {
			return nil, usernameTaken()
		}
		u.Username = name
	}
	c.assign("name", in, &u.Name)
	c.assign("picture", in, &u.Picture)
	if in["gender"] != "" {
		u.setProfile("gender", in["gender"])
	}
	for _, name := range profileFields {
		if value, refused := field[any](c, name); refused == nil && value != nil {
			u.setProfile(name, value)
		}
	}
	u.updated = s.Now()
	s.index(u)
	return profileOf(u), nil
}

// assign sets what a string field that the body has names.
func (c *call) assign(name string, in map[string]string, to *string) {
	if _, ok := in[name]; ok {
		*to = in[name]
	}
}

// editUser is POST user/basic/edit: the profile, and the password if it is encrypted (WIRE.md section 7.4). That an
// e-mail address and a phone number need no proof here is what the documentation says.
func editUser(s *Server, c *call) (any, *Error) {
	const message = "ModifyUserBasicInfoRequest"
	in, refused := c.fields("user_id", "nickname", "username", "phone", "email", "description", "avatar_url", "gender",
		"encrypt_password", "encrypt_new_password")
	if refused != nil {
		return nil, refused
	}
	u := c.session.user
	if id := in["user_id"]; id != "" && id != u.Sub {
		return nil, permissionDenied("user_id is not the current user's")
	}
	if in["encrypt_new_password"] != "" {
		return editPassword(s, c)
	}
	if n := utf8.RuneCountInString(in["nickname"]); n == 1 || n > 48 {
		return nil, invalidField(message, "Nickname", "value length must be between 2 and 48 runes, inclusive")
	}
	if name := in["username"]; name != "" && !loginNamePattern.MatchString(name) {
		return nil, invalidField(message, "Username", "value must have 2 to 48 characters, of letters, digits and -_.:+ @")
	}
	if refused := checkGender(message, in["gender"]); refused != nil {
		return nil, refused
	}
	if refused := s.checkContacts(message, u, in["phone"], in["email"]); refused != nil {
		return nil, refused
	}
	if other := s.userNamed(in["username"]); other != nil && other != u {
		return nil, &Error{Status: 409, Word: "username_already_exists", Number: 409, Description: "username already exists"}
	}
	for name, to := range map[string]*string{
		"nickname": &u.Name, "username": &u.Username, "phone": &u.Phone, "email": &u.Email, "avatar_url": &u.Picture,
	} {
		c.assign(name, in, to)
	}
	if _, ok := in["description"]; ok {
		u.setProfile("user_desc", in["description"])
	}
	if in["gender"] != "" {
		u.setProfile("gender", in["gender"])
	}
	u.updated = s.Now()
	s.index(u)
	return struct{}{}, nil
}

// checkContacts refuses a malformed phone number or e-mail address, and one of another account's.
func (s *Server) checkContacts(message string, u *user, phone, email string) *Error {
	if !phonePattern.MatchString(phone) {
		return invalidField(message, "Phone", `value does not match regex pattern "`+phonePattern.String()+`"`)
	}
	if email != "" {
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			return invalidField(message, "Email", "value must be a valid email address")
		}
	}
	for _, to := range []contact{{phone: phone}, {email: emailKey(email)}} {
		if other := s.userOf(to); other != nil && other != u {
			return failedPrecondition("the phone number or email is bound to another user")
		}
	}
	return nil
}

// editPassword changes the password by the old one, which is "" for people who have none.
func editPassword(s *Server, c *call) (any, *Error) {
	secret, refused := c.decrypted("encrypt_password", "encrypt_new_password")
	if refused != nil {
		return nil, refused
	}
	u := c.session.user
	switch {
	case u.anonymous:
		return nil, permissionDenied("an anonymous user has no password")
	case u.Password != "":
		refused = s.checkPassword(c, u, secret["encrypt_password"], wrongPassword())
	}
	if refused == nil {
		refused = checkNewPassword("ModifyUserBasicInfoRequest", "NewPassword", secret["encrypt_new_password"])
	}
	if refused != nil {
		return nil, refused
	}
	s.changePassword(c, u, secret["encrypt_new_password"])
	return struct{}{}, nil
}

// checkFree is GET checkUsername, with the name in the query or, as the js-sdk has it, in a body. The answer for a name
// of somebody else's is a guess (WIRE.md section 7.9).
func checkFree(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("username")
	if refused != nil {
		return nil, refused
	}
	name := in["username"]
	if name == "" {
		name = c.request.URL.Query().Get("username")
	}
	if name == "" {
		return nil, invalidArgument("username is required")
	}
	if refused := checkNewUsername("CheckUsernameRequest", name); refused != nil {
		return nil, refused
	}
	if other := s.userNamed(name); other != nil && other != c.session.user {
		return nil, usernameTaken()
	}
	return struct{}{}, nil
}

// userExists is GET checkIfUserExist (WIRE.md section 7.9). Its username may be all that a password login takes.
func userExists(s *Server, c *call) (any, *Error) {
	name := c.request.URL.Query().Get("username")
	if name == "" {
		return nil, invalidArgument("username is required")
	}
	return map[string]bool{"exist": s.userByLogin(name) != nil}, nil
}
