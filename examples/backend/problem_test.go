package main

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// TestProblems: what a visitor is told, and by which status.
func TestProblems(t *testing.T) {
	t.Parallel()
	refuse := func(operation, word string, number int) func(*site) {
		return func(s *site) {
			s.srv.Fault(authtest.Fault{Operation: operation, Times: 1, Error: &authtest.Error{Code: word, Number: number}})
		}
	}
	for name, test := range map[string]struct {
		before  func(s *site) // the first code is sent
		prepare func(s *site)
		path    string
		field   string
		value   string
		status  int
		says    string
		waits   bool // for the code
	}{
		"no phone number": {path: "/login/code", field: "phone", value: "12", status: 400, says: "Check the phone number", waits: true},
		"no field":        {path: "/login/code", status: 400, says: "Check the phone number", waits: true},
		"too soon":        {path: "/login/code", field: "phone", value: phone, status: 429, says: "try again in", waits: true},
		"too long":        {path: "/login/code", field: "phone", value: strings.Repeat("1", 5000), status: 413, says: "too long"},
		"no form":         {path: "/login/code?%zz", status: 400, says: "no form"},
		"switched off": {
			prepare: refuse("verification", "login_method_disabled", 0), path: "/login/code", field: "phone", value: otherPhone,
			status: 403, says: "not available here", waits: true,
		},
		"service down": {
			prepare: refuse("verification", "unavailable", 14), path: "/login/code", field: "phone", value: otherPhone,
			status: 503, says: "right now", waits: true,
		},
		"answer lost": {
			prepare: func(s *site) {
				s.srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Close: authtest.AfterCommit})
			},
			path: "/login/code", field: "phone", value: otherPhone, status: 502, says: "No answer", waits: true,
		},
		"wrong code": {path: "/login", field: "code", value: wrong, status: 400, says: "wrong or too old", waits: true},
		"no digits":  {path: "/login", field: "code", value: "abc", status: 400, says: "Check the code", waits: true},
		"too many codes": {
			prepare: refuse("verification/verify", "aborted", 10), path: "/login", field: "code", value: code, status: 400,
			says: "Ask for a new code",
		},
		"registered meanwhile": {
			prepare: func(s *site) { s.srv.Seed(authtest.User{Phone: phoneAs}) },
			path:    "/login", field: "code", value: code, status: 409, says: "in use",
		},
		"blocked": {
			before: func(s *site) { s.srv.Seed(authtest.User{Phone: phoneAs, Blocked: true}) },
			path:   "/login", field: "code", value: code, status: 403, says: "blocked",
		},
		"no captcha": {path: "/login/captcha", field: "answer", value: "abcd", status: 400, says: "Check", waits: true},
		"unexpected": {
			prepare: refuse("verification/verify", "unheard_of", 0), path: "/login", field: "code", value: code, status: 500,
			says: "Something went wrong", waits: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSite(t, false)
			if test.before != nil {
				test.before(s)
			}
			visitor := s.newBrowser(t)
			require.Contains(t, visitor.post(t, "/login/code", "phone", phone).text, `name="code"`)
			if test.prepare != nil {
				test.prepare(s)
			}
			got := visitor.post(t, test.path, test.field, test.value)
			assert.Equal(t, test.status, got.status)
			assert.Contains(t, got.text, test.says)
			assert.Contains(t, got.text, `role="alert"`)
			assert.Equal(t, test.waits, strings.Contains(got.text, `name="code"`), got.text)
			assert.Nil(t, visitor.me(t))
			if test.status == http.StatusTooManyRequests {
				wait, err := strconv.Atoi(got.header.Get("Retry-After"))
				require.NoError(t, err)
				assert.Positive(t, wait)
			} else {
				assert.Empty(t, got.header.Get("Retry-After"))
			}
		})
	}
}

// TestWithoutACode: the second step without the first.
func TestWithoutACode(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	for _, planted := range []string{"", "short", newID(), strings.Repeat("x", 43)} {
		visitor.plant(t, loginCookie, planted)
		for _, path := range []string{"/login", "/login/captcha"} {
			got := visitor.post(t, path, "code", code, "answer", "abcd")
			assert.Equal(t, http.StatusBadRequest, got.status)
			assert.Contains(t, got.text, map[string]string{"/login": "Ask for a new one", "/login/captcha": `role="alert"`}[path])
		}
	}
	assert.Empty(t, s.srv.Requests())
}

// TestMeFails: a service that is down signs nobody out.
func TestMeFails(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	visitor.signIn(t, s.srv, phone)
	s.srv.Fault(authtest.Fault{Operation: "user/me", Times: 2, Error: &authtest.Error{Code: "internal", Number: 13}})
	for _, path := range []string{"/me", "/"} {
		got := visitor.get(t, path)
		assert.Equal(t, http.StatusBadGateway, got.status)
		assert.Empty(t, got.header.Values("Set-Cookie"))
	}
	assert.NotNil(t, visitor.me(t))
}

// TestSessionLives: it outlives its access token, and ends when the server ends it.
func TestSessionLives(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	visitor := s.newBrowser(t)
	visitor.signIn(t, s.srv, phone)
	s.srv.Advance(3 * time.Hour)
	require.NotNil(t, visitor.me(t))
	assert.Equal(t, 1, s.srv.Count("token"))
	s.srv.Advance(31 * 24 * time.Hour)
	assert.Nil(t, visitor.me(t))
	assert.NotEmpty(t, visitor.cookies(t), "another tab may have put a new one in its place")
}

var pictureInPage = regexp.MustCompile(`<img src="data:image/[a-z]+;base64,[^"]+"`)

var hiddenInPage = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// hidden are the names and values of a page's hidden fields, in turn.
func hidden(page string) (fields []string) {
	for _, found := range hiddenInPage.FindAllStringSubmatch(page, -1) {
		fields = append(fields, found[1], html.UnescapeString(found[2]))
	}
	return fields
}

// TestCaptcha: the picture is relayed, and what was refused for want of it goes on by itself.
func TestCaptcha(t *testing.T) {
	t.Parallel()
	s := openSite(t, false)
	s.srv.RequireCaptcha("verification", "verification/verify")
	visitor := s.newBrowser(t)
	got := visitor.post(t, "/login/code", "phone", phone)
	assert.Equal(t, http.StatusForbidden, got.status)
	assert.Regexp(t, pictureInPage, got.text)
	assert.Empty(t, s.srv.Messages(phone))
	assert.Contains(t, visitor.post(t, "/login", "code", code).text, "not waited for any more")

	got = visitor.post(t, "/login/captcha", append(hidden(got.text), "answer", "wrong")...)
	assert.Equal(t, http.StatusForbidden, got.status)
	assert.Regexp(t, pictureInPage, got.text, "a new one")

	fields := hidden(got.text)
	require.Len(t, fields, 4)
	got = visitor.post(t, "/login/captcha", append(fields, "answer", s.srv.CaptchaAnswer(fields[1]))...)
	assert.Equal(t, http.StatusOK, got.status)
	assert.Contains(t, got.text, `name="code"`)
	assert.Len(t, s.srv.Messages(phone), 1)
	assert.Contains(t, visitor.post(t, "/login", "code", code).text, "Signed in", "one captcha is good for both steps")
	assert.NotNil(t, visitor.me(t))
}
