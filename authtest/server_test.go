package authtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestInsideSynctest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		assert.Equal(t, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), srv.Now().UTC())
		session := signUp(t, srv, phone)
		ok(t, srv, "user/me", session.text("access_token"), nil)
		<-time.After(2*time.Hour - time.Second)
		ok(t, srv, "user/me", session.text("access_token"), nil)
		srv.Advance(time.Second)
		refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)
		assert.Equal(t, 2*time.Hour, srv.Now().Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
		<-time.After(30 * 24 * time.Hour)
		refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
	})
}

func TestWaitCodeWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		type result struct {
			code string
			err  error
		}
		wait := func(ctx context.Context) <-chan result {
			got := make(chan result, 1)
			go func() {
				code, err := srv.WaitCode(ctx, "138-0000-0000")
				got <- result{code, err}
			}()
			synctest.Wait()
			return got
		}
		waiting := wait(t.Context())
		ok(t, srv, "verification", "", object{"phone_number": "+86 13900000000"})
		synctest.Wait()
		require.Empty(t, waiting)
		id := ok(t, srv, "verification", "", object{"phone_number": phone})["verification_id"]
		got := <-waiting
		require.NoError(t, got.err)
		ok(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": got.code})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got = <-wait(ctx)
		require.ErrorIs(t, got.err, context.DeadlineExceeded, "the code was taken")

		<-time.After(time.Minute)
		ok(t, srv, "verification", "", object{"phone_number": phone})
		<-time.After(time.Minute)
		id = ok(t, srv, "verification", "", object{"phone_number": phone})["verification_id"]
		got = <-wait(t.Context())
		require.NoError(t, got.err)
		ok(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": got.code})

		waiting = wait(t.Context())
		require.Empty(t, waiting, "the older code is of no use")
		require.NoError(t, srv.Close())
		require.ErrorIs(t, (<-waiting).err, http.ErrServerClosed)
		_, err := srv.WaitCode(t.Context(), "nobody")
		require.Error(t, err)

		_, err = authtest.NewServer(t).WaitCode(t.Context(), phone)
		require.ErrorIs(t, err, context.DeadlineExceeded, "it does not wait for ever")
		require.ErrorContains(t, err, "no call of verification arrived")
	})
}

func TestClientReachesOnlyItsServer(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://env.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/certs", nil)
	require.NoError(t, err)
	resp, err := srv.Client().Do(r)
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	require.ErrorContains(t, err, "this client reaches authtest.authtest.invalid only")
	var op *net.OpError
	require.True(t, errors.As(err, &op))
	assert.Equal(t, "dial", op.Op)
	assert.Equal(t, 0, srv.Count("certs"))
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	session := signUp(t, srv, email)
	shared := session.text("refresh_token")
	refreshed := make(chan int, 16)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			number := fmt.Sprintf("+86 139%08d", i)
			srv.FixCode(number, "123456")
			session := signUp(t, srv, number)
			ok(t, srv, "user/me", session.text("access_token"), nil)
			status, _, err := try(t, srv, "token", "", refresh(shared))
			assert.NoError(t, err)
			refreshed <- status
			srv.Advance(time.Millisecond)
			srv.Requests()
			srv.Count("token")
			srv.Now()
		})
	}
	all.Wait()
	close(refreshed)
	won := 0
	for status := range refreshed {
		if status == http.StatusOK {
			won++
		}
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, 16, srv.Count("token"))
	assert.Equal(t, 17, srv.Count("signup"))
}

func TestRequestsAreMasked(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.FixCode(phone, "918273")
	session := signUp(t, srv, phone)
	ok(t, srv, "user/me", session.text("access_token"), nil)
	ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	ok(t, srv, "revoke", "", object{"token": session["access_token"]})
	refused(t, srv, "signin", "", object{"username": email, "password": "passw0rd", "target": phone, "more": object{"x": "passw0rd"}},
		400, "invalid_username_or_password", 4043)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		srv.URL+"/auth/v1/signin?captcha_token=cap-0&client_id=authtest", strings.NewReader("passw0rd"))
	require.NoError(t, err)
	r.SetBasicAuth("id", "passw0rd")
	r.Header.Set("X-Request-Id", "request-1")
	r.Header.Set("X-Captcha-Token", "cap-0")
	r.Header.Set("Cookie", "passw0rd")
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "request-1", resp.Header.Get("X-Request-Id"))

	requests := srv.Requests()
	text := fmt.Sprintf("%+v", requests)
	for _, secret := range []string{
		phone, "13800000000", email, "918273", "passw0rd", "cap-0", "eyJ",
		session.text("access_token"), session.text("refresh_token"),
	} {
		assert.NotContains(t, text, secret)
	}
	assert.Equal(t, []int{200, 200, 200, 200, 200, 200, 400, 400}, statuses(requests))
	assert.Equal(t, map[string]any{"grant_type": "refresh_token", "refresh_token": "***"}, requests[4].Body)
	assert.Equal(t, "user/me", requests[3].Operation)
	assert.Equal(t, "Bearer ***", requests[3].Header.Get("Authorization"))
	last := requests[len(requests)-1]
	assert.Equal(t, "signin", last.Operation)
	assert.Nil(t, last.Body)
	assert.Equal(t, "Basic ***", last.Header.Get("Authorization"))
	assert.Equal(t, "authtest", last.Query.Get("client_id"))
	assert.Equal(t, "***", last.Query.Get("captcha_token"))
	last.Query.Set("client_id", "changed")
	assert.Equal(t, "authtest", srv.Requests()[len(requests)-1].Query.Get("client_id"))

	user := authtest.User{Sub: "1", Phone: phone, Password: "passw0rd"}
	assert.Equal(t, "authtest.User(1) authtest.User(1)", fmt.Sprintf("%+v %#v", user, user))
}

func TestReset(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.FixCode(phone, "123456")
	session := signUp(t, srv, phone)
	id := ok(t, srv, "verification", "", object{"email": email})["verification_id"]
	code, err := srv.WaitCode(t.Context(), email)
	require.NoError(t, err)
	srv.Advance(time.Hour)
	srv.Fault(authtest.Fault{Operation: "certs", Close: authtest.BeforeCommit})
	anonymous := ok(t, srv, "signin/anonymously", "", object{})
	captcha := solve(t, srv)
	srv.RequireCaptcha("signup", "reset")
	provider := vouch(t, srv, "wx_open", ann)
	issued := ok(t, srv, "device/code", "", object{})
	srv.Reset()

	assert.NotEqual(t, anonymous["sub"], ok(t, srv, "signin/anonymously", "", object{})["sub"])
	srv.RequireCaptcha("reset")
	refused(t, srv, "reset?captcha_token="+captcha, "", object{}, 400, "captcha_invalid", 4002)
	refused(t, srv, "signin/with/provider", "", object{"provider_token": provider}, 400, "invalid_argument", 3)
	refused(t, srv, "token", "", poll(issued["device_code"]), 400, "invalid_grant", 0)
	srv.Reset()

	assert.WithinDuration(t, time.Now(), srv.Now(), time.Minute)
	assert.Empty(t, srv.Requests())
	assert.Zero(t, srv.Count("signup"))
	ok(t, srv, "certs", "", nil)
	refused(t, srv, "user/me", session.text("access_token"), nil, 401, "unauthenticated", 16)
	refused(t, srv, "token", "", refresh(session.text("refresh_token")), 400, "invalid_grant", 4026)
	refused(t, srv, "verification/verify", "", object{"verification_id": id, "verification_code": code}, 400, "invalid_argument", 3)
	assert.NotEqual(t, session["sub"], signUp(t, srv, phone)["sub"])
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(srv *authtest.Server){
		"count":         func(srv *authtest.Server) { srv.Count("nothing") },
		"advance":       func(srv *authtest.Server) { srv.Advance(-1) },
		"fixed address": func(srv *authtest.Server) { srv.FixCode("nobody", "123456") },
		"fixed code":    func(srv *authtest.Server) { srv.FixCode(phone, "12345") },
		"user":          func(srv *authtest.Server) { srv.Seed(authtest.User{}) },
		"user's phone":  func(srv *authtest.Server) { srv.Seed(authtest.User{Phone: "13800000000"}) },
		"same identity": func(srv *authtest.Server) {
			ids := map[string]string{"custom": "c"}
			srv.Seed(authtest.User{Sub: "1", Identities: ids}, authtest.User{Sub: "2", Identities: ids})
		},
		"captcha":        func(srv *authtest.Server) { srv.RequireCaptcha("nothing") },
		"same user name": func(srv *authtest.Server) { srv.Seed(authtest.User{Username: "u"}, authtest.User{Username: "u"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeT{}
			use(authtest.NewServer(fake))
			assert.Len(t, fake.finish(), 1)
		})
	}
	for name, option := range map[string]authtest.Option{
		"nil":           nil,
		"env":           authtest.WithEnv("Env_1"),
		"client id":     authtest.WithClientID(""),
		"interval":      authtest.WithSMSInterval(-1),
		"daily":         authtest.WithSMSDailyLimit(-1),
		"mail interval": authtest.WithEmailInterval(-1),
		"mail daily":    authtest.WithEmailDailyLimit(-1),
		"attempts":      authtest.WithCodeAttempts(-1),
		"lock":          authtest.WithPasswordLock(-1, 0),
		"access life":   authtest.WithAccessTokenLifetime(time.Millisecond),
		"refresh life":  authtest.WithRefreshTokenLifetime(0),
		"grace":         authtest.WithRefreshPolicy(authtest.RotatingWithGrace(-1)),
		"login":         authtest.WithLoginOff("nothing"),
		"sign-up":       authtest.WithSignUpOff(authtest.LoginPassword),
		"provider":      authtest.WithProviders("a/b"),
		"custom":        authtest.WithProviders("custom"),
		"sends":         authtest.WithCaptchaAfterSends(-1),
		"passwords":     authtest.WithCaptchaAfterWrongPasswords(-1),
		"ticket key":    authtest.WithTicketKey(nil),
	} {
		t.Run("option "+name, func(t *testing.T) {
			t.Parallel()
			fake := &fakeT{}
			assert.Nil(t, authtest.NewServer(fake, option))
			assert.Len(t, fake.finish(), 1)
			_, err := authtest.Listen("127.0.0.1:0", option)
			require.Error(t, err)
		})
	}
}
