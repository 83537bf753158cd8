package clikit

import (
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Status is who is signed in, and what is in force.
type Status struct {
	Settings
	Server    string     `json:"server,omitempty"` // the URL in force, "" where neither --base-url nor a sign-in has decided it
	SignedIn  bool       `json:"signed_in"`
	Sub       string     `json:"sub,omitempty"`
	Account   string     `json:"account,omitempty"`    // as the profile remembers it
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // of the access token, which is refreshed by itself
	Where     *Where     `json:"where,omitempty"`      // the session's place; nil: nothing has chosen one yet
	Checked   bool       `json:"checked"`              // the server was asked, and knows the person
}

// Status looks here, and with check asks the server too. The error is why nobody is signed in, or what keeps one from
// knowing; the result is nil if not even the settings are known.
func (k *Kit) Status(ctx context.Context, check bool) (*Status, error) {
	set, err := k.Settings()
	if err != nil {
		return nil, err
	}
	st := &Status{Settings: *set, Server: set.BaseURL.Value}
	if set.Env.Value == "" || !set.storeChosen() {
		return st, k.loginRequired(set)
	}
	s, err := k.open(ctx, set)
	if err != nil {
		return st, err
	}
	st.Server, st.Where = s.app.BaseURL(), &s.where
	state, err := s.auth.GetSession(ctx)
	if errors.Is(err, tcbauth.ErrNoSession) {
		return st, k.loginRequired(set)
	}
	if err != nil {
		return st, err
	}
	st.know(state)
	if p, err := k.readProfile(set.Profile.Value); err == nil && p.Env == set.Env.Value {
		st.Account = p.Account
	}
	if !check {
		return st, nil
	}
	user, err := s.auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
	if err != nil {
		st.SignedIn = !errors.Is(err, tcbauth.CodeUnauthenticated)
		return st, err
	}
	st.Account, st.Checked = AccountOf(user), true
	if state, err = s.auth.GetSession(ctx); err == nil { // it may have been refreshed
		st.know(state)
	}
	return st, nil
}

func (st *Status) know(state *tcbauth.LoginState) {
	expires := state.Credentials.ExpiresAt.UTC().Truncate(time.Second)
	st.SignedIn, st.Sub, st.ExpiresAt = true, state.User.Sub, &expires
}
