package authtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// From nothing to the first answer that has a signed token in it. The process's key is made before: once, in tens of
// milliseconds.
func BenchmarkFirstAnswer(b *testing.B) {
	authtest.NewServer(b).IssueToken(authtest.TokenSpec{})
	body := []byte(`{"phone_number":"+86 13800000000"}`)
	for b.Loop() {
		srv := authtest.NewServer(b)
		status, _, err := send(b.Context(), srv, http.MethodPost, "/auth/v1/verification", "", body)
		require.NoError(b, err)
		require.Equal(b, http.StatusOK, status)
		require.NoError(b, srv.Close())
	}
}

// The same without a token, in a process that has no key.
func BenchmarkFirstRefusal(b *testing.B) {
	for b.Loop() {
		srv := authtest.NewServer(b)
		status, _, err := send(b.Context(), srv, http.MethodGet, "/auth/v1/user/me", "", nil)
		require.NoError(b, err)
		require.Equal(b, http.StatusUnauthorized, status)
		require.NoError(b, srv.Close())
	}
}
