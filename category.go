package tcbauth

import "errors"

// Category is the js-sdk's class of an error, found as its AuthError finds it: from the server's word, its number and,
// where these do not tell, the text of its description. It is advice for whoever handles the error, and can change with
// the server's wording; [Code] is what a program should depend on.
//
// A category's sentinel error, such as [ErrRateLimited], is what errors.Is finds in an error of that category.
type Category string

// The categories of the js-sdk's AuthErrorCategory.
const (
	// CategoryProviderNotEnabled: the way to sign in is switched off, or this client may not use it.
	CategoryProviderNotEnabled Category = "PROVIDER_NOT_ENABLED"
	// CategoryInvalidCredentials: a password, a code or a token is wrong or has ended.
	CategoryInvalidCredentials Category = "INVALID_CREDENTIALS"
	// CategoryUserNotFound: there is no such user in this environment.
	CategoryUserNotFound Category = "USER_NOT_FOUND"
	// CategoryUserStatusAbnormal: the user is blocked, locked, or not yet approved.
	CategoryUserStatusAbnormal Category = "USER_STATUS_ABNORMAL"
	// CategoryServiceError: the network or the server failed.
	CategoryServiceError Category = "SERVICE_ERROR"
	// CategoryInvalidParams: the request itself is wrong.
	CategoryInvalidParams Category = "INVALID_PARAMS"
	// CategoryAuthMethodMismatch does not occur: the js-sdk names it, but finds no error to be of it. It has no sentinel.
	CategoryAuthMethodMismatch Category = "AUTH_METHOD_MISMATCH"
	// CategoryRateLimited: too much was sent; wait before the next try.
	CategoryRateLimited Category = "RATE_LIMITED"
	// CategoryCaptchaRequired: the same call must come again with a captcha token.
	CategoryCaptchaRequired Category = "CAPTCHA_REQUIRED"
	// CategoryCaptchaInvalid: the captcha token that came with the call was refused.
	CategoryCaptchaInvalid Category = "CAPTCHA_INVALID"
	// CategoryMFARequired: the user must bind a telephone number for the second factor first.
	CategoryMFARequired Category = "MFA_REQUIRED"
	// CategoryPreconditionFailed: the state of the account does not allow it, such as a number that is bound already.
	CategoryPreconditionFailed Category = "PRECONDITION_FAILED"
	// CategoryVerificationFailed: the verification code is wrong, has ended or belongs to something else.
	CategoryVerificationFailed Category = "VERIFICATION_FAILED"
	// CategoryUnknown: nothing is known about the error. It has no sentinel.
	CategoryUnknown Category = "UNKNOWN"
)

// The sentinels of the categories, for errors.Is. That of [CategoryInvalidParams] is [ErrInvalidParams].
var (
	// ErrProviderNotEnabled is an error of [CategoryProviderNotEnabled].
	ErrProviderNotEnabled = errors.New("tcbauth: login method not enabled")
	// ErrInvalidCredentials is an error of [CategoryInvalidCredentials].
	ErrInvalidCredentials = errors.New("tcbauth: invalid credentials")
	// ErrUserNotFound is an error of [CategoryUserNotFound].
	ErrUserNotFound = errors.New("tcbauth: user not found")
	// ErrUserStatusAbnormal is an error of [CategoryUserStatusAbnormal].
	ErrUserStatusAbnormal = errors.New("tcbauth: user blocked, locked or pending")
	// ErrServiceError is an error of [CategoryServiceError].
	ErrServiceError = errors.New("tcbauth: network or service failure")
	// ErrRateLimited is an error of [CategoryRateLimited].
	ErrRateLimited = errors.New("tcbauth: rate limited")
	// ErrCaptchaRequired is an error of [CategoryCaptchaRequired].
	ErrCaptchaRequired = errors.New("tcbauth: captcha required")
	// ErrCaptchaInvalid is an error of [CategoryCaptchaInvalid].
	ErrCaptchaInvalid = errors.New("tcbauth: captcha invalid")
	// ErrMFARequired is an error of [CategoryMFARequired].
	ErrMFARequired = errors.New("tcbauth: second factor required")
	// ErrPreconditionFailed is an error of [CategoryPreconditionFailed].
	ErrPreconditionFailed = errors.New("tcbauth: precondition failed")
	// ErrVerificationFailed is an error of [CategoryVerificationFailed].
	ErrVerificationFailed = errors.New("tcbauth: verification failed")
)

// sentinel returns the error that stands for c in errors.Is, or nil where there is none.
func (c Category) sentinel() error {
	switch c {
	case CategoryProviderNotEnabled:
		return ErrProviderNotEnabled
	case CategoryInvalidCredentials:
		return ErrInvalidCredentials
	case CategoryUserNotFound:
		return ErrUserNotFound
	case CategoryUserStatusAbnormal:
		return ErrUserStatusAbnormal
	case CategoryServiceError:
		return ErrServiceError
	case CategoryInvalidParams:
		return ErrInvalidParams
	case CategoryRateLimited:
		return ErrRateLimited
	case CategoryCaptchaRequired:
		return ErrCaptchaRequired
	case CategoryCaptchaInvalid:
		return ErrCaptchaInvalid
	case CategoryMFARequired:
		return ErrMFARequired
	case CategoryPreconditionFailed:
		return ErrPreconditionFailed
	case CategoryVerificationFailed:
		return ErrVerificationFailed
	case CategoryAuthMethodMismatch, CategoryUnknown:
	}
	return nil
}
