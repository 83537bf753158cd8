package advice

import "net/http"

// sessionWords are about the tokens that a call carried.
var sessionWords = []Meaning{
	{
		Word: "unauthenticated", Number: 16, Status: 401, Source: sdk, Category: InvalidCredentials,
		Tokens: RefusesAccess | RefusesRefresh, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "invalid_grant", Number: 4026, Status: 400, Source: live, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Word: "invalid_refresh_token", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Word: "refresh_token_expired", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: signIn, Help: sessionEnded,
	},
	{
		Word: "refresh_token_exhausted", Status: 401, Source: docRT, Category: InvalidCredentials,
		Tokens: RefusesRefresh, HTTP: http.StatusUnauthorized, Message: elsewhere, Help: sessionEnded,
	},
	{
		Word: "access_token_expired", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "access_token_invalid", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "invalid_access_token", Status: 401, Source: docAT, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "access_token_kid_invalid", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: foreignToken,
	},
	{
		Word: "missing_credentials", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "authentication_failed", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "check_login_failed", Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "login_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusUnauthorized, Message: signIn, Help: atTheProvider,
	},
}

// passwordWords are about passwords and names.
var passwordWords = []Meaning{
	{
		Word: "invalid_credentials", When: When{Path: carryingPasswords}, Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Word: "invalid_credentials", When: When{Gateway: true}, Status: 401, Source: docSem, Category: InvalidCredentials,
		Tokens: RefusesAccess, HTTP: http.StatusUnauthorized, Message: signIn, Help: signInAgain,
	},
	{
		Word: "invalid_credentials", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Word: "invalid_username_or_password", Number: 4043, Status: 400, Source: liveCut, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Word: "invalid_password", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Word: "wrong_password", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: wrongPassword, Help: checkPasswords,
	},
	{
		Word: "password_not_set", Number: 4029, Status: 400, Source: liveCut, Category: InvalidCredentials,
		HTTP: http.StatusUnauthorized, Message: noPassword, Help: withoutPassword,
	},
	{
		Word: "weak_password", Source: docOld, Category: InvalidParams,
		HTTP: http.StatusBadRequest, Message: checkPassword, Help: weakPassword,
	},
	{
		Word: "user_not_found", Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Word: "not_found", When: When{Path: signingIn}, Number: 5, Status: 404, Source: live, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: noAccount, Help: notRegistered,
	},
	{
		Word: "not_found", Number: 5, Status: 404, Source: sdk, Category: UserNotFound,
		HTTP: http.StatusNotFound, Message: notThere, Help: notFound,
	},
	{
		Word: "already_exists", Source: sdk, Category: Unknown,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
	{
		Word: "username_already_exists", Status: 409, Source: docOld, Category: PreconditionFailed,
		HTTP: http.StatusConflict, Message: inUse, Help: registered,
	},
}

// stateWords are about the state of an account.
var stateWords = []Meaning{
	{
		Word: "invalid_status", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusLocked, Message: accountLocked, Help: locked,
	},
	{
		Word: "user_blocked", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountBlocked, Help: blocked,
	},
	{
		Word: "user_pending", Source: docAuth, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountPending, Help: pending,
	},
	{
		Word: "under_review", Source: sdk, Category: UserStatusAbnormal,
		HTTP: http.StatusForbidden, Message: accountPending, Help: pending,
	},
}

// codeWords are about codes, second factors and captchas.
var codeWords = []Meaning{
	{
		Word: "invalid_verification_code", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: askCodeAgain,
	},
	{
		Word: "aborted", Number: 10, Status: 400, Source: docAuth, Category: VerificationFailed,
		HTTP: http.StatusBadRequest, Message: newCode, Help: codeSpent,
	},
	{
		Word: "two_factor_required", Source: sdk, Category: Unknown,
		HTTP: http.StatusForbidden, Message: secondStep, Help: secondFactor,
	},
	{
		Word: "invalid_two_factor", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: secondFactorWrong,
	},
	{
		Word: "invalid_two_factor_recovery", Source: sdk, Category: InvalidCredentials,
		HTTP: http.StatusBadRequest, Message: wrongCode, Help: secondFactorWrong,
	},
	{
		Word: "mfa_phone_required", Number: 4042, Source: sdk, Category: MFARequired,
		HTTP: http.StatusForbidden, Message: addPhone, Help: bindPhone,
	},
	{
		Word: "phone_required", Source: "DOC: auth-sign-in (old)", Category: Unknown,
		HTTP: http.StatusForbidden, Message: secondStep, Help: phoneCodeNext,
	},
	{
		Word: "captcha_required", Number: 4001, Source: sdk, Category: CaptchaRequired,
		HTTP: http.StatusForbidden, Message: showCaptcha, Help: solveCaptcha,
	},
	{
		Word: "captcha_invalid", Number: 4002, Source: sdk, Category: CaptchaInvalid,
		HTTP: http.StatusForbidden, Message: captchaWrong, Help: captchaAgain,
	},
}
