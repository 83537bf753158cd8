package authtest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// solve goes through a captcha and returns the captcha_token.
func solve(t *testing.T, srv *authtest.Server) string {
	t.Helper()
	shown := ok(t, srv, "captcha/data", "", object{"state": "POST:/v1/verification", "redirect_uri": ""})
	in := object{"token": shown["token"], "key": strings.ToLower(srv.CaptchaAnswer(shown.text("token")))}
	out := ok(t, srv, "captcha/data/verify", "", in)
	assertIs(t, 600, out["expires_in"])
	return out.text("captcha_token")
}

// TestCaptchaInit: old js-sdks ask for a token before every code. It replaces no captcha where one is needed.
func TestCaptchaInit(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	out := ok(t, srv, "captcha/init", "", object{"client_id": "authtest", "state": "POST:/auth/v1/verification", "redirect_uri": "http://page/"})
	assertIs(t, 600, out["expires_in"])
	token := out.text("captcha_token")
	require.NotEmpty(t, token)
	in := object{"phone_number": phone}
	ok(t, srv, "verification?captcha_token="+token, "", in)
	srv.RequireCaptcha("verification")
	refused(t, srv, "verification?captcha_token="+token, "", in, 400, "captcha_invalid", 4002)
}

func TestCaptcha(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.RequireCaptcha("verification")
		in := object{"phone_number": phone}
		assert.Equal(t, "captcha_token required", refused(t, srv, "verification", "", in, 400, "captcha_required", 4001))
		refused(t, srv, "verification?captcha_token=garbage", "", in, 400, "captcha_invalid", 4002)

		shown := ok(t, srv, "captcha/data", "", object{})
		assert.Equal(t, "image", shown["type"])
		assertIs(t, 300, shown["expires_in"])
		encoded, isPNG := strings.CutPrefix(shown.text("data"), "data:image/png;base64,")
		require.True(t, isPNG)
		raw, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		assert.Greater(t, picture.Bounds().Dx(), 100)

		answer := srv.CaptchaAnswer(shown.text("token"))
		assert.Regexp(t, `^[A-Z0-9]{4}$`, answer)
		key := object{"token": shown["token"], "key": "0000"}
		refused(t, srv, "captcha/data/verify", "", key, 400, "invalid_argument", 3)
		key["key"] = answer
		refused(t, srv, "captcha/data/verify", "", key, 400, "invalid_argument", 3)
		assert.Empty(t, srv.CaptchaAnswer(shown.text("token")), "it was tried")
		refused(t, srv, "captcha/data/verify", "", object{"token": shown["token"]}, 400, "invalid_argument", 3)

		token := solve(t, srv)
		ok(t, srv, "verification?captcha_token="+token, "", in)
		srv.Advance(599 * time.Second)
		ok(t, srv, "verification", "", in, "X-Captcha-Token", token)
		srv.Advance(time.Second)
		refused(t, srv, "verification", "", in, 400, "captcha_invalid", 4002, "X-Captcha-Token", token)

		shown = ok(t, srv, "captcha/data", "", object{})
		answer = srv.CaptchaAnswer(shown.text("token"))
		srv.Advance(300 * time.Second)
		assert.Empty(t, srv.CaptchaAnswer(shown.text("token")))
		refused(t, srv, "captcha/data/verify", "", object{"token": shown["token"], "key": answer}, 400, "invalid_argument", 3)

		srv.RequireCaptcha("signin")
		ok(t, srv, "verification", "", in)
		refused(t, srv, "signin", "", object{}, 400, "captcha_required", 4001)
		srv.RequireCaptcha()
		refused(t, srv, "signin", "", object{}, 400, "invalid_argument", 3)
	})
}

func TestCaptchaAfter(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithCaptchaAfterSends(2), authtest.WithCaptchaAfterWrongPasswords(5),
		authtest.WithSMSInterval(0), authtest.WithSMSDailyLimit(0))
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	in := object{"phone_number": phone}
	for range 2 {
		ok(t, srv, "verification", "", in)
	}
	refused(t, srv, "verification", "", in, 400, "captcha_required", 4001)
	ok(t, srv, "verification", "", object{"phone_number": "+86 13900000000"})
	token := solve(t, srv)
	ok(t, srv, "verification?captcha_token="+token, "", in)

	wrong := object{"username": "user_01", "password": "x"}
	for range 5 {
		refused(t, srv, "signin", "", wrong, 400, "invalid_username_or_password", 4043)
	}
	refused(t, srv, "signin", "", wrong, 400, "captcha_required", 4001)
	right := object{"username": "user_01", "password": password}
	refused(t, srv, "signin", "", right, 400, "captcha_required", 4001)
	refused(t, srv, "signin?captcha_token="+token, "", wrong, 400, "invalid_username_or_password", 4043)
	ok(t, srv, "signin?captcha_token="+token, "", right)
	ok(t, srv, "signin", "", right)
}

func TestWaitCaptcha(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		got := make(chan [2]string, 1)
		go func() {
			token, answer, err := srv.WaitCaptcha(t.Context())
			assert.NoError(t, err)
			got <- [2]string{token, answer}
		}()
		synctest.Wait()
		require.Empty(t, got)
		shown := ok(t, srv, "captcha/data", "", object{})
		pair := <-got
		assert.Equal(t, shown["token"], pair[0])
		ok(t, srv, "captcha/data/verify", "", object{"token": pair[0], "key": pair[1]})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, _, err := srv.WaitCaptcha(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, srv.Close())
		_, _, err = srv.WaitCaptcha(t.Context())
		require.ErrorIs(t, err, http.ErrServerClosed)
	})
}

// Two people who are shown a picture each can both be told what they read.
func TestWaitCaptchaForTwo(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	first, second := ok(t, srv, "captcha/data", "", object{}), ok(t, srv, "captcha/data", "", object{})
	token, _, err := srv.WaitCaptcha(t.Context())
	require.NoError(t, err)
	assert.Equal(t, second["token"], token)
	token, _, err = srv.WaitCaptcha(t.Context())
	require.NoError(t, err)
	assert.Equal(t, first["token"], token)
}
