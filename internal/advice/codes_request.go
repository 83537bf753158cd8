package advice

import (
	"net/http"
	"time"
)

// limitMeanings are about what comes too often.
var limitMeanings = []Meaning{
	{
		Code: "resource_exhausted", When: When{Text: aboutDailySMS}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooManyToday, Help: dailyLimit,
	},
	{
		Code: "resource_exhausted", When: When{Path: sendingCodes}, Number: 8, Status: 429, Source: liveCut, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Code: "resource_exhausted", Number: 8, Status: 429, Source: liveCut, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
	{
		Code: "rate_limit_exceeded", Status: 429, Source: docOld, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
	{
		Code: "exceed_ratelimit", Status: 429, Source: docSem, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: gatewayLimit,
	},
	{
		Code: "exceed_request_limit", Status: 429, Source: docSem, Category: RateLimited,
		Wait: time.Minute, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: gatewayLimit,
	},
	{
		Code: "slow_down", Status: 400, Source: rfc8628, Category: RateLimited,
		Wait: 5 * time.Second, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: slowDown,
	},
}

// requestMeanings are about what a request asks for.
var requestMeanings = []Meaning{
	{
		Code: "failed_precondition", When: When{Text: aboutBearer}, Source: "3P: an issue of awesome-cloudbase-examples", Category: PreconditionFailed,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutDailySMS}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooManyToday, Help: dailyLimit,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutSMSPause}, Source: "DOC: SMS error codes", Category: RateLimited,
		Wait: 30 * time.Second, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutSMSHour}, Source: "DOC: SMS error codes", Category: RateLimited,
		Wait: time.Hour, HTTP: http.StatusTooManyRequests, Message: tooMany, Help: waitForCode,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutSMSLimit}, Source: "DOC: SMS error codes", Category: RateLimited,
		HTTP: http.StatusTooManyRequests, Message: tooMany, Help: smsLimit,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutBlacklist}, Source: "LIVE, DOC: SMS error codes", Category: PreconditionFailed,
		HTTP: http.StatusBadRequest, Message: noMessages, Help: smsNumber,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutSMS}, Source: "LIVE, DOC: SMS error codes", Category: PreconditionFailed,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: smsProvider,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutSender}, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: setUpSender,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutProviders}, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutNobody}, Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Code: "failed_precondition", When: When{Text: aboutInUse}, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Code: "failed_precondition", When: When{Path: []string{"signup"}}, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Code: "failed_precondition", Number: 9, Status: 400, Source: docAuth, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: notNow, Help: precondition,
	},
	{
		Code: "invalid_argument", When: When{Path: answeringPuzzle}, Source: "INF: the endpoint takes nothing else", Category: CaptchaInvalid,
		HTTP: http.StatusForbidden, Message: captchaWrong, Help: captchaAgain,
	},
	{
		Code: "invalid_argument", When: When{Text: aboutPattern}, Source: liveCut, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Code: "invalid_argument", When: When{Text: aboutCodes}, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Code: "invalid_argument", When: When{Path: checkingCodes}, Source: docAuth, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Code: "invalid_argument", Number: 3, Status: 400, Source: docAuth, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Code: "invalid_phone_number", Source: docOld, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPhone, Help: phoneForm,
	},
	{
		Code: "out_of_range", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Code: "invalid_request", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkInput, Help: checkFields,
	},
	{
		Code: "invalid_scope", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: scopeUnknown,
	},
	{
		Code: "invalid_request_uri", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: checkFields,
	},
	{
		Code: "invalid_request_object", Source: sdk, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: wrong, Help: checkFields,
	},
}

// methodMeanings are about what may be done, and how one may sign in.
var methodMeanings = []Meaning{
	{
		Code: "permission_denied", When: When{Path: checkingCodes}, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: newCode, Help: codeSpent,
	},
	{
		Code: "permission_denied", When: When{Text: aboutProviders}, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Code: "permission_denied", Number: 7, Status: 403, Source: docSem, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notAllowed, Help: policy,
	},
	{
		Code: "access_denied", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: denied, Help: notApproved,
	},
	{
		Code: "consent_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Code: "interaction_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Code: "account_selection_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: denied, Help: atTheProvider,
	},
	{
		Code: "authorization_pending", Status: 400, Source: rfc8628, Category: Unknown,
		HTTP: http.StatusConflict, Message: denied, Help: notApprovedYet,
	},
	{
		Code: "expired_token", Status: 400, Source: rfc8628, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: beginAgain, Help: deviceCodeOver,
	},
	{
		Code: "provider_not_enabled", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Code: "login_method_disabled", Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Code: "login_type_disabled", Number: 4045, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusForbidden, Message: notOffered, Help: notEnabled,
	},
	{
		Code: "unauthorized_client", Number: 4022, Source: sdk, Category: ProviderNotEnabled,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unknownClient,
	},
	{
		Code: "invalid_client", Status: 401, Source: "RFC 6749 5.2", Category: ProviderNotEnabled,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unknownClient,
	},
	{
		Code: "provider_error", Number: 4019, Source: sdk, Category: Unknown,
		HTTP: http.StatusBadGateway, Message: later, Help: providerFailed,
	},
	{
		Code: "unsupported_response_type", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Code: "unsupported_grant_type", Source: "RFC 6749 5.2", Category: Unknown,
		HTTP: http.StatusInternalServerError, Message: wrong, Help: unsupported,
	},
	{
		Code: "request_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Code: "request_uri_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusBadRequest, Message: wrong, Help: unsupported,
	},
	{
		Code: "registration_not_supported", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: notOffered, Help: unsupported,
	},
	{
		Code: "unimplemented", Number: 12, Status: 501, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: wrong, Help: unsupported,
	},
}

// serviceMeanings are about the service itself.
var serviceMeanings = []Meaning{
	{
		Code: "internal", When: When{Text: aboutSender}, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: setUpSender,
	},
	{
		Code: "internal", Number: 13, Status: 500, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Code: "server_error", Status: 500, Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Code: "sys_err", Status: 500, Source: docSem, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Code: "data_loss", Source: sdk, Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: later, Help: serviceFailed,
	},
	{
		Code: "unavailable", Number: 14, Status: 503, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
	{
		Code: "temporarily_unavailable", Status: 503, Source: sdk, Category: ServiceError,
		HTTP: http.StatusServiceUnavailable, Message: later, Help: serviceFailed,
	},
	{
		Code: "deadline_exceeded", Status: 504, Source: sdk, Category: ServiceError, Open: true,
		HTTP: http.StatusGatewayTimeout, Message: later, Help: serviceSlow,
	},
	{
		Code: "server_timeout", Status: 504, Source: docSem, Category: ServiceError, Open: true,
		HTTP: http.StatusGatewayTimeout, Message: later, Help: serviceSlow,
	},
	{
		Code: "unreachable", Source: "made here, as in the js-sdk", Category: ServiceError,
		HTTP: http.StatusBadGateway, Message: offline, Help: noAnswer,
	},
}
