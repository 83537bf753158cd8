package tcbauth

import (
	"cmp"
	"context"
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// LoginState is the result of signing in. A sign-in has succeeded once the session is stored. If something fails after
// that, UserErr says what, and User has at least the id.
type LoginState struct {
	User        *User        `json:"user"`
	Credentials *Credentials `json:"credentials"` // a copy
	UserErr     error        `json:"-"`           // why the user is incomplete or a provider was not linked; nil: nothing failed
}

// login is a session that the server has just issued.
type login struct {
	session *session.Credentials
	mark    session.Mark
	err     error // why it could not be stored, an *Error; nil: it was
}

// obtain makes a call whose answer is a session, and stores it, with the API version in the cases in which the js-sdk does
// so. It also returns the session if storing failed.
func (a *Auth) obtain(ctx context.Context, r wire.Request, version string, checks ...error) (*login, error) {
	if err := a.ready(ctx, append([]error{a.storing()}, checks...)...); err != nil {
		return nil, a.fail(ctx, r.Op, err)
	}
	deviceID := r.DeviceID
	if deviceID == "" {
		var err error
		if deviceID, err = a.session.NextDeviceID(ctx); err != nil { // which costs no call: nothing is spent by it
			a.app.warn(ctx, "the device id is not known", err)
		}
		r.DeviceID = deviceID
	}
	c, err := call[sessionAnswer](ctx, a, r)
	if err != nil {
		return nil, err
	}
	l := &login{session: (*session.Credentials)(c)}
	l.session.Version = version
	l.session.Grant(a.app.cfg.now(), 0)
	if l.mark, err = a.session.Keep(ctx, l.session, deviceID); err != nil {
		l.err = a.fail(ctx, r.Op, err)
	}
	return l, nil
}

// prepare returns the device id to sign in with: the one of the flow's first step, or "" for the session's own. It first
// checks that the store answers, before a code is used up.
func (a *Auth) prepare(ctx context.Context, op, deviceID string) (string, error) {
	own, err := a.session.Prepare(ctx)
	if err != nil {
		return "", a.fail(ctx, op, err)
	}
	if deviceID != "" {
		return deviceID, nil
	}
	return own, nil
}

// sessionAnswer is an answer that must be a session.
type sessionAnswer session.Credentials

func (c *sessionAnswer) missing() string { return (*session.Credentials)(c).Missing() }

// UnmarshalJSON decodes the session.
func (c *sessionAnswer) UnmarshalJSON(data []byte) error {
	return (*session.Credentials)(c).UnmarshalJSON(data)
}

// credentials returns the result of obtain, for methods that neither fetch the user nor fire an event.
func (l *login) credentials(err error) (*Credentials, error) {
	if l == nil {
		return nil, err
	}
	return public(l.session), l.err
}

// errOtherUser means that the fetched user is not the one who has just signed in.
var errOtherUser = errors.New("the user is not the one who signed in")

// signedIn finishes a sign-in for the user who has just signed in, and for no other: it binds the provider, fetches the
// user and fires the event. l and err are the results of obtain.
func (a *Auth) signedIn(ctx context.Context, l *login, err error, me GetUserInfoRequest, providerToken string) (*LoginState, error) {
	if l == nil {
		return nil, err
	}
	as := l.session
	if l.err != nil {
		return &LoginState{User: idsOf(as), Credentials: public(as)}, l.err
	}
	state := new(LoginState)
	if providerToken != "" {
		state.UserErr = a.bindProvider(ctx, as, BindWithProviderRequest{ProviderToken: providerToken})
	}
	user, acted, err := a.fetchUser(ctx, as, me)
	if sub := as.Subject(); err == nil && sub != "" && user.Sub != sub {
		err = a.fail(ctx, "GetUserInfo", errOtherUser)
	}
	if err == nil {
		state.User, as = user, acted // a bearer that was refused on the way has been replaced
	} else {
		state.User, state.UserErr = idsOf(as), cmp.Or(state.UserErr, err)
	}
	if state.UserErr != nil {
		a.app.warn(ctx, "signed in, but something after that failed", state.UserErr)
	}
	if now := a.session.SignedIn(ctx, l.mark); now != nil {
		as = now
	}
	state.Credentials = public(as)
	return state, nil
}

// lend completes a session that is returned and not stored.
func (a *Auth) lend(c *sessionAnswer, err error) (*Credentials, error) {
	if err != nil {
		return nil, err
	}
	(*session.Credentials)(c).Grant(a.app.cfg.now(), 0)
	return (*Credentials)(c), nil
}
