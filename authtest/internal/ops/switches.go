package ops

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cloudbase-community/tcbauth/authtest/internal/address"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// This file has the switches that name operations. What takes an environment takes its lock.

// Inject puts a fault in force, or says why it makes no sense.
func Inject(s *service.Service, f service.Fault) (*service.Injected, error) {
	if err := checkFault(f); err != nil {
		return nil, err
	}
	s.Lock()
	defer s.Unlock()
	defer s.Changed()
	return s.Faults.Inject(f), nil
}

func checkFault(f service.Fault) error {
	effects := 0
	for _, has := range []bool{f.Error != nil, f.Close != 0, f.Body != 0} {
		if has {
			effects++
		}
	}
	switch {
	case !Known(f.Operation):
		return fmt.Errorf("unknown operation %q", f.Operation)
	case f.Times < 0:
		return fmt.Errorf("negative Times: %d", f.Times)
	case f.Every < 0:
		return fmt.Errorf("negative Every: %d", f.Every)
	case f.To != "" && address.Key(f.To) == "":
		return errors.New("the address To is neither a phone number nor an email address")
	case f.Delay < 0:
		return fmt.Errorf("negative Delay: %v", f.Delay)
	case f.Close < 0 || f.Close > service.AfterCommit:
		return fmt.Errorf("unknown Close: %d", f.Close)
	case f.Body < 0 || f.Body > service.HTML:
		return fmt.Errorf("unknown Body: %d", f.Body)
	case effects == 0 && f.Delay == 0:
		return errors.New("the fault has no effect")
	case effects > 1:
		return errors.New("more than one of Error, Close and Body")
	case f.Error != nil && f.Error.Code == "":
		return errors.New("the Error has no Code")
	case f.Error != nil && !validStatus(f.Error.HTTPStatus()):
		return fmt.Errorf("the Error has the status %d", f.Error.Status)
	case f.Status != 0 && f.Body != service.HTML:
		return errors.New("a Status without HTML")
	case f.Status != 0 && !validStatus(f.Status):
		return fmt.Errorf("the Status is %d", f.Status)
	}
	return nil
}

func validStatus(status int) bool { return status >= 200 && status <= 599 }

// RequireCaptcha makes every call of these operations need a captcha, and of no others.
func RequireCaptcha(s *service.Service, names []string) error {
	required, err := WithCaptcha(names)
	if err != nil {
		return err
	}
	s.Lock()
	defer s.Unlock()
	s.Captchas.Require(required)
	return nil
}

// ChangeRules puts what change makes of the rules in force.
func ChangeRules(s *service.Service, change func(*service.Rules) error) error {
	return s.ChangeRules(func(r *service.Rules) error {
		if err := change(r); err != nil {
			return err
		}
		if _, err := WithCaptcha(r.Captcha); err != nil {
			return &service.RuleError{Field: "captcha", Why: service.RuleUnknown}
		}
		return nil
	})
}

// WithCaptcha is the set of these operations, which must be some that can need a captcha.
func WithCaptcha(names []string) (map[string]bool, error) {
	required := make(map[string]bool)
	for _, name := range names {
		if !Known(name) || strings.HasPrefix(name, "captcha/") {
			return nil, fmt.Errorf("unknown operation %q", name)
		}
		required[name] = true
	}
	return required, nil
}
