package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// endpoints are calls of the endpoints that have meanings of their own.
var endpoints = map[string]func(ctx context.Context, a *tcbauth.Auth) error{
	"signin": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignIn(ctx, tcbauth.SignInRequest{Username: "gopher", Password: testbed.PlantedPassword})
		return err
	},
	"signin/username": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignIn(ctx, tcbauth.SignInRequest{Username: "gopher", Password: testbed.PlantedPassword, Version: "v2"})
		return err
	},
	"signin/verificationcode": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.Verify(ctx, tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode, Version: "v2"})
		return err
	},
	"signin/with/provider": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignInWithProvider(ctx, tcbauth.SignInWithProviderRequest{ProviderToken: testbed.PlantedID})
		return err
	},
	"signin/custom": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignInCustom(ctx, tcbauth.SignInCustomRequest{Ticket: testbed.PlantedID})
		return err
	},
	"signin/anonymously": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignInAnonymously(ctx, tcbauth.SignInAnonymouslyRequest{})
		return err
	},
	"signup": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.SignUp(ctx, tcbauth.SignUpRequest{PhoneNumber: testbed.GopherPhone, VerificationToken: testbed.PlantedID})
		return err
	},
	"verification": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
		return err
	},
	"verification/verify": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.Verify(ctx, tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode})
		return err
	},
	"captcha/data/verify": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.VerifyCaptchaData(ctx, tcbauth.VerifyCaptchaDataRequest{Token: testbed.PlantedID, Key: "abcd"})
		return err
	},
	"reset": func(ctx context.Context, a *tcbauth.Auth) error {
		return a.ResetPassword(ctx, tcbauth.ResetPasswordRequest{
			PhoneNumber: testbed.GopherPhone, NewPassword: testbed.PlantedPassword, VerificationToken: testbed.PlantedID,
		})
	},
	"user/me": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		return err
	},
	"user/sudo": func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.Sudo(ctx, tcbauth.SudoRequest{Password: testbed.PlantedPassword})
		return err
	},
	"user/password": func(ctx context.Context, a *tcbauth.Auth) error {
		return a.SetPassword(ctx, tcbauth.SetPasswordRequest{NewPassword: testbed.PlantedPassword, SudoToken: testbed.PlantedID})
	},
	"user/basic/edit": func(ctx context.Context, a *tcbauth.Auth) error {
		return a.ModifyPassword(ctx, tcbauth.ModifyPasswordRequest{
			Password: testbed.PlantedPassword, NewPassword: testbed.PlantedPassword + "1",
		})
	},
}

// TestMeaningsOfEndpoints: what an error code means at one endpoint alone. It says nothing about the session, and the call is
// sent as often as its kind is.
func TestMeaningsOfEndpoints(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range advice.All() {
		if !saidByServer(m) {
			continue
		}
		for _, path := range m.When.Path {
			call := endpoints[path]
			require.NotNil(t, call, "%s has no call here", path)
			seen[path] = true
			for _, s := range answersOf(m)[1:] { // a page has no error code
				t.Run(path+" "+s.name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
							if strings.HasSuffix(r.URL.Path, "/"+path) {
								return s.answer
							}
							return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
						}}
						store := testbed.SessionStore(t)
						err := call(t.Context(), testbed.NewPeerApp(t, p, store).Auth())
						s.assertError(t, err, "/auth/v1/"+path)
						assert.Equal(t, m.HTTP, tcbauth.HTTPStatus(err))
						assert.Equal(t, m.Say(advice.English, m.Wait), tcbauth.UserMessage(err, "en"))
						assert.NotErrorIs(t, err, tcbauth.CodeUnauthenticated)
						assert.Equal(t, testbed.PlantedAccess, testbed.Stored(t, store, testbed.PeerKey).AccessToken)
						times := 0
						for _, r := range p.Requests() {
							if strings.HasSuffix(r.URL.Path, "/"+path) {
								times++
							}
						}
						want := 1
						if path == "user/me" {
							want = attempts(s.facts.Status)
						}
						assert.Equal(t, want, times)
					})
				})
			}
		}
	}
	assert.Len(t, endpoints, len(seen), "calls that no meaning needs")
}
