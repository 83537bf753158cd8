package doctest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/ticket"
)

// The code of this file stands in README.md and docs/, and is run here.

func TestSignIn(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.FixCode("13800000000", "123456")
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
	require.NoError(t, err)
	info, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	require.NoError(t, err)
	_, err = auth.SignInWithSms(t.Context(), tcbauth.SignInWithSmsRequest{
		VerificationInfo: info, VerificationCode: "123456", PhoneNum: "13800000000",
	})
	require.NoError(t, err)
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.FixCode("13800000000", "123456")
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
		require.NoError(t, err)
		info, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
		require.NoError(t, err)
		_, err = auth.SignInWithSms(t.Context(), tcbauth.SignInWithSmsRequest{
			VerificationInfo: info, VerificationCode: "123456", PhoneNum: "13800000000",
		})
		require.NoError(t, err)
		<-time.After(2 * time.Hour) // takes no time; the access token expires
		_, err = auth.GetAccessToken(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, srv.Count("token"), "one refresh")
	})
}

// site is a web service that signs its users in.
type site struct {
	app *tcbauth.App
}

// sendCode is the first step: the form has the phone number.
func (s *site) sendCode(w http.ResponseWriter, r *http.Request) {
	id := rand.Text()
	_, err := s.app.ForUser(id).SignInWithOtp(r.Context(), tcbauth.SignInWithOtpRequest{Phone: r.FormValue("phone")})
	if err != nil {
		refuse(w, r, err)
		return
	}
	setCookie(w, id)
}

// signIn is the second step: the form has the code.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	id := rand.Text() // a new id for each sign-in
	_, err := s.app.ForUser(cookie(r)).FinishOtp(r.Context(), tcbauth.FinishOtpRequest{Token: r.FormValue("code"), NewKey: id})
	if err != nil {
		refuse(w, r, err)
		return
	}
	setCookie(w, id)
}

// profile is for users who are signed in.
func (s *site) profile(w http.ResponseWriter, r *http.Request) {
	auth := s.app.ForUser(cookie(r)) // cheap: made for each request
	user, err := auth.GetUserInfo(r.Context(), tcbauth.GetUserInfoRequest{})
	if err != nil {
		refuse(w, r, err)
		return
	}
	_, _ = fmt.Fprintln(w, "hello,", user.Sub)
}

// signOut ends the session here and at CloudBase.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.app.ForUser(cookie(r)).SignOut(r.Context()); err != nil {
		refuse(w, r, err)
	}
}

// refuse tells the browser what happened, in its language.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	http.Error(w, tcbauth.UserMessage(err, r.Header.Get("Accept-Language")), tcbauth.HTTPStatus(err))
}

func setCookie(w http.ResponseWriter, id string) {
	http.SetCookie(w, &http.Cookie{
		Name: "__Host-session", Value: id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func cookie(r *http.Request) string {
	if c, err := r.Cookie("__Host-session"); err == nil && c.Value != "" {
		return c.Value
	}
	return "nobody" // has no session
}

func TestSite(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.FixCode("13800000000", "123456")
	app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithStoredOtp())
	require.NoError(t, err)
	s := &site{app}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /code", s.sendCode)
	mux.HandleFunc("POST /login", s.signIn)
	mux.HandleFunc("POST /profile", s.profile)
	mux.HandleFunc("POST /logout", s.signOut)
	web := httptest.NewTLSServer(http.NewCrossOriginProtection().Handler(mux))
	t.Cleanup(web.Close)
	client := web.Client()
	client.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	post := func(path, field, value string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+path, strings.NewReader(url.Values{field: {value}}.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", "en")
		resp, err := client.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return resp.StatusCode, string(body)
	}
	for _, step := range []struct {
		path, field, value string
		status             int
		says               string
	}{
		{"/profile", "", "", 401, "sign in"},
		{"/login", "code", "123456", 400, "code"},
		{"/code", "phone", "1", 400, "phone"},
		{"/code", "phone", "13800000000", 200, ""},
		{"/login", "code", "000000", 400, "code"},
		{"/login", "code", "123456", 200, ""},
		{"/profile", "", "", 200, "hello, "},
		{"/login", "code", "123456", 400, "code"},
		{"/logout", "", "", 200, ""},
		{"/profile", "", "", 401, "sign in"},
	} {
		status, body := post(step.path, step.field, step.value)
		assert.Equal(t, step.status, status, "%s %s: %s", step.path, step.value, body)
		assert.Contains(t, body, step.says)
	}
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
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stop() })}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, server, listener, app) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String(), nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err, "the request comes to its end")
	require.NoError(t, resp.Body.Close())
	require.NoError(t, <-ended)
}

// ticketHandler gives the browser a ticket for the user of your own session.
func ticketHandler(signer *ticket.Signer, signedIn func(*http.Request) (id string, ok bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := signedIn(r)
		if !ok {
			http.Error(w, "sign in first", http.StatusUnauthorized)
			return
		}
		text, err := signer.Sign(id, ticket.SignOptions{})
		if err != nil { // the id is not one that CloudBase takes
			http.Error(w, "no ticket for this user", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, text)
	}
}

func TestTicketHandler(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	signer, err := ticket.NewSigner(srv.TicketKey())
	require.NoError(t, err)
	handler := ticketHandler(signer, func(r *http.Request) (string, bool) { return r.Header.Get("User"), r.Header.Get("User") != "" })
	for user, want := range map[string]int{"": 401, "1": 500, "user-0001": 200} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/ticket", nil)
		r.Header.Set("User", user)
		w := httptest.NewRecorder()
		handler(w, r)
		assert.Equal(t, want, w.Code)
		if want == http.StatusOK {
			auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithClock(srv.Now))
			require.NoError(t, err)
			_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: w.Body.String()})
			require.NoError(t, err)
		}
	}
}

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
	require.NoError(t, err)
	srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Close: authtest.AfterCommit})
	_, err = auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	require.ErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
	require.Len(t, srv.Messages("13800000000"), 1, "the SMS was sent, and no second one")
}
