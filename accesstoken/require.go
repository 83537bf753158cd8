package accesstoken

import (
	"fmt"
	"slices"
	"strings"
)

// Requirements are what a valid token must have in addition.
type Requirements struct {
	Scopes []string // values that the token's scope must contain, all of them
	Groups []string // groups of which the token must have at least one; empty: any token
}

// Requiring returns a Verifier with the same keys and the same cache as v that also refuses valid tokens without what is
// required: its methods fail with [ErrInsufficientScope], and its [Verifier.Middleware] answers 403. Requirements of v
// still apply.
//
//	admins := verifier.Requiring(accesstoken.Requirements{Groups: []string{"admins"}})
//	http.Handle("/admin/", admins.Middleware(admin))
func (v *Verifier) Requiring(r Requirements) *Verifier {
	out := *v
	out.required = append(slices.Clone(v.required), Requirements{Scopes: slices.Clone(r.Scopes), Groups: slices.Clone(r.Groups)})
	return &out
}

// HasScope reports whether the token's scope contains this value.
func (c *Claims) HasScope(scope string) bool { return scope != "" && hasWord(c.Scope, scope) }

// InGroup reports whether the token has this group.
func (c *Claims) InGroup(group string) bool { return slices.Contains(c.Groups, group) }

// allows returns ErrInsufficientScope unless c has what is required.
func (v *Verifier) allows(c *Claims) error {
	for _, r := range v.required {
		for _, scope := range r.Scopes {
			if !c.HasScope(scope) {
				return fmt.Errorf("%w; expected the scope %s", ErrInsufficientScope, scope)
			}
		}
		if len(r.Groups) > 0 && !slices.ContainsFunc(r.Groups, c.InGroup) {
			return fmt.Errorf("%w; expected the group %s", ErrInsufficientScope, strings.Join(r.Groups, " or "))
		}
	}
	return nil
}

// scopes are all that are required, as a challenge names them.
func (v *Verifier) scopes() string {
	var all []string
	for _, r := range v.required {
		for _, scope := range r.Scopes {
			if !slices.Contains(all, scope) && !strings.ContainsFunc(scope, notInScope) {
				all = append(all, scope)
			}
		}
	}
	return strings.Join(all, " ")
}

// notInScope is true for what cannot be a part of a scope (RFC 6749 section 3.3).
func notInScope(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' }
