package doctest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/accesstoken"
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

func TestServerDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the pauses take no time
		srv := authtest.NewServer(t)
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
		require.NoError(t, err)
		_, err = auth.SignInAnonymously(t.Context(), tcbauth.SignInAnonymouslyRequest{})
		require.NoError(t, err)
		before := srv.Count("user/me")
		srv.Fault(authtest.Fault{Operation: "user/me", Times: 3, Error: &authtest.Error{Code: "unavailable"}}) // HTTP 503
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrServiceError)
		srv.Fault(authtest.Fault{Operation: "user/me", Times: 3, Body: authtest.HTML}) // HTTP 502 and a proxy's page
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrServiceError)
		require.Equal(t, before+6, srv.Count("user/me"), "a read is tried three times")
		srv.Fault(authtest.Fault{Operation: "user/me", Error: &authtest.Error{Code: "internal", Status: http.StatusInternalServerError}})
		_, err = auth.GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
		require.ErrorIs(t, err, tcbauth.ErrServiceError)
		require.Equal(t, before+7, srv.Count("user/me"), "a 500 is not")
	})
}

// A front end's client id has to be known to the emulator, and to the verifier of its tokens.
func TestClientID(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithSeed([]byte(`{"rules": {"clients": {"my-client": ""}}}`)))
	for client, want := range map[string]error{"my-client": nil, "another": tcbauth.CodeUnauthorizedClient} {
		auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithClientID(client))
		require.NoError(t, err)
		_, err = auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
		require.ErrorIs(t, err, want)
	}
	for _, test := range []struct {
		aud      string
		audience []string
		want     error
	}{
		{"my-client", []string{"my-client", srv.Env}, nil},
		{srv.Env, []string{"my-client", srv.Env}, nil},
		{srv.Env, []string{"my-client"}, accesstoken.ErrWrongEnv},
	} {
		verifier, err := accesstoken.NewVerifier(srv.Env, accesstoken.WithBaseURL(srv.URL), accesstoken.WithIssuer(srv.URL),
			accesstoken.WithHTTPClient(srv.Client()), accesstoken.WithAudience(test.audience...))
		require.NoError(t, err)
		_, err = verifier.Verify(t.Context(), srv.IssueToken(authtest.TokenSpec{Claims: map[string]any{"aud": test.aud}}))
		require.ErrorIs(t, err, test.want)
	}
}
