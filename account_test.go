package tcbauth_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// proven is the verification_token of an address, for a call that needs one.
func proven(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, req tcbauth.GetVerificationRequest) string {
	t.Helper()
	info, code := testbed.Ask(t, srv, auth, req)
	verified, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: info.VerificationID, VerificationCode: code})
	require.NoError(t, err)
	return verified.VerificationToken
}

// TestPasswordIsChanged goes through every way to another password. The old one fails afterwards, and a weak one is
// refused before anything is sent.
func TestPasswordIsChanged(t *testing.T) {
	t.Parallel()
	type change func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, password string) error
	for name, test := range map[string]struct {
		signedIn bool
		change   change
	}{
		"SetPassword, by password": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth, password string) error {
			return auth.SetPassword(t.Context(), tcbauth.SetPasswordRequest{NewPassword: password, SudoToken: testbed.Sudo(t, auth)})
		}},
		"SetPassword, by code": {true, func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, password string) error {
			token := proven(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone, Target: tcbauth.TargetCurrentUser})
			out, err := auth.Sudo(t.Context(), tcbauth.SudoRequest{VerificationToken: token})
			require.NoError(t, err)
			return auth.SetPassword(t.Context(), tcbauth.SetPasswordRequest{NewPassword: password, SudoToken: out.SudoToken})
		}},
		"ResetPassword": {false, func(t *testing.T, srv *authtest.Server, auth *tcbauth.Auth, password string) error {
			return auth.ResetPassword(t.Context(), tcbauth.ResetPasswordRequest{
				PhoneNumber: "13800000000", NewPassword: password,
				VerificationToken: proven(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone}),
			})
		}},
		"ResetPasswordForOld": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth, password string) error {
			_, err := auth.ResetPasswordForOld(t.Context(), tcbauth.ResetPasswordForOldRequest{OldPassword: testbed.Password, NewPassword: password})
			return err
		}},
		"ModifyPassword": {true, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth, password string) error {
			return auth.ModifyPassword(t.Context(), tcbauth.ModifyPasswordRequest{Password: testbed.Password, NewPassword: password})
		}},
		"ModifyPasswordWithoutLogin": {false, func(t *testing.T, _ *authtest.Server, auth *tcbauth.Auth, password string) error {
			return auth.ModifyPasswordWithoutLogin(t.Context(), tcbauth.ModifyPasswordWithoutLoginRequest{
				Username: testbed.Gopher, Password: testbed.Password, NewPassword: password,
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t, authtest.WithoutLimits())
				store := tcbauth.NewMemoryStore()
				auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
				var before *tcbauth.Credentials
				if test.signedIn {
					before = testbed.SignInAs(t, auth, testbed.Gopher)
				}
				require.ErrorIs(t, test.change(t, srv, auth, "weak"), tcbauth.ErrInvalidParams)
				require.True(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
				require.NoError(t, test.change(t, srv, auth, testbed.NewPassword))
				assert.False(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
				assert.True(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.NewPassword))
				if !test.signedIn {
					testbed.RequireNobody(t, auth)
					return
				}
				user, err := testbed.GetMe(t, auth)
				require.NoError(t, err, "the session goes on")
				assert.True(t, user.HasPassword)
				testbed.RequireSession(t, store, testbed.DefaultKey, before)
			})
		})
	}
}

// TestPasswordIsNotChanged: a proof that is none, or an old password that is wrong.
func TestPasswordIsNotChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits(), authtest.WithSudoByCode())
		auth := testbed.NewApp(t, srv).Auth()
		session := testbed.SignInAs(t, auth, testbed.Gopher)
		err := auth.SetPassword(t.Context(), tcbauth.SetPasswordRequest{NewPassword: testbed.NewPassword, SudoToken: "none"})
		require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
		_, err = auth.ResetPasswordForOld(t.Context(), tcbauth.ResetPasswordForOldRequest{OldPassword: testbed.Password, NewPassword: testbed.NewPassword})
		require.ErrorIs(t, err, tcbauth.CodeFailedPrecondition, "people with a phone number need a code")
		assert.Equal(t, "ResetPasswordForOld", testbed.ErrorOf(t, err).Op)
		err = auth.ModifyPassword(t.Context(), tcbauth.ModifyPasswordRequest{Password: "wrong-horse-1", NewPassword: testbed.NewPassword})
		require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword)
		err = auth.ModifyPasswordWithoutLogin(t.Context(), tcbauth.ModifyPasswordWithoutLoginRequest{
			Username: testbed.Gopher, Password: "wrong-horse-1", NewPassword: testbed.NewPassword,
		})
		require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword)
		assert.True(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
		testbed.RequireToken(t, auth, session.AccessToken)
	})
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := testbed.NewApp(t, testbed.Emulator(t)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.CheckPassword(t.Context(), tcbauth.CheckPasswordRequest{Password: testbed.Password}))
		err := auth.CheckPassword(t.Context(), tcbauth.CheckPasswordRequest{Password: "wrong-horse-1"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidPassword)
		require.ErrorIs(t, err, tcbauth.ErrInvalidCredentials)
	})
}

// TestEncryptedSignIn: what the server gets is its own to read, and the session is one of v2 as long as it lasts.
func TestEncryptedSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		req := tcbauth.SignInRequest{Username: testbed.Gopher, Password: "wrong-horse-1", IsEncrypt: true, Version: "v2"}
		_, err := auth.SignIn(t.Context(), req)
		require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword)
		req.Password = testbed.Password
		state, err := auth.SignIn(t.Context(), req)
		require.NoError(t, err)
		require.NoError(t, state.UserErr)
		assert.Equal(t, testbed.GopherSub, state.User.Sub)
		for _, r := range srv.Requests() {
			if r.Operation == "v2/signin/username" {
				assert.NotContains(t, r.Body, "password")
			}
		}
		for n := 1; n <= 2; n++ {
			srv.Advance(testbed.TokenLifetime)
			_, err = auth.GetCredentials(t.Context())
			require.NoError(t, err)
			assert.Equal(t, n, srv.Count("v2/token"))
			assert.Equal(t, "v2", testbed.Stored(t, store, testbed.DefaultKey).Version)
		}
		_, err = auth.RefreshTokenForce(t.Context(), tcbauth.RefreshTokenForceRequest{Version: "v1"})
		require.NoError(t, err)
		assert.Equal(t, 1, srv.Count("token"))
		assert.Equal(t, 1, srv.Count("v2/user/me"))
	})
}

// TestContact: a new address needs the proof of who it is, and that of the address.
func TestContact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t, authtest.WithoutLimits())
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		phone := func(to string) string { return proven(t, srv, auth, tcbauth.GetVerificationRequest{PhoneNumber: to}) }
		mail := proven(t, srv, auth, tcbauth.GetVerificationRequest{Email: testbed.NewEmail})

		err := auth.BindEmail(t.Context(), tcbauth.BindEmailRequest{Email: testbed.NewEmail, SudoToken: "none", VerificationToken: mail})
		require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
		err = auth.BindEmail(t.Context(), tcbauth.BindEmailRequest{Email: testbed.NewEmail, SudoToken: testbed.Sudo(t, auth), VerificationToken: phone(testbed.NewPhone)})
		require.ErrorIs(t, err, tcbauth.CodeInvalidArgument, "the proof of another address")
		require.NoError(t, auth.BindEmail(t.Context(), tcbauth.BindEmailRequest{
			Email: testbed.NewEmail, SudoToken: testbed.Sudo(t, auth), VerificationToken: mail,
		}))
		require.NoError(t, auth.BindPhoneNumber(t.Context(), tcbauth.BindPhoneNumberRequest{
			PhoneNumber: "13700000000", SudoToken: testbed.Sudo(t, auth), VerificationToken: phone(testbed.NewPhone),
		}))
		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.NewEmail, user.Email)
		assert.Equal(t, testbed.NewPhone, user.PhoneNumber)

		taken := tcbauth.EditContactRequest{PhoneNumber: testbed.BadgerPhone, SudoToken: testbed.Sudo(t, auth), VerificationToken: phone(testbed.BadgerPhone)}
		err = auth.EditContact(t.Context(), taken)
		require.ErrorIs(t, err, tcbauth.CodeFailedPrecondition)
		require.ErrorIs(t, err, tcbauth.ErrPreconditionFailed)
		taken.ConflictResolution = tcbauth.ConflictTransfer
		require.NoError(t, auth.EditContact(t.Context(), taken))
		user, err = testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerPhone, user.PhoneNumber)
		assert.True(t, testbed.CanSignIn(t, srv, testbed.Badger, testbed.Password), "the other account has a password")
		taken.Email = testbed.NewEmail
		require.ErrorIs(t, auth.EditContact(t.Context(), taken), tcbauth.ErrInvalidParams)
	})
}

func TestProfile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		user, err := auth.UpdateUserBasicInfo(t.Context(), tcbauth.UpdateUserBasicInfoRequest{
			Nickname: new("Go Pher"), Gender: new("FEMALE"), Description: new("digs"), AvatarURL: new("https://example.com/g.png"),
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"Go Pher", "FEMALE", "digs", "https://example.com/g.png", testbed.Gopher},
			[]string{user.Name, user.Gender, user.UserDesc, user.Picture, user.Username})
		user, err = auth.UpdateUserBasicInfo(t.Context(), tcbauth.UpdateUserBasicInfoRequest{AvatarURL: new("")})
		require.NoError(t, err)
		assert.Empty(t, user.Picture, "a pointer to \"\" clears a field")
		assert.Equal(t, "Go Pher", user.Name, "nil leaves one alone")
		_, err = auth.UpdateUserBasicInfo(t.Context(), tcbauth.UpdateUserBasicInfoRequest{Username: new(testbed.Badger)})
		require.Equal(t, tcbauth.Code("username_already_exists"), testbed.ErrorOf(t, err).Code)

		user, err = auth.SetUserProfile(t.Context(), tcbauth.SetUserProfileRequest{
			Name: new("Gopher"), Locale: new("en-US"), Address: &tcbauth.Address{Locality: "Shenzhen"},
		})
		require.NoError(t, err)
		assert.Equal(t, "Gopher", user.Name)
		assert.Equal(t, "en-US", user.Locale)
		assert.Equal(t, "Shenzhen", user.Address.Locality)

		for name, test := range map[string]struct {
			req  tcbauth.QueryUserRequest
			want []string
		}{
			"ids":      {tcbauth.QueryUserRequest{ID: []string{testbed.GopherSub, testbed.BadgerSub, "0"}}, []string{testbed.GopherSub, testbed.BadgerSub}},
			"username": {tcbauth.QueryUserRequest{Username: testbed.Badger}, []string{testbed.BadgerSub}},
			"phone":    {tcbauth.QueryUserRequest{PhoneNumber: "13900000000"}, []string{testbed.BadgerSub}},
			"nobody":   {tcbauth.QueryUserRequest{Email: testbed.NewEmail}, nil},
		} {
			found, err := auth.QueryUser(t.Context(), test.req)
			require.NoError(t, err, name)
			var subs []string
			for _, person := range found.Data {
				subs = append(subs, person.Sub)
			}
			assert.Equal(t, test.want, subs, name)
			assert.Equal(t, len(test.want), found.Total, name)
		}
		testbed.SignInAnonymously(t, auth)
		_, err = auth.QueryUser(t.Context(), tcbauth.QueryUserRequest{Username: testbed.Badger})
		require.ErrorIs(t, err, tcbauth.CodePermissionDenied)
	})
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := testbed.NewApp(t, testbed.Emulator(t)).Auth()
		for username, want := range map[string]bool{testbed.Gopher: true, testbed.GopherPhone: true, "nobody_at_all": false} {
			got, err := auth.IsUsernameRegistered(t.Context(), tcbauth.IsUsernameRegisteredRequest{Username: username})
			require.NoError(t, err)
			assert.Equal(t, want, got, username)
		}
		require.ErrorIs(t, auth.CheckUsername(t.Context(), tcbauth.CheckUsernameRequest{Username: "newcomer"}), tcbauth.ErrNoSession)
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.CheckUsername(t.Context(), tcbauth.CheckUsernameRequest{Username: "newcomer"}))
		require.NoError(t, auth.CheckUsername(t.Context(), tcbauth.CheckUsernameRequest{Username: testbed.Gopher}), "one's own")
		require.ErrorIs(t, auth.CheckUsername(t.Context(), tcbauth.CheckUsernameRequest{Username: testbed.Badger}), tcbauth.CodeAlreadyExists)
		require.ErrorIs(t, auth.CheckUsername(t.Context(), tcbauth.CheckUsernameRequest{Username: "X"}), tcbauth.ErrInvalidParams)
	})
}

// TestAccountIsDeleted: with the account the session is gone, here and on the server.
func TestAccountIsDeleted(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(t *testing.T, auth *tcbauth.Auth, proof string) error{
		"DeleteMe": func(t *testing.T, auth *tcbauth.Auth, proof string) error {
			_, err := auth.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: proof})
			return err
		},
		"DeleteMe v2": func(t *testing.T, auth *tcbauth.Auth, proof string) error {
			_, err := auth.DeleteMe(t.Context(), tcbauth.DeleteMeRequest{SudoToken: proof, Version: "v2"})
			return err
		},
		"DeleteUser": func(t *testing.T, auth *tcbauth.Auth, proof string) error {
			password := testbed.Password
			if proof == "none" {
				password = "wrong-horse-1"
			}
			return auth.DeleteUser(t.Context(), tcbauth.DeleteUserRequest{Password: password})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := testbed.Emulator(t)
				store := tcbauth.NewMemoryStore()
				app := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store))
				auth := app.ForUser("visitor")
				session := testbed.SignInAs(t, auth, testbed.Gopher)
				events := testbed.EventsOf(auth)
				require.Error(t, remove(t, auth, "none"))
				testbed.RequireSession(t, store, testbed.KeyOf("visitor"), session)
				require.NoError(t, remove(t, auth, testbed.Sudo(t, auth)))
				assert.Nil(t, testbed.Stored(t, store, testbed.KeyOf("visitor")))
				_, err := store.Get(t.Context(), testbed.DeviceKeyOf("visitor"))
				require.ErrorIs(t, err, tcbauth.ErrNotFound)
				testbed.RequireNobody(t, auth)
				assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedOut}, events())
				_, err = testbed.GetMe(t, app.ForToken(session.AccessToken))
				require.ErrorIs(t, err, tcbauth.CodeUnauthenticated)
				assert.False(t, testbed.CanSignIn(t, srv, testbed.Gopher, testbed.Password))
			})
		})
	}
}

// TestDevicesAreRevoked: the session here stays until the server refuses it.
func TestDevicesAreRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		device := func(id string) *tcbauth.Auth { return testbed.NewApp(t, srv, tcbauth.WithDeviceID(id)).Auth() }
		here, there, third := device("here-0123456789abcdef"), device("there-0123456789abcdef"), device("third-0123456789abcdef")
		for _, auth := range []*tcbauth.Auth{here, there, third} {
			testbed.SignInAs(t, auth, testbed.Gopher)
		}
		require.NoError(t, here.RevokeDevice(t.Context(), tcbauth.RevokeDeviceRequest{DeviceID: "there-0123456789abcdef"}))
		_, err := testbed.GetMe(t, there)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		_, err = testbed.GetMe(t, third)
		require.NoError(t, err)
		err = here.RevokeDevice(t.Context(), tcbauth.RevokeDeviceRequest{DeviceID: "../me"})
		require.ErrorIs(t, err, tcbauth.CodeNotFound, "a device of that name, and no other path")

		events := testbed.EventsOf(here)
		require.NoError(t, here.RevokeAllDevices(t.Context()))
		has, err := here.HasLoginState(t.Context())
		require.NoError(t, err)
		assert.True(t, has)
		assert.Empty(t, events())
		for _, auth := range []*tcbauth.Auth{here, third} {
			_, err = testbed.GetMe(t, auth)
			require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
			testbed.RequireNobody(t, auth)
		}
	})
}

// TestTokensFromElsewhere: GrantToken hands a session out, SetSession takes one over.
func TestTokensFromElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		store := tcbauth.NewMemoryStore()
		auth := testbed.NewApp(t, srv, tcbauth.WithTokenStore(store)).Auth()
		events := testbed.EventsOf(auth)
		given, err := auth.GrantToken(t.Context(), tcbauth.GrantTokenRequest{
			GrantType: "password", Username: testbed.Badger, Password: testbed.Password,
		})
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerSub, given.Sub)
		assert.True(t, given.ExpiresAt.Equal(srv.Now().Add(testbed.TokenLifetime-30*time.Second)), given.ExpiresAt)
		testbed.RequireNobody(t, auth)
		assert.Empty(t, events())

		before := testbed.SignInAs(t, auth, testbed.Gopher)
		_, err = auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: "a", RefreshToken: "unknown"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidGrant)
		testbed.RequireSession(t, store, testbed.DefaultKey, before)
		c, err := auth.SetSession(t.Context(), tcbauth.SetSessionRequest{AccessToken: given.AccessToken, RefreshToken: given.RefreshToken})
		require.NoError(t, err)
		assert.Equal(t, testbed.BadgerSub, c.Sub)
		testbed.RequireSession(t, store, testbed.DefaultKey, c)
		user, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		assert.Equal(t, testbed.Badger, user.Username)
		assert.Equal(t, []tcbauth.Event{tcbauth.EventSignedIn, tcbauth.EventTokenRefreshed, tcbauth.EventSignedIn}, events())
	})
}
