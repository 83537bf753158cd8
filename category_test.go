package tcbauth_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth"
)

// An error is its category's sentinel, and no other.
func TestCategorySentinels(t *testing.T) {
	t.Parallel()
	sentinels := map[tcbauth.Category]error{
		tcbauth.CategoryProviderNotEnabled: tcbauth.ErrProviderNotEnabled,
		tcbauth.CategoryInvalidCredentials: tcbauth.ErrInvalidCredentials,
		tcbauth.CategoryUserNotFound:       tcbauth.ErrUserNotFound,
		tcbauth.CategoryUserStatusAbnormal: tcbauth.ErrUserStatusAbnormal,
		tcbauth.CategoryServiceError:       tcbauth.ErrServiceError,
		tcbauth.CategoryInvalidParams:      tcbauth.ErrInvalidParams,
		tcbauth.CategoryAuthMethodMismatch: nil,
		tcbauth.CategoryRateLimited:        tcbauth.ErrRateLimited,
		tcbauth.CategoryCaptchaRequired:    tcbauth.ErrCaptchaRequired,
		tcbauth.CategoryCaptchaInvalid:     tcbauth.ErrCaptchaInvalid,
		tcbauth.CategoryMFARequired:        tcbauth.ErrMFARequired,
		tcbauth.CategoryPreconditionFailed: tcbauth.ErrPreconditionFailed,
		tcbauth.CategoryVerificationFailed: tcbauth.ErrVerificationFailed,
		tcbauth.CategoryUnknown:            nil,
		"":                                 nil,
		"SOMETHING_NEW":                    nil,
	}
	texts := map[string]bool{}
	for category, own := range sentinels {
		err := error(&tcbauth.Error{Category: category})
		for other, sentinel := range sentinels {
			if sentinel != nil {
				assert.Equal(t, other == category, errors.Is(err, sentinel), "%s is %v", category, sentinel)
			}
		}
		if own != nil {
			assert.False(t, texts[own.Error()], "two sentinels say %q", own)
			texts[own.Error()] = true
		}
	}
}
