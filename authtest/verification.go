package authtest

import (
	"crypto/subtle"
	"fmt"
	"net/mail"
	"regexp"
	"time"
)

// proofLife is the life of a verification_token (WIRE.md section 4.6, live).
const proofLife = 600 * time.Second

// phonePattern is the server's own (WIRE.md section 4.1, live).
var phonePattern = regexp.MustCompile(`^$|^\+[1-9][0-9]{0,3}\s[0-9]{4,20}$`)

// china is the time zone of the daily limits.
var china = time.FixedZone("UTC+8", 8*60*60)

// address is what the server remembers about a phone number or e-mail address that it sends to.
type address struct {
	current  *verification // the only one whose code is good
	lastSent time.Time
	day      string // the calendar day that sent counts
	sent     int
}

// verification is one code that was sent.
type verification struct {
	to      contact
	code    string
	expires time.Time
	wrong   int
	used    bool
}

// proof is what a verification_token proves.
type proof struct {
	to      contact
	expires time.Time
}

// contact is a phone number in the server's form, or an e-mail address in lower case; the other one is "".
type contact struct{ phone, email string }

func (c contact) String() string { return c.phone + c.email }

// readContact checks the fields phone_number and email, of which one must be there.
func readContact(message string, in map[string]string) (contact, *Error) {
	phone, email := in["phone_number"], in["email"]
	if !phonePattern.MatchString(phone) {
		return contact{}, invalidField(message, "PhoneNumber", `value does not match regex pattern "`+phonePattern.String()+`"`)
	}
	if email != "" {
		parsed, err := mail.ParseAddress(email)
		if err != nil || parsed.Address != email {
			return contact{}, invalidField(message, "Email", "value must be a valid email address")
		}
	}
	switch {
	case phone == "" && email == "":
		return contact{}, invalidArgument("请输入手机号或邮箱")
	case phone != "" && email != "":
		return contact{}, invalidArgument("phone_number and email cannot be given together")
	}
	return contact{phone: phone, email: emailKey(email)}, nil
}

// sendVerification is POST verification (WIRE.md section 4.1).
func sendVerification(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("phone_number", "email", "target", "usage")
	if refused == nil {
		refused = c.refuseFields("email_redirect_to")
	}
	if refused != nil {
		return nil, refused
	}
	to, refused := readContact("GetVerificationRequest", in)
	if refused != nil {
		return nil, refused
	}
	if refused := s.needLogin(to.login()); refused != nil {
		return nil, refused
	}
	known := s.userOf(to)
	if refused := s.checkTarget(c, in["target"], known); refused != nil {
		return nil, refused
	}
	now := s.Now()
	if refused := s.countSend(c, to, now); refused != nil {
		return nil, refused
	}
	v := &verification{to: to, code: s.newCode(to), expires: now.Add(s.cfg.codeLife)}
	id := s.signedProof("verification_id", to, v.expires)
	s.state.verifications[id] = v
	s.state.addresses[to.String()].current = v
	c.sent = &Message{To: to.String(), Channel: "sms", Code: v.code, SentAt: now}
	if to.email != "" {
		c.sent.Channel = "email"
	}
	s.deliver(*c.sent)

	answer := map[string]any{"verification_id": id, "expires_in": int(s.cfg.codeLife / time.Second)}
	if !s.cfg.hideIsUser {
		answer["is_user"] = known != nil
	}
	return answer, nil
}

// checkTarget applies the field target, which says whom a code may go to; "" is ANY.
func (s *Server) checkTarget(c *call, target string, known *user) *Error {
	switch target {
	case "", "ANY":
	case "USER":
		if known == nil {
			return notFound("User not exist")
		}
	case "NOT_USER":
		if known != nil {
			return failedPrecondition("the address is already registered")
		}
	case "CUR_USER":
		n := s.sessionOf(c.token)
		if n == nil {
			return unauthenticated()
		}
		if n.user != known {
			return failedPrecondition("the address is not the current user's")
		}
	default:
		return invalidField("GetVerificationRequest", "Target", "value must be one of the defined enum values")
	}
	return nil
}

// countSend applies the limits on messages to one address, and counts this one if it may go (WIRE.md section 4.6). The
// text of the phone's interval is live.
func (s *Server) countSend(c *call, to contact, now time.Time) *Error {
	interval, daily, who, what := s.cfg.smsInterval, s.cfg.smsDaily, "phone", "text message"
	if to.email != "" {
		interval, daily, who, what = s.cfg.emailInterval, s.cfg.emailDaily, "email", "email"
	}
	a := s.state.addresses[to.String()]
	if a == nil {
		a = &address{}
		s.state.addresses[to.String()] = a
	}
	if day := now.In(china).Format(time.DateOnly); day != a.day {
		a.day, a.sent = day, 0
	}
	if limit := s.cfg.captchaAfterSends; limit > 0 && a.sent >= limit {
		if refused := s.needCaptcha(c); refused != nil {
			return refused
		}
	}
	exhausted := &Error{Word: "resource_exhausted", Number: 8}
	if !a.lastSent.IsZero() && now.Sub(a.lastSent) < interval {
		exhausted.Description = fmt.Sprintf("Your %s can receive up to 1 %s per minute.", who, what)
		return exhausted
	}
	if daily > 0 && a.sent >= daily {
		exhausted.Description = fmt.Sprintf("Your %s can receive up to %d %ss per day.", who, daily, what)
		return exhausted
	}
	a.lastSent = now
	a.sent++
	return nil
}

func (s *Server) newCode(to contact) string {
	if code, ok := s.state.fixed[addressKey(to.String())]; ok {
		return code
	}
	return fmt.Sprintf("%06d", randomBelow(1_000_000))
}

// signedProof makes a verification_id or verification_token: a JWS with the payload keys of the live ones (WIRE.md
// section 4.1). What the live kid and t hold is not known.
func (s *Server) signedProof(kind string, to contact, expires time.Time) string {
	return s.sign(map[string]any{"e": to.String(), "exp": expires.Unix(), "kid": randomID(), "pj": s.Env, "t": kind})
}

// verifyCode is POST verification/verify (WIRE.md section 4.2).
func verifyCode(s *Server, c *call) (any, *Error) {
	v, refused := s.checkCode(c)
	if refused != nil {
		return nil, refused
	}
	v.used = true
	p := &proof{to: v.to, expires: s.Now().Add(proofLife)}
	token := s.signedProof("verification_token", v.to, p.expires)
	s.state.proofs[token] = p
	return map[string]any{"verification_token": token, "expires_in": int(proofLife / time.Second)}, nil
}

// checkCode finds what the call's verification_id and verification_code stand for, and counts wrong codes. The caller
// sets used.
func (s *Server) checkCode(c *call) (*verification, *Error) {
	in, refused := c.fields("verification_id", "verification_code")
	if refused != nil {
		return nil, refused
	}
	if in["verification_id"] == "" || in["verification_code"] == "" {
		return nil, invalidArgument("verification_id and verification_code are required")
	}
	v := s.state.verifications[in["verification_id"]]
	now := s.Now()
	if v == nil || v.used || s.state.addresses[v.to.String()].current != v || !now.Before(v.expires) {
		return nil, invalidArgument("verification code expired")
	}
	if limit := s.cfg.codeAttempts; limit > 0 && v.wrong >= limit {
		return nil, &Error{Word: "aborted", Number: 10, Description: "too many wrong verification codes, please get a new one"}
	}
	if subtle.ConstantTimeCompare([]byte(v.code), []byte(in["verification_code"])) == 0 {
		v.wrong++
		return nil, invalidArgument("verification code does not match")
	}
	return v, nil
}

// proven returns what a verification_token proves. It stays good until it expires, however often it is used.
func (s *Server) proven(token string) (contact, *Error) {
	p := s.state.proofs[token]
	if p == nil || !s.Now().Before(p.expires) {
		return contact{}, invalidArgument("verification_token is invalid or expired")
	}
	return p.to, nil
}
