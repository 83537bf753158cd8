package advice

import (
	"net/http"
	"time"
)

// statuses are what an HTTP status tells where no error code does.
var statuses = []Meaning{
	{
		Status: http.StatusUnauthorized, Source: "RFC 9110 15.5.2", Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: refusedUnsaid,
	},
	{
		Status: http.StatusPaymentRequired, Source: docSem, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: overdue,
	},
	{
		Status: http.StatusForbidden, When: When{Text: aboutProviders}, Source: docSem, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Status: http.StatusForbidden, Source: docSem, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notAllowed, Help: policy,
	},
	{
		Status: http.StatusLocked, Source: docSem, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: featureOff,
	},
	{
		Status: http.StatusTooManyRequests, Source: docSem, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: gatewayLimit,
	},
	{
		Status: http.StatusUnavailableForLegalReasons, Source: docSem, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: policy,
	},
	{
		Status: http.StatusBadGateway, Source: "RFC 9110 15.6.3", Category: ServiceError, Open: true,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceSlow,
	},
	{
		Status: http.StatusServiceUnavailable, Source: "RFC 9110 15.6.4", Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
	{
		Status: http.StatusGatewayTimeout, Source: "RFC 9110 15.6.5", Category: ServiceError, Open: true,
		HTTP: http.StatusGatewayTimeout, Message: later, Help: serviceSlow,
	},
}

// brokenService is every other status from 500 on.
var brokenService = Meaning{
	Status: http.StatusInternalServerError, Source: "RFC 9110 15.6", Category: ServiceError,
	HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
}

// texts are the js-sdk's guesses by the text, for error codes that nobody knows.
var texts = []Meaning{
	{
		When: When{Text: aboutProviders}, Source: "SDK: AuthError", Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		When:   When{Text: []string{"密码不正确", "用户名或密码", "凭据", "验证码", "password", "credentials", "verification"}},
		Source: "SDK: AuthError", Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: checkInput, Help: checkSecrets,
	},
	{
		When:   When{Text: []string{"用户不存在", "not found", "no such user", "user does not exist"}},
		Source: "SDK: AuthError", Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		When:   When{Text: []string{"被封禁", "审核", "已锁定", "pending", "review", "locked"}}, // "locked" is in "blocked" too
		Source: "SDK: AuthError", Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: notNow, Help: abnormal,
	},
	{
		When: When{Text: aboutSender}, Source: "SDK: AuthError", Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: setUpSender,
	},
	{
		When:   When{Text: []string{"超时", "network", "timeout", "timed out"}},
		Source: "SDK: AuthError", Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
}

var unknown = Meaning{Source: "nothing is known", Category: Unknown, HTTP: http.StatusInternalServerError, Message: wrong, Help: seeCode}
