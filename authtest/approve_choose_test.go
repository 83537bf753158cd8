package authtest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// A form without a user who can sign in is shown again, and decides nothing.
func TestDevicePageChoice(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	issued := askForDevice(t, srv)
	openDevice(t, srv, issued.text("verification_uri_complete"), nil).says(t, 200, "no users yet")
	ok(t, srv, "signin/anonymously", "", object{})
	srv.Seed(
		authtest.User{Sub: "1", Username: "blocked_01", Blocked: true}, authtest.User{Sub: "2", Username: "pending_01", Pending: true},
		authtest.User{Sub: "3", Username: "user_03", Phone: "+1 4155552671"}, authtest.User{Sub: "4", Email: email},
		authtest.User{Sub: "5", Identities: map[string]string{"wx_open": "x"}},
	)
	choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	choice.says(t, 200, "blocked_01", "not activated", "user_03", email)
	assert.NotContains(t, choice.text, "anonymous")
	assert.Equal(t, 2, strings.Count(choice.text, " disabled>"))
	assert.Less(t, strings.Index(choice.text, "user_03"), strings.Index(choice.text, "blocked_01"), "who can sign in comes first")
	for want, fields := range map[string][]string{
		"Choose a user":            {"do", "approve", "login", " "},
		"no such user":             {"do", "approve", "sub", "9"},
		"There is no such user":    {"do", "approve", "login", "nobody", "sub", "3"},
		"blocked or not activated": {"do", "approve", "sub", "1"},
		"cannot sign in":           {"do", "approve", "login", "pending_01"},
	} {
		again := choice.submit(t, srv, fields...)
		again.says(t, 422, want, `<p class="problem" id="problem" role="alert"`, `aria-describedby="problem other-how"`)
		typed := slices.Contains([]string{"nobody", "pending_01"}, fields[3])
		assert.Equal(t, typed, strings.Contains(again.text, `aria-invalid="true"`), "%s: what was typed is wrong", want)
	}
	choice.submit(t, srv, "do", "something").says(t, 400, "could not be read")
	choice.submit(t, srv, "do", "approve", "login", "+44 20 7946 0000").says(t, 422, "no such user") // where its country ends is not known
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "authorization_pending", 0)

	for login, want := range map[string]string{
		"user_03": "3", " +1-415-555-2671 ": "3", strings.ToUpper(email): "4",
		"139 0000 0000": "", "+86 13900000001": "", "New@B.cn": "", // new users
	} {
		issued := askForDevice(t, srv)
		openDevice(t, srv, issued.text("verification_uri_complete"), nil).submit(t, srv, "do", "approve", "login", login, "sub", "5").says(t, 200, "Approved")
		session := ok(t, srv, "token", "", poll(issued["device_code"]))
		if want != "" {
			assert.Equal(t, want, session["sub"], login)
			continue
		}
		me := ok(t, srv, "user/me", session.text("access_token"), nil)
		assert.Contains(t, []string{"+86 13900000000", "+86 13900000001", "new@b.cn"}, me.text("phone_number")+me.text("email"), login)
	}

	for i := range 200 {
		srv.Seed(authtest.User{Username: fmt.Sprint("user_many_", i)})
	}
	srv.Advance(time.Second)
	srv.Seed(authtest.User{Username: "newest_blocked", Blocked: true}, authtest.User{Username: "newest_01"})
	many := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	many.says(t, 200, "110 more users are not listed", "newest_01", "newest_blocked")
	assert.NotContains(t, many.text, "user_03", "the oldest are left out")
	assert.Less(t, strings.Index(many.text, "newest_01"), strings.Index(many.text, "user_many_"))
	assert.Less(t, strings.Index(many.text, "user_many_"), strings.Index(many.text, "newest_blocked"))
	choice.submit(t, srv, "do", "approve").says(t, 422, "newest_01")
}

// The device page makes the users that a seed can make, and no others.
func TestDevicePageMakesUsers(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	issued := askForDevice(t, srv)
	choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	for _, login := range []string{"+86 123", "+8612", "+44 20 7946 0000", "nobody", "a@", "Ann <a@b.cn>"} {
		assert.Equal(t, 422, choice.submit(t, srv, "do", "approve", "login", login).status, login)
	}
	assert.Empty(t, list(t, done(t, srv, "GET", "users", ""), "users"))

	for login, want := range map[string]string{
		"+86\t13800000011": "+86 13800000011", "+86  138-0000-0012": "+86 13800000012", "13800000013": "+86 13800000013",
		"+1\u00a04155552671": "+1 4155552671", " New@b.cn": "new@b.cn",
	} {
		issued := askForDevice(t, srv)
		choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
		assert.Equal(t, 200, choice.submit(t, srv, "do", "approve", "login", login).status, login)
		sub := ok(t, srv, "token", "", poll(issued["device_code"])).text("sub")
		done(t, srv, "PATCH", "users/"+sub, `{"name":"Ann"}`)
		for _, u := range list(t, done(t, srv, "GET", "users", ""), "users") {
			if u["sub"] == sub {
				assert.Equal(t, want, u.text("phone_number")+u.text("email"), login)
			}
		}
	}
}

// Where a rule keeps users from signing up by a code, the device page makes none either, and says why.
func TestDevicePageKeepsToSignUpOff(t *testing.T) {
	t.Parallel()
	srv := listen(t, authtest.WithSignUpOff(authtest.LoginPhone), authtest.WithLoginOff(authtest.LoginEmail))
	srv.Seed(authtest.User{Sub: "1", Phone: phone})
	issued := askForDevice(t, srv)
	choice := openDevice(t, srv, issued.text("verification_uri_complete"), nil)
	for _, login := range []string{"+86 13900000001", "139 0000 0001", "new@b.cn"} {
		choice.submit(t, srv, "do", "approve", "login", login).says(t, 422, "The rules let no user sign up")
	}
	zh := openDevice(t, srv, issued.text("verification_uri_complete")+"&lang=zh", nil)
	zh.submit(t, srv, "do", "approve", "login", "new@b.cn").says(t, 422, "规则不允许")
	choice.submit(t, srv, "do", "approve", "login", "+86 123").says(t, 422, "no such user")
	assert.Len(t, list(t, done(t, srv, "GET", "users", ""), "users"), 1)

	done(t, srv, "PATCH", "rules", `{"sign_up_off":["email"],"login_off":[]}`)
	choice.submit(t, srv, "do", "approve", "login", "new@b.cn").says(t, 422, "The rules let no user sign up")
	choice.submit(t, srv, "do", "approve", "login", "+86 13900000001").says(t, 200, "Approved")
}

// A user is named in the same ways on both pages that ask who signs in.
func TestPagesNameUsersAlike(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	srv.Seed(authtest.User{Sub: "u-7", Username: "user_07", Phone: "+86 13800000077", Email: email})
	for _, name := range []string{"u-7", "user_07", "+86 13800000077", "138 0000 0077", strings.ToUpper(email)} {
		issued := askForDevice(t, srv)
		openDevice(t, srv, issued.text("verification_uri_complete"), nil).submit(t, srv, "do", "approve", "login", name).says(t, 200, "Approved")
		assert.Equal(t, "u-7", ok(t, srv, "token", "", poll(issued["device_code"]))["sub"], name)

		issued = askForDevice(t, srv)
		assert.Equal(t, 200, visit(t, srv, "", url.Values{"do": {"approve"}, "id": {issued.text("user_code")}, "other": {name}}).status, name)
		assert.Equal(t, "u-7", ok(t, srv, "token", "", poll(issued["device_code"]))["sub"], name)
	}
}
