package tcbauth

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// begun is the user who has started something that a later call finishes.
type begun struct {
	as   *session.Credentials
	sub  string // never ""
	user *User  // as far as it is known
}

// begin returns the signed-in user, for a step that only this user may finish. The user must be known: if neither the
// session nor its token has the id, the user is fetched.
func (a *Auth) begin(ctx context.Context, op string, checks ...error) (*begun, error) {
	if err := a.ready(ctx, checks...); err != nil {
		return nil, a.fail(ctx, op, err)
	}
	as, err := a.fresh(ctx, op)
	if err != nil {
		return nil, err
	}
	b := &begun{as: as, sub: as.Subject(), user: a.userOf(as)}
	if b.sub == "" {
		b.sub = b.user.Sub
	}
	if b.sub == "" {
		if b.user, b.as, err = a.fetchUser(ctx, as, GetUserInfoRequest{}); err != nil {
			return nil, err
		}
		b.sub = b.user.Sub
	}
	return b, nil
}

// still returns the current session of as after refreshes, while its user is signed in. nil stands for the signed-in user.
func (a *Auth) still(ctx context.Context, op string, as *session.Credentials) (*LoginState, error) {
	now, err := a.fresh(ctx, op)
	if err != nil {
		return nil, err
	}
	if as != nil && a.bare == nil && !a.session.SamePerson(as, now) {
		return nil, a.fail(ctx, op, errOtherSession)
	}
	return a.stateOf(now), nil
}

// errOtherSession means that another user has signed in while a call was running.
var errOtherSession = errors.New("another user has signed in meanwhile")

// finishFor returns the session of the user with the id sub, who has started a step. Any other user is refused, and so is
// an unknown one.
func (a *Auth) finishFor(ctx context.Context, op, sub string) (*session.Credentials, error) {
	now, err := a.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	if now.sub != sub {
		return nil, a.fail(ctx, op, &ValidationError{Field: "challenge.sub", Rule: "is not the signed-in user"})
	}
	return now.as, nil
}
