package session_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// nameless answers like a server whose sessions and tokens say of nobody who they are, as WIRE.md 3.1 allows. A token's
// first letter is whose it is.
func nameless() *testbed.Peer {
	return &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		whose := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case strings.HasSuffix(r.URL.Path, "/user/me") && strings.HasPrefix(whose, "a"):
			return testbed.Reply(http.StatusOK, `{"sub":"alice","name":"Alice","phone_number":"+86 13800000001"}`)
		case strings.HasSuffix(r.URL.Path, "/user/me"):
			return testbed.Reply(http.StatusOK, `{"sub":"bob","name":"Bob","phone_number":"+86 13800000002"}`)
		case strings.HasSuffix(r.URL.Path, "/token"):
			if strings.Contains(r.Text, "refresh-a") {
				return testbed.Reply(http.StatusOK, `{"access_token":"a2","refresh_token":"refresh-a2","expires_in":7200}`)
			}
			return testbed.Reply(http.StatusOK, `{"access_token":"b2","refresh_token":"refresh-b2","expires_in":7200}`)
		case strings.HasSuffix(r.URL.Path, "/signin"):
			who := "b"
			if strings.Contains(r.Text, "alice") {
				who = "a"
			}
			return testbed.Reply(http.StatusOK, `{"access_token":"`+who+`1","refresh_token":"refresh-`+who+`1","expires_in":7200}`)
		case strings.HasSuffix(r.URL.Path, "/verification"):
			return testbed.Reply(http.StatusOK, `{"verification_id":"v","expires_in":600,"is_user":true}`)
		}
		return testbed.Reply(http.StatusOK, `{"verification_token":"vt","expires_in":600,"provider_token":"pt","sudo_token":"st"}`)
	}}
}

// namelessSwitches are ways in which Bob's session comes to a handle that has fetched Alice.
var namelessSwitches = map[string]func(t *testing.T, auth, other *tcbauth.Auth, pass func(time.Duration)){
	"found when hers expires": func(t *testing.T, _, other *tcbauth.Auth, pass func(time.Duration)) {
		pass(time.Hour)
		testbed.SignInAs(t, other, "bob")
		pass(90 * time.Minute)
	},
	"found by a forced refresh": func(t *testing.T, auth, other *tcbauth.Auth, _ func(time.Duration)) {
		testbed.SignInAs(t, other, "bob")
		_, err := auth.RefreshSession(t.Context(), tcbauth.RefreshSessionRequest{})
		require.NoError(t, err)
	},
	"set here": func(t *testing.T, auth, _ *tcbauth.Auth, _ func(time.Duration)) {
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "b1", RefreshToken: "refresh-b1", ExpiresIn: 7200}))
	},
	"taken over": func(t *testing.T, auth, _ *tcbauth.Auth, _ func(time.Duration)) {
		_, err := auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: "b1", RefreshToken: "refresh-b1"})
		require.NoError(t, err)
	},
}

// TestUserOfANamelessSession: that two sessions both do not say whose they are does not make them the same person's.
func TestUserOfANamelessSession(t *testing.T) {
	t.Parallel()
	for name, change := range namelessSwitches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			p := nameless()
			store := tcbauth.NewMemoryStore()
			clock := tcbauth.WithClock(func() time.Time { return now })
			auth, other := testbed.NewPeerApp(t, p, store, clock).Auth(), testbed.NewPeerApp(t, p, store, clock).Auth()
			state, err := auth.SignInWithPassword(t.Context(), tcbauth.SignInWithPasswordRequest{Username: "alice", Password: testbed.Password})
			require.NoError(t, err)
			require.Equal(t, "Alice", state.User.Name)
			change(t, auth, other, func(d time.Duration) { now = now.Add(d) })

			state, err = auth.GetLoginState(t.Context())
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(state.Credentials.AccessToken, "b"), "Bob's tokens")
			assert.Equal(t, &tcbauth.User{}, state.User, "ids only, and none is known")
			state, err = auth.GetSession(t.Context())
			require.NoError(t, err)
			assert.Equal(t, &tcbauth.User{}, state.User)

			sent := len(p.Requests())
			c, err := auth.Reauthenticate(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "+86 13800000002", c.Phone, "the code is Bob's")
			for _, r := range p.Requests()[sent:] {
				assert.NotContains(t, r.Text, "13800000001")
			}
			me, err := testbed.GetMe(t, auth)
			require.NoError(t, err)
			require.Equal(t, "Bob", me.Name)
			state, err = auth.GetLoginState(t.Context())
			require.NoError(t, err)
			assert.NotEqual(t, "Alice", state.User.Name)
		})
	}
}

// TestNamelessUserThatComesLate: Alice's profile arrives after Bob's session has been found.
func TestNamelessUserThatComesLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := nameless()
		says := p.Answer
		gate := make(chan struct{})
		late := false
		p.Answer = func(n int, r testbed.Arrived) testbed.Answer {
			if late && r.Header.Get("Authorization") == "Bearer a1" && strings.HasSuffix(r.URL.Path, "/user/me") {
				<-gate
			}
			return says(n, r)
		}
		auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
		testbed.SignInAs(t, auth, "alice")
		late = true
		fetching := testbed.Background(func() (string, error) {
			user, err := testbed.GetMe(t, auth)
			if err != nil {
				return "", err
			}
			return user.Name, nil
		})
		require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "b1", RefreshToken: "refresh-b1", ExpiresIn: 7200}))
		close(gate)
		got := <-fetching
		require.NoError(t, got.Err)
		assert.Equal(t, "Alice", got.Token, "who asked gets whom they asked for")
		state, err := auth.GetLoginState(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "b1", state.Credentials.AccessToken)
		assert.Equal(t, &tcbauth.User{}, state.User)
	})
}

// TestChallengeOfANamelessPerson: a session that does not say whose it is begins no change that another nameless session
// may finish.
func TestChallengeOfANamelessPerson(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, auth *tcbauth.Auth) (finish func() error, err error){
		"another phone": func(t *testing.T, auth *tcbauth.Auth) (func() error, error) {
			out, err := auth.UpdateUser(t.Context(), tcbauth.UpdateUserRequest{Phone: new(testbed.NewPhone)})
			if err != nil {
				return nil, err
			}
			return func() error {
				_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: throughJSON(t, out.Challenge), Token: "123456"})
				return err
			}, nil
		},
		"another password": func(t *testing.T, auth *tcbauth.Auth) (func() error, error) {
			c, err := auth.Reauthenticate(t.Context())
			if err != nil {
				return nil, err
			}
			return func() error {
				_, err := auth.FinishOtp(t.Context(), tcbauth.FinishOtpRequest{Challenge: throughJSON(t, c), Token: "123456", Password: testbed.NewPassword})
				return err
			}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := nameless()
			auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
			testbed.SignInAs(t, auth, "alice")
			finish, err := change(t, auth)
			if err != nil {
				return // it may be refused at once
			}
			require.NoError(t, auth.SetCredentials(t.Context(), &tcbauth.Credentials{AccessToken: "b1", RefreshToken: "refresh-b1", ExpiresIn: 7200}))
			sent := len(p.Requests())
			require.Error(t, finish())
			for _, r := range p.Requests()[sent:] {
				assert.NotContains(t, r.URL.Path, "verify", "the code was spent")
				assert.NotContains(t, r.URL.Path, "edit")
				assert.NotContains(t, r.URL.Path, "password")
			}
		})
	}
}
