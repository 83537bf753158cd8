package advice

import "slices"

// Sources of the rows, with their evidence levels (WIRE.md 0).
const (
	sdk     = "SDK: consts.ts"
	docAuth = "DOC: webv2/authentication"
	docSem  = "DOC: error-code/semantic-http-status"
	docRT   = "DOC: error-code/INVALID_REFRESH_TOKEN"
	docAT   = "DOC: error-code/INVALID_ACCESS_TOKEN"
	docOld  = "DOC: error-code/basic"
	live    = "LIVE"
	liveCut = "LIVE*"
	rfc8628 = "RFC 8628 3.5"
)

// Phrases of the server's texts, in lower case. Several are the js-sdk's (AuthError).
var (
	aboutCodes     = []string{"验证码", "verification", "does not match", "token expired", "token error", "过期"}
	aboutProviders = []string{
		"身份源", "开启", "未启用", "登录方式", "请联系开发者", "identity provider", "login method", "not enabled",
	}
	aboutNobody    = []string{"不存在", "未注册", "not found", "not exist"}
	aboutInUse     = []string{"already", "已被", "已注册", "已绑定", "已存在"}
	aboutSender    = []string{"smtp is not set", "sms sender does not config"}
	aboutPattern   = []string{"value does not match regex pattern"}
	aboutDailySMS  = []string{"limitexceeded.phonenumberdailylimit", "limitexceeded.phonenumbersamecontentdailylimit"}
	aboutSMSPause  = []string{"limitexceeded.phonenumberthirtysecondlimit"}
	aboutSMSHour   = []string{"limitexceeded.phonenumberonehourlimit"}
	aboutSMSLimit  = []string{"limitexceeded."}
	aboutBlacklist = []string{"phonenumberinblacklist", "unsupportedoperation.", "incorrectphonenumber"}
	aboutSMS       = []string{"send error code"}
	aboutBearer    = []string{"token expiry"}
)

// Endpoints whose error codes mean something of their own.
var (
	signingIn = []string{
		"signin", "signin/username", "signin/verificationcode", "signin/with/provider", "signin/custom", "signin/anonymously",
		"verification", "verification/verify", "reset", "user/me",
	}
	carryingPasswords = []string{"signin", "signin/username", "user/sudo", "user/password", "user/basic/edit"}

	checkingCodes   = []string{"verification/verify", "signin/verificationcode"}
	sendingCodes    = []string{"verification"}
	answeringPuzzle = []string{"captcha/data/verify"}
)

// coded are the meanings of the server's error codes. Of the rows of one code the first one whose condition holds counts, so
// the narrower ones come first.
var coded = slices.Concat(sessionMeanings, passwordMeanings, stateMeanings, verificationMeanings, limitMeanings, requestMeanings, methodMeanings, serviceMeanings)
