package tcbauth

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/cloudbase-community/tcbauth/internal/lenient"
)

// WIRE.md 7.1.

// User is a user's profile. Fields that the server does not send are empty. Printed with fmt or slog it shows the ids
// only.
type User struct {
	Sub string `json:"sub,omitempty"` // the user's id: 19 digits, or other characters for anonymous users
	UID string `json:"uid,omitempty"` // the same, under the js-sdk's older name

	Name          string `json:"name,omitempty"`
	Username      string `json:"username,omitempty"`
	PhoneNumber   string `json:"phone_number,omitempty"` // with a space: "+86 13800000000"
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Picture       string `json:"picture,omitempty"`
	Gender        string `json:"gender,omitempty"` // MALE, FEMALE or UNKNOWN
	Birthdate     string `json:"birthdate,omitempty"`
	Zoneinfo      string `json:"zoneinfo,omitempty"`
	Locale        string `json:"locale,omitempty"`

	Address   *Address       `json:"address,omitempty"`
	Groups    []UserGroup    `json:"groups,omitempty"`
	Providers []UserProvider `json:"providers,omitempty"`

	Status           string `json:"status,omitempty"`       // DEFAULT, ACTIVE, PENDING or BLOCKED
	HasPassword      bool   `json:"has_password,omitempty"` // from has_password, hasPassword, or password "SET"
	Type             string `json:"type,omitempty"`         // for example "external"
	InternalUserType string `json:"internal_user_type,omitempty"`
	UserID           string `json:"user_id,omitempty"`
	UserDesc         string `json:"user_desc,omitempty"`
	UserSource       int    `json:"user_source,omitempty"`
	CreatedFrom      string `json:"created_from,omitempty"`
	LoginType        string `json:"loginType,omitempty"`

	// The js-sdk reads these too.
	NickName  string        `json:"nickName,omitempty"`
	AvatarURL string        `json:"avatarUrl,omitempty"`
	Country   string        `json:"country,omitempty"`
	Province  string        `json:"province,omitempty"`
	City      string        `json:"city,omitempty"`
	Location  *UserLocation `json:"location,omitempty"`

	// Times have the server's form, RFC 3339.
	CreatedAt         string `json:"created_at,omitempty"`
	UpdatedAt         string `json:"updated_at,omitempty"`
	PasswordUpdatedAt string `json:"password_updated_at,omitempty"`
	LastLogin         string `json:"last_login,omitempty"`

	Meta map[string]json.RawMessage `json:"meta,omitempty"`
}

// Address is a postal address, as in OpenID Connect.
type Address struct {
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"street_address,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	Country       string `json:"country,omitempty"`
}

// UserLocation is a user's home, in the js-sdk's form.
type UserLocation struct {
	Country  string `json:"country,omitempty"`
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
}

// UserGroup is a group that a user belongs to.
type UserGroup struct {
	ID        string `json:"id"`
	Name      string `json:"name,omitempty"`
	ExpiresAt string `json:"expires_at,omitempty"`
}

// UserProvider is a third-party account of a user.
type UserProvider struct {
	ID             string `json:"id,omitempty"`
	ProviderUserID string `json:"provider_user_id,omitempty"`
	Name           string `json:"name,omitempty"`
	Picture        string `json:"picture,omitempty"`
	URL            string `json:"url,omitempty"`

	Meta map[string]json.RawMessage `json:"meta,omitempty"`
}

// clone returns a copy that shares nothing with u that can be changed.
func (u *User) clone() User {
	c := *u
	if u.Address != nil {
		c.Address = new(*u.Address)
	}
	if u.Location != nil {
		c.Location = new(*u.Location)
	}
	c.Groups, c.Providers, c.Meta = slices.Clone(u.Groups), slices.Clone(u.Providers), cloneMeta(u.Meta)
	for i := range c.Providers {
		c.Providers[i].Meta = cloneMeta(c.Providers[i].Meta)
	}
	return c
}

func cloneMeta(meta map[string]json.RawMessage) map[string]json.RawMessage {
	meta = maps.Clone(meta)
	for name, raw := range meta {
		meta[name] = bytes.Clone(raw)
	}
	return meta
}

// userInfo is an answer that must name the user.
type userInfo User

func (u *userInfo) missing() string { return missingField("sub", u.Sub) }

// UnmarshalJSON treats a field of another type as absent, compares names exactly, and ignores unknown fields. It exists for
// speed: a sign-in waits for it.
func (u *userInfo) UnmarshalJSON(data []byte) error {
	var in User
	var hasPassword [3]bool // by each of its names
	members := lenient.ObjectIn(string(data))
	for members.Next() {
		v := members.Value()
		switch string(members.Name()) {
		case "sub":
			in.Sub = v.Text()
		case "uid":
			in.UID = v.Text()
		case "name":
			in.Name = v.Text()
		case "username":
			in.Username = v.Text()
		case "phone_number":
			in.PhoneNumber = v.Text()
		case "email":
			in.Email = v.Text()
		case "email_verified":
			in.EmailVerified = v.Bool()
		case "picture":
			in.Picture = v.Text()
		case "gender":
			in.Gender = v.Text()
		case "birthdate":
			in.Birthdate = v.Text()
		case "zoneinfo":
			in.Zoneinfo = v.Text()
		case "locale":
			in.Locale = v.Text()
		case "address":
			in.Address = addressOf(v)
		case "groups":
			in.Groups = lenient.List(v, groupOf)
		case "providers":
			in.Providers = lenient.List(v, providerOf)
		case "status":
			in.Status = v.Text()
		case "has_password":
			hasPassword[0] = v.Bool()
		case "hasPassword":
			hasPassword[1] = v.Bool()
		case "password":
			hasPassword[2] = v.Text() == "SET"
		case "type":
			in.Type = v.Text()
		case "internal_user_type":
			in.InternalUserType = v.Text()
		case "user_id":
			in.UserID = v.Text()
		case "user_desc":
			in.UserDesc = v.Text()
		case "user_source":
			in.UserSource = v.Whole()
		case "created_from":
			in.CreatedFrom = v.Text()
		case "loginType":
			in.LoginType = v.Text()
		case "avatarUrl":
			in.AvatarURL = v.Text()
		case "nickName":
			in.NickName = v.Text()
		case "country":
			in.Country = v.Text()
		case "province":
			in.Province = v.Text()
		case "city":
			in.City = v.Text()
		case "location":
			in.Location = locationOf(v)
		case "created_at":
			in.CreatedAt = v.Text()
		case "updated_at":
			in.UpdatedAt = v.Text()
		case "password_updated_at":
			in.PasswordUpdatedAt = v.Text()
		case "last_login":
			in.LastLogin = v.Text()
		case "meta":
			in.Meta = v.Map()
		}
	}
	if err := members.Err(); err != nil {
		return err
	}
	in.HasPassword = slices.Contains(hasPassword[:], true)
	*u = userInfo(in)
	return nil
}

func addressOf(v lenient.Value) *Address {
	if !v.IsObject() {
		return nil
	}
	a := new(Address)
	for members := v.Object(); members.Next(); {
		v := members.Value()
		switch string(members.Name()) {
		case "formatted":
			a.Formatted = v.Text()
		case "street_address":
			a.StreetAddress = v.Text()
		case "locality":
			a.Locality = v.Text()
		case "region":
			a.Region = v.Text()
		case "postal_code":
			a.PostalCode = v.Text()
		case "country":
			a.Country = v.Text()
		}
	}
	return a
}

func locationOf(v lenient.Value) *UserLocation {
	if !v.IsObject() {
		return nil
	}
	l := new(UserLocation)
	for members := v.Object(); members.Next(); {
		v := members.Value()
		switch string(members.Name()) {
		case "country":
			l.Country = v.Text()
		case "province":
			l.Province = v.Text()
		case "city":
			l.City = v.Text()
		}
	}
	return l
}

func groupOf(v lenient.Value) (g UserGroup) {
	for members := v.Object(); members.Next(); {
		v := members.Value()
		switch string(members.Name()) {
		case "id":
			g.ID = v.Text()
		case "name":
			g.Name = v.Text()
		case "expires_at":
			g.ExpiresAt = v.Text()
		}
	}
	return g
}

func providerOf(v lenient.Value) (p UserProvider) {
	for members := v.Object(); members.Next(); {
		v := members.Value()
		switch string(members.Name()) {
		case "id":
			p.ID = v.Text()
		case "provider_user_id":
			p.ProviderUserID = v.Text()
		case "name":
			p.Name = v.Text()
		case "picture":
			p.Picture = v.Text()
		case "url":
			p.URL = v.Text()
		case "meta":
			p.Meta = v.Map()
		}
	}
	return p
}
