package tcbauth

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every answer that the genuine AuthError was asked about gets the same category here.
func TestCategorizeLikeJSSDK(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "wire", "categories.json"))
	require.NoError(t, err)
	var file struct {
		Cases []struct {
			In struct {
				Error       string `json:"error"`
				Number      int    `json:"error_code"`
				Description string `json:"error_description"`
			} `json:"in"`
			Category Category `json:"category"`
			Code     Code     `json:"code"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Cases)

	// The one case that the genuine one gets wrong: a field of the request, not a verification code.
	better := map[string]Category{
		"invalid SignUpRequest.Username: value does not match regex pattern": CategoryInvalidParams,
	}
	for _, tt := range file.Cases {
		t.Run(fmt.Sprintf("%s %d %s", tt.In.Error, tt.In.Number, tt.In.Description), func(t *testing.T) {
			t.Parallel()
			want := tt.Category
			if category, ok := better[tt.In.Description]; ok {
				want = category
			}
			code := Code(strings.ToLower(tt.In.Error))
			assert.Equal(t, tt.Code, code)
			assert.Equal(t, want, categorize(code, tt.In.Number, tt.In.Description))
		})
	}
}

// Where more than one rule fits, the order decides; and where only the text is known, each phrase counts.
func TestCategorize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code        Code
		number      int
		description string
		want        Category
	}{
		{"", 0, "", CategoryUnknown},
		{"something_new", 0, "", CategoryUnknown},
		{"unreachable", 0, "", CategoryServiceError},

		// A number of the service's own, or a gRPC number, before the word.
		{"invalid_grant", 4001, "", CategoryCaptchaRequired},
		{"captcha_required", 4002, "", CategoryCaptchaRequired},
		{"resource_exhausted", 4042, "", CategoryMFARequired},
		{"resource_exhausted", 4045, "", CategoryProviderNotEnabled},
		{"mfa_phone_required", 8, "", CategoryMFARequired},
		{"resource_exhausted", 13, "", CategoryRateLimited},
		{"internal", 8, "", CategoryRateLimited},
		{"invalid_grant", 14, "", CategoryServiceError},
		{"user_blocked", 10, "", CategoryServiceError},
		{"failed_precondition", 5, "", CategoryUserNotFound},
		{"user_not_found", 16, "", CategoryInvalidCredentials},
		{"invalid_argument", 16, "verification", CategoryInvalidCredentials},

		// A number before the text.
		{"permission_denied", 13, "login method not enabled", CategoryServiceError},
		{"aborted", 10, "verification code", CategoryServiceError},
		{"resource_exhausted", 8, "verification code sent", CategoryRateLimited},
		{"not_found", 5, "provider not enabled", CategoryUserNotFound},

		// Verification only with the number 3, and before a disabled method and wrong credentials.
		{"invalid_argument", 3, "verification_id", CategoryVerificationFailed},
		{"invalid_argument", 3, "project id Does Not Match", CategoryVerificationFailed},
		{"invalid_argument", 3, "Token Expired", CategoryVerificationFailed},
		{"invalid_argument", 3, "token error", CategoryVerificationFailed},
		{"invalid_argument", 3, "已过期", CategoryVerificationFailed},
		{"invalid_argument", 3, "验证码登录方式未开启", CategoryVerificationFailed},
		{"invalid_argument", 0, "verification_id", CategoryInvalidCredentials},
		{"invalid_argument", 0, "token expired", CategoryInvalidParams},
		{"invalid_argument", 3, "请输入手机号或邮箱", CategoryInvalidParams},
		{"invalid_argument", 3, "password too short", CategoryInvalidCredentials},

		// A field of the request that does not match its pattern.
		{"invalid_argument", 3, `invalid GetVerificationRequest.PhoneNumber: value does not match regex pattern "x"`, CategoryInvalidParams},
		{"invalid_argument", 3, `invalid SignUpRequest.Password: value does not match regex pattern "x"`, CategoryInvalidParams},
		{"invalid_argument", 0, `invalid SignUpRequest.Password: value does not match regex pattern "x"`, CategoryInvalidParams},
		{"something_new", 3, `invalid SignUpRequest.Username: value does not match regex pattern "x"`, CategoryInvalidParams},
		{"resource_exhausted", 8, "value does not match regex pattern", CategoryRateLimited},

		// A disabled method, by its text, before the words that follow.
		{"failed_precondition", 9, "请联系开发者", CategoryProviderNotEnabled},
		{"failed_precondition", 9, "用户不存在，未开启", CategoryProviderNotEnabled},
		{"invalid_grant", 0, "Provider Not Enabled", CategoryProviderNotEnabled},
		{"unauthenticated", 0, "身份源", CategoryProviderNotEnabled},
		{"not_found", 0, "identity provider not found", CategoryProviderNotEnabled},
		{"something_new", 0, "login method closed", CategoryProviderNotEnabled},
		{"something_new", 0, "登录方式", CategoryProviderNotEnabled},
		{"something_new", 0, "未启用", CategoryProviderNotEnabled},
		{"something_new", 0, "匿名登录未开启", CategoryProviderNotEnabled},

		// A precondition before credentials, users and their state.
		{"failed_precondition", 9, "wrong password", CategoryPreconditionFailed},
		{"failed_precondition", 0, "user blocked", CategoryPreconditionFailed},
		{"failed_precondition", 3, "", CategoryPreconditionFailed},
		{"invalid_password", 9, "", CategoryPreconditionFailed},
		{"failed_precondition", 0, "Not Found", CategoryUserNotFound},
		{"something_new", 9, "手机号未注册", CategoryUserNotFound},

		// Credentials before users, users before their state, the state before the service.
		{"not_found", 0, "wrong password", CategoryInvalidCredentials},
		{"user_blocked", 0, "invalid credentials", CategoryInvalidCredentials},
		{"something_new", 0, "密码不正确", CategoryInvalidCredentials},
		{"something_new", 0, "用户名或密码错误", CategoryInvalidCredentials},
		{"something_new", 0, "凭据", CategoryInvalidCredentials},
		{"something_new", 0, "验证码", CategoryInvalidCredentials},
		{"something_new", 0, "invalid_verification_code", CategoryInvalidCredentials},
		{"user_blocked", 0, "user not found", CategoryUserNotFound},
		{"something_new", 0, "No such user", CategoryUserNotFound},
		{"something_new", 0, "user does not exist", CategoryUserNotFound},
		{"something_new", 0, "用户不存在", CategoryUserNotFound},
		{"internal", 0, "account locked", CategoryUserStatusAbnormal},
		{"something_new", 0, "blocked", CategoryUserStatusAbnormal},
		{"something_new", 0, "pending", CategoryUserStatusAbnormal},
		{"something_new", 0, "under review", CategoryUserStatusAbnormal},
		{"something_new", 0, "已被封禁", CategoryUserStatusAbnormal},
		{"something_new", 0, "审核中", CategoryUserStatusAbnormal},
		{"something_new", 0, "已锁定", CategoryUserStatusAbnormal},

		// The service before parameters and permissions.
		{"invalid_argument", 3, "timeout", CategoryServiceError},
		{"permission_denied", 0, "Network down", CategoryServiceError},
		{"something_new", 0, "timed out", CategoryServiceError},
		{"something_new", 0, "请求超时", CategoryServiceError},
		{"something_new", 0, "sms sender does not config", CategoryServiceError},
		{"permission_denied", 3, "", CategoryInvalidParams},
		{"permission_denied", 7, "", CategoryProviderNotEnabled},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %d %s", tt.code, tt.number, tt.description), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, categorize(tt.code, tt.number, tt.description))
		})
	}
}

// A phrase with a capital letter would never be found, and a rule needs something to be found by.
func TestCategoryRules(t *testing.T) {
	t.Parallel()
	for _, rule := range categoryRules {
		assert.Positive(t, len(rule.codes)+len(rule.numbers)+len(rule.texts), rule.category)
		assert.NotContains(t, rule.numbers, 0, "0 is no number")
		for _, text := range append(rule.texts[:len(rule.texts):len(rule.texts)], rule.onlyIf...) {
			assert.Equal(t, strings.ToLower(text), text)
		}
		for _, code := range rule.codes {
			assert.Equal(t, strings.ToLower(string(code)), string(code))
		}
		assert.Error(t, rule.category.sentinel(), rule.category)
	}
}

func TestCategorySentinels(t *testing.T) {
	t.Parallel()
	sentinels := map[Category]error{
		CategoryProviderNotEnabled: ErrProviderNotEnabled,
		CategoryInvalidCredentials: ErrInvalidCredentials,
		CategoryUserNotFound:       ErrUserNotFound,
		CategoryUserStatusAbnormal: ErrUserStatusAbnormal,
		CategoryServiceError:       ErrServiceError,
		CategoryInvalidParams:      ErrInvalidParams,
		CategoryAuthMethodMismatch: nil,
		CategoryRateLimited:        ErrRateLimited,
		CategoryCaptchaRequired:    ErrCaptchaRequired,
		CategoryCaptchaInvalid:     ErrCaptchaInvalid,
		CategoryMFARequired:        ErrMFARequired,
		CategoryPreconditionFailed: ErrPreconditionFailed,
		CategoryVerificationFailed: ErrVerificationFailed,
		CategoryUnknown:            nil,
		"":                         nil,
		"SOMETHING_NEW":            nil,
	}
	texts := map[string]bool{}
	for category, want := range sentinels {
		got := category.sentinel()
		assert.Equal(t, want, got, category)
		if got != nil {
			assert.False(t, texts[got.Error()], "two sentinels say %q", got)
			texts[got.Error()] = true
		}
	}
}
