package tcbauth_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

func TestLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := authtest.NewServer(t)
		srv.FixCode("13800000000", "000000")
		auth, err1 := tcbauth.New(srv.Env, tcbauth.WithBaseURL(srv.URL), tcbauth.WithHTTPClient(srv.Client()))
		info, err2 := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
		login := tcbauth.SignInWithSmsRequest{VerificationInfo: info, VerificationCode: "000000", PhoneNum: "13800000000"}
		_, err3 := auth.SignInWithSms(t.Context(), login)
		<-time.After(2 * time.Hour) // no time at all outside the bubble; the access token expires
		_, err4 := auth.GetAccessToken(t.Context())
		if err := errors.Join(err1, err2, err3, err4); err != nil || srv.Count("token") != 1 {
			t.Fatal("want one refresh:", srv.Count("token"), err)
		}
	})
}

// The README's test is the one above, to the letter.
func TestREADMELogin(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	_, login, ok := strings.Cut(string(source), "func TestLogin(")
	require.True(t, ok)
	login, _, ok = strings.Cut(login, "\n}\n")
	require.True(t, ok)
	login = "func TestLogin(" + login + "\n}\n"
	assert.LessOrEqual(t, strings.Count(login, "\n"), 15)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(readme), login), "the README has another test")
}
