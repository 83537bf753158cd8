package authtest

import "fmt"

// LoginMethod is a way to sign in that the console switches on and off (WIRE.md section 8). Third parties are switched
// by WithProviders.
type LoginMethod string

// The login methods. All are on unless WithLoginOff names them.
const (
	LoginPassword  LoginMethod = "password"  // with a username, or a phone number or email address in its place
	LoginPhone     LoginMethod = "phone"     // with a code by SMS
	LoginEmail     LoginMethod = "email"     // with a code by email
	LoginAnonymous LoginMethod = "anonymous" // without saying who it is
	LoginCustom    LoginMethod = "custom"    // with a ticket of the environment's own backend
)

func knownLogin(m LoginMethod) bool {
	switch m {
	case LoginPassword, LoginPhone, LoginEmail, LoginAnonymous, LoginCustom:
		return true
	}
	return false
}

// WithLoginOff switches login methods off. Calls that need one are refused: LoginPassword, LoginPhone and LoginEmail,
// with their codes, by login_type_disabled 4045 (the js-sdk's number; no live answer is known), LoginAnonymous by
// permission_denied 7 with HTTP 403 (WIRE.md section 5.1), LoginCustom by not_found 5 "provider not found" (section 5.2).
func WithLoginOff(methods ...LoginMethod) Option {
	return func(c *config) error {
		for _, m := range methods {
			if !knownLogin(m) {
				return fmt.Errorf("authtest: WithLoginOff: %q is none of password, phone, email, anonymous and custom", m)
			}
			c.LoginOff[string(m)] = true
		}
		return nil
	}
}

// WithSignUpOff makes LoginPhone and LoginEmail "login only": who has no account is refused at signup, by
// login_type_disabled 4045. The console has this switch (WIRE.md section 4.4); the live answer is not known.
func WithSignUpOff(methods ...LoginMethod) Option {
	return func(c *config) error {
		for _, m := range methods {
			if m != LoginPhone && m != LoginEmail {
				return fmt.Errorf("authtest: WithSignUpOff: no sign-up by %q", m)
			}
			c.SignUpOff[string(m)] = true
		}
		return nil
	}
}
