// Package address knows phone numbers and email addresses: how the server writes them, and how users do.
package address

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
)

// PhonePattern is the server's own, for a phone number that may be left out (WIRE.md section 4.1, live).
var PhonePattern = regexp.MustCompile(`^$|^\+[1-9][0-9]{0,3}\s[0-9]{4,20}$`)

// IsPhone says whether a text is a phone number in the server's form.
func IsPhone(text string) bool { return text != "" && PhonePattern.MatchString(text) }

// maxEmail is the longest email address in bytes: the path of RFC 5321, section 4.5.3.1.3, without its brackets.
const maxEmail = 254

// IsEmail says whether a text is an email address and nothing more.
func IsEmail(text string) bool {
	if len(text) > maxEmail {
		return false
	}
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text
}

// Contact is a phone number in the server's form, or an email address in lower case; the other one is "".
type Contact struct{ Phone, Email string }

// String is the address.
func (c Contact) String() string { return c.Phone + c.Email }

var (
	keyPattern  = regexp.MustCompile(`^\+[0-9]{5,24}$`)
	chinaMobile = regexp.MustCompile(`^1[0-9]{10}$`)
)

// Key writes an address as users write it in one way, by which addresses are compared; "" if it is none. A phone number may
// have spaces and hyphens or not, and one of China +86 or not.
func Key(to string) string {
	if to == "" {
		return ""
	}
	if strings.Contains(to, "@") {
		return EmailKey(to)
	}
	digits := strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, to)
	if chinaMobile.MatchString(digits) {
		digits = "+86" + digits
	}
	if !keyPattern.MatchString(digits) {
		return ""
	}
	return digits
}

// EmailKey makes email addresses comparable, which the server does without regard to case.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
