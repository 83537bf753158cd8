// Package advice says what an error means: which category the js-sdk finds for it, and what a developer can do about it.
// Its functions are pure: they take plain facts and return words. All of them are safe for concurrent use.
package advice

import (
	"net/http"
	"slices"
	"strings"
)

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

// Category returns the category of an error of the server's. It follows the js-sdk's rules, but for one. The code is the
// server's word in lower case, the number its error_code (0: none) and the description its text.
func Category(code string, number int, description string) string {
	text := strings.ToLower(description)
	inText := func(part string) bool { return strings.Contains(text, part) }
	for _, rule := range categoryRules {
		found := slices.Contains(rule.codes, code) || slices.Contains(rule.numbers, number) ||
			slices.ContainsFunc(rule.texts, inText)
		if found && (len(rule.onlyIf) == 0 || slices.ContainsFunc(rule.onlyIf, inText)) {
			return rule.category
		}
	}
	return Unknown
}

// CategoryOfStatus returns the category of an answer that is not in the server's form. All that tells is its HTTP status.
func CategoryOfStatus(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status >= http.StatusInternalServerError:
		return ServiceError
	}
	return Unknown
}

// categoryRule is how one category is found. A rule matches an error with one of its codes, one of its numbers, or one of
// its texts in the description. Where onlyIf is not empty, the description must have one of its phrases too. Texts and
// phrases are in lower case.
type categoryRule struct {
	category string
	codes    []string
	numbers  []int
	texts    []string
	onlyIf   []string
}

// categoryRules are in the js-sdk's order: the first one that matches decides. The js-sdk also lists phrases that contain
// another phrase of the same rule. They change nothing and are left out.
var categoryRules = []categoryRule{
	{category: CaptchaRequired, codes: []string{"captcha_required"}, numbers: []int{4001}},
	{category: CaptchaInvalid, codes: []string{"captcha_invalid"}, numbers: []int{4002}},
	{category: MFARequired, codes: []string{"mfa_phone_required"}, numbers: []int{4042}},
	{category: ProviderNotEnabled, codes: []string{"login_type_disabled"}, numbers: []int{4045}},
	{category: RateLimited, codes: []string{"resource_exhausted"}, numbers: []int{8}},
	{category: ServiceError, numbers: []int{10, 12, 13, 14}},
	{category: UserNotFound, numbers: []int{5}},
	{category: InvalidCredentials, numbers: []int{16}},
	// The js-sdk does not have this rule. The server's validator names the field of the request that is wrong. By its "does
	// not match", or by a field's name such as VerificationCode, the next rule would take that for a wrong code.
	{
		category: InvalidParams,
		codes:    []string{"invalid_argument"}, numbers: []int{3},
		onlyIf: []string{"value does not match regex pattern"},
	},
	{
		category: VerificationFailed,
		numbers:  []int{3},
		onlyIf:   []string{"验证码", "verification", "does not match", "token expired", "token error", "过期"},
	},
	{
		category: ProviderNotEnabled,
		codes:    []string{"provider_not_enabled", "login_method_disabled"},
		texts: []string{
			"身份源", "开启", "未启用", "登录方式", "请联系开发者", "identity provider", "login method", "not enabled",
		},
	},
	{
		category: UserNotFound,
		codes:    []string{"failed_precondition"}, numbers: []int{9},
		onlyIf: []string{"不存在", "未注册", "not found"},
	},
	{category: PreconditionFailed, codes: []string{"failed_precondition"}, numbers: []int{9}},
	{
		category: InvalidCredentials,
		codes: []string{
			"invalid_password", "invalid_grant", "invalid_verification_code", "invalid_username_or_password",
			"invalid_credentials", "wrong_password", "unauthenticated", "invalid_two_factor",
			"invalid_two_factor_recovery", "password_not_set",
		},
		texts: []string{"密码不正确", "用户名或密码", "凭据", "验证码", "password", "credentials", "verification"},
	},
	{
		category: UserNotFound,
		codes:    []string{"not_found", "user_not_found"},
		texts:    []string{"用户不存在", "not found", "no such user", "user does not exist"},
	},
	{
		category: UserStatusAbnormal,
		codes:    []string{"user_blocked", "user_pending", "under_review", "invalid_status"},
		texts:    []string{"被封禁", "审核", "已锁定", "pending", "review", "locked"}, // "locked" is in "blocked" too
	},
	{
		category: ServiceError,
		codes: []string{
			"server_error", "unavailable", "temporarily_unavailable", "internal", "unreachable", "deadline_exceeded",
			"data_loss", "aborted",
		},
		texts: []string{"超时", "network", "timeout", "timed out", "smtp is not set", "sms sender does not config"},
	},
	{
		category: InvalidParams,
		codes: []string{
			"invalid_argument", "invalid_request", "invalid_scope", "invalid_request_uri", "invalid_request_object",
		},
		numbers: []int{3},
	},
	{category: ProviderNotEnabled, codes: []string{"permission_denied", "access_denied", "unauthorized_client"}},
}
