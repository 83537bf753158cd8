package accesstoken_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/accesstoken"
	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	endpoint := certs(t)
	v := verifierAt(t, endpoint)
	for range 3 {
		got, err := v.Verify(t.Context(), goodToken(t, map[string]any{"groups": []string{"a", "b"}, "nbf": now.Unix()}))
		require.NoError(t, err)
		assert.Equal(t, accesstoken.User, got.Kind)
		assert.Equal(t, issuer, got.Issuer)
		assert.Equal(t, sub, got.Subject)
		assert.Equal(t, []string{env}, got.Audience)
		assert.WithinDuration(t, now.Add(2*time.Hour), got.ExpiresAt, 0)
		assert.WithinDuration(t, now, got.IssuedAt, 0)
		assert.WithinDuration(t, now, got.NotBefore, 0)
		assert.Equal(t, "user sso", got.Scope)
		assert.Equal(t, env, got.ProjectID)
		assert.Equal(t, "email", got.ProviderType)
		assert.Equal(t, sub, got.UserID)
		assert.Equal(t, "external", got.UserType)
		assert.Equal(t, []string{"a", "b"}, got.Groups)
		var own struct {
			AtHash string `json:"at_hash"`
		}
		require.NoError(t, got.Decode(&own))
		assert.Equal(t, "r.q1w2e3r4t5y6u7i8o9p0aa", own.AtHash)
	}
	assert.Equal(t, 1, endpoint.count(), "requests")
}

// A person's own token is accepted, and none of the others that the service signs with the same key.
func TestVerifyOnAuthtest(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithClientID("my-app"))
	verificationJWT := map[string]any{ // WIRE.md section 6.3
		"iss": nil, "sub": nil, "aud": nil, "iat": nil, "at_hash": nil, "scope": nil, "project_id": nil, "provider_type": nil,
		"meta": nil, "user_id": nil, "user_type": nil, "e": "somebody@example.com", "pj": srv.Env, "t": "verification",
	}
	withEnv := map[string]any{"project_id": srv.Env, "aud": srv.Env, "iss": srv.URL, "scope": nil, "sub": nil}
	for _, test := range []struct {
		name string
		spec authtest.TokenSpec
		want error // nil: accepted
	}{
		{"a person's", authtest.TokenSpec{}, nil},
		{"near the end of its life", authtest.TokenSpec{Age: 2*time.Hour - time.Second}, nil},
		{"expired within the leeway", authtest.TokenSpec{Age: 2*time.Hour + 50*time.Second}, nil},
		{"expired", authtest.TokenSpec{Age: 2*time.Hour + 61*time.Second}, accesstoken.ErrExpired},
		{"from a clock that is fast", authtest.TokenSpec{Age: -50 * time.Second}, nil},
		{"from the future", authtest.TokenSpec{Age: -62 * time.Second}, accesstoken.ErrNotYetValid},
		{"of another env under the same kid", authtest.TokenSpec{Env: "other-env"}, accesstoken.ErrWrongEnv},
		{"of another project for this client", authtest.TokenSpec{Claims: map[string]any{"project_id": "x"}}, accesstoken.ErrWrongEnv},
		{"for another client", authtest.TokenSpec{Claims: map[string]any{"aud": "my-app"}}, accesstoken.ErrWrongEnv},
		{"anonymous", authtest.TokenSpec{Kind: authtest.AnonymousToken}, accesstoken.ErrAnonymous},
		{"publishable key", authtest.TokenSpec{Kind: authtest.PublishableKey}, accesstoken.ErrPublishableKey},
		{"publishable key for another client", authtest.TokenSpec{Kind: authtest.PublishableKey, Claims: map[string]any{"aud": "my-app"}}, accesstoken.ErrPublishableKey},
		{"older publishable key", authtest.TokenSpec{Kind: authtest.PublishableKey, Claims: map[string]any{"meta": nil}}, accesstoken.ErrPublishableKey},
		{"API key", authtest.TokenSpec{Kind: authtest.APIKey}, accesstoken.ErrAPIKey},
		{"verification JWT", authtest.TokenSpec{Claims: verificationJWT}, accesstoken.ErrNotAccessToken},
		{"without scope and sub", authtest.TokenSpec{Claims: withEnv}, accesstoken.ErrNotAccessToken},
		{"unknown kid", authtest.TokenSpec{Key: authtest.UnknownKey}, accesstoken.ErrUnknownKey},
		{"forged", authtest.TokenSpec{Key: authtest.ForgedKey}, accesstoken.ErrSignature},
		{"wrong issuer", authtest.TokenSpec{Claims: map[string]any{"iss": "https://example.com"}}, accesstoken.ErrWrongIssuer},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			token := srv.IssueToken(test.spec)
			err := verify(t, verifierOf(t, srv), token)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, test.want)
			require.ErrorIs(t, err, accesstoken.ErrInvalidToken)
			assert.NotErrorIs(t, err, accesstoken.ErrUnavailable)
			assertHoldsNothingOf(t, err.Error(), token)
		})
	}
}

// assertHoldsNothingOf: no part of the token is quoted.
func assertHoldsNothingOf(t *testing.T, text, token string) {
	t.Helper()
	for part := range strings.SplitSeq(token, ".") {
		for i := 0; i+16 <= len(part); i += 8 {
			assert.NotContains(t, text, part[i:i+16])
		}
	}
}

func TestVerifyAdmits(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	for _, test := range []struct {
		name   string
		issue  authtest.TokenKind
		option accesstoken.Option
		want   accesstoken.Kind
	}{
		{"anonymous", authtest.AnonymousToken, accesstoken.WithAnonymous(), accesstoken.Anonymous},
		{"publishable key", authtest.PublishableKey, accesstoken.WithPublishableKey(), accesstoken.PublishableKey},
		{"API key", authtest.APIKey, accesstoken.WithAPIKey(), accesstoken.APIKey},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := verifierOf(t, srv, test.option)
			got, err := v.Verify(t.Context(), srv.IssueToken(authtest.TokenSpec{Kind: test.issue}))
			require.NoError(t, err)
			assert.Equal(t, test.want, got.Kind)
			assert.Equal(t, test.name, got.Kind.String())
			for kind := authtest.AccessToken; kind <= authtest.APIKey; kind++ {
				err := verify(t, v, srv.IssueToken(authtest.TokenSpec{Kind: kind}))
				assert.Equal(t, kind == authtest.AccessToken || kind == test.issue, err == nil, "kind %d: %v", kind, err)
				err = verify(t, v, srv.IssueToken(authtest.TokenSpec{Kind: kind, Env: "other-env"}))
				assert.ErrorIs(t, err, accesstoken.ErrWrongEnv, "kind %d", kind)
			}
			issuerless := map[string]any{"iss": nil}
			err = verify(t, v, srv.IssueToken(authtest.TokenSpec{Claims: issuerless}))
			require.ErrorIs(t, err, accesstoken.ErrWrongIssuer, "only API keys come without an issuer")
			err = verify(t, v, srv.IssueToken(authtest.TokenSpec{Kind: test.issue, Claims: map[string]any{"iss": "https://example.com"}}))
			require.ErrorIs(t, err, accesstoken.ErrWrongIssuer)
		})
	}
}

func TestVerifyIssuer(t *testing.T) {
	t.Parallel()
	tencent := func(region string) string {
		return "https://" + env + "." + region + ".tcb-api.tencentcloudapi.com"
	}
	singapore := accesstoken.WithRegion("ap-singapore")
	for _, test := range []struct {
		name   string
		issuer any
		opts   []accesstoken.Option
		want   string // what the error says was expected; "": accepted
	}{
		{"https", issuer, nil, ""},
		{"http", "http" + strings.TrimPrefix(issuer, "https"), nil, ""},
		{"other region", tencent("ap-singapore"), nil, issuer},
		{"the region", tencent("ap-singapore"), []accesstoken.Option{singapore}, ""},
		{"not the region", issuer, []accesstoken.Option{singapore}, tencent("ap-singapore")},
		{"gateway", issuer, []accesstoken.Option{accesstoken.WithGateway()}, ""},
		{"the gateway's own", "https://" + env + ".api.tcloudbasegateway.com", []accesstoken.Option{accesstoken.WithGateway()}, issuer},
		{"intl gateway", tencent("ap-singapore"), []accesstoken.Option{accesstoken.WithIntlGateway(), singapore}, ""},
		{"own", "https://auth.example.com", []accesstoken.Option{accesstoken.WithIssuer("https://a.example", "https://auth.example.com")}, ""},
		{"not the own", issuer, []accesstoken.Option{accesstoken.WithIssuer("https://auth.example.com")}, "https://auth.example.com"},
		{"port", issuer + ":443", nil, issuer},
		{"slash", issuer + "/", nil, issuer},
		{"path", issuer + "/auth", nil, issuer},
		{"longer host", issuer + ".example.com", nil, issuer},
		{"userinfo", "https://x@" + strings.TrimPrefix(issuer, "https://"), nil, issuer},
		{"other scheme", "ftp" + strings.TrimPrefix(issuer, "https"), nil, issuer},
		{"no scheme", strings.TrimPrefix(issuer, "https://"), nil, issuer},
		{"upper case", strings.ToUpper(issuer), nil, issuer},
		{"empty", "", nil, issuer},
		{"absent", nil, nil, issuer},
		{"number", 5, nil, issuer},
		{"list", []string{issuer}, nil, issuer},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := verify(t, verifierAt(t, certs(t), test.opts...), goodToken(t, map[string]any{"iss": test.issuer}))
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, accesstoken.ErrWrongIssuer)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestVerifyAudience(t *testing.T) {
	t.Parallel()
	own := accesstoken.WithAudience("my-app", "my-other-app")
	for _, test := range []struct {
		name string
		aud  any
		opts []accesstoken.Option
		ok   bool
	}{
		{"env", env, nil, true},
		{"other", "my-app", nil, false},
		{"absent", nil, nil, false},
		{"empty", "", nil, false},
		{"number", 1, nil, false},
		{"list with env", []string{"x", env}, nil, true},
		{"list without", []string{"x", "y"}, nil, false},
		{"empty list", []string{}, nil, false},
		{"mixed list", []any{env, 1}, nil, false},
		{"list with null", []any{nil, env}, nil, true},
		{"object", map[string]any{env: env}, nil, false},
		{"other case", strings.ToUpper(env), nil, false},
		{"own", "my-app", []accesstoken.Option{own}, true},
		{"other own", "my-other-app", []accesstoken.Option{own}, true},
		{"env beside own", env, []accesstoken.Option{own}, false},
		{"list with own", []string{"my-app"}, []accesstoken.Option{own}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := verifierAt(t, certs(t), test.opts...)
			err := verify(t, v, goodToken(t, map[string]any{"aud": test.aud}))
			if test.ok {
				require.NoError(t, err)
				err = verify(t, v, goodToken(t, map[string]any{"aud": test.aud, "project_id": "other-env"}))
			}
			require.ErrorIs(t, err, accesstoken.ErrWrongEnv)
		})
	}
}

func TestVerifyTimes(t *testing.T) {
	t.Parallel()
	leeway := func(d time.Duration) []accesstoken.Option { return []accesstoken.Option{accesstoken.WithLeeway(d)} }
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for _, test := range []struct {
		name  string
		claim string
		value any
		opts  []accesstoken.Option
		want  error
	}{
		{"expired for less than a minute", "exp", at(-59 * time.Second), nil, nil},
		{"expired for a minute", "exp", at(-time.Minute), nil, accesstoken.ErrExpired},
		{"expires now, no leeway", "exp", at(0), leeway(0), accesstoken.ErrExpired},
		{"expires in a second, no leeway", "exp", at(time.Second), leeway(0), nil},
		{"more leeway", "exp", at(-time.Hour), leeway(2 * time.Hour), nil},
		{"year 9999", "exp", int64(253402300799), nil, nil},
		{"as a fraction", "exp", float64(at(time.Hour)) + 0.5, nil, nil},
		{"in scientific notation", "exp", jsonNumber("1.8e9"), nil, nil},
		{"epoch", "exp", 0, nil, accesstoken.ErrExpired},
		{"absent", "exp", nil, nil, accesstoken.ErrMalformed},
		{"text", "exp", "4102444800", nil, accesstoken.ErrMalformed},
		{"true", "exp", true, nil, accesstoken.ErrMalformed},
		{"negative", "exp", -1, nil, accesstoken.ErrMalformed},
		{"milliseconds", "exp", now.Add(time.Hour).UnixMilli(), nil, accesstoken.ErrMalformed},
		{"too large", "exp", jsonNumber("1e999"), nil, accesstoken.ErrMalformed},
		{"begins in a minute", "nbf", at(time.Minute), nil, nil},
		{"begins later", "nbf", at(61 * time.Second), nil, accesstoken.ErrNotYetValid},
		{"begins soon, no leeway", "nbf", at(time.Second), leeway(0), accesstoken.ErrNotYetValid},
		{"beginning is text", "nbf", "x", nil, accesstoken.ErrMalformed},
		{"issued in a minute", "iat", at(time.Minute), nil, nil},
		{"issued later", "iat", at(61 * time.Second), nil, accesstoken.ErrNotYetValid},
		{"issue unknown", "iat", nil, nil, nil},
		{"beginning is null", "nbf", jsonNumber("null"), nil, nil},
		{"end is null", "exp", jsonNumber("null"), nil, accesstoken.ErrMalformed},
		{"issued at a list", "iat", []int{1}, nil, accesstoken.ErrMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := verify(t, verifierAt(t, certs(t), test.opts...), goodToken(t, map[string]any{test.claim: test.value}))
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, test.want)
		})
	}
}

type jsonNumber string

func (n jsonNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func TestVerifyScopes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		over map[string]any
		want error
	}{
		{map[string]any{"scope": "user"}, nil},
		{map[string]any{"scope": "sso  user"}, nil},
		{map[string]any{"scope": "user anonymous"}, accesstoken.ErrAnonymous},
		{map[string]any{"scope": "anonymous"}, accesstoken.ErrAnonymous},
		{map[string]any{"scope": "superuser users"}, accesstoken.ErrNotAccessToken},
		{map[string]any{"scope": "sso"}, accesstoken.ErrNotAccessToken},
		{map[string]any{"scope": ""}, accesstoken.ErrNotAccessToken},
		{map[string]any{"scope": []string{"user"}}, accesstoken.ErrNotAccessToken},
		{map[string]any{"scope": nil}, accesstoken.ErrNotAccessToken},
		{map[string]any{"scope": nil, "Scope": "user"}, accesstoken.ErrNotAccessToken},
		{map[string]any{"sub": nil}, accesstoken.ErrNotAccessToken},
		{map[string]any{"sub": ""}, accesstoken.ErrNotAccessToken},
		{map[string]any{"sub": 5}, accesstoken.ErrNotAccessToken},
		{map[string]any{"sub": "anon"}, accesstoken.ErrPublishableKey},
		{map[string]any{"meta": map[string]any{"platform": "PublishableKey"}}, accesstoken.ErrPublishableKey},
		{map[string]any{"meta": map[string]any{"platform": "ApiKey"}}, accesstoken.ErrAPIKey},
		{map[string]any{"meta": map[string]any{"platform": "Another"}}, accesstoken.ErrNotAccessToken},
		{map[string]any{"meta": map[string]any{"platform": 1}}, accesstoken.ErrNotAccessToken},
		{map[string]any{"meta": jsonNumber(`{"platform":"PublishableKey","platform":"ApiKey"}`)}, accesstoken.ErrNotAccessToken},
		{map[string]any{"meta": map[string]any{"platform": nil}}, nil},
		{map[string]any{"meta": map[string]any{"platform": ""}}, nil},
		{map[string]any{"meta": map[string]any{"wxOpenId": "o1", "wxUnionId": "u1"}}, nil},
		{map[string]any{"meta": nil}, nil},
		{map[string]any{"meta": "x"}, nil},
		{map[string]any{"client_type": "client_server"}, accesstoken.ErrAPIKey},
		{map[string]any{"client_type": "client_user"}, nil},
		{map[string]any{"is_system_admin": true}, accesstoken.ErrAPIKey},
		{map[string]any{"is_system_admin": false}, nil},
	} {
		err := verify(t, verifierAt(t, certs(t)), goodToken(t, test.over))
		if test.want == nil {
			assert.NoError(t, err, "%v", test.over)
			continue
		}
		assert.ErrorIs(t, err, test.want, "%v", test.over)
	}
}
