package tcbauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// Credentials are a session's tokens. Their JSON is the js-sdk's: what a store holds and an entry of the browser's
// localStorage are the same text, and fields that this package does not know are kept.
//
// Printed with fmt or slog they show no token. What somebody encodes as JSON is not redacted.
type Credentials struct {
	TokenType    string    // "Bearer"
	AccessToken  string    // an RS256 JWT (WIRE.md 6.3)
	RefreshToken string    // opaque; "" for some anonymous and custom sessions
	ExpiresIn    int       // seconds that the access token lived when it was given
	ExpiresAt    time.Time // when it is no longer used: ExpiresIn after it was given, less 30 s
	Scope        string    // words with spaces between: "user sso", or "anonymous"; may be ""
	Sub          string    // the user's id
	Groups       []string
	Version      string // the API version that signed in, "v1" or "v2"; "" counts as v1

	extra map[string]json.RawMessage
}

// expiryMargin is how long before its end an access token is no longer used, as in the js-sdk.
const expiryMargin = 30 * time.Second

// credentialsJSON has the fields in the js-sdk's form.
type credentialsJSON struct {
	TokenType    string      `json:"token_type,omitempty"`
	AccessToken  string      `json:"access_token,omitempty"`
	RefreshToken string      `json:"refresh_token,omitempty"`
	ExpiresIn    jsonNumber  `json:"expires_in,omitempty"`
	Scope        string      `json:"scope,omitempty"`
	Sub          string      `json:"sub,omitempty"`
	Groups       jsonStrings `json:"groups,omitempty"`
	Version      string      `json:"version,omitempty"`
	ExpiresAt    jsonInstant `json:"expires_at,omitzero"`
}

var credentialsFields = []string{
	"token_type", "access_token", "refresh_token", "expires_in", "scope", "sub", "groups", "version", "expires_at",
}

// UnmarshalJSON takes what the server sends and what a js-sdk stored. A field of an unexpected type counts as absent.
func (c *Credentials) UnmarshalJSON(data []byte) error {
	var in credentialsJSON
	if err := json.Unmarshal(data, &in); err != nil {
		mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err)
		if !ok || mismatch.Field == "" {
			return err
		}
	}
	if hasOtherKeys(data, credentialsFields) {
		return c.unmarshalWithOthers(data)
	}
	*c = Credentials{
		TokenType: in.TokenType, AccessToken: in.AccessToken, RefreshToken: in.RefreshToken,
		ExpiresIn: int(in.ExpiresIn), ExpiresAt: time.Time(in.ExpiresAt), Scope: in.Scope, Sub: in.Sub,
		Groups: in.Groups, Version: in.Version,
	}
	return nil
}

// unmarshalWithOthers keeps the fields that are not known apart: encoding/json would take Sub for sub.
func (c *Credentials) unmarshalWithOthers(data []byte) error {
	var others map[string]json.RawMessage
	if err := json.Unmarshal(data, &others); err != nil {
		return err
	}
	known := make(map[string]json.RawMessage)
	for _, name := range credentialsFields {
		if raw, ok := others[name]; ok {
			known[name] = raw
			delete(others, name)
		}
	}
	plain, err := json.Marshal(known)
	if err != nil {
		return err
	}
	if err := c.UnmarshalJSON(plain); err != nil {
		return err
	}
	c.extra = others
	return nil
}

// MarshalJSON returns the text that the js-sdk keeps, tokens included.
func (c Credentials) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(credentialsJSON{
		TokenType: c.TokenType, AccessToken: c.AccessToken, RefreshToken: c.RefreshToken,
		ExpiresIn: jsonNumber(c.ExpiresIn), ExpiresAt: jsonInstant(c.ExpiresAt), Scope: c.Scope, Sub: c.Sub,
		Groups: c.Groups, Version: c.Version,
	})
	if err != nil || len(c.extra) == 0 {
		return data, err
	}
	var b bytes.Buffer
	b.Write(data[:len(data)-1])
	for _, name := range slices.Sorted(maps.Keys(c.extra)) {
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(c.extra[name])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (c *Credentials) clone() *Credentials {
	d := *c
	d.Groups = slices.Clone(c.Groups)
	d.extra = maps.Clone(c.extra)
	return &d
}

// granted sets ExpiresAt of a session that the server has just given. An expires_at of the server's own is not used: its
// clock may be another, and its form.
func (c *Credentials) granted(now time.Time) {
	c.ExpiresAt = now.Add(time.Duration(c.ExpiresIn)*time.Second - expiryMargin).Round(0)
}

// validAt reports whether the access token may be used. Wall clocks are compared: a monotonic one stops while the
// machine sleeps.
func (c *Credentials) validAt(now time.Time) bool {
	return c.AccessToken != "" && now.UnixMilli() <= c.ExpiresAt.UnixMilli()
}

// renewable reports whether the session outlives its access token.
func (c *Credentials) renewable() bool { return c.RefreshToken != "" || c.anonymous() }

func (c *Credentials) anonymous() bool { return c.Scope == scopeAnonymous }

const scopeAnonymous = "anonymous"

// missing names the field without which an answer is no session.
func (c *Credentials) missing() string {
	switch {
	case c.AccessToken == "":
		return "access_token"
	case c.ExpiresIn <= 0:
		return "expires_in"
	}
	return ""
}
