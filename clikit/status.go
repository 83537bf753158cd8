package clikit

import (
	"context"
	"errors"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// Status says who is signed in, and which settings are in use.
type Status struct {
	Settings
	Server    string     `json:"server,omitempty"` // the URL in use; "" while it is not known
	SignedIn  bool       `json:"signed_in"`
	Sub       string     `json:"sub,omitempty"`
	Account   string     `json:"account,omitempty"`    // as the profile remembers it
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // when the access token expires; it is refreshed automatically
	Where     *Where     `json:"where,omitempty"`      // where the session is; nil if no store is chosen yet
	Checked   bool       `json:"checked"`              // the server was asked, and accepts the session
}

// Status reads the stored session, and with check also asks the server. The error says why nobody is signed in, or why that
// is not known. The result is nil only if not even the settings are known.
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
