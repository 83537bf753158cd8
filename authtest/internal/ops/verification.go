package ops

import (
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// readContact checks the fields phone_number and email, of which one must be there.
func readContact(message string, in map[string]string) (address.Contact, *refusal.Error) {
	phone, email := in["phone_number"], in["email"]
	if !address.PhonePattern.MatchString(phone) {
		return address.Contact{}, refusal.InvalidField(message, "PhoneNumber", `value does not match regex pattern "`+address.PhonePattern.String()+`"`)
	}
	if email != "" && !address.IsEmail(email) {
		return address.Contact{}, refusal.InvalidField(message, "Email", "value must be a valid email address")
	}
	switch {
	case phone == "" && email == "":
		return address.Contact{}, refusal.InvalidArgument("请输入手机号或邮箱")
	case phone != "" && email != "":
		return address.Contact{}, refusal.InvalidArgument("phone_number and email cannot be given together")
	}
	return address.Contact{Phone: phone, Email: address.EmailKey(email)}, nil
}

// sendVerification is POST verification (WIRE.md section 4.1).
func sendVerification(s *service.Service, c *call) (any, *refusal.Error) {
	in, refused := c.fields("phone_number", "email", "target", "usage")
	if refused != nil {
		return nil, refused
	}
	to, refused := readContact("GetVerificationRequest", in)
	if refused == nil && to.Email != "" { // for a phone number the field does nothing
		refused = c.refuseFields("email_redirect_to")
	}
	if refused != nil {
		return nil, refused
	}
	if refused := needLogin(s, loginOf(to)); refused != nil {
		return nil, refused
	}
	known := s.People.Of(to)
	if refused := checkTarget(s, c, in["target"], known); refused != nil {
		return nil, refused
	}
	if refused := checkSend(s, c, to); refused != nil {
		return nil, refused
	}
	lifetime := int(s.Codes.Lifetime(to) / time.Second) // before the answer is signed, when the rules may change
	v, pending := s.Codes.New(to, func(id string) any {
		answer := map[string]any{"verification_id": id, "expires_in": lifetime}
		if !s.HideIsUser {
			answer["is_user"] = known != nil
		}
		return answer
	})
	c.sent = &service.Message{To: to.String(), Channel: "sms", Code: v.Code, SentAt: v.SentAt}
	if to.Email != "" {
		c.sent.Channel = "email"
	}
	s.Inbox.Deliver(*c.sent)
	return pending, nil
}

// checkTarget applies the field target, which says whom a code may go to; "" is ANY.
func checkTarget(s *service.Service, c *call, target string, known *service.Account) *refusal.Error {
	switch target {
	case "", "ANY":
	case "USER":
		if known == nil {
			return refusal.NotFound("User not exist")
		}
	case "NOT_USER", "NON_USER": // each stands on a page of the documentation
		if known != nil {
			return refusal.FailedPrecondition("the address is already registered")
		}
	case "CUR_USER":
		n := s.Sessions.Of(c.token)
		if n == nil {
			return refusal.Unauthenticated()
		}
		if n.User != known {
			return refusal.FailedPrecondition("the address is not the current user's")
		}
	default:
		return refusal.InvalidField("GetVerificationRequest", "Target", "value must be one of the defined enum values")
	}
	return nil
}

// checkSend applies the limits on messages to one address (WIRE.md section 4.6). The text of the phone's interval is live.
func checkSend(s *service.Service, c *call, to address.Contact) *refusal.Error {
	interval, daily, who, what, rule := s.SMSInterval, s.SMSDaily, "phone", "text message", "sms"
	if to.Email != "" {
		interval, daily, who, what, rule = s.EmailInterval, s.EmailDaily, "email", "email", "email"
	}
	box := s.Codes.Mailbox(to)
	if limit := s.CaptchaAfterSends; limit > 0 && box.Sent >= limit {
		if refused := needCaptcha(s, c); refused != nil {
			return byRule("captcha_after_sends", refused)
		}
	}
	exhausted := &refusal.Error{Code: "resource_exhausted", Number: 8}
	if !box.LastSent.IsZero() && s.Now().Sub(box.LastSent) < interval {
		exhausted.Description = fmt.Sprintf("Your %s can receive up to 1 %s per minute.", who, what)
		return byRule(rule+"_interval", exhausted)
	}
	if daily > 0 && box.Sent >= daily {
		exhausted.Description = fmt.Sprintf("Your %s can receive up to %d %ss per day.", who, daily, what)
		return byRule(rule+"_daily_limit", exhausted)
	}
	return nil
}

// verifyCode is POST verification/verify (WIRE.md section 4.2).
func verifyCode(s *service.Service, c *call) (any, *refusal.Error) {
	v, refused := checkCode(s, c)
	if refused != nil {
		return nil, refused
	}
	v.Used = true
	return s.Codes.Prove(v.To, func(token string) any {
		return map[string]any{"verification_token": token, "expires_in": int(service.VerificationTokenLifetime / time.Second)}
	}), nil
}

// checkCode finds what the call's verification_id and verification_code stand for, and counts wrong codes. The caller
// sets Used.
func checkCode(s *service.Service, c *call) (*service.Verification, *refusal.Error) {
	in, refused := c.fields("verification_id", "verification_code")
	if refused != nil {
		return nil, refused
	}
	if in["verification_id"] == "" || in["verification_code"] == "" {
		return nil, refusal.InvalidArgument("verification_id and verification_code are required")
	}
	v := s.Codes.Current(in["verification_id"])
	if v == nil {
		return nil, byRule(s.Codes.ExpiredBy(in["verification_id"]), refusal.InvalidArgument("verification code expired"))
	}
	if limit := s.CodeAttempts; limit > 0 && v.Wrong >= limit {
		return nil, &refusal.Error{Code: "aborted", Number: 10, Description: "too many wrong verification codes, please get a new one", Rule: "code_attempts"}
	}
	if subtle.ConstantTimeCompare([]byte(v.Code), []byte(in["verification_code"])) == 0 {
		v.Wrong++
		return nil, refusal.InvalidArgument("verification code does not match")
	}
	return v, nil
}

// proven returns what a verification_token proves. It stays good until it expires, however often it is used.
func proven(s *service.Service, token string) (address.Contact, *refusal.Error) {
	to, ok := s.Codes.Proven(token)
	if !ok {
		return address.Contact{}, refusal.InvalidArgument("verification_token is invalid or expired")
	}
	return to, nil
}
