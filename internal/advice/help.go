package advice

// Facts are what Help has to know of an error. A zero field says nothing about it.
type Facts struct {
	Code     string // the server's word in lower case
	Category string // as Category returns it
	Path     string // of the request, "/auth/v1/signin" say; "" for an error that a browser brought back from a third party

	OutcomeUnknown  bool // the request may have been carried out, and no answer tells
	ContextEnded    bool // the call's context ended, or an attempt took too long
	Store           bool // the token store failed
	InvalidResponse bool // the answer is not CloudBase's
	SignInAgain     bool // nobody is signed in any more
}

// Help says what a developer can do about an error: in Chinese if the language, a value of Accept-Language, is Chinese by Match,
// else in English.
func Help(f Facts, language string) string {
	help := advise(f)
	if Match(language) == English {
		return help.en
	}
	return help.zh
}

// text is the same advice in both languages.
type text struct{ en, zh string }

// advise looks at the cause and at some words of the server first. They say more than the category does.
func advise(f Facts) text {
	switch {
	case f.InvalidResponse:
		return text{
			"The answer is not CloudBase's. Check the environment id, the base URL and any proxy on the way.",
			"应答不是来自 CloudBase。请检查环境 ID、服务地址以及中间的代理。",
		}
	case f.OutcomeUnknown:
		return text{
			"The request may have been carried out. Look before asking again: wait for the SMS, or see whether the person is signed in.",
			"请求可能已经生效。再次调用前请先确认：等一等短信，或查看是否已登录。",
		}
	case f.ContextEnded:
		return text{
			"The call's context ended or an attempt took too long. Give it more time with the context or WithTimeout.",
			"调用的 context 已结束，或单次请求超时。请延长 context 的期限，或用 WithTimeout 放宽超时。",
		}
	case f.Store:
		return text{
			"Check that the token store can be reached and written to. A damaged session is replaced by signing in again.",
			"请检查凭据存储是否可访问、可写入。损坏的会话在重新登录后会被替换。",
		}
	case f.Code == "unauthorized_client":
		return text{
			"The environment does not know this client, or its secret is wrong. Check the environment id, WithClientID and WithClientSecret.",
			"该环境不认识此客户端，或客户端密钥不正确。请检查环境 ID、WithClientID 与 WithClientSecret。",
		}
	case f.Code == "invalid_verification_code": // with its documented number, its category is a captcha's
		return advices[VerificationFailed]
	case f.SignInAgain:
		return text{
			"Nobody is signed in, or the session has ended. Sign in again.",
			"当前没有登录，或登录态已失效，请重新登录。",
		}
	}
	if f.Category == ProviderNotEnabled {
		return notEnabled(f.Path)
	}
	if advice, ok := advices[f.Category]; ok {
		return advice
	}
	return text{
		"See the code and description. Tencent's support finds the call by its request id.",
		"请查看错误码和描述；联系腾讯云技术支持时请提供 request id。",
	}
}

// advices has what to do about errors of a category. What is missing has no advice of its own.
var advices = map[string]text{
	InvalidCredentials: {
		"Check the user name, password or code. If the password is forgotten, use ResetPasswordForEmail.",
		"请核对用户名、密码或验证码。忘记密码可用 ResetPasswordForEmail 重置。",
	},
	UserNotFound: {
		"This person is not registered in this environment. Check the environment id, or register them with SignUp.",
		"该用户未在此环境注册。请核对环境 ID，或用 SignUp 注册。",
	},
	UserStatusAbnormal: {
		"The account is blocked, pending or locked. See the user in the console; a lock after wrong passwords ends by itself.",
		"账号被封禁、待激活或被锁定。请在控制台查看该用户；密码错误导致的锁定会自动解除。",
	},
	ServiceError: {
		"The network or the service failed. Try again later; if it is mail or SMS, see whether a sender is configured in the console.",
		"网络或服务异常，请稍后再试；若与邮件或短信有关，请在控制台确认已配置发送服务。",
	},
	InvalidParams: {
		"A field of the request is missing or malformed: the error names it. Phone numbers have a country code, as in +86 13800000000.",
		"请求中有字段缺失或格式不对，错误信息中已指出。手机号需带国家码，例如 +86 13800000000。",
	},
	RateLimited: {
		"Wait for RetryAfter before the next code. A number gets one SMS a minute, and a limited number a day.",
		"请等待 RetryAfter 之后再发送。同一号码每分钟一条短信，每天有上限。",
	},
	CaptchaRequired: {
		"Show the person a captcha: use WithCaptchaSolver, or CreateCaptchaData and VerifyCaptchaData, then make the call again.",
		"需要图形验证码：请使用 WithCaptchaSolver，或用 CreateCaptchaData 与 VerifyCaptchaData 完成验证后重试。",
	},
	CaptchaInvalid: {
		"The captcha was answered wrongly or is too old. Get a new picture with CreateCaptchaData.",
		"图形验证码错误或已过期，请用 CreateCaptchaData 获取新图片。",
	},
	MFARequired: {
		"This account must have a phone number first: bind one with BindPhoneNumber, then make the call again.",
		"该账号需先绑定手机号：请用 BindPhoneNumber 绑定后重试。",
	},
	PreconditionFailed: {
		"The address is registered or bound already, or is not registered. The description says which.",
		"该手机号或邮箱已注册、已被绑定，或尚未注册，具体见描述。",
	},
	VerificationFailed: {
		"The code is wrong or too old. Ask for it again, or send a new one with GetVerification; that ends the old one.",
		"验证码错误或已过期。请重新输入，或用 GetVerification 重新发送（旧验证码随即失效）。",
	},
}
