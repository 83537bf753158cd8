package authtest

import (
	"strings"
	"testing"

	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// tellRules makes a test's log say which rule has refused a call, since the refusal itself is that of the live service.
func (c *config) tellRules(t testing.TB) {
	told := c.OnRequest
	c.OnRequest = func(r service.Request) {
		if r.Rule != "" {
			hint := ""
			if service.IsRelaxed(r.Rule) {
				hint = "; Relaxed has a milder one"
			}
			t.Logf("authtest: %s was refused with %d by the rule %s, the option %s%s", r.Operation, r.Status, r.Rule, optionOf(r.Rule), hint)
		}
		if told != nil {
			told(r)
		}
	}
}

// optionOf is the option of a rule of a seed file.
func optionOf(rule string) string {
	if rule == "clients" {
		return "WithClientID or WithClientSecret"
	}
	name := "With"
	for part := range strings.SplitSeq(rule, "_") {
		if part == "sms" {
			part = "SMS"
		}
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	return name
}
