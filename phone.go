package tcbauth

import "strings"

const (
	rulePhoneShape    = "may have only digits, spaces, hyphens, dots, parentheses and a leading +"
	rulePhoneMainland = "must be a mainland China number of 11 digits starting with 1, or start with + and the country code"
	rulePhoneNoPlus   = "must start with + if it has a country code: write +86 13800000000"
	rulePhone86       = "must have 11 digits starting with 1 after +86"
	rulePhoneCountry  = "must have an assigned country code after the +"
	rulePhoneLength   = "must have at least 4 digits after the country code, and at most 15 with it"
	rulePhoneTrunk    = "must not have the trunk prefix 0"
)

// NormalizePhone brings a telephone number into the one form that the server accepts: a plus, the country code, one space
// and the other digits, for example "+86 13800000000".
//
// What it accepts:
//
//   - A number without plus is one of mainland China, as in the js-sdk: 11 digits starting with 1. "8613800000000" is
//     refused, since it may have been meant either way.
//   - "+", or the international prefix "00", is followed by a country code, wherever the spaces are. The plan of ITU-T E.164
//     decides which digits are the country code. So "+12 025550123", as the js-sdk splits it, becomes "+1 2025550123", the
//     same number. A code that the plan does not assign is refused.
//   - White space, hyphens, dots and parentheses may be anywhere, and so may the invisible marks that come from copying out
//     of an address book. Full-width digits and signs, as Chinese input methods write them, count as plain ones.
//   - A trunk prefix is refused, as in "+44 (0)20 7946 0018" and "+44 07911 123456": a zero that is dialled within a country
//     and not from abroad. With it the server would see two users. Without parentheses it is recognized by the country
//     code, if no number of that country begins with a zero of its own. Numbers of Italy and some other countries do, as in
//     "+39 06 1234 5678", and keep it.
//
// A number of mainland China has 11 digits starting with 1, with its country code too. Any other number has at least 4
// digits after the country code (the server's rule) and at most 15 with it (E.164).
//
// The error is a *[ValidationError] of the field "phone_number", which does not quote the number. A number in the
// server's form is returned unchanged.
func NormalizePhone(phone string) (string, error) {
	// WIRE.md 4.1.
	refuse := func(rule string) (string, error) {
		return "", &ValidationError{Field: "phone_number", Rule: rule}
	}
	if phone == "" {
		return refuse(ruleRequired)
	}
	digits, international, rule := phoneDigits(phone)
	if rule != "" {
		return refuse(rule)
	}
	if !international {
		// No mainland mobile number begins with a zero, so 00 can only be the prefix.
		digits, international = strings.CutPrefix(digits, "00")
	}
	if !international {
		switch rest, ok := strings.CutPrefix(digits, "86"); {
		case ok && isMainland(rest):
			return refuse(rulePhoneNoPlus)
		case !isMainland(digits):
			return refuse(rulePhoneMainland)
		}
		return "+86 " + digits, nil
	}
	n := countryCodeLen(digits)
	if n == 0 {
		return refuse(rulePhoneCountry)
	}
	country, rest := digits[:n], digits[n:]
	switch {
	case country == "86" && !isMainland(rest):
		return refuse(rulePhone86)
	case len(rest) < 4 || len(digits) > 15:
		return refuse(rulePhoneLength)
	case hasTrunkZero(country, rest):
		return refuse(rulePhoneTrunk)
	}
	if len(phone) == n+len(rest)+2 && phone[0] == '+' && phone[1:n+1] == country && phone[n+1] == ' ' && phone[n+2:] == rest {
		return phone, nil // most callers have it in this form, which needs no copy
	}
	return "+" + country + " " + rest, nil
}

// phoneDigits removes everything but the digits from phone, and reports whether a plus preceded them. rule is not empty if
// phone breaks it.
func phoneDigits(phone string) (digits string, plus bool, rule string) {
	kept := make([]byte, 0, 20)
	opened := -1 // how many digits stood before the last open parenthesis
	for _, r := range phone {
		switch r = halfWidth(r); {
		case '0' <= r && r <= '9':
			kept = append(kept, byte(r))
		case r == '+':
			if plus || len(kept) > 0 {
				return "", false, rulePhoneShape
			}
			plus = true
		case r == '(':
			opened = len(kept)
		case r == ')':
			if opened >= 0 && string(kept[opened:]) == "0" {
				return "", false, rulePhoneTrunk
			}
			opened = -1
		case !isSeparator(r):
			return "", false, rulePhoneShape
		}
	}
	if len(kept) == 0 {
		return "", false, rulePhoneShape
	}
	return string(kept), plus, ""
}

// isMainland reports whether digits have the form of a mobile number of mainland China, without country code.
func isMainland(digits string) bool { return len(digits) == 11 && digits[0] == '1' }

// countryCodeLen returns how many of the leading digits are a country code of ITU-T E.164, for a country or for a network
// of no country; 0 if the plan assigns none. No code is the beginning of another, so the answer is unique.
func countryCodeLen(digits string) int {
	if digits == "" {
		return 0
	}
	if digits[0] == '1' || digits[0] == '7' {
		return 1
	}
	if len(digits) < 2 {
		return 0
	}
	third := ""
	switch digits[:2] {
	case "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
		"51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
		"81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98":
		return 2
	case "22", "23", "24", "26", "35", "37", "50", "59":
		third = "0123456789"
	case "21":
		third = "12368"
	case "25":
		third = "012345678"
	case "29":
		third = "01789"
	case "38":
		third = "01235679"
	case "42":
		third = "013"
	case "67":
		third = "023456789"
	case "68":
		third = "012356789"
	case "69":
		third = "012"
	case "80":
		third = "08"
	case "85":
		third = "02356"
	case "87":
		third = "08"
	case "88":
		third = "012368"
	case "96":
		third = "012345678"
	case "97":
		third = "012345679"
	case "99":
		third = "234568"
	}
	if len(digits) < 3 || strings.IndexByte(third, digits[2]) < 0 {
		return 0
	}
	return 3
}

// trunkZeroCodes are the country codes of countries in which calls to other places begin with the trunk prefix 0 (in
// Hungary 06), as libphonenumber 9 lists them. No subscriber number there begins with a zero.
const trunkZeroCodes = " 20 27 31 32 33 36 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86 90 91 92 93" +
	" 94 95 98 211 212 213 218 231 232 233 234 243 249 251 252 254 255 256 260 261 262 263 264 265" +
	" 291 353 355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 421 423 508 590 591 593 594" +
	" 595 596 598 686 850 855 856 880 886 961 962 963 964 966 967 970 971 972 976 977 994 995 996 "

// hasTrunkZero reports whether the digits after a country code begin with a zero that cannot belong to the number.
func hasTrunkZero(country, rest string) bool {
	return strings.HasPrefix(rest, "0") && strings.Contains(trunkZeroCodes, " "+country+" ")
}

// phoneOrEmail returns the normal form of phone. Exactly one of phone and email must be given.
func phoneOrEmail(phoneField, phone, emailField, email string) (string, error) {
	switch {
	case phone == "" && email == "":
		return "", &ValidationError{Field: phoneField, Rule: "or " + emailField + " is required"}
	case phone != "" && email != "":
		return phone, &ValidationError{Field: phoneField, Rule: "and " + emailField + " exclude each other"}
	case email != "":
		return "", checkEmail(emailField, email)
	}
	return normalPhone(phoneField, phone)
}

// normalPhone returns the normal form of a request's phone number.
func normalPhone(field, phone string) (string, error) {
	normal, err := NormalizePhone(phone)
	return normal, asField(field, err)
}

// normalPhoneField returns the normal form of a field that may be nil, to leave the number as it is, or "", to clear it.
func normalPhoneField(field string, phone *string) (*string, error) {
	if phone == nil || *phone == "" {
		return phone, nil
	}
	normal, err := normalPhone(field, *phone)
	return &normal, err
}

// phoneOrMail distinguishes a phone number from an email address as the js-sdk does.
func phoneOrMail(contact string) (phone, email string) {
	if strings.Contains(contact, "@") {
		return "", contact
	}
	return contact, ""
}
