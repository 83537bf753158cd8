package authtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestAuthorize(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithClientID("app-1"))
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	session := signIn(t, srv, "user_01")
	bearer := session.text("access_token")
	sum := sha256.Sum256([]byte("verifier"))
	in := object{
		"client_id": "app-1", "response_type": "code", "redirect_uri": "https://x/cb", "state": "s", "scope": "user",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256",
	}
	redeem := func(code any) object {
		return object{
			"grant_type": "authorization_code", "client_id": "app-1", "code": code, "redirect_uri": "https://x/cb", "code_verifier": "verifier",
		}
	}
	answer := ok(t, srv, "user/authorize", bearer, in)
	assert.Equal(t, "s", answer["state"])
	assert.Equal(t, "1", ok(t, srv, "token", "", redeem(answer["code"]))["sub"])
	refused(t, srv, "token", "", redeem(answer["code"]), 400, "invalid_grant", 0)
	for name, value := range map[string]string{"client_id": "", "redirect_uri": "https://y/", "code_verifier": "x"} {
		body := redeem(ok(t, srv, "user/authorize", bearer, in)["code"])
		body[name] = value
		refused(t, srv, "token", "", body, 400, "invalid_grant", 0)
	}
	late := redeem(ok(t, srv, "user/authorize", bearer, in)["code"])
	srv.Advance(600 * time.Second)
	refused(t, srv, "token", "", late, 400, "invalid_grant", 0)
	in["code_challenge"], in["code_challenge_method"] = "verifier", "plain"
	ok(t, srv, "token", "", redeem(ok(t, srv, "user/authorize", bearer, in)["code"]))
	for name, length := range map[string]int{"redirect_uri": 2048, "code_challenge": 128} {
		was := in[name]
		in[name] = strings.Repeat("x", length)
		ok(t, srv, "user/authorize", bearer, in)
		in[name] = strings.Repeat("x", length+1)
		refused(t, srv, "user/authorize", bearer, in, 400, "invalid_request", 0)
		in[name] = was
	}
	in["code_challenge_method"] = "x"
	refused(t, srv, "user/authorize", bearer, in, 400, "invalid_request", 0)
	in["response_type"] = "token"
	refused(t, srv, "user/authorize", bearer, in, 400, "unsupported_response_type", 0)
	in["client_id"] = "other"
	refused(t, srv, "user/authorize", bearer, in, 400, "unauthorized_client", 4022)

	info := ok(t, srv, "user/authorize/info?client_id=app-1&scope=user%20sso", bearer, nil)
	assert.Equal(t, map[string]any{"id": "app-1", "name": "app-1"}, info["client"])
	assert.Len(t, info["scopes"], 2)
	ok(t, srv, "user/authorize/info?client_id=app-1", "", nil, "Authorization", "Basic YXBwLTE6")
	refused(t, srv, "user/authorize/info", "", nil, 401, "unauthenticated", 16)
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	session := signUp(t, srv, phone)
	bearer := session.text("access_token")
	want := object{"token_type": "Bearer", "client_id": "authtest", "sub": session["sub"], "scope": "user sso"}
	assert.Equal(t, want, ok(t, srv, "token/introspect", bearer, nil))
	assert.Equal(t, want, ok(t, srv, "token/introspect?token="+bearer, "", nil))
	assert.Empty(t, ok(t, srv, "token/introspect", "garbage", nil))
	assert.Empty(t, ok(t, srv, "token/introspect", "", nil))
	ok(t, srv, "revoke", "", object{"token": bearer})
	assert.Empty(t, ok(t, srv, "token/introspect", bearer, nil))
}
