package model

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
)

// kind is what an operation does.
type kind string

const (
	getToken    kind = "GetAccessToken"
	getInfo     kind = "GetUserInfo"
	hasSession  kind = "HasLoginState"
	refresh     kind = "RefreshSession"
	signIn      kind = "SignInWithPassword"
	signInGuest kind = "SignInAnonymously"
	signOut     kind = "SignOut"
	setSession  kind = "SetSession"
	setTokens   kind = "SetCredentials"
	clearTokens kind = "SetCredentials(nil)"
	forget      kind = "forget" // the world is over
)

// writes reports whether the operation may change who is signed in.
func (k kind) writes() bool {
	switch k {
	case signIn, signInGuest, signOut, setSession, setTokens, clearTokens:
		return true
	default:
		return false
	}
}

// leaves reports whether the operation ends a session.
func (k kind) leaves() bool { return k == signOut || k == clearTokens }

// op is one operation. Another process gets it as JSON.
type op struct {
	ID     int64
	World  world
	Key    string // "" is App.Auth
	Handle int    // 0: made for this operation
	Kind   kind
	Person string               // the name and sub of who signs in
	Spare  *tcbauth.Credentials `json:",omitempty"` // a session of Person, from elsewhere
	Cut    time.Duration        // the context ends so soon; 0: not
}

// problem is a kind of error.
type problem string

const (
	fine    problem = ""
	none    problem = "nobody"  // ErrNoSession
	expired problem = "expired" // the server refused the session
	cut     problem = "cut"     // the context of the operation ended first
	fault   problem = "fault"   // anything else
)

// result is what an operation returned.
type result struct {
	Sub     string  // the person whose token it is, or who signed in
	Profile string  // the person of the profile that came along
	Has     bool    // of HasLoginState
	Expires int64   // when the token ends, in virtual seconds since 1970
	Problem problem // of the error
	Text    string  // of the error

	NoProfile bool     // signing in succeeded, and fetching the user failed
	Names     []string // of whom the operation's requests carried a token
}

// perform carries an operation out.
func perform(ctx context.Context, a *tcbauth.Auth, o *op) result {
	var r result
	var err error
	noted := new(names)
	ctx = context.WithValue(ctx, namesKey{}, noted)
	switch o.Kind {
	case getToken:
		var token string
		token, err = a.GetAccessToken(ctx)
		r.readToken(token)
	case getInfo:
		var user *tcbauth.User
		if user, err = a.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{}); err == nil {
			r.Sub = user.Sub
		}
	case hasSession:
		r.Has, err = a.HasLoginState(ctx)
	case refresh:
		var c *tcbauth.Credentials
		c, err = a.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
		r.readSession(c)
	case signIn:
		var state *tcbauth.LoginState
		state, err = a.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{Username: o.Person, Password: password})
		r.readState(state)
	case signInGuest:
		var state *tcbauth.LoginState
		state, err = a.SignInAnonymously(ctx, tcbauth.SignInAnonymouslyRequest{})
		r.readState(state)
	case signOut:
		err = a.SignOut(ctx)
	case setSession:
		var c *tcbauth.Credentials
		c, err = a.SetSession(ctx, tcbauth.SetSessionRequest{
			AccessToken: o.Spare.AccessToken, RefreshToken: o.Spare.RefreshToken,
		})
		r.readSession(c)
	case setTokens:
		err = a.SetCredentials(ctx, o.Spare)
	case clearTokens:
		err = a.SetCredentials(ctx, nil)
	case forget:
	}
	noted.mu.Lock()
	r.Names = slices.Clone(noted.all)
	noted.mu.Unlock()
	r.Problem = problemOf(ctx, err)
	if err != nil {
		r.Text = err.Error()
	}
	return r
}

// over reports whether ctx has ended, or is about to: a connection that has the same deadline can be earlier.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

func problemOf(ctx context.Context, err error) problem {
	switch {
	case err == nil:
		return fine
	case over(ctx):
		return cut
	case errors.Is(err, tcbauth.ErrNoSession):
		return none
	case errors.Is(err, tcbauth.ErrSessionExpired), errors.Is(err, tcbauth.CodeUnauthenticated),
		errors.Is(err, tcbauth.CodeInvalidGrant):
		return expired
	default:
		return fault
	}
}

func (r *result) readState(state *tcbauth.LoginState) {
	if state == nil {
		return
	}
	r.readSession(state.Credentials)
	r.NoProfile = state.UserErr != nil
	if state.User != nil {
		r.Profile = state.User.Sub
	}
}

// readSession takes the person from the token, and from the session if that names another one.
func (r *result) readSession(c *tcbauth.Credentials) {
	if c == nil {
		return
	}
	r.readToken(c.AccessToken)
	if c.Sub != "" && c.Sub != r.Sub {
		r.Sub += " as " + c.Sub
	}
}

// readToken takes the person and the end from the claims of a JWT.
func (r *result) readToken(token string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return
	}
	var claims struct {
		Sub     string `json:"sub"`
		Expires int64  `json:"exp"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil && json.Unmarshal(payload, &claims) == nil {
		r.Sub, r.Expires = claims.Sub, claims.Expires
	}
}
