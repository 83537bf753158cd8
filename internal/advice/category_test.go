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

	// Where the code, or a number that stands for one, says something else than the js-sdk's own rules find.
	better := map[string]string{
		"invalid_argument 3 invalid SignUpRequest.Username: value does not match regex pattern": advice.InvalidParams, // a field, not a code
		"aborted 0 x":          advice.VerificationFailed, // a code was tried too often
		"unimplemented 0 x":    advice.ServiceError,
		"something_new 7 x":    advice.ProviderNotEnabled,
		"something_new 10 x":   advice.VerificationFailed,
		"something_new 4022 x": advice.ProviderNotEnabled,
		"something_new 4026 x": advice.InvalidCredentials, // a refused refresh token
		"something_new 4029 x": advice.InvalidCredentials, // an account without a password
		"something_new 4043 x": advice.InvalidCredentials, // a wrong password
	}
	for _, tt := range file.Cases {
		name := fmt.Sprintf("%s %d %s", tt.In.Error, tt.In.Number, tt.In.Description)
		want := tt.Category
		if category, ok := better[name]; ok {
			assert.NotEqual(t, want, category, "%s is no exception", name)
			want = category
			delete(better, name)
		}
		code := strings.ToLower(tt.In.Error)
		assert.Equal(t, tt.Code, code, name)
		assert.Equal(t, want, categoryOf(code, tt.In.Number, tt.In.Description), name)
	}
	assert.Empty(t, better, "exceptions that no case has")
}

func categoryOf(code string, number int, description string) string {
	return advice.Of(advice.Facts{Code: code, Number: number, Description: description}).Category
}

// Where more than one rule fits, the code decides before the number, the number before the status, and the text comes last.
func TestCategory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code        string
		number      int
		status      int
		description string
		want        string
	}{
		{"", 0, 0, "", advice.Unknown},
		{"something_new", 0, 0, "", advice.Unknown},
		{"unreachable", 0, 0, "", advice.ServiceError},

		// The code before the number.
		{"invalid_grant", 4001, 400, "", advice.InvalidCredentials},
		{"captcha_required", 4002, 400, "", advice.CaptchaRequired},
		{"resource_exhausted", 13, 500, "", advice.RateLimited},
		{"password_not_set", 4029, 429, "rate limit", advice.InvalidCredentials},
		{"user_blocked", 10, 400, "", advice.UserStatusAbnormal},

		// The code before the status and the text.
		{"invalid_status", 0, 400, "too many wrong passwords", advice.UserStatusAbnormal},
		{"invalid_status", 0, 429, "password", advice.UserStatusAbnormal},
		{"user_blocked", 0, 400, "invalid credentials", advice.UserStatusAbnormal},
		{"aborted", 10, 500, "verification code", advice.VerificationFailed},
		{"internal", 0, 400, "account locked", advice.ServiceError},
		{"invalid_argument", 3, 400, "timeout", advice.InvalidParams},
		{"invalid_argument", 3, 400, "password too short", advice.InvalidParams},
		{"not_found", 0, 404, "wrong password", advice.UserNotFound},
		{"invalid_password", 9, 400, "", advice.InvalidCredentials},

		// A number for a code that nobody knows, before the status.
		{"something_new", 8, 400, "", advice.RateLimited},
		{"something_new", 4045, 500, "", advice.ProviderNotEnabled},
		{"", 4002, 400, "", advice.CaptchaInvalid},

		// A status before the text.
		{"something_new", 0, 429, "password", advice.RateLimited},
		{"something_new", 0, 503, "password", advice.ServiceError},
		{"something_new", 0, 504, "", advice.ServiceError},
		{"something_new", 0, 401, "pending", advice.InvalidCredentials},
		{"something_new", 0, 423, "", advice.ProviderNotEnabled},
		{"something_new", 0, 402, "", advice.ServiceError},
		{"something_new", 0, 403, "", advice.ProviderNotEnabled},
		{"something_new", 0, 599, "", advice.ServiceError},
		{"", 0, 404, "", advice.Unknown},
		{"", 0, 302, "", advice.Unknown},

		// Codes of the gateway.
		{"exceed_ratelimit", 0, 0, "", advice.RateLimited},
		{"sys_err", 0, 0, "", advice.ServiceError},
		{"server_timeout", 0, 0, "", advice.ServiceError},
		{"access_token_expired", 0, 0, "", advice.InvalidCredentials},

		// One code, told apart by the text.
		{"invalid_argument", 3, 400, "verification_id", advice.VerificationFailed},
		{"invalid_argument", 3, 400, "project id Does Not Match", advice.VerificationFailed},
		{"invalid_argument", 3, 400, "Token Expired", advice.VerificationFailed},
		{"invalid_argument", 3, 400, "已过期", advice.VerificationFailed},
		{"invalid_argument", 3, 400, "请输入手机号或邮箱", advice.InvalidParams},
		{"invalid_argument", 3, 400, `invalid GetVerificationRequest.PhoneNumber: value does not match regex pattern "x"`, advice.InvalidParams},
		{"failed_precondition", 9, 400, "wrong password", advice.PreconditionFailed},
		{"failed_precondition", 9, 400, "请联系开发者", advice.ProviderNotEnabled},
		{"failed_precondition", 9, 400, "手机号未注册", advice.UserNotFound},
		{"failed_precondition", 9, 400, "smtp is not set", advice.ServiceError},
		{"failed_precondition", 9, 400, "send error code LimitExceeded.PhoneNumberDailyLimit msg x", advice.RateLimited},
		{"failed_precondition", 9, 400, "send error code LimitExceeded.PhoneNumberThirtySecondLimit msg x", advice.RateLimited},
		{"failed_precondition", 9, 400, "send error code FailedOperation.InsufficientBalanceInSmsPackage msg x", advice.PreconditionFailed},
		{"permission_denied", 7, 403, "login method not enabled", advice.ProviderNotEnabled},

		// A text where nothing else tells, in the js-sdk's order.
		{"something_new", 0, 400, "identity provider not found", advice.ProviderNotEnabled},
		{"something_new", 0, 400, "匿名登录未开启", advice.ProviderNotEnabled},
		{"something_new", 0, 400, "密码不正确", advice.InvalidCredentials},
		{"something_new", 0, 400, "invalid_verification_code", advice.InvalidCredentials},
		{"something_new", 0, 400, "No such user", advice.UserNotFound},
		{"something_new", 0, 400, "用户不存在", advice.UserNotFound},
		{"something_new", 0, 400, "blocked", advice.UserStatusAbnormal},
		{"something_new", 0, 400, "审核中", advice.UserStatusAbnormal},
		{"something_new", 0, 400, "timed out", advice.ServiceError},
		{"something_new", 0, 400, "sms sender does not config", advice.ServiceError},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %d %d %s", tt.code, tt.number, tt.status, tt.description), func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, advice.Of(advice.Facts{
				Code: tt.code, Number: tt.number, Status: tt.status, Description: tt.description,
			}).Category)
		})
	}
}

// Where an endpoint makes the difference.
func TestCategoryOfEndpoints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ path, code, want string }{
		{"/auth/v1/captcha/data/verify", "invalid_argument", advice.CaptchaInvalid},
		{"/auth/v1/verification/verify", "permission_denied", advice.VerificationFailed},
		{"/auth/v2/signin/verificationcode", "permission_denied", advice.VerificationFailed},
		{"/auth/v1/verification", "permission_denied", advice.ProviderNotEnabled},
		{"/auth/v1/signup", "failed_precondition", advice.PreconditionFailed},
		{"/auth/v1/user/me", "invalid_argument", advice.InvalidParams},
	} {
		assert.Equal(t, tt.want, advice.Of(advice.Facts{Code: tt.code, Path: tt.path}).Category, "%s %s", tt.path, tt.code)
	}
}
