// Package oauthsource makes a tcbauth session a token source of [golang.org/x/oauth2], for programs and libraries that
// take one:
//
//	source := oauthsource.New(ctx, auth)
//	client := &http.Client{Transport: &oauth2.Transport{Source: source}}
//
// For CloudBase's own APIs [tcbauth.Auth.Transport] is the better choice: it sends the token to this environment's hosts
// alone and cures a 401, where an [oauth2.Transport] sends it to every host that a request or a redirect names.
package oauthsource

import (
	"context"

	"golang.org/x/oauth2"

	"github.com/cloudbase-community/tcbauth"
)

// New returns a TokenSource that gives the session's access token, refreshed first if it has expired. It is safe for
// concurrent use; all callers share one refresh.
//
// Token has no context of its own, so that it has to be given here, as to [oauth2.Config.TokenSource]: every Token is a
// call of [tcbauth.Auth.GetCredentials] under ctx. Once ctx is done, Token fails with its error. A source for as long as
// the program runs is made with a context that lasts as long.
//
// A token has the time in Expiry from which tcbauth does not use it, 30 s before its end. The bare token of
// [tcbauth.App.ForToken] has none, which x/oauth2 takes for a token that does not expire. No token has the refresh token:
// the session is refreshed by tcbauth alone.
//
// Errors of Token are those of GetCredentials. Nobody signed in is [tcbauth.ErrNoSession], also with an access key, for
// which [oauth2.StaticTokenSource] will do.
//
// The source asks each time and caches nothing, so that it sees who is signed in. [oauth2.NewClient] and
// [oauth2.ReuseTokenSource] do cache: they go on with a token until it expires, also when its person has signed out or
// somebody else has signed in. With an [oauth2.Transport] of its own, as above, a client does not.
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
