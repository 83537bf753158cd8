package doctest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// The web service of docs/web-service.md.

// site is a web service that signs its users in.
type site struct {
	app *tcbauth.App
}

// sendCode is the first step: the form has the phone number. The login has a cookie of its own, so whoever is signed in stays so.
func (s *site) sendCode(w http.ResponseWriter, r *http.Request) {
	id := cookie(r, loginCookie)
	setCookie(w, loginCookie, id)
	_, err := s.app.ForUser(id).SignInWithOtp(r.Context(), tcbauth.SignInWithOtpRequest{Phone: r.FormValue("phone")})
	if err != nil {
		refuse(w, r, err)
	}
}

// signIn is the second step: the form has the code.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	id := rand.Text() // a new id for each session
	_, err := s.app.ForUser(cookie(r, loginCookie)).FinishOtp(r.Context(), tcbauth.FinishOtpRequest{
		Token: r.FormValue("code"), NewKey: id,
	})
	if err != nil {
		refuse(w, r, err)
		return
	}
	s.end(r) // the session that this browser had before
	setCookie(w, loginCookie, "")
	setCookie(w, sessionCookie, id)
}

// showCaptcha gives the browser a picture: {"token": "...", "data": "data:image/png;base64,..."}.
func (s *site) showCaptcha(w http.ResponseWriter, r *http.Request) {
	picture, err := s.app.ForUser(cookie(r, loginCookie)).CreateCaptchaData(r.Context(), tcbauth.CreateCaptchaDataRequest{})
	if err != nil {
		refuse(w, r, err)
		return
	}
	_ = json.NewEncoder(w).Encode(picture)
}

// checkCaptcha: the form has the picture's token and what the user has read in it. After that the browser asks for the code again.
func (s *site) checkCaptcha(w http.ResponseWriter, r *http.Request) {
	_, err := s.app.ForUser(cookie(r, loginCookie)).VerifyCaptchaData(r.Context(), tcbauth.VerifyCaptchaDataRequest{
		Token: r.FormValue("picture"), Key: r.FormValue("answer"),
	})
	if err != nil {
		refuse(w, r, err)
	}
}

// profile is for users who are signed in.
func (s *site) profile(w http.ResponseWriter, r *http.Request) {
	auth := s.app.ForUser(cookie(r, sessionCookie)) // cheap: made for each request
	user, err := auth.GetUserInfo(r.Context(), tcbauth.GetUserInfoRequest{})
	if err != nil {
		refuse(w, r, err)
		return
	}
	_, _ = fmt.Fprintln(w, "hello,", user.Sub)
}

// signOut makes the browser forget its session, and ends it. Signing out twice is no error.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	setCookie(w, sessionCookie, "")
	s.end(r)
}

// end ends the browser's session in the store and at CloudBase.
func (s *site) end(r *http.Request) {
	err := s.app.ForUser(cookie(r, sessionCookie)).SignOut(r.Context())
	if err != nil && !errors.Is(err, tcbauth.ErrNoSession) {
		slog.WarnContext(r.Context(), "a session was not ended everywhere", "error", err)
	}
}

// refuse tells the browser what happened, in its language.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*tcbauth.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	http.Error(w, tcbauth.UserMessage(err, r.Header.Get("Accept-Language")), tcbauth.HTTPStatus(err))
}

const sessionCookie, loginCookie = "__Host-session", "__Host-login"

// cookie returns the id in a cookie. Without the cookie it returns a new id, under which nothing is stored.
func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil && c.Value != "" {
		return c.Value
	}
	return rand.Text()
}

// setCookie gives the browser a cookie, or takes it away if value is "".
func setCookie(w http.ResponseWriter, name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// openSite serves a site, and returns a browser that posts a field to it.
func openSite(t *testing.T, srv *authtest.Server) (post func(path string, fields ...string) answer) {
	t.Helper()
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithStoredOtp())
	require.NoError(t, err)
	s := &site{app}
	mux := http.NewServeMux()
	for path, handler := range map[string]http.HandlerFunc{
		"/code": s.sendCode, "/captcha": s.showCaptcha, "/answer": s.checkCaptcha, "/login": s.signIn, "/profile": s.profile, "/logout": s.signOut,
	} {
		mux.HandleFunc("POST "+path, handler)
	}
	web := httptest.NewTLSServer(http.NewCrossOriginProtection().Handler(mux))
	t.Cleanup(web.Close)
	client := web.Client()
	client.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	return func(path string, fields ...string) answer {
		form := make(url.Values)
		for i := 0; i+1 < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+path, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", "en")
		resp, err := client.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return answer{resp.StatusCode, resp.Header, body}
	}
}

// answer is what the site answers.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func TestSite(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.FixCode("13800000000", "123456")
	srv.FixCode("13900000000", "654321")
	post := openSite(t, srv)
	for _, step := range []struct {
		path, field, value string
		status             int
		says               string
		revoked            int
	}{
		{"/profile", "", "", 401, "sign in", 0},
		{"/logout", "", "", 200, "", 0},
		{"/login", "code", "123456", 400, "code", 0},
		{"/code", "phone", "1", 400, "phone", 0},
		{"/code", "phone", "13800000000", 200, "", 0},
		{"/code", "phone", "13800000000", 429, "seconds", 0},
		{"/login", "code", "000000", 400, "code", 0},
		{"/login", "code", "123456", 200, "", 0},
		{"/profile", "", "", 200, "hello, ", 0},
		{"/login", "code", "123456", 400, "code", 0},
		{"/code", "phone", "13900000000", 200, "", 0},
		{"/profile", "", "", 200, "hello, ", 0}, // the first user is still signed in
		{"/login", "code", "654321", 200, "", 1},
		{"/profile", "", "", 200, "hello, ", 1},
		{"/logout", "", "", 200, "", 2},
		{"/profile", "", "", 401, "sign in", 2},
		{"/logout", "", "", 200, "", 2},
	} {
		got := post(step.path, step.field, step.value)
		assert.Equal(t, step.status, got.status, "%s %s: %s", step.path, step.value, got.body)
		assert.Equal(t, step.status == http.StatusTooManyRequests, got.header.Get("Retry-After") != "", step.path)
		assert.Contains(t, string(got.body), step.says)
		assert.Equal(t, step.revoked, srv.Count("revoke"), step.path)
	}
}

func TestSiteCaptcha(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.RequireCaptcha("verification")
	srv.FixCode("13800000000", "123456")
	post := openSite(t, srv)
	for _, answer := range []string{"wrong", ""} {
		require.Equal(t, http.StatusForbidden, post("/code", "phone", "13800000000").status)
		var picture struct{ Token, Data string }
		require.NoError(t, json.Unmarshal(post("/captcha").body, &picture))
		require.Contains(t, picture.Data, "data:image/")
		want := http.StatusForbidden
		if answer == "" {
			answer, want = srv.CaptchaAnswer(picture.Token), http.StatusOK
		}
		require.Equal(t, want, post("/answer", "picture", picture.Token, "answer", answer).status)
	}
	require.Equal(t, http.StatusOK, post("/code", "phone", "13800000000").status)
	require.Equal(t, http.StatusOK, post("/login", "code", "123456").status)
	require.Equal(t, http.StatusOK, post("/profile").status)
}

// serve answers requests until ctx ends, then lets them finish, and waits until their sessions are stored.
func serve(ctx context.Context, server *http.Server, listener net.Listener, app *tcbauth.App) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	requests, cancel := context.WithTimeout(ending, 10*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(requests), app.Shutdown(ending))
}

func TestServe(t *testing.T) {
	t.Parallel()
	app, err := tcbauth.NewApp("your-env-id")
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stop() })}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, server, listener, app) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err, "the request comes to its end")
	require.NoError(t, resp.Body.Close())
	require.NoError(t, <-ended)
}
