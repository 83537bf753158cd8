package authtest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

var ann = authtest.ProviderUser{Sub: "o-1", Name: "Ann", Picture: "https://p/1.png", Email: email, Phone: phone}

// vouch exchanges a third party's code for a provider_token.
func vouch(t *testing.T, srv *authtest.Server, provider string, person authtest.ProviderUser) string {
	t.Helper()
	in := object{"provider_id": provider, "provider_code": srv.ProviderCode(provider, person)}
	return ok(t, srv, "provider/token", "", in).text("provider_token")
}

func TestProviderToken(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithProviders("wx_open", "gh"))
	in := object{"provider_id": "wx_open", "provider_redirect_uri": "https://x/cb", "provider_code": srv.ProviderCode("wx_open", ann)}
	refused(t, srv, "provider/token", "", in, 400, "invalid_argument", 3, "X-Device-Id", "")
	granted := ok(t, srv, "provider/token", "", in)
	assertIs(t, 3600, granted["expires_in"])
	assert.Equal(t, map[string]any{
		"provider_id": "wx_open", "sub": "o-1", "name": "Ann", "picture": "https://p/1.png", "email": email,
	}, granted["provider_profile"])
	refused(t, srv, "provider/token", "", in, 400, "provider_error", 4019)
	token := granted.text("provider_token")
	params := object{"encryptedData": "x", "iv": "y"}
	patched := ok(t, srv, "PATCH provider/token", "", object{"provider_token": token, "provider_params": params})
	assert.Equal(t, phone, patched["provider_profile"].(map[string]any)["phone_number"])
	refused(t, srv, "PATCH provider/token", "", object{"provider_token": token}, 400, "invalid_argument", 3)
	refused(t, srv, "PATCH provider/token", "", object{"provider_token": "x", "provider_params": params}, 400, "invalid_argument", 3)
	refused(t, srv, "PATCH provider/token", "", object{"provider_token": token, "provider_params": "x"}, 400, "invalid_argument", 3)
	refused(t, srv, "PATCH provider/token", "", object{"provider_token": token, "provider_id": "gh"}, 400, "invalid_argument", 3)

	for _, name := range []string{"provider_code", "provider_id_token", "provider_access_token"} {
		ok(t, srv, "provider/token", "", object{"provider_id": "gh", name: srv.ProviderCode("gh", ann)})
	}
	ok(t, srv, "provider/token", "", object{"provider_id": "gh", "provider_params": object{"code": srv.ProviderCode("gh", ann)}})
	refused(t, srv, "provider/token", "", object{"provider_id": "gh", "provider_code": srv.ProviderCode("wx_open", ann)},
		400, "provider_error", 4019)
	refused(t, srv, "provider/token", "", object{"provider_id": "other", "provider_code": "x"}, 400, "provider_not_enabled", 0)

	srv.Advance(time.Hour)
	refused(t, srv, "signin/with/provider", "", object{"provider_token": token}, 400, "invalid_argument", 3)
	assert.Equal(t, "authtest.ProviderUser(o-1) authtest.ProviderUser(o-1)", fmt.Sprintf("%v %#v", ann, ann))
	for _, mistake := range []authtest.ProviderUser{{}, ann} {
		fake := &fakeT{}
		assert.Empty(t, authtest.NewServer(fake, authtest.WithProviders("x")).ProviderCode(map[bool]string{true: "x"}[mistake.Sub == ""], mistake))
		assert.Len(t, fake.finish(), 1)
	}
}

func TestSignInWithProvider(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	token := vouch(t, srv, "wx_open", ann)
	in := object{"provider_token": token, "force_disable_sign_up": true}
	refused(t, srv, "signin/with/provider", "", in, 404, "not_found", 5)
	refused(t, srv, "signin/with/provider", "", in, 400, "invalid_argument", 3, "X-Device-Id", "")
	in["force_disable_sign_up"] = "x"
	refused(t, srv, "signin/with/provider", "", in, 400, "invalid_argument", 3)
	refused(t, srv, "signin/with/provider", "", object{"provider_token": token, "provider_id": "wx_mp"}, 400, "invalid_argument", 3)
	session := ok(t, srv, "signin/with/provider", "", object{"provider_token": token, "provider_id": "wx_open"})
	assert.Equal(t, "user sso", session["scope"])
	me := ok(t, srv, "user/me", session.text("access_token"), nil)
	assert.Equal(t, []any{map[string]any{"id": "wx_open", "provider_user_id": "o-1", "name": "Ann"}}, me["providers"])
	assert.Equal(t, "Ann", me["name"])

	renamed := ann
	renamed.Name = "Anna"
	again := ok(t, srv, "v2/signin/with/provider", "", object{"provider_token": vouch(t, srv, "wx_open", renamed), "sync_profile": true})
	assert.Equal(t, session["sub"], again["sub"])
	assert.Equal(t, "Anna", ok(t, srv, "user/me", session.text("access_token"), nil)["name"])
}

func TestSignUpWithProvider(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSMSInterval(0))
	token := vouch(t, srv, "wx_open", ann)
	session := ok(t, srv, "signup", "", object{"provider_token": token, "username": "user_01"})
	assert.Equal(t, session["sub"], ok(t, srv, "signin/with/provider", "", object{"provider_token": token})["sub"])
	refused(t, srv, "signup", "", object{"provider_token": token}, 400, "failed_precondition", 9)
	refused(t, srv, "signup", "", object{"provider_token": "x"}, 400, "invalid_argument", 3)
	other := vouch(t, srv, "wx_mp", authtest.ProviderUser{Sub: "o-2", Name: "Ben"})
	session = ok(t, srv, "signup", "", object{"provider_token": other, "phone_number": phone, "verification_token": prove(t, srv, phone)})
	me := ok(t, srv, "user/me", session.text("access_token"), nil)
	assert.Equal(t, phone, me["phone_number"])
	assert.Equal(t, []any{map[string]any{"id": "wx_mp", "provider_user_id": "o-2", "name": "Ben"}}, me["providers"])
}

func TestBindProvider(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password}, authtest.User{Sub: "2", Username: "user_02", Password: password})
	first, second := signIn(t, srv, "user_01").text("access_token"), signIn(t, srv, "user_02").text("access_token")
	token := object{"provider_token": vouch(t, srv, "wx_open", ann)}
	other := object{"provider_token": vouch(t, srv, "wx_open", authtest.ProviderUser{Sub: "o-2"})}
	refused(t, srv, "user/provider/bind", first, object{"provider_token": "x"}, 400, "invalid_argument", 3)
	assert.Empty(t, ok(t, srv, "user/provider/bind", first, token))
	ok(t, srv, "user/provider/bind", first, token)
	refused(t, srv, "user/provider/bind", second, token, 400, "failed_precondition", 9)
	refused(t, srv, "user/provider/bind", first, other, 400, "failed_precondition", 9)
	assert.Equal(t, object{"total": float64(2), "data": []any{
		map[string]any{"id": "wx_open", "name": "wx_open", "provider_user_name": "Ann", "bind": true},
		map[string]any{"id": "wx_mp", "name": "wx_mp", "bind": false},
	}}, ok(t, srv, "user/provider", first, nil))
	assert.Equal(t, "1", ok(t, srv, "signin/with/provider", "", token)["sub"])
	assert.Equal(t, "1", ok(t, srv, "PATCH user/trans/by/provider", second, token)["sub"])
	refused(t, srv, "PATCH user/trans/by/provider", second, other, 404, "not_found", 5)

	trans := object{"provider_trans_token": token["provider_token"]}
	refused(t, srv, "user/provider/wx_mp/trans", second, trans, 400, "invalid_argument", 3)
	assert.Equal(t, object{"client_id": "authtest"}, ok(t, srv, "user/provider/wx_open/trans", second, trans))
	assert.Equal(t, "2", ok(t, srv, "signin/with/provider", "", token)["sub"])
	refused(t, srv, "DELETE user/provider/wx_open", first, nil, 404, "not_found", 5)
	assert.Empty(t, ok(t, srv, "DELETE user/provider/wx_open", second, nil))
	assert.Equal(t, 2, srv.Count("user/provider/{id}"))
}

// A browser goes to the third party and comes back with a code.
func TestThirdParty(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	uri := ok(t, srv, "provider/uri?provider_id=wx_open&state=s%201&redirect_uri="+url.QueryEscape("https://x/cb?a=1")+
		"&other_params[k]=v%26w", "", nil).text("uri")
	refused(t, srv, "provider/uri", "", nil, 400, "invalid_argument", 3)
	parsed, err := url.Parse(uri)
	require.NoError(t, err)
	assert.Equal(t, "v&w", parsed.Query().Get("k"))
	client := *srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	visit := func(uri string, status int) url.Values {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
		require.NoError(t, err)
		resp, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode)
		back, err := url.Parse(resp.Header.Get("Location"))
		require.NoError(t, err)
		return back.Query()
	}
	assert.Equal(t, url.Values{"a": {"1"}, "state": {"s 1"}, "error": {"access_denied"}}, visit(uri, http.StatusFound))
	srv.ProviderCode("wx_open", ann)
	srv.ProviderCode("wx_open", authtest.ProviderUser{Sub: "o-2"})
	for hint, want := range map[string]string{"": "o-2", "&login_hint=o-1": "o-1"} {
		back := visit(uri+hint, http.StatusFound)
		assert.Equal(t, "s 1", back.Get("state"))
		granted := ok(t, srv, "provider/token", "", object{"provider_id": "wx_open", "provider_code": back.Get("code")})
		assert.Equal(t, want, granted["provider_profile"].(map[string]any)["sub"])
	}
	visit(srv.URL+"/_thirdparty/wx_open?redirect_uri=javascript:x", http.StatusBadRequest)
	visit(srv.URL+"/_thirdparty/other?redirect_uri=https://x/", http.StatusBadRequest)
}
