package ticket_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/ticket"
)

var _ tcbauth.TicketSource = ticket.Source(nil)

// envOf is the environment of a key file.
func envOf(tb testing.TB, file []byte) string {
	tb.Helper()
	var members struct {
		Env string `json:"env_id"`
	}
	require.NoError(tb, json.Unmarshal(file, &members))
	return members.Env
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pkcs1-2048", "pkcs8-2048", "pkcs1-1024"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // whose clock stands still while a slow machine signs
				file := keyFile(t, name)
				srv := authtest.NewServer(t, authtest.WithEnv(envOf(t, file)), authtest.WithTicketKey(file))
				signer, err := ticket.NewSigner(file, ticket.WithEnv(srv.Env), ticket.WithClock(srv.Now))
				require.NoError(t, err)
				auth, err := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()), tcbauth.WithClock(srv.Now))
				require.NoError(t, err)

				signed, err := signer.Sign("_-#@~=*(){}[]:.,<>+", ticket.SignOptions{})
				require.NoError(t, err)
				state, err := auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: signed})
				require.NoError(t, err)
				assert.NotEmpty(t, state.Credentials.AccessToken)

				srv.Advance(10*time.Minute - time.Second)
				_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: signed})
				require.NoError(t, err)
				srv.Advance(2 * time.Second)
				_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{Ticket: signed})
				require.ErrorIs(t, err, tcbauth.CodeInvalidArgument, "a ticket is good for ten minutes")
			})
		})
	}
}

// A session without a refresh token goes on by tickets of the source, for each user by one of their own.
func TestSourceSignsIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t, authtest.WithoutCustomRefreshToken())
		signer, err := ticket.NewSigner(srv.TicketKey(), ticket.WithEnv(srv.Env))
		require.NoError(t, err)
		app, err := tcbauth.NewApp(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()),
			tcbauth.WithTicketSource(ticket.Source(signer)))
		require.NoError(t, err)
		subs := make(map[string]string)
		for _, user := range []string{"user-0001", "user-0002"} {
			state, err := app.ForUser(user).SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
			require.NoError(t, err)
			subs[user] = state.User.Sub
		}
		assert.NotEqual(t, subs["user-0001"], subs["user-0002"])

		tomorrow := time.NewTimer(24 * time.Hour)
		<-tomorrow.C
		for user, sub := range subs {
			me, err := app.ForUser(user).GetUserInfo(t.Context(), tcbauth.GetUserInfoRequest{})
			require.NoError(t, err)
			assert.Equal(t, sub, me.Sub)
		}
		assert.Equal(t, 4, srv.Count("signin/custom"))

		_, err = app.Auth().SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
		require.ErrorIs(t, err, ticket.ErrInvalidUID)
	})
}
