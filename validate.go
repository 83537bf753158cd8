package tcbauth

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// ErrInvalidParams matches every [ValidationError], every server error of [CategoryInvalidParams], and the errors of [New],
// [NewApp] and [FromEnv] about their arguments, options and variables. Correct what was given before trying again.
var ErrInvalidParams = errors.New("tcbauth: invalid parameters")

// ValidationError says which field of a request breaks which rule. Nothing was sent. It matches [ErrInvalidParams].
//
// It never contains the refused value, so it can be logged and shown.
type ValidationError struct {
	// Field is the JSON name of the request's field, such as "phone_number".
	Field string
	// Rule continues the sentence that begins with Field, such as "must be digits only".
	Rule string
}

// Error returns the field and the rule, never the value.
func (e *ValidationError) Error() string { return "tcbauth: " + e.Field + " " + e.Rule }

// Is reports whether target is [ErrInvalidParams].
func (e *ValidationError) Is(target error) bool { return target == ErrInvalidParams }

// optionError is the refusal of an environment id or of an option.
type optionError struct{ err error }

func (e *optionError) Error() string { return "tcbauth: " + e.err.Error() }
func (e *optionError) Unwrap() error { return e.err }

// Is reports whether target is [ErrInvalidParams].
func (e *optionError) Is(target error) bool { return target == ErrInvalidParams }

// PasswordPolicy checks a new password; nil accepts it. It is called before anything is sent, never with an empty
// password, and never for the password of a sign-in. It must be safe for concurrent use. The default is
// [ValidatePassword]; WithPasswordPolicy replaces it, for an environment with another rule.
//
// If it returns a *[ValidationError], the caller gets its Rule, with the name of the request's field. Any other error is
// found in the refusal by errors.Is and errors.As, but its text is left out, since it may quote the password.
type PasswordPolicy func(password string) error

const (
	ruleRequired = "is required"
	ruleUTF8     = "must be valid UTF-8"
	ruleStrength = "must be 8 to 32 characters with letters and digits both"
	rulePolicy   = "is refused by the password policy"
	ruleUsername = "must be 6 to 25 characters: a lower-case letter, then lower-case letters, digits, _ and -"
	ruleCode     = "must be digits, with nothing but spaces, hyphens and dots between"
	ruleCodeLong = "must be at most 16 digits"
	ruleEmail    = "must be an email address: no white space, one @ with something on both sides"
	ruleMailLong = "must be at most 254 bytes"
)

// ValidatePassword applies the documented rule for a new password: 8 to 32 characters, with at least one letter and one
// digit. Characters are Unicode code points; letters are A-Z and a-z, digits 0-9, and all other characters are allowed.
// Invalid UTF-8 is refused: JSON cannot carry it, and another password would be set than the one given.
//
// The error is a *[ValidationError] of the field "password".
func ValidatePassword(password string) error {
	// WIRE.md 8.
	const field = "password"
	if !utf8.ValidString(password) {
		return &ValidationError{Field: field, Rule: ruleUTF8}
	}
	var letter, digit bool
	length := 0
	for _, r := range password {
		length++
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			letter = true
		case '0' <= r && r <= '9':
			digit = true
		}
	}
	if length < 8 || length > 32 || !letter || !digit {
		return &ValidationError{Field: field, Rule: ruleStrength}
	}
	return nil
}

var usernamePattern = regexp.MustCompile(`^[a-z][0-9a-z_-]{5,24}$`)

// ValidateUsername applies the rule that the server's sign-up is known to have: 6 to 25 characters, a lower-case letter
// first, then lower-case letters, digits, _ and -.
//
// It is for programs that want to check a name before the user has typed a verification code. The sign-up itself leaves
// the decision to the server, whose rule may change. A sign-in accepts other names too, such as an email address.
//
// The error is a *[ValidationError] of the field "username".
func ValidateUsername(username string) error {
	// WIRE.md 4.4.
	if !usernamePattern.MatchString(username) {
		return &ValidationError{Field: "username", Rule: ruleUsername}
	}
	return nil
}

// required refuses an empty value.
func required(field, value string) error {
	if value == "" {
		return &ValidationError{Field: field, Rule: ruleRequired}
	}
	return nil
}

// checkNewPassword applies policy to a new password; nil means ValidatePassword.
func checkNewPassword(policy PasswordPolicy, field, password string) error {
	if err := required(field, password); err != nil {
		return err
	}
	if policy == nil {
		policy = ValidatePassword
	}
	err := policy(password)
	if err == nil {
		return nil
	}
	if broken, ok := errors.AsType[*ValidationError](err); ok {
		return &ValidationError{Field: field, Rule: broken.Rule}
	}
	return &policyError{refusal: ValidationError{Field: field, Rule: rulePolicy}, cause: err}
}

// policyError is a ValidationError that also wraps the error of a PasswordPolicy, without showing its text.
type policyError struct {
	refusal ValidationError
	cause   error
}

func (e *policyError) Error() string   { return e.refusal.Error() }
func (e *policyError) Unwrap() []error { return []error{&e.refusal, e.cause} }

// normalCode returns the digits of a verification code that a user may have pasted. Full-width digits count as plain ones.
// Separators of telephone numbers, except parentheses, are removed. Codes have six digits today. The limit is wide enough
// for longer ones in the future, and narrow enough to catch a token in the wrong field.
func normalCode(field, code string) (string, error) {
	// WIRE.md 4.6.
	digits := make([]byte, 0, 16)
	for _, r := range code {
		switch r = halfWidth(r); {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case !isSeparator(r):
			return "", &ValidationError{Field: field, Rule: ruleCode}
		}
	}
	if len(digits) > 16 {
		return "", &ValidationError{Field: field, Rule: ruleCodeLong}
	}
	return string(digits), required(field, string(digits))
}

// normalCodeIfAny is normalCode for an optional code.
func normalCodeIfAny(field, code string) (string, error) {
	if code == "" {
		return "", nil
	}
	return normalCode(field, code)
}

// halfWidth returns the plain form of a full-width character, and any other character unchanged.
func halfWidth(r rune) rune {
	if '\uff01' <= r && r <= '\uff5e' { // the forms of the characters from ! to ~, in the same order
		return r - '\uff01' + '!'
	}
	return r
}

// isSeparator reports whether r may separate digits and has no meaning. Parentheses are not separators.
func isSeparator(r rune) bool {
	switch {
	case r == '-', r == '.', unicode.IsSpace(r):
		return true
	case '\u2010' <= r && r <= '\u2015', r == '\u2212': // typographic hyphens and dashes, the minus sign
		return true
	}
	// Format characters are invisible, except some Arabic and other number signs.
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// checkDeviceID refuses an id that no first step can have returned. "" means no device id and is valid.
func checkDeviceID(field, id string) error {
	if id != "" && !session.ValidDeviceID(id) {
		return &ValidationError{Field: field, Rule: "must have 16 to 48 printable characters"}
	}
	return nil
}

// checkEmail refuses a text that cannot be an email address; the server decides the rest. 254 bytes is the longest path
// that SMTP carries (RFC 5321, 4.5.3.1.3, less its angle brackets).
func checkEmail(field, email string) error {
	if err := required(field, email); err != nil {
		return err
	}
	if !utf8.ValidString(email) {
		return &ValidationError{Field: field, Rule: ruleUTF8}
	}
	if len(email) > 254 {
		return &ValidationError{Field: field, Rule: ruleMailLong}
	}
	local, domain, _ := strings.Cut(email, "@")
	blank := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	if local == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsFunc(email, blank) {
		return &ValidationError{Field: field, Rule: ruleEmail}
	}
	return nil
}

// missingField names a field of an answer that must not be empty.
func missingField(name, value string) string {
	if value == "" {
		return name
	}
	return ""
}

// checkVersion refuses API versions that do not exist.
func checkVersion(version string) error {
	switch version {
	case "", client.V1, client.V2:
		return nil
	}
	return &ValidationError{Field: "version", Rule: "must be v1 or v2"}
}

// asField renames the field of a refusal, for a request that has another name for it.
func asField(field string, err error) error {
	if broken, ok := errors.AsType[*ValidationError](err); ok {
		return &ValidationError{Field: field, Rule: broken.Rule}
	}
	return err
}

// setQuery leaves empty values out, as the js-sdk does.
func setQuery(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

// pathWith joins parts to a path. One of them is value, the caller's value of field.
func pathWith(field, value string, parts ...string) (string, error) {
	if err := required(field, value); err != nil {
		return "", err
	}
	path, err := wire.Path(parts...)
	if err != nil {
		return "", &ValidationError{Field: field, Rule: "cannot be part of a path"}
	}
	return path, nil
}
