package advice

// help is what a developer can do about an error, in English and in Chinese.
type help struct{ en, zh string }

// Advise returns the help in a language: in Chinese for both of its scripts, else in English. path is the request's.
func (m Meaning) Advise(language Language, path string) string {
	text := m.Help
	if text == notEnabled {
		text = enabling(path)
	}
	if language == English {
		return text.en
	}
	return text.zh
}

var (
	signInAgain = help{
		"Nobody is signed in, or the server no longer accepts the access token. Sign in again.",
		"当前没有登录，或服务端不再接受该 access token，请重新登录。",
	}
	sessionEnded = help{
		"The session has ended. Sign in again. The most likely reason is that the user signed in elsewhere: an environment allows one " +
			"session per user unless its maximum number of sessions is raised in the console. A session also ends when its refresh token expires.",
		"会话已结束，请重新登录。最常见的原因是该用户在别处登录：默认每个用户只允许一个会话，可在云开发平台调大最大会话数。refresh token 到期后会话也会结束。",
	}
	foreignToken = help{
		"The access token was signed with a key that this environment does not have. Check that the environment id and the base URL " +
			"are those of the server that issued the token, then sign in again.",
		"该 access token 的签名密钥不属于此环境。请核对环境 ID 和服务地址是否与签发方一致，然后重新登录。",
	}
	refusedUnsaid = help{
		"The server answered 401 without a reason. The access token may be invalid, or a proxy may have answered. If it continues, sign in again.",
		"服务端返回 401 且未说明原因，可能是 access token 无效，或中间代理所致。如持续出现请重新登录。",
	}
	refusedToken = help{
		"The server does not accept this access token: it has expired, was revoked, or belongs to another environment. Get a new one from its sender.",
		"服务端不接受该 access token：可能已过期、已被吊销，或属于其他环境。请向提供方获取新的 token。",
	}
	refusedKey = help{
		"The server does not accept the key of WithAccessKey. Check in the console that it exists, has not expired, and belongs to this environment.",
		"服务端不接受 WithAccessKey 的密钥。请在云开发平台确认该密钥存在、未过期，且属于此环境。",
	}
	otherTicket = help{
		"The TicketSource returned a ticket for a different user than the session's. Sign the ticket for the user that TicketUser names, or sign in again.",
		"TicketSource 返回的票据不属于当前会话的用户。请为 TicketUser 所指的用户签发票据，或重新登录。",
	}
	atTheProvider = help{
		"The provider needs the user to act: send them to its sign-in page once more, without prompt=none.",
		"第三方要求用户参与：请让用户重新打开其登录页面，且不要使用 prompt=none。",
	}

	checkPasswords = help{
		"The user name or the password is wrong; the server does not say which. ResetPasswordForEmail resets a forgotten password.",
		"用户名或密码不正确（服务端不区分）。忘记密码可用 ResetPasswordForEmail 重置。",
	}
	checkSecrets = help{
		"A password, a code or a token in the request is wrong or has expired: the description says which.",
		"请求中的密码、验证码或凭据不正确或已过期，详见描述。",
	}
	withoutPassword = help{
		"This account has no password. Sign in with a code or a provider. Then SetPassword can set a password.",
		"该账号没有密码。请用验证码或第三方登录；如需密码，登录后用 SetPassword 设置。",
	}
	weakPassword = help{
		"The password does not follow the server's rules: 8 to 32 characters; the console says which letters, digits and symbols it requires.",
		"密码不符合服务端规则：8 至 32 个字符，对字母、数字与符号的要求见云开发平台。",
	}
	notRegistered = help{
		"This user is not registered in this environment. Check the environment id, or register the user with SignUp.",
		"该用户未在此环境注册。请核对环境 ID，或用 SignUp 注册。",
	}
	notFound = help{
		"Something that the request names does not exist, for example a user, a provider or a device. Check the ids and the environment id.",
		"请求所指的内容不存在，例如用户、身份源或设备。请核对各个 ID 与环境 ID。",
	}
	registered = help{
		"The phone number, email address, user name or provider account is in use already. Sign in to that account, or use another one.",
		"该手机号、邮箱、用户名或第三方账号已被使用。请登录该账号，或换一个。",
	}
	precondition = help{
		"The state of the account does not allow the call; the description says why. Often a phone number or an email address is registered or linked already, or is not registered.",
		"账号状态不允许此操作，原因见描述。常见情况是手机号或邮箱已注册、已被绑定，或尚未注册。",
	}

	locked = help{
		"The account is locked after too many wrong passwords. The lock ends by itself. Until then sign in with a code, or unlock the user in the console.",
		"密码错误次数过多，账号已被锁定，会自动解除。期间可用验证码登录，或在云开发平台解锁。",
	}
	blocked = help{
		"The user is disabled. Check the user in the console.",
		"该用户已被停用，请在云开发平台查看。",
	}
	pending = help{
		"The user is not activated or not approved yet. Check the user in the console.",
		"该用户尚未激活或尚未通过审核，请在云开发平台查看。",
	}
	abnormal = help{
		"The account seems to be blocked, locked or not approved: the description says which. Check the user in the console.",
		"账号可能被停用、锁定或未通过审核，详见描述，并请在云开发平台查看该用户。",
	}

	askCodeAgain = help{
		"The code is wrong or has expired. Ask the user again, or send a new code with GetVerification, which invalidates the old one.",
		"验证码错误或已过期。请重新输入，或用 GetVerification 重新发送（旧验证码随即失效）。",
	}
	nothingPending = help{
		"No challenge is stored for this session: none was begun, or it was finished, refused too often, or has expired. Send a new code and begin again.",
		"此会话没有待完成的验证：尚未发起、已完成、错误次数过多或已过期。请重新发送验证码后再试。",
	}
	codeSpent = help{
		"This verification has ended after too many wrong codes, or has expired. Send a new code with GetVerification and start again.",
		"错误次数过多或验证已过期，此次验证已失效。请用 GetVerification 重新发送验证码后再试。",
	}
	secondFactor = help{
		"The account has a second factor, which this API does not support. Let the user sign in on a page with the js-sdk, or turn the second factor off in the console.",
		"该账号启用了二次验证，此 API 无法完成。请让用户在使用 js-sdk 的页面登录，或在云开发平台关闭二次验证。",
	}
	secondFactorWrong = help{
		"The code of the second factor is wrong or has expired.",
		"二次验证的验证码错误或已过期。",
	}
	bindPhone = help{
		"This account needs a phone number first: add one with BindPhoneNumber, then repeat the call.",
		"该账号需先绑定手机号：请用 BindPhoneNumber 绑定后重试。",
	}
	phoneCodeNext = help{
		"The server requires a code by SMS for this account: sign in with SignInWithSms.",
		"服务端要求该账号使用短信验证码：请用 SignInWithSms 登录。",
	}
	solveCaptcha = help{
		"Show the user a captcha: use WithCaptchaSolver, or CreateCaptchaData and VerifyCaptchaData, then repeat the call.",
		"需要图片验证码：请使用 WithCaptchaSolver，或用 CreateCaptchaData 与 VerifyCaptchaData 完成验证后重试。",
	}
	captchaAgain = help{
		"The answer to the captcha is wrong, or the captcha has expired. Get a new picture with CreateCaptchaData.",
		"图片验证码错误或已过期，请用 CreateCaptchaData 获取新图片。",
	}

	waitForCode = help{
		"Wait for RetryAfter before the next code. A phone number can receive one SMS a minute, and a limited number a day.",
		"请等待 RetryAfter 之后再发送。同一号码每分钟一条短信，每天有上限。",
	}
	dailyLimit = help{
		"This phone number has reached its daily limit. The limit is set in the consoles of CloudBase and of Tencent Cloud SMS.",
		"该号码今天的短信已达上限。可在云开发平台及腾讯云短信控制台调整。",
	}
	smsLimit = help{
		"A limit of the SMS service is reached; the description names it. It is set in the console of Tencent Cloud SMS.",
		"触发了短信服务的频率限制，具体限制见描述，可在腾讯云短信控制台调整。",
	}
	slowDown = help{
		"Too many calls of this kind: wait for RetryAfter before the next one.",
		"此类调用过于频繁，请等待 RetryAfter 之后再试。",
	}
	gatewayLimit = help{
		"The gateway limits how often the environment is called: wait for RetryAfter, and check the environment's quota in the console.",
		"网关限制了该环境的调用频率：请等待 RetryAfter 之后再试，并在云开发平台查看环境配额。",
	}

	smsNumber = help{
		"The SMS service does not send to this number: it is on a blocklist, or its type or country is not supported. The description has the reason.",
		"短信服务无法向该号码发送：号码在黑名单中，或其类型、国家地区不受支持。原因见描述。",
	}
	smsProvider = help{
		"The SMS service refused the message. Look up the code after \"send error code\" in the error codes of Tencent Cloud SMS: often the SMS package is used up, or the signature or template is not approved.",
		"短信服务拒绝发送。请在腾讯云短信的错误码中查找描述里 send error code 之后的代码：常见原因是套餐包用尽，或签名、模板未通过审核。",
	}
	setUpSender = help{
		"The environment has no sender for this kind of message. Set up SMTP or SMS in the CloudBase console, under Authentication > Login Methods.",
		"该环境未配置发送服务。请在云开发平台的「身份认证 → 登录方式」中配置 SMTP 邮件或短信。",
	}
	checkFields = help{
		"A field of the request is missing or malformed: the error names it.",
		"请求中有字段缺失或格式不对，错误信息中已指出。",
	}
	phoneForm = help{
		"The phone number is malformed. Write it with its country code, for example +86 13800000000: see NormalizePhone.",
		"手机号格式不对，建议带上国家码，例如 +86 13800000000，参见 NormalizePhone。",
	}
	scopeUnknown = help{
		"The server does not grant this scope. Remove Scope, or use one that the client has.",
		"服务端不授予该 scope。请去掉 Scope，或使用该客户端拥有的 scope。",
	}
	policy = help{
		"The environment's access policy, the scope of the token or the type of the user does not allow this call. Check policies and login methods in the CloudBase console.",
		"环境的访问策略、token 的 scope 或用户类型不允许此调用。请在云开发平台查看访问策略与登录方式。",
	}
	notApproved = help{
		"The user or the provider refused. Start again if the user still wants to sign in.",
		"用户或第三方拒绝了授权。如仍要登录，请重新开始。",
	}
	notApprovedYet = help{
		"The user has not approved yet: continue polling at the interval that the server named.",
		"用户尚未确认：请按服务端给出的间隔继续轮询。",
	}
	deviceCodeOver = help{
		"The device code expired before the user approved. Start again with a new one.",
		"设备码在用户确认之前已过期，请重新获取。",
	}
	// notEnabled stands for what enabling says, which depends on the request.
	notEnabled    = help{"login method", "登录方式"}
	unknownClient = help{
		"The environment does not know this client, or its secret is wrong. Check the environment id, WithClientID and WithClientSecret.",
		"该环境不认识此客户端，或客户端密钥不正确。请检查环境 ID、WithClientID 与 WithClientSecret。",
	}
	providerFailed = help{
		"The third-party provider failed or refused. Check its settings in the console; the description has its answer.",
		"第三方身份源出错或拒绝了请求。请在云开发平台检查其配置，描述中有其返回内容。",
	}
	unsupported = help{
		"The server does not support this. Check the parameters, and whether this environment has the feature.",
		"服务端不支持此操作。请检查参数，并确认该环境具备此功能。",
	}
	featureOff = help{
		"The feature is not turned on for this environment. Turn it on in the CloudBase console.",
		"该环境未开启此功能，请在云开发平台开启。",
	}
	overdue = help{
		"The environment's account is overdue or its quota is used up. Check billing in the console.",
		"环境账户欠费或额度用尽，请在云开发平台查看费用。",
	}

	serviceFailed = help{
		"The service failed. Try again later; Tencent's support finds the call by its request id.",
		"服务异常，请稍后再试；联系腾讯云技术支持时请提供 request id。",
	}
	serviceSlow = help{
		"The service did not answer in time. A call that changes something may have been carried out: check before you repeat it.",
		"服务未及时响应。有副作用的请求可能已经生效，再次调用前请先确认。",
	}
	noAnswer = help{
		"No answer came: check the network, the environment id, the region and the base URL.",
		"没有收到应答：请检查网络、环境 ID、地域和服务地址。",
	}
	checkStore = help{
		"Check that the token store can be reached and written to.",
		"请检查凭据存储是否可访问、可写入。",
	}
	replaceDamaged = help{
		"The stored session is damaged, or was sealed with a key that the store does not have. Sign in again, which replaces it.",
		"保存的会话已损坏，或其加密密钥已不可用。请重新登录，旧会话会被替换。",
	}
	refreshLost = help{
		"The server may have issued tokens that did not arrive. Call again. If the server has replaced the refresh token, the session ends, and the user must sign in again.",
		"服务端可能已签发新的 token，但未送达。请再次调用。若 refresh token 已被替换，会话会结束，用户需重新登录。",
	}
	lookFirst = help{
		"The request may have been carried out. Check before you repeat it: wait for the SMS, or see whether the user is signed in.",
		"请求可能已经生效。再次调用前请先确认：等一等短信，或查看是否已登录。",
	}
	foreignAnswer = help{
		"The answer does not come from CloudBase. Check the environment id, the base URL and any proxy on the way.",
		"应答不是来自 CloudBase。请检查环境 ID、服务地址以及中间的代理。",
	}
	cancelled = help{
		"The call's context was cancelled before an answer came. Nothing is wrong with the server.",
		"调用的 context 在收到应答之前被取消，服务端没有异常。",
	}
	moreTime = help{
		"The call's context ended, or an attempt took too long. Give the context or WithTimeout more time.",
		"调用的 context 已结束，或单次请求超时。请延长 context 的期限，或用 WithTimeout 放宽超时。",
	}
	ownFunction = help{
		"A function that was passed to tcbauth failed: the error contains what it returned.",
		"传给 tcbauth 的函数失败了，错误中包含其返回内容。",
	}
	seeCode = help{
		"See the code and description. Tencent's support finds the call by its request id.",
		"请查看错误码和描述；联系腾讯云技术支持时请提供 request id。",
	}
)
