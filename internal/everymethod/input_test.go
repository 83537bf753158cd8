package everymethod_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

func TestNewRefusesEnvironment(t *testing.T) {
	t.Parallel()
	for _, env := range []string{
		"", " ", "a b", "env/x", "env.example", "env@evil.example", "env?x", "env#x", "env:1", "-env", "env-", "环境",
		"env\r\nx", "env\n", "%65nv", "env\\x", strings.Repeat("a", 64),
	} {
		_, err := tcbauth.New(env)
		require.Error(t, err, "%q", env)
		assert.Contains(t, err.Error(), "env", "%q", env)
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	}
	for _, env := range []string{"a", "env-1a2b3c", "ENV1", strings.Repeat("a", 63)} {
		auth, err := tcbauth.New(env)
		require.NoError(t, err, "%q", env)
		assert.Equal(t, env, auth.Env())
		assert.Equal(t, "https://"+env+".ap-shanghai.tcb-api.tencentcloudapi.com", auth.BaseURL())
	}
}

func TestOptionsRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		opts []tcbauth.Option
		text string // in the error
	}{
		"nil option":             {[]tcbauth.Option{nil}, "nil Option"},
		"nil store":              {[]tcbauth.Option{tcbauth.WithTokenStore(nil)}, "WithTokenStore"},
		"nil client":             {[]tcbauth.Option{tcbauth.WithHTTPClient(nil)}, "WithHTTPClient"},
		"nil clock":              {[]tcbauth.Option{tcbauth.WithClock(nil)}, "WithClock"},
		"nil policy":             {[]tcbauth.Option{tcbauth.WithPasswordPolicy(nil)}, "WithPasswordPolicy"},
		"no timeout":             {[]tcbauth.Option{tcbauth.WithTimeout(0)}, "WithTimeout"},
		"no attempts":            {[]tcbauth.Option{tcbauth.WithMaxAttempts(0)}, "WithMaxAttempts"},
		"negative attempts":      {[]tcbauth.Option{tcbauth.WithMaxAttempts(-1)}, "WithMaxAttempts"},
		"too many attempts":      {[]tcbauth.Option{tcbauth.WithMaxAttempts(11)}, "WithMaxAttempts"},
		"negative timeout":       {[]tcbauth.Option{tcbauth.WithTimeout(-time.Second)}, "WithTimeout"},
		"negative TTL":           {[]tcbauth.Option{tcbauth.WithSessionTTL(-1)}, "WithSessionTTL"},
		"no client id":           {[]tcbauth.Option{tcbauth.WithClientID("")}, "WithClientID"},
		"no access key":          {[]tcbauth.Option{tcbauth.WithAccessKey("")}, "WithAccessKey"},
		"access key with line":   {[]tcbauth.Option{tcbauth.WithAccessKey("planted\r\nX: y")}, "WithAccessKey"},
		"no region":              {[]tcbauth.Option{tcbauth.WithRegion("")}, "WithRegion"},
		"region in capitals":     {[]tcbauth.Option{tcbauth.WithRegion("AP-Shanghai")}, "WithRegion"},
		"region with dot":        {[]tcbauth.Option{tcbauth.WithRegion("ap.evil")}, "WithRegion"},
		"region with slash":      {[]tcbauth.Option{tcbauth.WithRegion("ap/evil")}, "WithRegion"},
		"no language":            {[]tcbauth.Option{tcbauth.WithLanguage("")}, "WithLanguage"},
		"language with blank":    {[]tcbauth.Option{tcbauth.WithLanguage("en US")}, "WithLanguage"},
		"language, underscore":   {[]tcbauth.Option{tcbauth.WithLanguage("zh_CN")}, "WithLanguage"},
		"language, bad q":        {[]tcbauth.Option{tcbauth.WithLanguage("zh-CN;q=7")}, "WithLanguage"},
		"language with line":     {[]tcbauth.Option{tcbauth.WithLanguage("en\r\nX: y")}, "WithLanguage"},
		"short device id":        {[]tcbauth.Option{tcbauth.WithDeviceID("0123456789abcde")}, "WithDeviceID"},
		"long device id":         {[]tcbauth.Option{tcbauth.WithDeviceID(strings.Repeat("0", 49))}, "WithDeviceID"},
		"device id with line":    {[]tcbauth.Option{tcbauth.WithDeviceID("0123456789abcdef\r\nX: y")}, "WithDeviceID"},
		"two gateways":           {[]tcbauth.Option{tcbauth.WithGateway(), tcbauth.WithIntlGateway()}, "WithIntlGateway"},
		"base URL with path":     {[]tcbauth.Option{tcbauth.WithBaseURL("https://a.example/auth/v1")}, "/auth/v1: write https://a.example"},
		"... and slash":          {[]tcbauth.Option{tcbauth.WithBaseURL("https://a.example/tcb/auth/v2//")}, "/auth/v2: write https://a.example/tcb"},
		"... without version":    {[]tcbauth.Option{tcbauth.WithBaseURL("https://a.example:1//auth")}, "/auth: write https://a.example:1"},
		"gateway, then base URL": {[]tcbauth.Option{tcbauth.WithGateway(), tcbauth.WithBaseURL("https://a.example")}, "WithBaseURL"},
		"base URL, then gateway": {[]tcbauth.Option{tcbauth.WithBaseURL("https://a.example"), tcbauth.WithGateway()}, "WithGateway"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth, err := tcbauth.New("env", tt.opts...)
			require.Error(t, err)
			assert.Nil(t, auth)
			assert.Contains(t, err.Error(), tt.text)
			require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
			testbed.AssertNoSecret(t, "error", err.Error())
		})
	}
	_, err := tcbauth.New("env", tcbauth.WithLogger(nil), tcbauth.WithSessionTTL(0), tcbauth.WithClientSecret(""), tcbauth.WithGateway(), tcbauth.WithGateway())
	require.NoError(t, err)
}

func TestWithBaseURL(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://api.example.com":       "https://api.example.com",
		"https://api.example.com/":      "https://api.example.com",
		"https://api.example.com/tcb//": "https://api.example.com/tcb",
		"https://192.0.2.1:8443":        "https://192.0.2.1:8443",
		"http://127.0.0.1:8080":         "http://127.0.0.1:8080",
		"http://127.0.0.2":              "http://127.0.0.2",
		"http://[::1]:8080":             "http://[::1]:8080",
		"http://localhost:8080":         "http://localhost:8080",
		"http://LOCALHOST":              "http://LOCALHOST",
		"http://env.localhost":          "http://env.localhost",
		"https://auth":                  "https://auth",
		"https://auth/v1":               "https://auth/v1",
		"https://a.example/my-auth":     "https://a.example/my-auth",
		"https://a.example/auth/proxy":  "https://a.example/auth/proxy",
	} {
		auth, err := tcbauth.New("env", tcbauth.WithBaseURL(base))
		require.NoError(t, err, base)
		assert.Equal(t, want, auth.BaseURL(), base)
	}
	for _, base := range []string{
		"", "api.example.com", "//api.example.com", "api.example.com:443", "ftp://api.example.com", "https:api.example.com",
		"https://", "https:///auth", "https://:443", "https://api.example.com\r\nX: y", "https://[::1",
		"https://user@api.example.com", "https://user:planted@api.example.com", "https://@api.example.com",
		"https://api.example.com?x=1", "https://api.example.com/?", "https://api.example.com#x",
		"http://api.example.com", "http://192.0.2.1", "http://0.0.0.0", "http://10.0.0.1", "http://localhost.example.com",
		"http://127.0.0.1.example.com", "http://notlocalhost", "http://2130706433", "http://[2001:db8::1]",
	} {
		_, err := tcbauth.New("env", tcbauth.WithBaseURL(base))
		if assert.Error(t, err, "%q", base) {
			assert.Contains(t, err.Error(), "WithBaseURL", "%q", base)
			testbed.AssertNoSecret(t, "error", err.Error())
		}
	}
}

// badInput is a call that must be refused before anything is sent.
type badInput struct {
	method string
	req    any
	field  string // that the error names
}

var badInputs = map[string]badInput{
	"no phone and no mail":      {"GetVerification", tcbauth.GetVerificationRequest{}, "phone_number"},
	"phone and mail":            {"GetVerification", tcbauth.GetVerificationRequest{PhoneNumber: testbed.PlantedPhone, Email: testbed.PlantedEmail}, "phone_number"},
	"malformed phone":           {"GetVerification", tcbauth.GetVerificationRequest{PhoneNumber: "planted"}, "phone_number"},
	"short phone":               {"GetVerification", tcbauth.GetVerificationRequest{PhoneNumber: "+86 1391234567"}, "phone_number"},
	"malformed mail":            {"GetVerification", tcbauth.GetVerificationRequest{Email: "planted"}, "email"},
	"mail with a line":          {"GetVerification", tcbauth.GetVerificationRequest{Email: "planted@example.com\nBcc: x@example.com"}, "email"},
	"verify: no id":             {"Verify", tcbauth.VerifyRequest{VerificationCode: testbed.PlantedCode}, "verification_id"},
	"verify: no code":           {"Verify", tcbauth.VerifyRequest{VerificationID: testbed.PlantedID}, "verification_code"},
	"verify: code not digits":   {"Verify", tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: "planted"}, "verification_code"},
	"verify: other digits":      {"Verify", tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: "12345٣"}, "verification_code"},
	"sign in: code not digits":  {"SignIn", tcbauth.SignInRequest{Username: testbed.PlantedUser, VerificationCode: "planted"}, "verification_code"},
	"sign up: code not digits":  {"SignUp", tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone, VerificationCode: "planted"}, "verification_code"},
	"verify: token as code":     {"Verify", tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: strings.Repeat("1", 17)}, "verification_code"},
	"verify: version":           {"Verify", tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode, Version: "v3"}, "version"},
	"sign in: no name":          {"SignIn", tcbauth.SignInRequest{Password: testbed.PlantedPassword}, "username"},
	"sign in: no password":      {"SignIn", tcbauth.SignInRequest{Username: testbed.PlantedUser}, "password"},
	"sign in: version":          {"SignIn", tcbauth.SignInRequest{Username: testbed.PlantedUser, Password: testbed.PlantedPassword, Version: "../v1"}, "version"},
	"password: no name":         {"SignInWithPassword", tcbauth.SignInWithPasswordRequest{Password: testbed.PlantedPassword}, "username"},
	"password: none":            {"SignInWithPassword", tcbauth.SignInWithPasswordRequest{Username: testbed.PlantedUser}, "password"},
	"password: phone":           {"SignInWithPassword", tcbauth.SignInWithPasswordRequest{Phone: "planted", Password: testbed.PlantedPassword}, "phone"},
	"password: mail":            {"SignInWithPassword", tcbauth.SignInWithPasswordRequest{Email: "planted", Password: testbed.PlantedPassword}, "email"},
	"sms: no phone":             {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationInfo: someInfo, VerificationCode: testbed.PlantedCode}, "phoneNum"},
	"sms: malformed phone":      {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationInfo: someInfo, VerificationCode: testbed.PlantedCode, PhoneNum: "+86"}, "phoneNum"},
	"sms: no info":              {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationCode: testbed.PlantedCode, PhoneNum: testbed.PlantedPhone}, "verification_id"},
	"sms: no id":                {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationInfo: &tcbauth.VerificationInfo{}, VerificationCode: testbed.PlantedCode, PhoneNum: testbed.PlantedPhone}, "verification_id"},
	"sms: no code":              {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationInfo: someInfo, PhoneNum: testbed.PlantedPhone}, "verificationCode"},
	"sms: code not digits":      {"SignInWithSms", tcbauth.SignInWithSmsRequest{VerificationInfo: someInfo, VerificationCode: "planted", PhoneNum: testbed.PlantedPhone}, "verificationCode"},
	"mail: no address":          {"SignInWithEmail", tcbauth.SignInWithEmailRequest{VerificationInfo: someInfo, VerificationCode: testbed.PlantedCode}, "email"},
	"mail: no info":             {"SignInWithEmail", tcbauth.SignInWithEmailRequest{VerificationCode: testbed.PlantedCode, Email: testbed.PlantedEmail}, "verification_id"},
	"mail: no code":             {"SignInWithEmail", tcbauth.SignInWithEmailRequest{VerificationInfo: someInfo, Email: testbed.PlantedEmail}, "verificationCode"},
	"sign up: nobody":           {"SignUp", tcbauth.SignUpRequest{VerificationToken: testbed.PlantedVerification}, "phone_number"},
	"sign up: phone and mail":   {"SignUp", tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone, Email: testbed.PlantedEmail, VerificationToken: testbed.PlantedVerification}, "phone_number"},
	"sign up: malformed phone":  {"SignUp", tcbauth.SignUpRequest{PhoneNumber: "planted", VerificationToken: testbed.PlantedVerification}, "phone_number"},
	"sign up: no proof":         {"SignUp", tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone}, "verification_token"},
	"sign up: short password":   {"SignUp", tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone, VerificationToken: testbed.PlantedVerification, Password: "planted"}, "password"},
	"sign up: letters only":     {"SignUp", tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone, VerificationToken: testbed.PlantedVerification, Password: "planted-planted"}, "password"},
	"sign up: password, no law": {"SignUp", tcbauth.SignUpRequest{ProviderToken: testbed.PlantedProvider, Password: "1234567890"}, "password"},
	"user info: version":        {"GetUserInfo", tcbauth.GetUserInfoRequest{Version: "v3"}, "version"},
	"refresh: version":          {"RefreshTokenForce", tcbauth.RefreshTokenForceRequest{Version: "V2"}, "version"},
	"set: no token":             {"SetCredentials", &tcbauth.Credentials{ExpiresIn: 60}, "access_token"},
	"set: no end":               {"SetCredentials", &tcbauth.Credentials{AccessToken: testbed.PlantedAccess}, "expires_in"},
}

var someInfo = &tcbauth.VerificationInfo{VerificationID: testbed.PlantedID, IsUser: true}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, tt := range badInputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
			store := testbed.SessionStore(t)
			before, err := store.Get(t.Context(), testbed.PeerKey)
			require.NoError(t, err)
			_, err = testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, store).Auth(), tt.method, testbed.MethodRow{Req: tt.req})
			require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
			var invalid *tcbauth.ValidationError
			require.ErrorAs(t, err, &invalid)
			assert.Contains(t, invalid.Field, tt.field)
			assert.Contains(t, err.Error(), tt.field)
			e := testbed.ErrorOf(t, err)
			assert.Equal(t, tt.method, e.Op)
			assert.Equal(t, tcbauth.CategoryInvalidParams, e.Category)
			assert.Empty(t, p.Requests())
			after, err := store.Get(t.Context(), testbed.PeerKey)
			require.NoError(t, err)
			assert.Equal(t, before, after, "the session")
		})
	}
}

// A policy's own error can be found, and its text, which may quote the password, cannot.
func TestPasswordPolicyError(t *testing.T) {
	t.Parallel()
	errTooCommon := errors.New("planted-Passw0rd is too common")
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
	policy := tcbauth.WithPasswordPolicy(func(password string) error {
		if password == testbed.PlantedPassword {
			return errTooCommon
		}
		return nil
	})
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore(), policy).Auth()
	req := tcbauth.SignUpRequest{PhoneNumber: testbed.PlantedPhone, VerificationToken: testbed.PlantedVerification, Password: testbed.PlantedPassword}
	_, err := auth.SignUp(t.Context(), req)
	require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	testbed.RequireError(t, err)
	assert.Empty(t, p.Requests())
	assert.ErrorIs(t, err, errTooCommon)

	req.Password = "weak" // which is for the policy to say
	_, err = auth.SignUp(t.Context(), req)
	require.NoError(t, err)
}

func TestForTokenMethods(t *testing.T) {
	t.Parallel()
	forEachMethod(t, nil, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return row.Good() }}
		app := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, append(row.Opts, tcbauth.WithAccessKey(testbed.PlantedKey))...)
		_, err := testbed.CallMethod(t.Context(), app.ForToken(testbed.PlantedAccess), name, row)
		if err != nil { // it would have to store a session
			require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
			testbed.RequireError(t, err)
			assert.Empty(t, p.Requests())
			return
		}
		for _, r := range p.Requests() {
			if bearer := r.Header.Get("Authorization"); bearer != "" {
				assert.Equal(t, "Bearer "+testbed.PlantedAccess, bearer)
			}
		}
	})
}

func TestForTokenRefused(t *testing.T) {
	t.Parallel()
	forEachMethod(t, testbed.MethodRow.Sends, func(t *testing.T, name string, row testbed.MethodRow) {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
			return testbed.Reply(401, `{"error":"unauthenticated","error_code":16}`)
		}}
		_, err := testbed.CallMethod(t.Context(), testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, row.Opts...).ForToken(testbed.PlantedAccess), name, row)
		switch {
		case row.Ended && err == nil:
			assert.Len(t, p.Requests(), 1)
		case errors.Is(err, tcbauth.ErrInvalidParams):
			assert.Empty(t, p.Requests())
		default:
			require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
			assert.Equal(t, 401, testbed.ErrorOf(t, err).StatusCode)
			assert.Len(t, p.Requests(), 1)
		}
	})
}

func TestForToken(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
	app := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, tcbauth.WithDeviceID("device-0123456789"))
	storing := []string{
		"SignIn", "SignInWithPassword", "SignInWithSms", "SignInWithEmail", "SignUp", "Verify/v2", "SetCredentials",
		"RefreshSession", "RefreshSession/another", "RefreshTokenForce",
	}
	for _, name := range storing {
		_, err := testbed.CallMethod(t.Context(), app.ForToken(testbed.PlantedAccess), name, testbed.MethodRows[name])
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams, name)
	}
	assert.Empty(t, p.Requests())

	auth := app.ForToken(testbed.PlantedAccess)
	token, err := auth.GetAccessToken(t.Context())
	require.NoError(t, err)
	assert.Equal(t, testbed.PlantedAccess, token)
	_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	require.NoError(t, err)
	require.NoError(t, auth.SignOut(t.Context()))
	got := p.Requests()
	require.Len(t, got, 2)
	assert.Equal(t, "Bearer "+testbed.PlantedAccess, got[0].Header.Get("Authorization"))
	assert.JSONEq(t, `{"token":"`+testbed.PlantedAccess+`"}`, got[1].Text)
	assert.Equal(t, "device-0123456789", got[0].Header.Get("X-Device-Id"), "the device id of WithDeviceID")
}

func TestForTokenThatNoHeaderCarries(t *testing.T) {
	t.Parallel()
	_, err := testbed.NewPeerApp(t, &testbed.Peer{}, testbed.Untouchable{TB: t}).ForToken("").GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
	require.ErrorIs(t, err, tcbauth.ErrNoSession, "a request without a token")
	for _, token := range []string{" ", "tok\r\nX: y", "tok\nX: y", "tok y", "tok\x00", "tök", "tok\n"} {
		p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
		auth := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}).ForToken(token)
		_, err := auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams, "%q", token)
		_, err = auth.GetAccessToken(t.Context())
		require.ErrorIs(t, err, tcbauth.ErrInvalidParams, "%q", token)
		assert.Empty(t, p.Requests())
	}
}

// As with ForToken: the failure belongs where the token is given, and not into each call after that.
func TestSetCredentialsThatNoHeaderCarries(t *testing.T) {
	t.Parallel()
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	err := auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: testbed.PlantedAccess + "\r\nX-Evil: y", ExpiresIn: 60})
	require.ErrorIs(t, err, tcbauth.ErrInvalidParams)
	testbed.RequireError(t, err)
}

func TestContextValues(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ id, language, wantID, wantLanguage string }{
		"given":             {"request-1", "en-US", "request-1", "en-US"},
		"longest":           {strings.Repeat("i", 128), strings.Repeat("ja,", 341), strings.Repeat("i", 128), strings.Repeat("ja,", 341)},
		"several languages": {"request-1", "da, en-gb;q=0.8,\ten;q=0.7, *;q=0", "request-1", "da, en-gb;q=0.8,\ten;q=0.7, *;q=0"},
		"blanks around":     {"request-1", " zh-TW,zh;q=0.9 ", "request-1", "zh-TW,zh;q=0.9"},
		"a bad q":           {"request-1", "zh-CN,en;q=7", "request-1", "fr-FR"},
		"underscore":        {"request-1", "zh_CN", "request-1", "fr-FR"},
		"none":              {"", "", "", "fr-FR"},
		"too long":          {strings.Repeat("i", 129), strings.Repeat("ja,", 342), "", "fr-FR"},
		"a line":            {"id\r\nX-Evil: y", "en\r\nX-Evil: y", "", "fr-FR"},
		"not in ASCII":      {"标识", "中文", "", "fr-FR"},
		"blank":             {"a b", "en US", "", "fr-FR"},
		"a line at the end": {"id\n", "en\n", "", "fr-FR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithLanguage("fr-FR")).Auth()
			ctx := tcbauth.ContextWithLanguage(tcbauth.ContextWithRequestID(t.Context(), tt.id), tt.language)
			_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			require.Len(t, p.Requests(), 1)
			header := p.Requests()[0].Header
			assert.Equal(t, tt.wantLanguage, header.Get("Accept-Language"))
			assert.NotContains(t, header, "X-Evil")
			if tt.wantID != "" {
				assert.Equal(t, tt.wantID, header.Get("X-Request-Id"))
			} else {
				assert.Len(t, header.Get("X-Request-Id"), 36)
				assert.NotEqual(t, tt.id, header.Get("X-Request-Id"))
			}
		})
	}
}

// Nothing that an option is given may be logged or asked of the network before the first call.
func TestNewDoesNothing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(200, testbed.GoodAnswer) }}
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	app := testbed.NewPeerApp(t, p, testbed.Untouchable{TB: t}, tcbauth.WithLogger(logger))
	app.ForUser("somebody")
	app.ForToken(testbed.PlantedAccess)
	app.Auth().OnAuthStateChange(func(tcbauth.AuthEvent) {})()
	_ = tcbauth.ContextWithLanguage(context.Background(), "en")
	assert.Empty(t, p.Requests())
	assert.Empty(t, out.String())
}
