package tcbauth

import (
	"encoding/json"
)

// User is a person's profile (WIRE.md 7.1). Fields that the server does not send are empty. Printed with fmt or slog it
// shows the ids only.
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

	Status           string `json:"status,omitempty"` // DEFAULT, ACTIVE, PENDING or BLOCKED
	HasPassword      bool   `json:"has_password,omitempty"`
	Type             string `json:"type,omitempty"` // "external", say
	InternalUserType string `json:"internal_user_type,omitempty"`
	UserID           string `json:"user_id,omitempty"`
	UserDesc         string `json:"user_desc,omitempty"`
	UserSource       int    `json:"user_source,omitempty"`
	CreatedFrom      string `json:"created_from,omitempty"`
	LoginType        string `json:"loginType,omitempty"`
	AvatarURL        string `json:"avatarUrl,omitempty"`

	// Times are the server's text, in RFC 3339.
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
