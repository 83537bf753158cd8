package client_test

import (
	"context"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// foreignErrors are those of testbed, bare ones among them.
func foreignErrors() map[string]error {
	all := testbed.ForeignErrors()
	maps.Copy(all, map[string]error{
		"bare ErrNoSession": tcbauth.ErrNoSession, "bare ErrSessionExpired": tcbauth.ErrSessionExpired, "bare ErrOtherUser": tcbauth.ErrOtherUser,
		"bare ErrStore": tcbauth.ErrStore, "bare CodeUnauthenticated": tcbauth.CodeUnauthenticated,
	})
	return all
}

// TestForeignErrorsMeanNothing: what a store, a transport or a function of the caller's says of somebody else is in the error for
// the caller to see. It does not decide what a backend answers, nor what the person is told.
func TestForeignErrorsMeanNothing(t *testing.T) {
	t.Parallel()
	me := func(ctx context.Context, auth *tcbauth.Auth) error {
		_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		return err
	}
	for name, foreign := range foreignErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewHookedStore()
			store.On(func(string, string) error { return foreign })
			app := testbed.NewPeerApp(t, testbed.Script(), store)
			err := me(t.Context(), app.Auth())
			require.ErrorIs(t, err, tcbauth.ErrStore)
			require.ErrorIs(t, err, foreign)
			assert.Equal(t, http.StatusServiceUnavailable, tcbauth.HTTPStatus(err), "a store")
			assert.Equal(t, tcbauth.UserMessage(tcbauth.ErrStore, "en"), tcbauth.UserMessage(err, "en"))

			if name != "context.Canceled" && name != "context.DeadlineExceeded" { // which a transport returns of its own
				lost := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Lost(foreign) }}
				_, err = testbed.NewPeerApp(t, lost, testbed.SessionStore(t)).Auth().Sudo(t.Context(), tcbauth.SudoRequest{Password: testbed.PlantedPassword})
				require.ErrorIs(t, err, foreign)
				assert.Equal(t, http.StatusBadGateway, tcbauth.HTTPStatus(err), "a transport")
			}

			auth := testbed.NewPeerApp(t, testbed.Script(), tcbauth.NewMemoryStore(), tcbauth.WithTicketSource(
				func(context.Context, string) (string, error) { return "", foreign })).Auth()
			_, err = auth.SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
			require.ErrorIs(t, err, foreign)
			assert.Equal(t, http.StatusInternalServerError, tcbauth.HTTPStatus(err), "a ticket source")
		})
	}
}

// TestForeignErrorsAreNobody: a store that fails does not say that nobody is signed in, whatever its words.
func TestForeignErrorsAreNobody(t *testing.T) {
	t.Parallel()
	for name, foreign := range foreignErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := testbed.NewHookedStore()
			store.On(func(string, string) error { return foreign })
			told := make(chan tcbauth.AuthEvent, 1)
			auth := testbed.NewPeerApp(t, testbed.Script(), store).Auth()
			defer auth.OnAuthStateChange(func(e tcbauth.AuthEvent) { told <- e }, tcbauth.WithInitialState(t.Context()))()
			assert.ErrorIs(t, (<-told).Err, tcbauth.ErrStore)
		})
	}
}

// TestForeignErrorsGoNoOtherWay: a step for somebody who is signed in does not go on without them because the transport of a
// refresh speaks of somebody who is not.
func TestForeignErrorsGoNoOtherWay(t *testing.T) {
	t.Parallel()
	for name, foreign := range foreignErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Lost(foreign) }}
			store := tcbauth.NewMemoryStore()
			testbed.Put(t, store, testbed.PeerKey, &tcbauth.Credentials{
				AccessToken: testbed.PlantedAccess, RefreshToken: testbed.PlantedRefresh, ExpiresIn: 7200, ExpiresAt: time.Now().Add(-time.Hour),
			})
			_, err := testbed.NewPeerApp(t, lost, store).Auth().LinkIdentity(t.Context(), tcbauth.LinkIdentityRequest{
				Provider: "wx_open", RedirectTo: "https://example.com/back",
			})
			require.Error(t, err)
			assert.Equal(t, tokenPath, lost.Requests()[len(lost.Requests())-1].URL.Path, "only the refresh")
		})
	}
}
