// Package advice says what an error means: its category, what it says about the tokens of the call, what a backend answers
// its own client, what the person who signs in is told, and what a developer can do. All of it comes from one table, so that
// no two of these disagree. The package does no I/O, and its functions are safe for concurrent use.
package advice

// The categories that an error can be found to be of. They are the js-sdk's words (AuthErrorCategory).
const (
	ProviderNotEnabled = "PROVIDER_NOT_ENABLED"
	InvalidCredentials = "INVALID_CREDENTIALS"
	UserNotFound       = "USER_NOT_FOUND"
	UserStatusAbnormal = "USER_STATUS_ABNORMAL"
	ServiceError       = "SERVICE_ERROR"
	InvalidParams      = "INVALID_PARAMS"
	RateLimited        = "RATE_LIMITED"
	CaptchaRequired    = "CAPTCHA_REQUIRED"
	CaptchaInvalid     = "CAPTCHA_INVALID"
	MFARequired        = "MFA_REQUIRED"
	PreconditionFailed = "PRECONDITION_FAILED"
	VerificationFailed = "VERIFICATION_FAILED"
	Unknown            = "UNKNOWN"
)
