package advice

import (
	"net/http"
	"time"
)

// limitWords are about what comes too often.
var limitWords = []Meaning{
	{
		Word: "resource_exhausted", When: When{Text: aboutDailySMS}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooManyToday, Help: dailyLimit,
	},
	{
		Word: "resource_exhausted", When: When{Path: sendingCodes}, Number: 8, Status: 429, Source: liveCut, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Word: "resource_exhausted", Number: 8, Status: 429, Source: liveCut, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
	{
		Word: "rate_limit_exceeded", Status: 429, Source: docOld, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
	{
		Word: "exceed_ratelimit", Status: 429, Source: docSem, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: gatewayLimit,
	},
	{
		Word: "exceed_request_limit", Status: 429, Source: docSem, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: gatewayLimit,
	},
	{
		Word: "slow_down", Status: 400, Source: rfc8628, Category: RateLimited,
		Wait: 5 * time.Second, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
}

// requestWords are about what a request asks for.
var requestWords = []Meaning{
	{
		Word: "failed_precondition", When: When{Text: aboutBearer}, Source: "3P: an issue of awesome-cloudbase-examples", Category: PreconditionFailed,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutDailySMS}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooManyToday, Help: dailyLimit,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutSMSPause}, Source: "DOC: SMS error codes", Category: RateLimited,
		Wait: 30 * time.Second, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutSMSHour}, Source: "DOC: SMS error codes", Category: RateLimited,
		Wait: time.Hour, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutSMSLimit}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooMany, Help: smsLimit,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutBlacklist}, Source: "LIVE, DOC: SMS error codes", Category: PreconditionFailed,
		HTTP: http.StatusBadRequest, Message: noMessages, Help: smsNumber,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutSMS}, Source: "LIVE, DOC: SMS error codes", Category: PreconditionFailed,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: smsProvider,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutSender}, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: setUpSender,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutProviders}, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutNobody}, Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Word: "failed_precondition", When: When{Text: aboutInUse}, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Word: "failed_precondition", When: When{Path: []string{"signup"}}, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Word: "failed_precondition", Number: 9, Status: 400, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: notNow, Help: precondition,
	},
	{
		Word: "invalid_argument", When: When{Path: answeringPuzzle}, Source: "INF: the endpoint takes nothing else", Category: CaptchaInvalid,
		HTTP: http.StatusForbidden, Message: captchaWrong, Help: captchaAgain,
	},
	{
		Word: "invalid_argument", When: When{Text: aboutPattern}, Source: liveCut, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Word: "invalid_argument", When: When{Text: aboutCodes}, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Word: "invalid_argument", When: When{Path: checkingCodes}, Source: docAuth, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Word: "invalid_argument", Number: 3, Status: 400, Source: docAuth, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Word: "invalid_phone_number", Source: docOld, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPhone, Help: phoneForm,
	},
	{
		Word: "out_of_range", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Word: "invalid_request", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Word: "invalid_scope", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: scopeUnknown,
	},
	{
		Word: "invalid_request_uri", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: checkFields,
	},
	{
		Word: "invalid_request_object", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: checkFields,
	},
}

// methodWords are about what may be done, and how one may sign in.
var methodWords = []Meaning{
	{
		Word: "permission_denied", When: When{Path: checkingCodes}, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: newCode, Help: codeSpent,
	},
	{
		Word: "permission_denied", When: When{Text: aboutProviders}, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Word: "permission_denied", Number: 7, Status: 403, Source: docSem, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notAllowed, Help: policy,
	},
	{
		Word: "access_denied", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: denied, Help: notApproved,
	},
	{
		Word: "consent_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Word: "interaction_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Word: "account_selection_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Word: "authorization_pending", Status: 400, Source: rfc8628, Category: Unknown,
		HTTP: http.StatusConflict, Message: denied, Help: notApprovedYet,
	},
	{
		Word: "expired_token", Status: 400, Source: rfc8628, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: beginAgain, Help: deviceCodeOver,
	},
	{
		Word: "provider_not_enabled", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Word: "login_method_disabled", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Word: "login_type_disabled", Number: 4045, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Word: "unauthorized_client", Number: 4022, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unknownClient,
	},
	{
		Word: "invalid_client", Status: 401, Source: "RFC 6749 5.2", Category: ProviderNotEnabled,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unknownClient,
	},
	{
		Word: "provider_error", Number: 4019, Source: sdk, Category: Unknown,
		HTTP: http.StatusBadGateway, Message: later, Help: providerFailed,
	},
	{
		Word: "unsupported_response_type", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Word: "unsupported_grant_type", Source: "RFC 6749 5.2", Category: Unknown,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unsupported,
	},
	{
		Word: "request_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Word: "request_uri_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Word: "registration_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: notOffered, Help: unsupported,
	},
	{
		Word: "unimplemented", Number: 12, Status: 501, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: wrong, Help: unsupported,
	},
}

// serviceWords are about the service itself.
var serviceWords = []Meaning{
	{
		Word: "internal", When: When{Text: aboutSender}, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: setUpSender,
	},
	{
		Word: "internal", Number: 13, Status: 500, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Word: "server_error", Status: 500, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Word: "sys_err", Status: 500, Source: docSem, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Word: "data_loss", Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Word: "unavailable", Number: 14, Status: 503, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
	{
		Word: "temporarily_unavailable", Status: 503, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
	{
		Word: "deadline_exceeded", Status: 504, Source: sdk, Category: ServiceError, Open: true,
		HTTP: http.StatusGatewayTimeout, Message: later, Help: serviceSlow,
	},
	{
		Word: "server_timeout", Status: 504, Source: docSem, Category: ServiceError, Open: true,
		HTTP: http.StatusGatewayTimeout, Message: later, Help: serviceSlow,
	},
	{
		Word: "unreachable", Source: "made here, as in the js-sdk", Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: offline, Help: noAnswer,
	},
}
