package tcbauth

import (
	"encoding/json"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/session"
)

// Credentials are a session's tokens. Their JSON is the js-sdk's: what a store holds and an entry of the browser's
// localStorage are the same text, and fields that this package does not know are kept.
//
// Printed with fmt or slog they show no token. What somebody encodes as JSON is not redacted.
type Credentials struct {
	TokenType    string    // "Bearer"
	AccessToken  string    // an RS256 JWT (WIRE.md 6.3)
	RefreshToken string    // opaque; "" for some anonymous and custom sessions
	ExpiresIn    int       // seconds that the access token lives from when it was given; 0: not known
	ExpiresAt    time.Time // when it is no longer used: ExpiresIn after it was given, less 30 s
	Scope        string    // words with spaces between: "user sso", or "anonymous"; may be ""
	Sub          string    // the user's id
	Groups       []string  // as the last sign-in or refresh gave them
	IDToken      string    // an OpenID Connect ID token, where the server sends one; "" as a rule
	Version      string    // the API version that signed in, "v1" or "v2"; "" counts as v1

	// Extra has what else the server, or a js-sdk, has put there, by the names in the JSON. It is kept as it is, and stored
	// with the rest.
	Extra map[string]json.RawMessage
}

const tokenTypeBearer = "Bearer"

// UnmarshalJSON takes what the server sends and what a js-sdk stored. A field of an unexpected type counts as absent.
func (c *Credentials) UnmarshalJSON(data []byte) error {
	return (*session.Credentials)(c).UnmarshalJSON(data)
}

// MarshalJSON returns the text that the js-sdk keeps, tokens included.
func (c Credentials) MarshalJSON() ([]byte, error) { return session.Credentials(c).MarshalJSON() }

func (c *Credentials) clone() *Credentials { return public((*session.Credentials)(c)) }

// public returns a session as callers have it: a copy, which they may change.
func public(c *session.Credentials) *Credentials { return (*Credentials)(c.Clone()) }

// publishable reports whether an access key is one that everybody may have, by its own claims (WIRE.md 6.3).
func publishable(key string) bool {
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
