package testbed

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// Wechat is a third party of every emulator here.
const Wechat = "wx_open"

// Mole is known to WeChat and, at first, to nobody here.
var Mole = authtest.ProviderUser{Sub: "wechat-mole", Name: "Mole", Picture: "https://example.com/mole.png"}

// Browse sends a browser to the third party, which knows who sits there, and returns the query it comes back with.
func Browse(t testing.TB, srv *authtest.Server, c *tcbauth.OAuthChallenge) url.Values {
	t.Helper()
	browser := &http.Client{
		Transport:     srv.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL, nil)
	require.NoError(t, err)
	resp, err := browser.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusFound, resp.StatusCode)
	back, err := resp.Location()
	require.NoError(t, err)
	require.Equal(t, c.RedirectURI, back.Scheme+"://"+back.Host+back.Path)
	return back.Query()
}

// Bound lists the third parties that the person who is signed in has.
func Bound(t testing.TB, auth *tcbauth.Auth) (ids []string) {
	t.Helper()
	mine, err := auth.GetUserIdentities(t.Context())
	require.NoError(t, err)
	for _, identity := range mine.Identities {
		require.True(t, identity.Bind)
		ids = append(ids, identity.ID)
	}
	return ids
}
