// Package oauthsource makes a tcbauth session a token source of [golang.org/x/oauth2], for programs and libraries that
// take one:
//
//	source := oauthsource.New(ctx, auth)
//	client := &http.Client{Transport: &oauth2.Transport{Source: source}}
//
// For CloudBase's own APIs [tcbauth.Auth.Transport] is the better choice: it sends the token to this environment's hosts only
// and refreshes the session if an API answers 401. An oauth2.Transport sends the token to every host that a request or a
// redirect names.
package oauthsource

import (
	"context"

	"golang.org/x/oauth2"

	"github.com/cloudbase-community/tcbauth"
)

// New returns a TokenSource for the session's access token, which is refreshed first if it has expired. It is safe for
// concurrent use; all callers share one refresh.
//
// The method Token has no context of its own, so it is given here, as to [oauth2.Config.TokenSource]: every Token is a
// call of [tcbauth.Auth.GetCredentials] under ctx. Once ctx is done, Token returns its error. For a source that is used
// as long as the program runs, give a context that lasts as long.
//
// The Expiry of a token is the time from which tcbauth refreshes it, 30 s before it expires. The token of
// [tcbauth.App.ForToken] has none, which x/oauth2 takes for a token that does not expire. No token contains the refresh
// token: only tcbauth refreshes the session.
//
// Errors of Token are those of GetCredentials. If nobody is signed in, the error is [tcbauth.ErrNoSession], also with an
// access key, for which [oauth2.StaticTokenSource] is enough.
//
// The source asks each time and caches nothing, so it notices a sign-out. [oauth2.NewClient] and
// [oauth2.ReuseTokenSource] cache: they use a token until it expires, even if its user has signed out or another user has
// signed in. A client with its own [oauth2.Transport], as above, does not.
func New(ctx context.Context, auth *tcbauth.Auth) oauth2.TokenSource {
	return &source{ctx: ctx, auth: auth}
}

type source struct {
	ctx  context.Context // x/oauth2's interface leaves no other place for it
	auth *tcbauth.Auth
}

// Token implements [oauth2.TokenSource].
func (s *source) Token() (*oauth2.Token, error) {
	c, err := s.auth.GetCredentials(s.ctx)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: c.AccessToken, TokenType: c.TokenType, Expiry: c.ExpiresAt}, nil
}
