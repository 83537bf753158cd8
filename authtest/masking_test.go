package authtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// Every field of every operation that proves something or says who somebody is.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	const secret = "s3cret-value"
	body := []string{
		"password", "old_password", "new_password", "confirm_password", "encrypt_password", "encrypt_new_password", "params",
		"public_key_thumbprint", "verification_id", "verification_code", "verification_token", "captcha_token", "token", "key",
		"refresh_token", "access_token", "anonymous_token", "provider_token", "provider_trans_token", "provider_code",
		"provider_access_token", "provider_id_token", "ticket", "device_code", "user_code", "sudo_token", "code", "code_verifier",
		"code_challenge", "client_secret", "username", "phone_number", "email", "state", "grant_type", "target", "usage", "client_id",
	}
	in := object{"provider_params": object{"code": secret}}
	query := []string{}
	for _, name := range body {
		in[name] = secret
		query = append(query, name+"="+secret)
	}
	for _, operation := range []string{
		"signin", "signup", "token", "reset", "verification", "signin/custom", "signin/anonymously", "provider/token",
		"PATCH provider/token", "signin/with/provider", "user/sudo", "PATCH user/password", "PATCH user/contact",
		"captcha/data/verify", "device/code", "user/device/authorize", "v2/signin/username", "v2/signin/password/update",
		"user/basic/edit", "GET token/introspect", "DELETE user/me", "nothing",
	} {
		status, _, err := try(t, srv, operation+"?"+strings.Join(query, "&"), secret, in, "X-Captcha-Token", secret)
		require.NoError(t, err)
		assert.NotEqual(t, http.StatusOK, status, operation)
	}
	requests := srv.Requests()
	assert.Len(t, requests, 22)
	assert.NotContains(t, fmt.Sprintf("%+v", requests), secret)
	assert.Equal(t, "***", requests[0].Body["provider_params"])
	assert.Equal(t, "***", requests[0].Query.Get("sudo_token"))
}

// A secret that stands where none belongs, as by a mistake in a client, is masked too.
func TestSecretsInWrongPlacesAreMasked(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	secret := signIn(t, srv, "user_01").text("refresh_token")
	for _, request := range []struct{ method, path, body, logged string }{
		{"GET", "/auth/v1/token/" + secret, ``, "/auth/v1/token/*"},
		{"GET", "/auth/v1/user/authorized/a12/" + email, ``, "/auth/v1/user/authorized/*/*"},
		{"POST", "/auth/v1/user/provider/" + secret, `{}`, "/auth/v1/user/provider/*"},
		{"POST", "/auth/v1/revoke?" + secret + "=1", `{"` + secret + `": "1", "` + phone + `": "1"}`, "/auth/v1/revoke"},
		{secret, "/auth/v1/revoke", `{}`, "/auth/v1/revoke"},
		{"GET", "/auth/v1/user/security/history?query[action]=USER_LOGIN", ``, "/auth/v1/user/security/history"},
	} {
		_, _, err := send(t.Context(), srv, request.method, request.path, "", []byte(request.body))
		require.NoError(t, err)
		requests := srv.Requests()
		assert.Equal(t, request.logged, requests[len(requests)-1].Path)
	}
	requests := srv.Requests()
	assert.Contains(t, requests[len(requests)-1].Query, "query[action]", "the name of a field")
	for _, private := range []string{secret, email, phone} {
		assert.NotContains(t, fmt.Sprintf("%+v", requests), private)
	}
}
