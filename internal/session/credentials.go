package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/jwt"
	"github.com/cloudbase-community/tcbauth/internal/lenient"
	"github.com/cloudbase-community/tcbauth/internal/redact"
)

// Credentials are a session's tokens. Their JSON is the js-sdk's: what a store holds and an entry of the browser's
// localStorage are the same text.
type Credentials struct {
	TokenType    string    // "Bearer"
	AccessToken  string    // an RS256 JWT (WIRE.md 6.3)
	RefreshToken string    // opaque; "" for some anonymous and custom sessions
	ExpiresIn    int       // seconds that the access token lived when it was given
	ExpiresAt    time.Time // when it is no longer used: ExpiresIn after it was given, less 30 s
	Scope        string    // words with spaces between: "user sso", or "anonymous"; may be ""
	Sub          string    // the user's id
	Groups       []string
	IDToken      string // an OpenID Connect ID token, where the server sends one; "" as a rule
	Version      string // the API version that signed in, "v1" or "v2"; "" counts as v1

	Extra map[string]json.RawMessage // what else the server, or a js-sdk, has put there; kept as it is
}

// Format prints c without its tokens.
func (c Credentials) Format(f fmt.State, _ rune) { redact.Format(f, c) }

// LogValue is c without its tokens.
func (c Credentials) LogValue() slog.Value { return redact.Value(c) }

const scopeAnonymous = "anonymous"

// UnmarshalJSON takes what the server sends and what a js-sdk stored. A field of another type counts as not given, names
// are compared exactly, and what is not known becomes Extra. A null has no fields. After an error c is as it was.
func (c *Credentials) UnmarshalJSON(data []byte) error { return c.unmarshal(string(data)) }

// unmarshal is UnmarshalJSON of a text, of which the tokens become parts.
func (c *Credentials) unmarshal(text string) error {
	var in Credentials
	members := lenient.ObjectIn(text)
	for members.Next() {
		value := members.Value()
		switch name := members.Name(); string(name) {
		case "token_type":
			in.TokenType = word(value)
		case "access_token":
			in.AccessToken = value.Text()
		case "refresh_token":
			in.RefreshToken = value.Text()
		case "expires_in":
			in.ExpiresIn = value.Int()
		case "scope":
			in.Scope = word(value)
		case "sub":
			in.Sub = value.Text()
		case "groups":
			in.Groups = value.IDs()
		case "id_token":
			in.IDToken = value.Text()
		case "version":
			in.Version = word(value)
		case "expires_at":
			in.ExpiresAt = value.Time()
		default:
			if in.Extra == nil {
				in.Extra = make(map[string]json.RawMessage)
			}
			in.Extra[string(name)] = value.Raw()
		}
	}
	if err := members.Err(); err != nil {
		return err
	}
	*c = in
	return nil
}

// word is a text that is the same in most sessions, and is then not allocated for each.
func word(v lenient.Value) string {
	switch string(v.Bytes()) {
	case `"Bearer"`:
		return "Bearer"
	case `"v1"`:
		return "v1"
	case `"v2"`:
		return "v2"
	case `"user"`:
		return "user"
	case `"anonymous"`:
		return scopeAnonymous
	}
	return v.Text()
}

var errExtra = errors.New("a value of Extra is no JSON")

// MarshalJSON returns the text that the js-sdk keeps, tokens included. Zero fields are left out. Names of Extra come last,
// in order; one that a field above has is not used.
func (c Credentials) MarshalJSON() ([]byte, error) {
	text := make(object, 0, 256+len(c.AccessToken)+len(c.RefreshToken))
	text.addText("token_type", c.TokenType)
	text.addText("access_token", c.AccessToken)
	text.addText("refresh_token", c.RefreshToken)
	if c.ExpiresIn != 0 {
		text = strconv.AppendInt(text.name("expires_in"), int64(min(c.ExpiresIn, math.MaxInt32)), 10) // no longer one is read again
	}
	text.addText("scope", c.Scope)
	text.addText("sub", c.Sub)
	if len(c.Groups) > 0 {
		text = text.name("groups")
		for i, group := range c.Groups {
			text = lenient.AppendString(append(text, "[,"[min(i, 1)]), group)
		}
		text = append(text, ']')
	}
	text.addText("id_token", c.IDToken)
	text.addText("version", c.Version)
	if !c.ExpiresAt.IsZero() {
		text = lenient.AppendTime(text.name("expires_at"), c.ExpiresAt)
	}
	if len(c.Extra) > 0 { // seldom, and sorting nothing takes memory
		if err := text.addExtra(c.Extra); err != nil {
			return nil, err
		}
	}
	if len(text) == 0 {
		return []byte("{}"), nil
	}
	return append(text, '}'), nil
}

// object is the JSON of an object without its closing brace, or nothing yet.
type object []byte

func (o object) name(name string) object {
	separator := byte(',')
	if len(o) == 0 {
		separator = '{'
	}
	return append(lenient.AppendString(append(o, separator), name), ':')
}

func (o *object) addText(name, text string) {
	if text != "" {
		*o = lenient.AppendString(o.name(name), text)
	}
}

func (o *object) addExtra(extra map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		raw := extra[name]
		switch {
		case isField(name):
		case raw == nil:
			*o = append(o.name(name), "null"...)
		case !lenient.Valid(raw):
			return errExtra
		default:
			*o = append(o.name(name), raw...)
		}
	}
	return nil
}

func isField(name string) bool {
	switch name {
	case "token_type", "access_token", "refresh_token", "expires_in", "scope", "sub", "groups", "id_token", "version", "expires_at":
		return true
	}
	return false
}

// Clone returns a copy that shares nothing with c that can be changed.
func (c *Credentials) Clone() *Credentials {
	d := *c
	d.Groups = slices.Clone(c.Groups)
	d.Extra = maps.Clone(c.Extra)
	for name, raw := range d.Extra {
		d.Extra[name] = bytes.Clone(raw)
	}
	return &d
}

// Anonymous reports whether the session is one of an anonymous person.
func (c *Credentials) Anonymous() bool { return c.Scope == scopeAnonymous }

// Renewable reports whether the session outlives its access token.
func (c *Credentials) Renewable() bool { return c.RefreshToken != "" || c.Anonymous() }

// Subject is the user's id: Sub, which an answer may leave out, or else the token's. "" says that neither tells.
func (c *Credentials) Subject() string {
	if c.Sub != "" {
		return c.Sub
	}
	return jwt.Subject(c.AccessToken)
}

// OtherPerson reports whether the access token of other names a person who is none that c names, by Sub or by its own token.
func (c *Credentials) OtherPerson(other *Credentials) bool {
	person, own := jwt.Subject(other.AccessToken), jwt.Subject(c.AccessToken)
	known := c.Sub != "" || own != ""
	return known && person != "" && person != c.Sub && person != own
}

// SamePair reports whether other has the same tokens. No other is not the same.
func (c *Credentials) SamePair(other *Credentials) bool {
	return other != nil && c.AccessToken == other.AccessToken && c.RefreshToken == other.RefreshToken
}

// Missing names the field without which an answer is no session, "" if it is there.
func (c *Credentials) Missing() string {
	if c.AccessToken == "" {
		return "access_token"
	}
	return ""
}
