package tcbauth

import (
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/session"
)

// begun is the person for whom a step begins that somebody finishes later.
type begun struct {
	as   *session.Credentials
	sub  string // never ""
	user *User  // as far as it is known
}

// begin returns who is signed in, for a step that only they may finish. Whoever that is must be known: the user is fetched if
// neither the session nor its token says.
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

// still returns what has become of the session of as by refreshes, as long as its person is signed in; nil is whoever that is.
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

// errOtherSession: somebody else has signed in while something was done for a person.
var errOtherSession = errors.New("another user has signed in meanwhile")

// finishFor returns the session of the person with the id sub, for whom a step was begun. Anybody else is refused: what is not
// known is nobody.
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
