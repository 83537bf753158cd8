package accesstoken

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is what a token stands for.
type Kind int

// The kinds of tokens. All but User are accepted only if an option says so.
const (
	User           Kind = iota // a user who has signed in
	Anonymous                  // an anonymous user
	PublishableKey             // everyone who can read the environment's web pages
	APIKey                     // an administrator, or a server that acts as one

	kinds = iota
)

// String returns "user", "anonymous", "publishable key" or "API key".
func (k Kind) String() string {
	switch k {
	case User:
		return "user"
	case Anonymous:
		return "anonymous"
	case PublishableKey:
		return "publishable key"
	case APIKey:
		return "API key"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Claims are the claims of a token. A claim that is missing, or has another type, is the zero value; [Claims.Decode]
// reads claims without a field. They do not contain the token: printed or logged, they show whose token it is, and
// nothing that could be used instead of it.
type Claims struct {
	Kind         Kind
	Issuer       string
	Subject      string    // the id of the user
	Audience     []string  // the client id, which is the environment's id by default
	ExpiresAt    time.Time // in whole seconds, like the other times
	NotBefore    time.Time
	IssuedAt     time.Time
	Scope        string // values separated by spaces, such as "user sso"
	ProjectID    string // the environment
	ProviderType string // how the user signed in: "email", "username", ...
	UserID       string // the same as Subject in newer tokens
	UserType     string // "external", ...
	Groups       []string

	raw string // the payload, "" if the Claims were not made from one
}

// rawClaims are the values that a payload has for the claims that are looked at, undecoded; "" is absent.
type rawClaims struct {
	iss, sub, aud, exp, nbf, iat, scope, projectID, providerType, userID, userType, groups string

	meta, clientType, isSystemAdmin string
}

func (r *rawClaims) field(name string) *string {
	switch name {
	case "iss":
		return &r.iss
	case "sub":
		return &r.sub
	case "aud":
		return &r.aud
	case "exp":
		return &r.exp
	case "nbf":
		return &r.nbf
	case "iat":
		return &r.iat
	case "scope":
		return &r.scope
	case "project_id":
		return &r.projectID
	case "provider_type":
		return &r.providerType
	case "user_id":
		return &r.userID
	case "user_type":
		return &r.userType
	case "groups":
		return &r.groups
	case "meta":
		return &r.meta
	case "client_type":
		return &r.clientType
	case "is_system_admin":
		return &r.isSystemAdmin
	}
	return nil
}

// parse sets the fields of c, which must be zero, by a payload. It fails with ErrMalformed, or ErrNotAccessToken for what is of
// no Kind.
func (c *Claims) parse(payload []byte) error {
	var raw rawClaims
	c.raw = string(payload)
	twice := ""
	valid := utf8.Valid(payload) && walk(c.raw, func(name, value string) bool {
		name, _ = decodeString(name)
		if field := raw.field(name); field != nil && value != "null" {
			if *field != "" {
				twice = name
			}
			*field = value
		}
		return true
	})
	switch {
	case !valid:
		return fmt.Errorf("%w: the payload is not JSON", ErrMalformed)
	case twice != "":
		return fmt.Errorf("%w: %s is there twice", ErrMalformed, twice)
	}
	for _, t := range []struct {
		name, value string
		to          *time.Time
	}{{"exp", raw.exp, &c.ExpiresAt}, {"nbf", raw.nbf, &c.NotBefore}, {"iat", raw.iat, &c.IssuedAt}} {
		if t.value == "" {
			continue
		}
		var ok bool
		if *t.to, ok = decodeTime(t.value); !ok {
			return fmt.Errorf("%w: %s is not a time", ErrMalformed, t.name)
		}
	}
	c.Issuer, _ = decodeString(raw.iss)
	c.Subject, _ = decodeString(raw.sub)
	c.Scope, _ = decodeString(raw.scope)
	c.ProjectID, _ = decodeString(raw.projectID)
	c.ProviderType, _ = decodeString(raw.providerType)
	c.UserID, _ = decodeString(raw.userID)
	c.UserType, _ = decodeString(raw.userType)
	c.Groups = decodeStrings(raw.groups)
	if one, ok := decodeString(raw.aud); ok {
		c.Audience = []string{one}
	} else {
		c.Audience = decodeStrings(raw.aud)
	}
	var ok bool
	if c.Kind, ok = raw.kind(c); !ok {
		return ErrNotAccessToken
	}
	return nil
}

// kind distinguishes the tokens that the service signs (WIRE.md sections 6.3 and 6.4). What gives most away comes first,
// so that a token which looks like two kinds is refused like the one that is least welcome.
func (r *rawClaims) kind(c *Claims) (k Kind, ok bool) {
	platform := ""
	for name, value := range members(r.meta) {
		if name != "platform" || value == "null" {
			continue
		}
		if platform != "" {
			return 0, false
		}
		if platform, ok = decodeString(value); !ok {
			return 0, false
		}
	}
	clientType, _ := decodeString(r.clientType)
	switch {
	case platform == "ApiKey" || clientType == "client_server" || r.isSystemAdmin == "true":
		return APIKey, true
	case platform == "PublishableKey" || c.Subject == "anon":
		return PublishableKey, true
	case platform != "" || c.Subject == "":
		return 0, false
	case hasWord(c.Scope, "anonymous"):
		return Anonymous, true
	case hasWord(c.Scope, "user"):
		return User, true
	}
	return 0, false
}

func hasWord(scope, word string) bool {
	for more := true; more; {
		var w string
		if w, scope, more = strings.Cut(scope, " "); w == word {
			return true
		}
	}
	return false
}

// lastSecond is the end of the year 9999, when API keys expire.
const lastSecond = 253402300799

// decodeTime decodes a NumericDate of RFC 7519. A fraction of a second is cut off.
func decodeTime(value string) (time.Time, bool) {
	if whole, err := strconv.ParseUint(value, 10, 32); err == nil { // as all are but those of API keys, and a good deal faster
		return time.Unix(int64(whole), 0), true
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds >= 0 && seconds <= lastSecond) {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// Decode stores all claims, including those without a field, in the value that v points to, as json.Unmarshal does.
func (c *Claims) Decode(v any) error {
	payload, err := c.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(payload, v)
	}
	if err != nil {
		return fmt.Errorf("accesstoken: decode the claims: %w", err)
	}
	return nil
}

// MarshalJSON returns the claims as the token has them, or, for Claims made by hand, the fields.
func (c Claims) MarshalJSON() ([]byte, error) {
	if c.raw != "" {
		return []byte(c.raw), nil
	}
	seconds := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix()
	}
	return json.Marshal(struct {
		Issuer       string   `json:"iss,omitempty"`
		Subject      string   `json:"sub,omitempty"`
		Audience     []string `json:"aud,omitempty"`
		ExpiresAt    int64    `json:"exp,omitempty"`
		NotBefore    int64    `json:"nbf,omitempty"`
		IssuedAt     int64    `json:"iat,omitempty"`
		Scope        string   `json:"scope,omitempty"`
		ProjectID    string   `json:"project_id,omitempty"`
		ProviderType string   `json:"provider_type,omitempty"`
		UserID       string   `json:"user_id,omitempty"`
		UserType     string   `json:"user_type,omitempty"`
		Groups       []string `json:"groups,omitempty"`
	}{
		c.Issuer, c.Subject, c.Audience, seconds(c.ExpiresAt), seconds(c.NotBefore), seconds(c.IssuedAt), c.Scope,
		c.ProjectID, c.ProviderType, c.UserID, c.UserType, c.Groups,
	})
}

// UnmarshalJSON reads the payload of a token. It verifies nothing: claims that can be trusted come from a [Verifier]. A payload
// of no [Kind], such as one without a subject or a scope, is [ErrNotAccessToken].
func (c *Claims) UnmarshalJSON(payload []byte) error {
	var parsed Claims
	if err := parsed.parse(payload); err != nil {
		return err
	}
	*c = parsed
	return nil
}

// Format prints whose token it is.
func (c Claims) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.text()) // a fmt.State keeps its own errors
}

// LogValue is what Format prints.
func (c Claims) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c *Claims) text() string {
	return fmt.Sprintf("accesstoken.Claims{Kind:%s Subject:%s Scope:%s ProviderType:%s ExpiresAt:%s}",
		c.Kind, c.Subject, c.Scope, c.ProviderType, c.ExpiresAt.UTC().Format(time.RFC3339))
}
