package authtest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// Old keys stay, so that tokens that are out already can be verified.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	certs := func() jose.JSONWebKeySet {
		var set jose.JSONWebKeySet
		status, raw, err := send(t.Context(), srv, http.MethodGet, "/auth/v1/certs", "", nil)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		require.NoError(t, json.Unmarshal(raw, &set))
		return set
	}
	kid := func(token string) string {
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		set := certs()
		keys := set.Key(jws.Signatures[0].Header.KeyID)
		require.Len(t, keys, 1)
		_, err = jws.Verify(keys[0])
		require.NoError(t, err)
		return keys[0].KeyID
	}
	before := signUp(t, srv, phone)
	first := kid(before.text("access_token"))
	assert.Len(t, certs().Keys, 1)
	srv.RotateKey()
	assert.Len(t, certs().Keys, 2)
	ok(t, srv, "user/me", before.text("access_token"), nil)
	after := ok(t, srv, "token", "", refresh(before.text("refresh_token")))
	assert.NotEqual(t, first, kid(after.text("access_token")))
	assert.Equal(t, certs().Keys[0].KeyID, kid(after.text("access_token")))
	assert.Equal(t, first, kid(before.text("access_token")))
	assert.Equal(t, certs().Keys[0].KeyID, kid(srv.IssueToken(authtest.TokenSpec{})))
	srv.Reset()
	assert.Len(t, certs().Keys, 1)
}

func TestRevokingReuse(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
		first := signUp(t, srv, phone)
		second := ok(t, srv, "token", "", refresh(first.text("refresh_token")))
		third := ok(t, srv, "token", "", refresh(second.text("refresh_token")))
		refused(t, srv, "token", "", refresh(first.text("refresh_token")), 400, "invalid_grant", 4026)
		refused(t, srv, "token", "", refresh(third.text("refresh_token")), 400, "invalid_grant", 4026)
		refused(t, srv, "user/me", third.text("access_token"), nil, 401, "unauthenticated", 16)
	})
	t.Run("after the grace", func(t *testing.T) {
		t.Parallel()
		srv := authtest.NewServer(t, authtest.WithRefreshPolicy(authtest.RotatingWithGrace(time.Minute).RevokingReuse()))
		first := signUp(t, srv, phone)
		second := ok(t, srv, "token", "", refresh(first.text("refresh_token")))
		ok(t, srv, "token", "", refresh(first.text("refresh_token")))
		srv.Advance(time.Minute)
		refused(t, srv, "token", "", refresh(first.text("refresh_token")), 400, "invalid_grant", 4026)
		refused(t, srv, "token", "", refresh(second.text("refresh_token")), 400, "invalid_grant", 4026)
	})
	t.Run("another session", func(t *testing.T) {
		t.Parallel()
		srv := authtest.NewServer(t, authtest.Relaxed(), authtest.WithRefreshPolicy(authtest.Rotating().RevokingReuse()))
		srv.Seed(authtest.User{Username: "user_01", Password: password})
		one, other := signIn(t, srv, "user_01"), signIn(t, srv, "user_01")
		ok(t, srv, "token", "", refresh(one.text("refresh_token")))
		refused(t, srv, "token", "", refresh(one.text("refresh_token")), 400, "invalid_grant", 4026)
		ok(t, srv, "token", "", refresh(other.text("refresh_token")))
	})
}

func TestCodeLifetime(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithCodeLifetime(time.Minute))
	sent := ok(t, srv, "verification", "", object{"phone_number": phone})
	assertIs(t, 60, sent["expires_in"])
	code, err := srv.WaitCode(t.Context(), phone)
	require.NoError(t, err)
	in := object{"verification_id": sent["verification_id"], "verification_code": code}
	srv.Advance(time.Minute)
	refused(t, srv, "verification/verify", "", in, 400, "invalid_argument", 3)
}

func TestClientSecret(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithClientSecret("app", "s3cret"), authtest.WithClientID("open"))
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	login := object{"username": "user_01", "password": password}
	session := ok(t, srv, "signin?client_id=app", "", login)
	in := func(extra object) object {
		body := refresh(session.text("refresh_token"))
		for name, value := range extra {
			body[name] = value
		}
		return body
	}
	basic := func(credentials string) []string { return []string{"Authorization", "Basic " + credentials} }
	refused(t, srv, "token?client_id=app", "", in(nil), 400, "unauthorized_client", 4022)
	refused(t, srv, "token?client_id=app", "", in(object{"client_secret": ""}), 400, "unauthorized_client", 4022)
	refused(t, srv, "token?client_id=app", "", in(object{"client_secret": "wrong"}), 400, "unauthorized_client", 4022)
	refused(t, srv, "signin?client_id=app", "", object{"username": "user_01", "password": password, "client_secret": "wrong"},
		400, "unauthorized_client", 4022)
	refused(t, srv, "token", "", in(nil), 400, "unauthorized_client", 4022, basic("YXBwOndyb25n")...) // app:wrong
	session = ok(t, srv, "token?client_id=app", "", in(object{"client_secret": "s3cret"}))
	session = ok(t, srv, "token", "", in(nil), basic("YXBwOnMzY3JldA==")...) // app:s3cret
	assert.NotEmpty(t, session["access_token"])

	session = ok(t, srv, "signin?client_id=open", "", login)
	session = ok(t, srv, "token?client_id=open", "", in(object{"client_secret": "any"}))
	ok(t, srv, "token?client_id=open", "", in(nil))
	refused(t, srv, "token?client_id=stranger", "", in(nil), 400, "unauthorized_client", 4022)
}

func TestMessagesAndHooks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent []authtest.Message
	var seen []authtest.Request
	srv := authtest.NewServer(t, authtest.WithOnMessage(func(m authtest.Message) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, m)
	}), authtest.WithOnRequest(func(r authtest.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
	}))
	ok(t, srv, "verification", "", object{"phone_number": phone})
	ok(t, srv, "verification", "", object{"email": email})
	refused(t, srv, "verification", "", object{"email": email}, 429, "resource_exhausted", 8)
	srv.Fault(authtest.Fault{Operation: "certs", Times: 1, Close: authtest.BeforeCommit})
	body := []byte(`{"phone_number":"+86 13900000000"}`)
	srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Close: authtest.AfterCommit})
	_, _, err := send(t.Context(), srv, http.MethodPost, "/auth/v1/verification", "", body)
	require.Error(t, err)
	_, _, err = try(t, srv, "certs", "", nil)
	require.Error(t, err)
	require.NoError(t, srv.Close())

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, sent, 3)
	all := srv.Messages("")
	assert.Equal(t, []authtest.Message{all[2], all[1], all[0]}, sent)
	assert.Equal(t, sent[:1], srv.Messages("138-0000-0000"))
	assert.Equal(t, email, sent[1].To)
	assert.Equal(t, "email", sent[1].Channel)
	assert.Empty(t, srv.Messages("nobody"))
	assert.Equal(t, []int{200, 200, 429, 0, 0}, statuses(seen))
}

// The caller has the answer before the functions are told of it, however long they take.
func TestHooksDoNotDelayAnswers(t *testing.T) {
	t.Parallel()
	codes := make(chan string)
	srv := authtest.NewServer(t, authtest.WithOnMessage(func(m authtest.Message) { codes <- m.Code }))
	ok(t, srv, "verification", "", object{"phone_number": phone})
	assert.Equal(t, srv.Messages(phone)[0].Code, <-codes)
}

// What floods the server does not fill its log.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	many := object{strings.Repeat("n", 1<<19): 1}
	for i := range 1000 {
		many["field"+strconv.Itoa(i)] = 1
	}
	_, _, err := try(t, srv, "signin?"+strings.Repeat("q", 10_000)+"=1", "", many, "User-Agent", strings.Repeat("u", 10_000))
	require.NoError(t, err)
	_, _, err = try(t, srv, "nothing/13800000000"+strings.Repeat("p", 10_000), "", object{})
	require.NoError(t, err)
	requests, err := json.Marshal(srv.Requests())
	require.NoError(t, err)
	assert.Less(t, len(requests), 8000)
	assert.NotContains(t, string(requests), "13800000000")
}

func TestMiniProgram(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	in := object{"envId": srv.Env, "wxAppId": "wx1"}
	shown := ok(t, srv, "qrcode/generate", "", in)
	assert.Regexp(t, "^data:image/png;base64,", shown["qr_code"])
	status := object{"qrCodeId": shown["qr_code_id"], "envId": srv.Env, "wxAppId": "wx1"}
	assert.Equal(t, "PENDING", ok(t, srv, "qrcode/get/status", "", status)["status"])
	srv.ScanQRCode(shown.text("qr_code_id"), authtest.ProviderUser{Sub: "o-1", Name: "Ann"})
	srv.Advance(4 * time.Minute)
	scanned := ok(t, srv, "qrcode/get/status", "", status)
	assert.Equal(t, "SUCCESS", scanned["status"])
	assert.InDelta(t, 3600-240, scanned["expires_in"], 60, "of the provider_token, not from now on")
	session := ok(t, srv, "signin/with/provider", "", object{"provider_token": scanned["provider_token"]})
	assert.Equal(t, "Ann", ok(t, srv, "user/me", session.text("access_token"), nil)["name"])
	assert.Equal(t, "Ann", ok(t, srv, "plugin/weda/userinfo", session.text("access_token"), nil)["name"])

	shown = ok(t, srv, "qrcode/generate", "", in)
	srv.Advance(5 * time.Minute)
	status["qrCodeId"] = shown["qr_code_id"]
	assert.Equal(t, "EXPIRED", ok(t, srv, "qrcode/get/status", "", status)["status"])
	refused(t, srv, "qrcode/get/status", "", object{"qrCodeId": "x"}, 404, "not_found", 5)
	refused(t, srv, "qrcode/generate", "", object{"envId": "other", "wxAppId": "wx1"}, 400, "invalid_argument", 3)
	refused(t, srv, "qrcode/generate", "", object{"envId": srv.Env}, 400, "invalid_argument", 3)
	assert.Equal(t, object{"id": "weda", "provider_sub_type": ""},
		ok(t, srv, "mgr/provider/providerSubType", "", object{"provider_id": "weda"}))
	refused(t, srv, "mgr/provider/providerSubType", "", object{}, 400, "invalid_argument", 3)

	fake := &fakeT{}
	authtest.NewServer(fake).ScanQRCode("x", authtest.ProviderUser{Sub: "1"})
	assert.Len(t, fake.finish(), 1)
}

// A month of a session's life, with both sides on the bubble's clock: the server in memory needs no time for it.
func TestMonthInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		session := signUp(t, srv, phone)
		for range 30 * 12 {
			<-time.After(2 * time.Hour)
			refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)
			session = ok(t, srv, "token", "", refresh(session.text("refresh_token")))
		}
		assert.Equal(t, 30*24*time.Hour, srv.Now().Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
		ok(t, srv, "user/me", session.text("access_token"), nil)
	})
}

func TestManyServers(t *testing.T) {
	t.Parallel()
	for range 200 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			srv := authtest.NewServer(t)
			session := signUp(t, srv, phone)
			session = ok(t, srv, "token", "", refresh(session.text("refresh_token")))
			ok(t, srv, "user/me", session.text("access_token"), nil)
			assert.Equal(t, 1, srv.Count("signup"))
		})
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, op := range authtest.Operations() {
		name := op.Method + " " + op.Name
		assert.False(t, seen[name], name)
		seen[name] = true
		assert.Contains(t, []authtest.Evidence{authtest.Live, authtest.Doc, authtest.SDK}, op.Evidence, name)
		assert.Regexp(t, `^[4-7]\.[0-9]$`, op.Section, name)
	}
	assert.True(t, seen["DELETE user/me"])
}
