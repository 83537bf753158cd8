package tcbauth_test

import (
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

const mockedVerification = "https://env-1.ap-shanghai.tcb-api.tencentcloudapi.com/auth/v1/verification"

// Users mock http.DefaultTransport after the App was made, and in any test of their own.
//
//nolint:paralleltest // http.DefaultTransport is the whole process's
func TestDefaultTransportIsLookedUpAtEachCall(t *testing.T) {
	auth, err := tcbauth.New("env-1")
	require.NoError(t, err)
	httpmock.Activate(t)
	httpmock.RegisterResponder(http.MethodPost, mockedVerification,
		httpmock.NewStringResponder(http.StatusOK, `{"verification_id":"v","expires_in":600}`)) // without a Content-Type

	info, err := auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	require.NoError(t, err)
	assert.Equal(t, 600, info.ExpiresIn)
	assert.Equal(t, 1, httpmock.GetTotalCallCount())
}

func TestMockTransport(t *testing.T) {
	t.Parallel()
	mock := httpmock.NewMockTransport()
	mock.RegisterMatcherResponder(http.MethodPost, mockedVerification,
		httpmock.BodyContainsString(`"phone_number":"+86 13800000000"`),
		httpmock.NewJsonResponderOrPanic(http.StatusTooManyRequests, map[string]any{"error": "resource_exhausted", "error_code": 8}))
	client := &http.Client{Transport: mock}
	auth, err := tcbauth.New("env-1", tcbauth.WithHTTPClient(client))
	require.NoError(t, err)

	_, err = auth.GetVerification(t.Context(), tcbauth.GetVerificationRequest{PhoneNumber: "13800000000"})
	require.ErrorIs(t, err, tcbauth.ErrRateLimited)
	assert.Equal(t, 1, mock.GetTotalCallCount())
	assert.Same(t, mock, client.Transport, "the caller's client is left as it is")
	assert.Nil(t, client.CheckRedirect)
}
