package accesstoken_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// A token outlives its session, unless the server is asked.
func TestIntrospect(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1"})
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
		require.NoError(t, err)
		state, err := auth.SignIn(t.Context(), tcbauth.SignInRequest{Username: "gopher_01", Password: "correct-horse-1"})
		require.NoError(t, err)
		token := state.Credentials.AccessToken
		v := verifierOf(t, srv)

		got, err := v.Introspect(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, state.User.Sub, got.Subject)
		assert.Equal(t, 1, srv.Count("token/introspect"))

		require.NoError(t, auth.SignOut(t.Context()))
		require.NoError(t, verify(t, v, token))
		_, err = v.Introspect(t.Context(), token)
		require.ErrorIs(t, err, accesstoken.ErrInactive)
		require.ErrorIs(t, err, accesstoken.ErrInvalidToken)

		pass(3 * time.Hour)
		asked := srv.Count("token/introspect")
		_, err = v.Introspect(t.Context(), token)
		require.ErrorIs(t, err, accesstoken.ErrExpired)
		_, err = v.Introspect(t.Context(), srv.IssueToken(authtest.TokenSpec{Env: "other-env"}))
		require.ErrorIs(t, err, accesstoken.ErrWrongEnv)
		assert.Equal(t, asked, srv.Count("token/introspect"), "what Verify refuses is not sent to anybody")
		synctest.Wait()
	})
}

func TestIntrospectAnswers(t *testing.T) {
	t.Parallel()
	good := goodToken(t, nil)
	keys := jwks(t, jwk(keyID, signingKey()))
	for name, test := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"good":           {200, `{"token_type":"Bearer","client_id":"` + env + `","sub":"` + sub + `","scope":"user sso"}`, nil},
		"empty":          {200, `{}`, accesstoken.ErrInactive},
		"empty sub":      {200, `{"sub":""}`, accesstoken.ErrInactive},
		"other sub":      {200, `{"sub":"1"}`, accesstoken.ErrInactive},
		"unauthorized":   {401, `{"error":"unauthenticated"}`, accesstoken.ErrInactive},
		"null":           {200, `null`, accesstoken.ErrInactive},
		"not active":     {200, `{"active":false}`, accesstoken.ErrInactive},
		"ended, by name": {200, `{"active":false,"sub":"` + sub + `"}`, accesstoken.ErrInactive},
		"goes on":        {200, `{"active":true,"sub":"` + sub + `","error_code":0}`, nil},
		"whose?":         {200, `{"active":true}`, accesstoken.ErrUnavailable},
		"active is text": {200, `{"active":"no"}`, accesstoken.ErrUnavailable},
		"no sub":         {200, `{"token_type":"Bearer","client_id":"` + env + `","scope":""}`, accesstoken.ErrInactive},
		"null sub":       {200, `{"sub":null}`, accesstoken.ErrInactive},

		"error":            {200, `{"error":"internal"}`, accesstoken.ErrUnavailable},
		"error and number": {200, `{"error":"internal","error_code":13,"error_description":"x"}`, accesstoken.ErrUnavailable},
		"number only":      {200, `{"error_code":13}`, accesstoken.ErrUnavailable},
		"gateway":          {200, `{"code":"SYS_ERR","message":"x","requestId":"1"}`, accesstoken.ErrUnavailable},
		"cloud API":        {200, `{"Response":{"Error":{"Code":"InternalError","Message":"x"},"RequestId":"1"}}`, accesstoken.ErrUnavailable},
		"oldest schema":    {200, `{"code":13,"message":"x","details":[]}`, accesstoken.ErrUnavailable},
		"id only":          {200, `{"requestId":"1"}`, accesstoken.ErrUnavailable},
		"error is object":  {200, `{"error":{"code":13}}`, accesstoken.ErrUnavailable},
		"error beside sub": {200, `{"sub":"` + sub + `","error":"internal"}`, accesstoken.ErrUnavailable},
		"error before sub": {200, `{"error":"internal","sub":"` + sub + `"}`, accesstoken.ErrUnavailable},
		"code beside none": {200, `{"sub":"","code":"INTERNAL"}`, accesstoken.ErrUnavailable},
		"something else":   {200, `{"status":"maintenance"}`, accesstoken.ErrUnavailable},
		"list":             {200, `[]`, accesstoken.ErrUnavailable},
		"text":             {200, `"x"`, accesstoken.ErrUnavailable},
		"more than one":    {200, `{}{}`, accesstoken.ErrUnavailable},
		"sub in capitals":  {200, `{"SUB":"` + sub + `"}`, accesstoken.ErrUnavailable},
		"more beside sub":  {200, `{"sub":"` + sub + `","status":"fine","error":null,"code":""}`, nil},

		"HTML":         {200, `<html>`, accesstoken.ErrUnavailable},
		"number":       {200, `{"sub":1}`, accesstoken.ErrUnavailable},
		"nothing":      {200, ``, accesstoken.ErrUnavailable},
		"redirect":     {302, `{"sub":"` + sub + `"}`, accesstoken.ErrUnavailable},
		"server error": {500, `{}`, accesstoken.ErrUnavailable},
		"limit":        {429, `{}`, accesstoken.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked *http.Request
			v := verifierAt(t, &endpoint{answer: func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == "/auth/v1/certs" {
					return response(200, keys), nil
				}
				asked = r.Clone(t.Context())
				resp := response(test.status, test.body)
				resp.Header.Set("Location", "https://example.com/"+good)
				return resp, nil
			}})
			claims, err := v.Introspect(t.Context(), good)
			assert.Equal(t, issuer+"/auth/v1/token/introspect", asked.URL.String())
			assert.Equal(t, "Bearer "+good, asked.Header.Get("Authorization"))
			assert.Equal(t, http.MethodGet, asked.Method)
			if test.want == nil {
				require.NoError(t, err)
				assert.Equal(t, sub, claims.Subject)
				return
			}
			assert.Nil(t, claims)
			require.ErrorIs(t, err, test.want)
			assertHoldsNothingOf(t, err.Error(), good)
		})
	}
}

// An API key belongs to nobody, so that no answer is its person's.
func TestIntrospectAPIKey(t *testing.T) {
	t.Parallel()
	bubbled(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		v := verifierOf(t, srv, accesstoken.WithAPIKey())
		_, err := v.Introspect(t.Context(), srv.IssueToken(authtest.TokenSpec{Kind: authtest.APIKey}))
		require.ErrorIs(t, err, accesstoken.ErrInactive)
	})
}

func TestIntrospectContext(t *testing.T) {
	t.Parallel()
	keys := jwks(t, jwk(keyID, signingKey()))
	ctx, cancel := context.WithCancel(t.Context())
	v := verifierAt(t, &endpoint{answer: func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/auth/v1/certs" {
			return response(200, keys), nil
		}
		cancel()
		<-r.Context().Done()
		return nil, r.Context().Err()
	}})
	_, err := v.Introspect(ctx, goodToken(t, nil))
	require.ErrorIs(t, err, accesstoken.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}
