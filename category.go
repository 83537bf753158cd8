package tcbauth

import (
	"errors"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// WIRE.md 0.2.

// Code is the server's error code, in lower case. It is an error itself, to compare with:
//
//	errors.Is(err, tcbauth.CodeInvalidGrant)
//
// Test the code, never [Error.Number] or [Error.Description]: the server's numbers differ from its documentation, and its
// texts change.
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// WIRE.md 3.4.

// Error codes that the js-sdk knows. The server may use others.
const (
	CodeUnreachable Code = wire.Unreachable // no answer came; made here, not by the server

	CodeUnauthenticated    Code = wire.Unauthenticated
	CodeResourceExhausted  Code = "resource_exhausted"
	CodeFailedPrecondition Code = "failed_precondition"
	CodeInvalidArgument    Code = "invalid_argument"
	CodeDeadlineExceeded   Code = "deadline_exceeded"
	CodeNotFound           Code = "not_found"
	CodeAlreadyExists      Code = "already_exists"
	CodePermissionDenied   Code = "permission_denied"
	CodeAborted            Code = "aborted"
	CodeOutOfRange         Code = "out_of_range"
	CodeUnimplemented      Code = "unimplemented"
	CodeInternal           Code = "internal"
	CodeUnavailable        Code = "unavailable"
	CodeDataLoss           Code = "data_loss"

	CodeInvalidPassword          Code = "invalid_password"
	CodePasswordNotSet           Code = "password_not_set"
	CodeInvalidStatus            Code = "invalid_status"
	CodeUserPending              Code = "user_pending"
	CodeUserBlocked              Code = "user_blocked"
	CodeInvalidVerificationCode  Code = "invalid_verification_code"
	CodeTwoFactorRequired        Code = "two_factor_required"
	CodeInvalidTwoFactor         Code = "invalid_two_factor"
	CodeInvalidTwoFactorRecovery Code = "invalid_two_factor_recovery"
	CodeUnderReview              Code = "under_review"

	CodeInvalidRequest           Code = "invalid_request"
	CodeUnauthorizedClient       Code = "unauthorized_client"
	CodeAccessDenied             Code = "access_denied"
	CodeUnsupportedResponseType  Code = "unsupported_response_type"
	CodeInvalidScope             Code = "invalid_scope"
	CodeInvalidGrant             Code = "invalid_grant"
	CodeServerError              Code = "server_error"
	CodeTemporarilyUnavailable   Code = "temporarily_unavailable"
	CodeInteractionRequired      Code = "interaction_required"
	CodeLoginRequired            Code = "login_required"
	CodeAccountSelectionRequired Code = "account_selection_required"
	CodeConsentRequired          Code = "consent_required"
	CodeInvalidRequestURI        Code = "invalid_request_uri"
	CodeInvalidRequestObject     Code = "invalid_request_object"
	CodeRequestNotSupported      Code = "request_not_supported"
	CodeRequestURINotSupported   Code = "request_uri_not_supported"
	CodeRegistrationNotSupported Code = "registration_not_supported"

	CodeCaptchaRequired Code = "captcha_required"
	CodeCaptchaInvalid  Code = "captcha_invalid"

	CodeProviderNotEnabled        Code = "provider_not_enabled"
	CodeLoginMethodDisabled       Code = "login_method_disabled"
	CodeInvalidUsernameOrPassword Code = "invalid_username_or_password"
	CodeInvalidCredentials        Code = "invalid_credentials"
	CodeWrongPassword             Code = "wrong_password"
	CodeUserNotFound              Code = "user_not_found"
	CodeMFAPhoneRequired          Code = "mfa_phone_required"
	CodeLoginTypeDisabled         Code = "login_type_disabled"
	CodeProviderError             Code = "provider_error"
)

// Error codes that the js-sdk does not know: of Tencent's gateway, and of older pages (docs/ERRORS.md has their sources).
const (
	CodeInvalidRefreshToken   Code = "invalid_refresh_token"
	CodeRefreshTokenExpired   Code = "refresh_token_expired"
	CodeRefreshTokenExhausted Code = "refresh_token_exhausted" // the user has signed in too often elsewhere
	CodeAccessTokenExpired    Code = "access_token_expired"
	CodeAccessTokenInvalid    Code = "access_token_invalid"
	CodeInvalidAccessToken    Code = "invalid_access_token"
	CodeAccessTokenKIDInvalid Code = "access_token_kid_invalid"
	CodeMissingCredentials    Code = "missing_credentials"
	CodeAuthenticationFailed  Code = "authentication_failed"
	CodeCheckLoginFailed      Code = "check_login_failed"

	CodeExceedRateLimit       Code = "exceed_ratelimit"
	CodeExceedRequestLimit    Code = "exceed_request_limit"
	CodeRateLimitExceeded     Code = "rate_limit_exceeded"
	CodeSysErr                Code = "sys_err"
	CodeServerTimeout         Code = "server_timeout"
	CodeWeakPassword          Code = "weak_password"
	CodeUsernameAlreadyExists Code = "username_already_exists"
	CodeInvalidPhoneNumber    Code = "invalid_phone_number"
	CodePhoneRequired         Code = "phone_required"
)

// Error codes of RFC 6749.
const (
	CodeInvalidClient        Code = "invalid_client"
	CodeUnsupportedGrantType Code = "unsupported_grant_type"
)

// Category is the js-sdk's class of an error, found as its AuthError finds it: from the error code, its number and, if
// these do not decide, the text of the description. It can change with the server's texts; a program should depend on
// [Code] if it can.
//
// errors.Is finds the category's error value, such as [ErrRateLimited], in every error of the category.
type Category string

// The categories of the js-sdk's AuthErrorCategory.
const (
	// CategoryProviderNotEnabled: the login method is switched off, or this client may not use it.
	CategoryProviderNotEnabled Category = "PROVIDER_NOT_ENABLED"
	// CategoryInvalidCredentials: a password, a code or a token is wrong or has expired.
	CategoryInvalidCredentials Category = "INVALID_CREDENTIALS"
	// CategoryUserNotFound: there is no such user in this environment.
	CategoryUserNotFound Category = "USER_NOT_FOUND"
	// CategoryUserStatusAbnormal: the user is blocked, locked, or not yet approved.
	CategoryUserStatusAbnormal Category = "USER_STATUS_ABNORMAL"
	// CategoryServiceError: the network or the server failed.
	CategoryServiceError Category = "SERVICE_ERROR"
	// CategoryInvalidParams: the request itself is wrong.
	CategoryInvalidParams Category = "INVALID_PARAMS"
	// CategoryAuthMethodMismatch exists in the js-sdk, but neither the js-sdk nor this package ever uses it, and it has no error value.
	CategoryAuthMethodMismatch Category = "AUTH_METHOD_MISMATCH"
	// CategoryRateLimited: too many requests; wait before the next one.
	CategoryRateLimited Category = "RATE_LIMITED"
	// CategoryCaptchaRequired: the call must be repeated with a captcha token.
	CategoryCaptchaRequired Category = "CAPTCHA_REQUIRED"
	// CategoryCaptchaInvalid: the call's captcha token was refused.
	CategoryCaptchaInvalid Category = "CAPTCHA_INVALID"
	// CategoryMFARequired: the user must bind a telephone number for the second factor first.
	CategoryMFARequired Category = "MFA_REQUIRED"
	// CategoryPreconditionFailed: the state of the account does not allow the call, for example because the number is in use.
	CategoryPreconditionFailed Category = "PRECONDITION_FAILED"
	// CategoryVerificationFailed: the verification code is wrong, has expired or belongs to something else.
	CategoryVerificationFailed Category = "VERIFICATION_FAILED"
	// CategoryUnknown: nothing is known about the error. It has no error value.
	CategoryUnknown Category = "UNKNOWN"
)

// The error values of the categories, for errors.Is. The one of [CategoryInvalidParams] is [ErrInvalidParams].
var (
	// ErrProviderNotEnabled matches every error of [CategoryProviderNotEnabled].
	ErrProviderNotEnabled = errors.New("tcbauth: login method not enabled")
	// ErrInvalidCredentials matches every error of [CategoryInvalidCredentials].
	ErrInvalidCredentials = errors.New("tcbauth: invalid credentials")
	// ErrUserNotFound matches every error of [CategoryUserNotFound].
	ErrUserNotFound = errors.New("tcbauth: user not found")
	// ErrUserStatusAbnormal matches every error of [CategoryUserStatusAbnormal].
	ErrUserStatusAbnormal = errors.New("tcbauth: user blocked, locked or pending")
	// ErrServiceError matches every error of [CategoryServiceError].
	ErrServiceError = errors.New("tcbauth: network or service failure")
	// ErrRateLimited matches every error of [CategoryRateLimited].
	ErrRateLimited = errors.New("tcbauth: rate limited")
	// ErrCaptchaRequired matches every error of [CategoryCaptchaRequired].
	ErrCaptchaRequired = errors.New("tcbauth: captcha required")
	// ErrCaptchaInvalid matches every error of [CategoryCaptchaInvalid].
	ErrCaptchaInvalid = errors.New("tcbauth: captcha invalid")
	// ErrMFARequired matches every error of [CategoryMFARequired].
	ErrMFARequired = errors.New("tcbauth: second factor required")
	// ErrPreconditionFailed matches every error of [CategoryPreconditionFailed].
	ErrPreconditionFailed = errors.New("tcbauth: precondition failed")
	// ErrVerificationFailed matches every error of [CategoryVerificationFailed].
	ErrVerificationFailed = errors.New("tcbauth: verification failed")
)

// sentinel returns the error value of c for errors.Is, or nil.
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
