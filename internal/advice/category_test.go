package advice_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// Every answer that the genuine AuthError was asked about gets the same category here.
func TestCategoryLikeJSSDK(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", "categories.json"))
	require.NoError(t, err)
	var file struct {
		Cases []struct {
			In struct {
				Error       string `json:"error"`
				Number      int    `json:"error_code"`
				Description string `json:"error_description"`
			} `json:"in"`
			Category string `json:"category"`
			Code     string `json:"code"`
		} `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.NotEmpty(t, file.Cases)

	// The one case that the genuine one gets wrong: a field of the request, not a verification code.
	better := map[string]string{
		"invalid SignUpRequest.Username: value does not match regex pattern": advice.InvalidParams,
	}
	for _, tt := range file.Cases {
		t.Run(fmt.Sprintf("%s %d %s", tt.In.Error, tt.In.Number, tt.In.Description), func(t *testing.T) {
			t.Parallel()
			want := tt.Category
			if category, ok := better[tt.In.Description]; ok {
				want = category
			}
			code := strings.ToLower(tt.In.Error)
			assert.Equal(t, tt.Code, code)
			assert.Equal(t, want, advice.Category(code, tt.In.Number, tt.In.Description))
		})
	}
}

// Where more than one rule fits, the order decides; and where only the text is known, each phrase counts.
func TestCategory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code        string
		number      int
		description string
		want        string
	}{
		{"", 0, "", advice.Unknown},
		{"something_new", 0, "", advice.Unknown},
		{"unreachable", 0, "", advice.ServiceError},

		// A number of the service's own, or a gRPC number, before the word.
		{"invalid_grant", 4001, "", advice.CaptchaRequired},
		{"captcha_required", 4002, "", advice.CaptchaRequired},
		{"resource_exhausted", 4042, "", advice.MFARequired},
		{"resource_exhausted", 4045, "", advice.ProviderNotEnabled},
		{"mfa_phone_required", 8, "", advice.MFARequired},
		{"resource_exhausted", 13, "", advice.RateLimited},
		{"internal", 8, "", advice.RateLimited},
		{"invalid_grant", 14, "", advice.ServiceError},
		{"user_blocked", 10, "", advice.ServiceError},
		{"failed_precondition", 5, "", advice.UserNotFound},
		{"user_not_found", 16, "", advice.InvalidCredentials},
		{"invalid_argument", 16, "verification", advice.InvalidCredentials},

		// A number before the text.
		{"permission_denied", 13, "login method not enabled", advice.ServiceError},
		{"aborted", 10, "verification code", advice.ServiceError},
		{"resource_exhausted", 8, "verification code sent", advice.RateLimited},
		{"not_found", 5, "provider not enabled", advice.UserNotFound},

		// Verification only with the number 3, and before a disabled method and wrong credentials.
		{"invalid_argument", 3, "verification_id", advice.VerificationFailed},
		{"invalid_argument", 3, "project id Does Not Match", advice.VerificationFailed},
		{"invalid_argument", 3, "Token Expired", advice.VerificationFailed},
		{"invalid_argument", 3, "token error", advice.VerificationFailed},
		{"invalid_argument", 3, "已过期", advice.VerificationFailed},
		{"invalid_argument", 3, "验证码登录方式未开启", advice.VerificationFailed},
		{"invalid_argument", 0, "verification_id", advice.InvalidCredentials},
		{"invalid_argument", 0, "token expired", advice.InvalidParams},
		{"invalid_argument", 3, "请输入手机号或邮箱", advice.InvalidParams},
		{"invalid_argument", 3, "password too short", advice.InvalidCredentials},

		// A field of the request that does not match its pattern.
		{"invalid_argument", 3, `invalid GetVerificationRequest.PhoneNumber: value does not match regex pattern "x"`, advice.InvalidParams},
		{"invalid_argument", 3, `invalid SignUpRequest.Password: value does not match regex pattern "x"`, advice.InvalidParams},
		{"invalid_argument", 0, `invalid SignUpRequest.Password: value does not match regex pattern "x"`, advice.InvalidParams},
		{"something_new", 3, `invalid SignUpRequest.Username: value does not match regex pattern "x"`, advice.InvalidParams},
		{"resource_exhausted", 8, "value does not match regex pattern", advice.RateLimited},

		// A disabled method, by its text, before the words that follow.
		{"failed_precondition", 9, "请联系开发者", advice.ProviderNotEnabled},
		{"failed_precondition", 9, "用户不存在，未开启", advice.ProviderNotEnabled},
		{"invalid_grant", 0, "Provider Not Enabled", advice.ProviderNotEnabled},
		{"unauthenticated", 0, "身份源", advice.ProviderNotEnabled},
		{"not_found", 0, "identity provider not found", advice.ProviderNotEnabled},
		{"something_new", 0, "login method closed", advice.ProviderNotEnabled},
		{"something_new", 0, "登录方式", advice.ProviderNotEnabled},
		{"something_new", 0, "未启用", advice.ProviderNotEnabled},
		{"something_new", 0, "匿名登录未开启", advice.ProviderNotEnabled},

		// A precondition before credentials, users and their state.
		{"failed_precondition", 9, "wrong password", advice.PreconditionFailed},
		{"failed_precondition", 0, "user blocked", advice.PreconditionFailed},
		{"failed_precondition", 3, "", advice.PreconditionFailed},
		{"invalid_password", 9, "", advice.PreconditionFailed},
		{"failed_precondition", 0, "Not Found", advice.UserNotFound},
		{"something_new", 9, "手机号未注册", advice.UserNotFound},

		// Credentials before users, users before their state, the state before the service.
		{"not_found", 0, "wrong password", advice.InvalidCredentials},
		{"user_blocked", 0, "invalid credentials", advice.InvalidCredentials},
		{"something_new", 0, "密码不正确", advice.InvalidCredentials},
		{"something_new", 0, "用户名或密码错误", advice.InvalidCredentials},
		{"something_new", 0, "凭据", advice.InvalidCredentials},
		{"something_new", 0, "验证码", advice.InvalidCredentials},
		{"something_new", 0, "invalid_verification_code", advice.InvalidCredentials},
		{"user_blocked", 0, "user not found", advice.UserNotFound},
		{"something_new", 0, "No such user", advice.UserNotFound},
		{"something_new", 0, "user does not exist", advice.UserNotFound},
		{"something_new", 0, "用户不存在", advice.UserNotFound},
		{"internal", 0, "account locked", advice.UserStatusAbnormal},
		{"something_new", 0, "blocked", advice.UserStatusAbnormal},
		{"something_new", 0, "pending", advice.UserStatusAbnormal},
		{"something_new", 0, "under review", advice.UserStatusAbnormal},
		{"something_new", 0, "已被封禁", advice.UserStatusAbnormal},
		{"something_new", 0, "审核中", advice.UserStatusAbnormal},
		{"something_new", 0, "已锁定", advice.UserStatusAbnormal},

		// The service before parameters and permissions.
		{"invalid_argument", 3, "timeout", advice.ServiceError},
		{"permission_denied", 0, "Network down", advice.ServiceError},
		{"something_new", 0, "timed out", advice.ServiceError},
		{"something_new", 0, "请求超时", advice.ServiceError},
		{"something_new", 0, "sms sender does not config", advice.ServiceError},
		{"permission_denied", 3, "", advice.InvalidParams},
		{"permission_denied", 7, "", advice.ProviderNotEnabled},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %d %s", tt.code, tt.number, tt.description), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, advice.Category(tt.code, tt.number, tt.description))
		})
	}
}

func TestCategoryOfStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		0: advice.Unknown, 302: advice.Unknown, 400: advice.Unknown, 401: advice.Unknown, 403: advice.Unknown, 404: advice.Unknown,
		428: advice.Unknown, 429: advice.RateLimited, 430: advice.Unknown, 499: advice.Unknown,
		500: advice.ServiceError, 502: advice.ServiceError, 503: advice.ServiceError, 599: advice.ServiceError,
	} {
		assert.Equal(t, want, advice.CategoryOfStatus(status), status)
	}
}
