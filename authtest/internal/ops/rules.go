package ops

import (
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
)

// This file has the rules for what users may be called and may choose.

var (
	// usernamePattern is the server's own for signing up (WIRE.md section 4.4, live).
	usernamePattern = regexp.MustCompile(`^$|^[a-z][0-9a-z_-]{5,24}$`)
	passwordPattern = regexp.MustCompile(`^[!-~]{8,32}$`)
)

// checkNewPassword applies the documented rule: 8 to 32 characters, with letters and digits (WIRE.md section 8).
func checkNewPassword(message, field, p string) *refusal.Error {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
	if !passwordPattern.MatchString(p) || !strings.ContainsAny(p, digits) || !strings.ContainsAny(strings.ToLower(p), letters) {
		return refusal.InvalidField(message, field, "value must have 8 to 32 characters, with letters and digits")
	}
	return nil
}

func checkNewUsername(message, name string) *refusal.Error {
	if !usernamePattern.MatchString(name) {
		return refusal.InvalidField(message, "Username", `value does not match regex pattern "`+usernamePattern.String()+`"`)
	}
	return nil
}

func usernameTaken() *refusal.Error {
	return &refusal.Error{Code: "already_exists", Number: 6, Description: "username already exists"}
}

// loginNamePattern is the documented rule for usernames at sign-in, which basic/edit is taken to follow (WIRE.md section 8).
var loginNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:+ @-]{1,47}$`)

func checkGender(message, gender string) *refusal.Error {
	switch gender {
	case "", "MALE", "FEMALE", "UNKNOWN":
		return nil
	}
	return refusal.InvalidField(message, "Gender", "value must be one of the defined enum values")
}

func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
