package authtest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// Overlong headers are cut in the history, so that a state stays small.
func TestHistoryIsCut(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	long := strings.Repeat("x", 10_000)
	ok(t, srv, "signin", "", object{"username": "user_01", "password": password}, "User-Agent", long, "X-Device-Id", long)
	state, err := srv.SaveState()
	require.NoError(t, err)
	assert.NotContains(t, string(state), strings.Repeat("x", 1000))
	assert.Contains(t, string(state), strings.Repeat("x", 100)+"...")
	refused(t, srv, "signin/anonymously", "", object{}, 400, "invalid_argument", 3, "X-Device-Id", long)
}

func TestProfile(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password, Name: "n", Phone: phone, Email: email},
		authtest.User{Sub: "2", Username: "user_02"},
	)
	bearer := signIn(t, srv, "user_01").text("access_token")
	const path = "PATCH user/profile"
	changed := ok(t, srv, path, bearer, object{
		"name": "n3", "picture": "https://p/3.png", "gender": "FEMALE", "locale": "zh-cn", "address": object{"country": "CN"},
		"username": "user_03", "phone_number": phone, "email": "A@B.cn", "sub": "9", "unknown": "x",
	})
	wants := object{
		"sub": "1", "name": "n3", "picture": "https://p/3.png", "gender": "FEMALE", "locale": "zh-cn", "username": "user_03",
		"phone_number": phone, "email": email, "address": map[string]any{"country": "CN"},
	}
	for name, want := range wants {
		assert.Equal(t, want, changed[name], name)
	}
	assert.NotContains(t, changed, "unknown")
	assert.Equal(t, changed, ok(t, srv, "user/me", bearer, nil))
	assert.NotContains(t, ok(t, srv, path, bearer, object{"picture": ""}), "picture")

	refused(t, srv, path, bearer, object{"username": "user_02"}, 409, "already_exists", 6)
	refused(t, srv, path, bearer, object{"username": "User"}, 400, "invalid_argument", 3)
	refused(t, srv, path, bearer, object{"gender": "X"}, 400, "invalid_argument", 3)
	refused(t, srv, path, bearer, object{"phone_number": "+86 13900000000"}, 400, "invalid_argument", 3)
	refused(t, srv, path, bearer, object{"email": "c@d.cn"}, 400, "invalid_argument", 3)
	refused(t, srv, path, "", object{}, 401, "unauthenticated", 16)
}

func TestBasicEdit(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password},
		authtest.User{Sub: "2", Username: "user_02", Phone: phone, Email: email},
	)
	bearer := signIn(t, srv, "user_01").text("access_token")
	const path = "user/basic/edit"
	assert.Empty(t, ok(t, srv, path, bearer, object{
		"user_id": "1", "nickname": "n2", "username": "User.02", "gender": "FEMALE", "description": "d",
		"avatar_url": "https://p/2.png", "phone": "+86 13900000000", "email": "c@d.cn",
	}))
	me := ok(t, srv, "user/me", bearer, nil)
	wants := object{
		"name": "n2", "username": "User.02", "gender": "FEMALE", "user_desc": "d", "picture": "https://p/2.png",
		"phone_number": "+86 13900000000", "email": "c@d.cn",
	}
	for name, want := range wants {
		assert.Equal(t, want, me[name], name)
	}
	refused(t, srv, path, bearer, object{"username": "user_02"}, 409, "username_already_exists", 409)
	refused(t, srv, path, bearer, object{"user_id": "2", "nickname": "n2"}, 403, "permission_denied", 7)
	refused(t, srv, path, bearer, object{"phone": phone}, 400, "failed_precondition", 9)
	refused(t, srv, path, bearer, object{"email": "A@b.cn"}, 400, "failed_precondition", 9)
	for name, value := range map[string]string{
		"nickname": "n", "username": "张三", "gender": "X", "phone": "1", "email": "x", "encrypt_new_password": "x",
	} {
		refused(t, srv, path, bearer, object{name: value}, 400, "invalid_argument", 3)
	}

	thumbprint, encrypt := encryptor(t, srv)
	change := func(old, next string) object {
		return object{"encrypt_password": encrypt(old), "encrypt_new_password": encrypt(next), "public_key_thumbprint": thumbprint}
	}
	refused(t, srv, path, bearer, change("x", "passw0rd2"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, path, bearer, change("", "passw0rd2"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, path, bearer, change(password, "short"), 400, "invalid_argument", 3)
	assert.Empty(t, ok(t, srv, path, bearer, change(password, "passw0rd2")))
	ok(t, srv, "signin", "", object{"username": "User.02", "password": "passw0rd2"})
	bearer = signUp(t, srv, "+86 13700000000").text("access_token")
	ok(t, srv, path, bearer, change("", password))
	signIn(t, srv, "+86 13700000000")
	bearer = ok(t, srv, "signin/anonymously", "", object{}).text("access_token")
	refused(t, srv, path, bearer, change("", password), 403, "permission_denied", 7)
}

func TestLookUps(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(
		authtest.User{Sub: "1", Username: "user_01", Password: password, Phone: phone, Name: "n"},
		authtest.User{Sub: "2", Username: "user_02", Email: email, Picture: "https://p/2.png"},
	)
	bearer := signIn(t, srv, "user_01").text("access_token")
	subs := func(query string) []any {
		t.Helper()
		out := ok(t, srv, "user/query?"+query, bearer, nil)
		found := []any{}
		for _, person := range out["data"].([]any) {
			found = append(found, person.(map[string]any)["sub"])
		}
		assertIs(t, len(found), out["total"])
		return found
	}
	assert.Equal(t, []any{"2"}, subs("username=user_02"))
	assert.Equal(t, []any{"1"}, subs("phone_number="+url.QueryEscape(phone)))
	assert.Equal(t, []any{"2"}, subs("email=A@B.cn"))
	assert.Equal(t, []any{"2", "1"}, subs("id=2&id=1,3"))
	assert.Empty(t, subs("username=nobody"))
	refused(t, srv, "user/query", bearer, nil, 400, "invalid_argument", 3)
	refused(t, srv, "user/query?id="+strings.Repeat("1,", 51), bearer, nil, 400, "invalid_argument", 3)
	refused(t, srv, "user/query?username=user_02", "", nil, 401, "unauthenticated", 16)

	assert.Equal(t, object{"exist": true}, ok(t, srv, "checkIfUserExist?username=user_02", "", nil))
	assert.Equal(t, object{"exist": false}, ok(t, srv, "checkIfUserExist?username=nobody", "", nil))
	refused(t, srv, "checkIfUserExist", "", nil, 400, "invalid_argument", 3)
	assert.Empty(t, ok(t, srv, "GET checkUsername", bearer, object{"username": "user_03"}))
	assert.Empty(t, ok(t, srv, "checkUsername?username=user_01", bearer, nil), "one's own")
	refused(t, srv, "GET checkUsername", bearer, object{"username": "user_02"}, 409, "already_exists", 6)
	refused(t, srv, "GET checkUsername", bearer, object{"username": "User"}, 400, "invalid_argument", 3)
	refused(t, srv, "checkUsername", bearer, nil, 400, "invalid_argument", 3)
}

func TestHistory(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	var bearer string
	for range 3 {
		bearer = signIn(t, srv, "user_01").text("access_token")
	}
	ok(t, srv, "PATCH user/password", bearer, object{"old_password": password, "new_password": "passw0rd2"})
	logins := "user/security/history?" + url.QueryEscape("query[action]") + "=USER_LOGIN&limit=2"
	page := ok(t, srv, logins, bearer, nil)
	assertIs(t, 3, page["total"])
	assert.Len(t, page["data"], 2)
	entry := page["data"].([]any)[0].(map[string]any)
	assert.Equal(t, "USER_LOGIN", entry["action"])
	assert.Equal(t, device, entry["device_id"])
	assert.Equal(t, "127.0.0.1", entry["ip"])
	assert.Equal(t, "authtest", entry["client_id"])
	page = ok(t, srv, logins+"&page_token="+page.text("page_token"), bearer, nil)
	assert.Len(t, page["data"], 1)
	assert.NotContains(t, page, "page_token")
	page = ok(t, srv, "user/security/history?ne_query[action]=USER_LOGIN&limit=10", bearer, nil)
	assertIs(t, 1, page["total"])
	assert.NotEqual(t, "USER_LOGIN", page["data"].([]any)[0].(map[string]any)["action"])
	for _, bad := range []string{"limit=0", "limit=x", "page_token=-1"} {
		refused(t, srv, "user/security/history?"+bad, bearer, nil, 400, "invalid_argument", 3)
	}
}

func TestDeleteMe(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	session := signIn(t, srv, "user_01")
	bearer := session.text("access_token")
	sudo := ok(t, srv, "user/sudo", bearer, object{"password": password}).text("sudo_token")
	refused(t, srv, "DELETE user/me", bearer, nil, 403, "permission_denied", 7)
	refused(t, srv, "DELETE user/me?sudo_token=x", bearer, nil, 403, "permission_denied", 7)
	issued := ok(t, srv, "device/code", "", object{})
	srv.ApproveDevice(issued.text("user_code"), "1")
	assert.Empty(t, ok(t, srv, "DELETE user/me?sudo_token="+sudo, bearer, nil))
	refused(t, srv, "user/me", bearer, nil, 401, "unauthenticated", 16)
	refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "access_denied", 0)
	refused(t, srv, "signin", "", object{"username": "user_01", "password": password}, 400, "invalid_username_or_password", 4043)
}

func TestRevokeSessions(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Username: "user_01", Password: password}, authtest.User{Username: "user_02", Password: password})
	in := object{"username": "user_01", "password": password}
	phone := ok(t, srv, "signin", "", in, "X-Device-Id", "the-phone-000000")
	tablet := ok(t, srv, "signin", "", in, "X-Device-Id", "the-tablet-00000")
	other := signIn(t, srv, "user_02")
	bearer := tablet.text("access_token")
	assert.Empty(t, ok(t, srv, "DELETE user/authorized/devices/the-phone-000000", bearer, nil))
	refused(t, srv, "user/me", phone.text("access_token"), nil, 401, "unauthenticated", 16)
	refused(t, srv, "token", "", refresh(phone.text("refresh_token")), 400, "invalid_grant", 4026)
	refused(t, srv, "DELETE user/authorized/devices/"+device, bearer, nil, 404, "not_found", 5)
	assert.Equal(t, 2, srv.Count("user/authorized/devices/{id}"))

	assert.Empty(t, ok(t, srv, "DELETE user/revoke/all", bearer, nil))
	refused(t, srv, "user/me", bearer, nil, 401, "unauthenticated", 16)
	ok(t, srv, "user/me", other.text("access_token"), nil)
}
