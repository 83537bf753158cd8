package tcbauth

import (
	"encoding/json"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Credentials are a session's tokens. Their JSON is the same as the js-sdk keeps in localStorage, and it is what a store
// holds. Fields that this package does not know are kept.
//
// Printed with fmt or slog they show no token. JSON that you encode contains the tokens.
type Credentials struct {
	TokenType    string    // "Bearer"
	AccessToken  string    // an RS256 JWT
	RefreshToken string    // opaque; "" in some anonymous and custom-login sessions
	ExpiresIn    int       // lifetime of the access token in seconds, from when it was issued; 0: not known
	ExpiresAt    time.Time // from this time on tcbauth refreshes first: 30 s before the token expires
	Scope        string    // values separated by spaces: "user sso", or "anonymous"; may be ""
	Sub          string    // the user's id
	Groups       []string  // from the last sign-in or refresh
	IDToken      string    // an OpenID Connect ID token, if the server sends one; usually ""
	Version      string    // the API version that signed in, "v1" or "v2"; "" counts as v1

	// Extra has all other fields of the session, from the server or a js-sdk, by their names in the JSON. They are stored
	// unchanged with the rest.
	Extra map[string]json.RawMessage
}

const tokenTypeBearer = "Bearer"

// UnmarshalJSON reads what the server sends and what a js-sdk has stored. A field of an unexpected type counts as absent.
func (c *Credentials) UnmarshalJSON(data []byte) error {
	return (*session.Credentials)(c).UnmarshalJSON(data)
}

// MarshalJSON returns the JSON that the js-sdk keeps, tokens included.
func (c Credentials) MarshalJSON() ([]byte, error) { return session.Credentials(c).MarshalJSON() }

func (c *Credentials) clone() *Credentials { return public((*session.Credentials)(c)) }

// public returns a copy of a session, which callers may change.
func public(c *session.Credentials) *Credentials { return (*Credentials)(c.Clone()) }

// publishable reports whether an access key is a publishable key, by its own claims.
func publishable(key string) bool {
	// WIRE.md 6.3.
	token, err := jwt.Parse(key)
	if err != nil {
		return false
	}
	var platform, clientType, sub string
	admin := false
	for claims := lenient.Object(token.Payload); claims.Next(); {
		switch value := claims.Value(); string(claims.Name()) {
		case "meta":
			platform = value.Member("platform").Text()
		case "client_type":
			clientType = value.Text()
		case "is_system_admin":
			admin = value.Bool()
		case "sub":
			sub = value.Text()
		}
	}
	return (platform == "PublishableKey" || platform == "" && sub == "anon") && !admin && clientType != "client_server"
}
