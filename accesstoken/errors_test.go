package accesstoken_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/accesstoken"
)

func TestStatusCode(t *testing.T) {
	t.Parallel()
	for want, errs := range map[int][]error{
		http.StatusUnauthorized: {
			accesstoken.ErrNoToken, accesstoken.ErrInvalidToken, accesstoken.ErrMalformed, accesstoken.ErrTooLarge,
			accesstoken.ErrAlgorithm, accesstoken.ErrUnknownKey, accesstoken.ErrSignature, accesstoken.ErrExpired,
			accesstoken.ErrNotYetValid, accesstoken.ErrWrongEnv, accesstoken.ErrWrongIssuer, accesstoken.ErrAnonymous,
			accesstoken.ErrPublishableKey, accesstoken.ErrAPIKey, accesstoken.ErrNotAccessToken, accesstoken.ErrInactive,
		},
		http.StatusOK:                 {nil},
		http.StatusBadRequest:         {accesstoken.ErrInvalidRequest},
		http.StatusForbidden:          {accesstoken.ErrInsufficientScope},
		http.StatusServiceUnavailable: {accesstoken.ErrUnavailable, http.ErrServerClosed},
	} {
		for _, err := range errs {
			assert.Equal(t, want, accesstoken.StatusCode(err), "%v", err)
		}
	}
}
