package ops

import (
	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// openSession signs a user in.
func openSession(s *service.Service, c *call, u *service.Account, provider string) (any, *refusal.Error) {
	if refused := refuseSignIn(u); refused != nil {
		return nil, refused
	}
	n := s.Sessions.Open(service.Session{User: u, ClientID: c.clientID, Provider: provider, Device: c.deviceID()})
	u.LastLogin = n.Began
	record(s, c, u, actionLogin)
	return s.Sessions.Mint(n), nil
}

// refuseSignIn refuses a user who is blocked or pending.
func refuseSignIn(u *service.Account) *refusal.Error {
	switch {
	case u.Blocked:
		return &refusal.Error{Code: "user_blocked", Description: "user is blocked"}
	case u.Pending:
		return &refusal.Error{Code: "user_pending", Description: "user is not activated"}
	default:
		return nil
	}
}

func loginDisabled(rule, description string) *refusal.Error {
	return &refusal.Error{Code: "login_type_disabled", Number: 4045, Description: description, Rule: rule}
}

// needLogin refuses a login method that is switched off.
func needLogin(s *service.Service, method string) *refusal.Error {
	if s.LoginOff[method] {
		return loginDisabled("login_off", "login by "+method+" is not enabled")
	}
	return nil
}

// loginOf is the method of a user who signs in with a code, and the claim provider_type.
func loginOf(c address.Contact) string {
	if c.Email != "" {
		return service.LoginEmail
	}
	return service.LoginPhone
}
