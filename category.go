package tcbauth

import (
	"errors"
	"slices"
	"strings"
)

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
	// CategoryAuthMethodMismatch is there because the js-sdk names it; no error is found to be of it, there or here, and
	// it has no sentinel.
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

// categoryRule finds a category: by one of the codes, numbers or texts, provided that the description has one of onlyIf
// in it, where there are any. Texts and onlyIf are in lower case.
type categoryRule struct {
	category Category
	codes    []Code
	numbers  []int
	texts    []string
	onlyIf   []string
}

// categoryRules stand in the js-sdk's order of precedence, in which the first that matches decides. A phrase that has a
// shorter one of its rule in it is left out.
var categoryRules = []categoryRule{
	{category: CategoryCaptchaRequired, codes: []Code{CodeCaptchaRequired}, numbers: []int{4001}},
	{category: CategoryCaptchaInvalid, codes: []Code{CodeCaptchaInvalid}, numbers: []int{4002}},
	{category: CategoryMFARequired, codes: []Code{CodeMFAPhoneRequired}, numbers: []int{4042}},
	{category: CategoryProviderNotEnabled, codes: []Code{CodeLoginTypeDisabled}, numbers: []int{4045}},
	{category: CategoryRateLimited, codes: []Code{CodeResourceExhausted}, numbers: []int{8}},
	{category: CategoryServiceError, numbers: []int{10, 12, 13, 14}},
	{category: CategoryUserNotFound, numbers: []int{5}},
	{category: CategoryInvalidCredentials, numbers: []int{16}},
	// The one rule that the js-sdk does not have. The server's validator names the field of the request, and "does not
	// match", or a field's name such as VerificationCode, would make a failed verification of it.
	{
		category: CategoryInvalidParams,
		codes:    []Code{CodeInvalidArgument}, numbers: []int{3},
		onlyIf: []string{"value does not match regex pattern"},
	},
	{
		category: CategoryVerificationFailed,
		numbers:  []int{3},
		onlyIf:   []string{"验证码", "verification", "does not match", "token expired", "token error", "过期"},
	},
	{
		category: CategoryProviderNotEnabled,
		codes:    []Code{CodeProviderNotEnabled, CodeLoginMethodDisabled},
		texts: []string{
			"身份源", "开启", "未启用", "登录方式", "请联系开发者", "identity provider", "login method", "not enabled",
		},
	},
	{
		category: CategoryUserNotFound,
		codes:    []Code{CodeFailedPrecondition}, numbers: []int{9},
		onlyIf: []string{"不存在", "未注册", "not found"},
	},
	{category: CategoryPreconditionFailed, codes: []Code{CodeFailedPrecondition}, numbers: []int{9}},
	{
		category: CategoryInvalidCredentials,
		codes: []Code{
			CodeInvalidPassword, CodeInvalidGrant, CodeInvalidVerificationCode, CodeInvalidUsernameOrPassword,
			CodeInvalidCredentials, CodeWrongPassword, CodeUnauthenticated, CodeInvalidTwoFactor,
			CodeInvalidTwoFactorRecovery, CodePasswordNotSet,
		},
		texts: []string{"密码不正确", "用户名或密码", "凭据", "验证码", "password", "credentials", "verification"},
	},
	{
		category: CategoryUserNotFound,
		codes:    []Code{CodeNotFound, CodeUserNotFound},
		texts:    []string{"用户不存在", "not found", "no such user", "user does not exist"},
	},
	{
		category: CategoryUserStatusAbnormal,
		codes:    []Code{CodeUserBlocked, CodeUserPending, CodeUnderReview, CodeInvalidStatus},
		texts:    []string{"被封禁", "审核", "已锁定", "pending", "review", "locked"}, // "locked" is in "blocked" too
	},
	{
		category: CategoryServiceError,
		codes: []Code{
			CodeServerError, CodeUnavailable, CodeTemporarilyUnavailable, CodeInternal, CodeUnreachable, CodeDeadlineExceeded,
			CodeDataLoss, CodeAborted,
		},
		texts: []string{"超时", "network", "timeout", "timed out", "smtp is not set", "sms sender does not config"},
	},
	{
		category: CategoryInvalidParams,
		codes: []Code{
			CodeInvalidArgument, CodeInvalidRequest, CodeInvalidScope, CodeInvalidRequestURI, CodeInvalidRequestObject,
		},
		numbers: []int{3},
	},
	{category: CategoryProviderNotEnabled, codes: []Code{CodePermissionDenied, CodeAccessDenied, CodeUnauthorizedClient}},
}

// categorize finds the category of the server's answer: its word in lower case, its number (0: none) and its description.
func categorize(code Code, number int, description string) Category {
	text := strings.ToLower(description)
	inText := func(part string) bool { return strings.Contains(text, part) }
	for _, rule := range categoryRules {
		found := slices.Contains(rule.codes, code) || slices.Contains(rule.numbers, number) ||
			slices.ContainsFunc(rule.texts, inText)
		if found && (len(rule.onlyIf) == 0 || slices.ContainsFunc(rule.onlyIf, inText)) {
			return rule.category
		}
	}
	return CategoryUnknown
}
