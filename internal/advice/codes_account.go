package advice

import "net/http"

// sessionMeanings are about the tokens that a call carried.
var sessionMeanings = []Meaning{
	{
		Code: "unauthenticated", Number: 16, Status: 401, Source: sdk, Category: InvalidCredentials,
		Tokens: RefusesAccess | RefusesRefresh, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "invalid_grant", Number: 4026, Status: 400, Source: live, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Code: "invalid_refresh_token", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Code: "refresh_token_expired", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: signIn, Help: sessionEnded,
	},
	{
		Code: "refresh_token_exhausted", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Code: "access_token_expired", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "access_token_invalid", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "invalid_access_token", Status: 401, Source: docAT, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "access_token_kid_invalid", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: foreignToken,
	},
	{
		Code: "missing_credentials", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "authentication_failed", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "check_login_failed", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "login_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusUnauthorized, Message: signIn, Help: atTheProvider,
	},
}

// passwordMeanings are about passwords and names.
var passwordMeanings = []Meaning{
	{
		Code: "invalid_credentials", When: When{Path: carryingPasswords}, Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Code: "invalid_credentials", When: When{Gateway: true}, Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Code: "invalid_credentials", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Code: "invalid_username_or_password", Number: 4043, Status: 400, Source: liveCut, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Code: "invalid_password", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Code: "wrong_password", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Code: "password_not_set", Number: 4029, Status: 400, Source: liveCut, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: noPassword, Help: withoutPassword,
	},
	{
		Code: "weak_password", Source: docOld, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPassword, Help: weakPassword,
	},
	{
		Code: "user_not_found", Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Code: "not_found", When: When{Path: signingIn}, Number: 5, Status: 404, Source: live, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Code: "not_found", Number: 5, Status: 404, Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: notThere, Help: notFound,
	},
	{
		Code: "already_exists", Source: sdk, Category: Unknown,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Code: "username_already_exists", Status: 409, Source: docOld, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
}

// stateMeanings are about the state of an account.
var stateMeanings = []Meaning{
	{
		Code: "invalid_status", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusLocked, Message: accountLocked, Help: locked,
	},
	{
		Code: "user_blocked", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountBlocked, Help: blocked,
	},
	{
		Code: "user_pending", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountPending, Help: pending,
	},
	{
		Code: "under_review", Source: sdk, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountPending, Help: pending,
	},
}

// verificationMeanings are about codes, second factors and captchas.
var verificationMeanings = []Meaning{
	{
		Code: "invalid_verification_code", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Code: "aborted", Number: 10, Status: 400, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: newCode, Help: codeSpent,
	},
	{
		Code: "two_factor_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: secondStep, Help: secondFactor,
	},
	{
		Code: "invalid_two_factor", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: secondFactorWrong,
	},
	{
		Code: "invalid_two_factor_recovery", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: secondFactorWrong,
	},
	{
		Code: "mfa_phone_required", Number: 4042, Source: sdk, Category: MFARequired,
		HTTP: http.StatusForbidden, Message: addPhone, Help: bindPhone,
	},
	{
		Code: "phone_required", Source: "DOC: auth-sign-in (old)", Category: Unknown,
		HTTP: http.StatusForbidden, Message: secondStep, Help: phoneCodeNext,
	},
	{
		Code: "captcha_required", Number: 4001, Source: sdk, Category: CaptchaRequired,
		HTTP: http.StatusForbidden, Message: showCaptcha, Help: solveCaptcha,
	},
	{
		Code: "captcha_invalid", Number: 4002, Source: sdk, Category: CaptchaInvalid,
		HTTP: http.StatusForbidden, Message: captchaWrong, Help: captchaAgain,
	},
}
