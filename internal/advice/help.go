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
		"Nobody is signed in, or the server does not accept the access token any more. Sign in again.",
		"当前没有登录，或服务端不再接受该 access token，请重新登录。",
	}
	sessionEnded = help{
		"The session has ended. Sign in again. The likeliest reason is that the user signed in elsewhere: an environment allows one " +
			"session per user unless its maximum number of sessions is raised in the console. Refresh tokens also end after their lifetime.",
		"会话已结束，请重新登录。最常见的原因是该用户在别处登录：默认每个用户只允许一个会话，可在控制台调大最大会话数；refresh token 到期也会如此。",
	}
	foreignToken = help{
		"The access token was signed with a key that this environment does not have. Check that the environment id and the base URL " +
			"are those of the server that issued the token, then sign in again.",
		"该 access token 的签名密钥不属于此环境。请核对环境 ID 和服务地址是否与签发方一致，然后重新登录。",
	}
	refusedUnsaid = help{
		"The server answered 401 and did not say why: the access token, or a proxy on the way. Sign in again if it goes on.",
		"服务端返回 401 且未说明原因，可能是 access token 无效，或中间代理所致。如持续出现请重新登录。",
	}
	refusedToken = help{
		"The server does not accept this access token: it has expired, was revoked, or is of another environment. Get a new one from whoever sent it.",
		"服务端不接受该 access token：可能已过期、已被吊销，或属于其他环境。请向提供方获取新的 token。",
	}
	refusedKey = help{
		"The server does not accept the key of WithAccessKey. Check in the console that it exists, has not expired, and is of this environment.",
		"服务端不接受 WithAccessKey 的密钥。请在控制台确认该密钥存在、未过期，且属于此环境。",
	}
	otherTicket = help{
		"The TicketSource returned a ticket of another user than the session's. Sign the ticket for the user that TicketUser names, or sign in again.",
		"TicketSource 返回的票据不属于当前会话的用户。请为 TicketUser 所指的用户签发票据，或重新登录。",
	}
	atTheProvider = help{
		"The provider needs the user to act: send them to its sign-in page once more, without prompt=none.",
		"第三方要求用户参与：请让用户重新打开其登录页面，且不要使用 prompt=none。",
	}

	checkPasswords = help{
		"The user name or the password is wrong; the server does not say which. A forgotten password is reset with ResetPasswordForEmail.",
		"用户名或密码不正确（服务端不区分）。忘记密码可用 ResetPasswordForEmail 重置。",
	}
	checkSecrets = help{
		"A password, a code or a token that the call carried is wrong or too old: the description says which.",
		"请求中的密码、验证码或凭据不正确或已过期，详见描述。",
	}
	withoutPassword = help{
		"This account has no password. Sign in with a code or a provider, then set one with SetPassword if it is wanted.",
		"该账号没有密码。请用验证码或第三方登录；如需密码，登录后用 SetPassword 设置。",
	}
	weakPassword = help{
		"The password does not follow the server's rules: 8 to 32 characters, of letters, digits and signs as the console asks for them.",
		"密码不符合服务端规则：8 至 32 个字符，字母、数字与符号的要求见控制台。",
	}
	notRegistered = help{
		"This user is not registered in this environment. Check the environment id, or register them with SignUp.",
		"该用户未在此环境注册。请核对环境 ID，或用 SignUp 注册。",
	}
	notFound = help{
		"What the request names does not exist: a user, a provider, a device. Check the ids and the environment id.",
		"请求所指的内容不存在，例如用户、身份源或设备。请核对各个 ID 与环境 ID。",
	}
	registered = help{
		"The phone number, email address, user name or provider account is in use already. Sign in to that account, or use another one.",
		"该手机号、邮箱、用户名或第三方账号已被使用。请登录该账号，或换一个。",
	}
	precondition = help{
		"The state of the account does not allow the call; the description says why. Often an address is registered or bound already, or is not registered.",
		"账号状态不允许此操作，原因见描述。常见情况是手机号或邮箱已注册、已被绑定，或尚未注册。",
	}

	locked = help{
		"The account is locked after too many wrong passwords. It ends by itself; until then sign in with a code, or unlock the user in the console.",
		"密码错误次数过多，账号已被锁定，会自动解除。期间可用验证码登录，或在控制台解锁。",
	}
	blocked = help{
		"The user is disabled. See the user in the console.",
		"该用户已被停用，请在控制台查看。",
	}
	pending = help{
		"The user is not activated or not approved yet. See the user in the console.",
		"该用户尚未激活或尚未通过审核，请在控制台查看。",
	}
	abnormal = help{
		"The account seems to be blocked, locked or not approved: the description says which. See the user in the console.",
		"账号可能被停用、锁定或未通过审核，详见描述，并请在控制台查看该用户。",
	}

	askCodeAgain = help{
		"The code is wrong or too old. Ask for it again, or send a new one with GetVerification; that ends the old one.",
		"验证码错误或已过期。请重新输入，或用 GetVerification 重新发送（旧验证码随即失效）。",
	}
	nothingPending = help{
		"No challenge is stored for this session: none was begun, or it was finished, refused too often, or has expired. Send a new code and begin again.",
		"此会话没有待完成的验证：尚未发起、已完成、错误次数过多或已过期。请重新发送验证码后再试。",
	}
	codeSpent = help{
		"This verification is over after too many wrong codes, or has expired. Send a new code with GetVerification and begin again.",
		"错误次数过多或验证已过期，此次验证已失效。请用 GetVerification 重新发送验证码后再试。",
	}
	secondFactor = help{
		"The account has a second factor, which this API cannot ask for. Let the user sign in on a page of the js-sdk, or turn it off in the console.",
		"该账号启用了二次验证，此 API 无法完成。请让用户在使用 js-sdk 的页面登录，或在控制台关闭二次验证。",
	}
	secondFactorWrong = help{
		"The code of the second factor is wrong or too old.",
		"二次验证的验证码错误或已过期。",
	}
	bindPhone = help{
		"This account must have a phone number first: bind one with BindPhoneNumber, then make the call again.",
		"该账号需先绑定手机号：请用 BindPhoneNumber 绑定后重试。",
	}
	phoneCodeNext = help{
		"The server wants a code by SMS for this account: sign in with SignInWithSms.",
		"服务端要求该账号使用短信验证码：请用 SignInWithSms 登录。",
	}
	solveCaptcha = help{
		"Show the user a captcha: use WithCaptchaSolver, or CreateCaptchaData and VerifyCaptchaData, then make the call again.",
		"需要图形验证码：请使用 WithCaptchaSolver，或用 CreateCaptchaData 与 VerifyCaptchaData 完成验证后重试。",
	}
	captchaAgain = help{
		"The captcha was answered wrongly or is too old. Get a new picture with CreateCaptchaData.",
		"图形验证码错误或已过期，请用 CreateCaptchaData 获取新图片。",
	}

	waitForCode = help{
		"Wait for RetryAfter before the next code. A number gets one SMS a minute, and a limited number a day.",
		"请等待 RetryAfter 之后再发送。同一号码每分钟一条短信，每天有上限。",
	}
	dailyLimit = help{
		"This number has had its messages for today. The limit is set in the console of CloudBase and in that of Tencent Cloud SMS.",
		"该号码今天的短信已达上限。可在云开发控制台及腾讯云短信控制台调整。",
	}
	smsLimit = help{
		"The SMS service limits its messages; the description names the limit. It is set in the console of Tencent Cloud SMS.",
		"触发了短信服务的频率限制，具体限制见描述，可在腾讯云短信控制台调整。",
	}
	slowDown = help{
		"Too many calls of this kind: wait for RetryAfter before the next one.",
		"此类调用过于频繁，请等待 RetryAfter 之后再试。",
	}
	gatewayLimit = help{
		"The gateway limits how often the environment is called: wait for RetryAfter, and see the environment's quota in the console.",
		"网关限制了该环境的调用频率：请等待 RetryAfter 之后再试，并在控制台查看环境配额。",
	}

	smsNumber = help{
		"The SMS service does not send to this number: it is on a blocklist, or of a kind or country that is not served. The description has the reason.",
		"短信服务无法向该号码发送：号码在黑名单中，或其类型、国家地区不受支持。原因见描述。",
	}
	smsProvider = help{
		"The SMS service refused the message. Look up the code after \"send error code\" among the error codes of Tencent Cloud SMS: often the package is used up, or the signature or template is not approved.",
		"短信服务拒绝发送。请在腾讯云短信的错误码中查找描述里 send error code 之后的代码：常见原因是套餐包用尽，或签名、模板未通过审核。",
	}
	setUpSender = help{
		"The environment has no sender for this kind of message. Set up SMTP or SMS in the CloudBase console.",
		"该环境未配置发送服务。请在云开发控制台配置 SMTP 邮件或短信。",
	}
	checkFields = help{
		"A field of the request is missing or malformed: the error names it.",
		"请求中有字段缺失或格式不对，错误信息中已指出。",
	}
	phoneForm = help{
		"The phone number is malformed. It is best written with its country code, as in +86 13800000000: see NormalizePhone.",
		"手机号格式不对，建议带上国家码，例如 +86 13800000000，参见 NormalizePhone。",
	}
	scopeUnknown = help{
		"The server does not grant this scope. Leave Scope out, or use one that the client has.",
		"服务端不授予该 scope。请去掉 Scope，或使用该客户端拥有的 scope。",
	}
	policy = help{
		"The environment's access policy, the scope of the token or the kind of user does not allow this call. See policies and login methods in the CloudBase console.",
		"环境的访问策略、token 的 scope 或用户类型不允许此调用。请在云开发控制台查看访问策略与登录方式。",
	}
	notApproved = help{
		"The user or the provider refused. Begin again if they want to sign in after all.",
		"用户或第三方拒绝了授权。如仍要登录，请重新开始。",
	}
	notApprovedYet = help{
		"The user has not approved yet: go on asking at the interval that the server named.",
		"用户尚未确认：请按服务端给出的间隔继续轮询。",
	}
	deviceCodeOver = help{
		"The device code has expired before the user approved. Begin again for a new one.",
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
		"第三方身份源出错或拒绝了请求。请在控制台检查其配置，描述中有其返回内容。",
	}
	unsupported = help{
		"The server does not do this. Check the parameters, and whether this environment has the feature.",
		"服务端不支持此操作。请检查参数，并确认该环境具备此功能。",
	}
	featureOff = help{
		"The feature is not turned on for this environment. Turn it on in the CloudBase console.",
		"该环境未开启此功能，请在云开发控制台开启。",
	}
	overdue = help{
		"The environment's account is overdue or its quota is used up. See billing in the console.",
		"环境账户欠费或额度用尽，请在控制台查看费用。",
	}

	serviceFailed = help{
		"The service failed. Try again later; Tencent's support finds the call by its request id.",
		"服务异常，请稍后再试；联系腾讯云技术支持时请提供 request id。",
	}
	serviceSlow = help{
		"The service did not answer in time. A call that changes something may have been carried out: look before making it again.",
		"服务未及时响应。有副作用的请求可能已经生效，再次调用前请先确认。",
	}
	noAnswer = help{
		"No answer came: check the network, the environment id, the region and the base URL.",
		"没有收到应答：请检查网络、环境 ID、地域和服务地址。",
	}
	checkStore = help{
		"Check that the token store can be reached and written to. A damaged session is replaced by signing in again.",
		"请检查凭据存储是否可访问、可写入。损坏的会话在重新登录后会被替换。",
	}
	lookFirst = help{
		"The request may have been carried out. Look before asking again: wait for the SMS, or see whether the user is signed in.",
		"请求可能已经生效。再次调用前请先确认：等一等短信，或查看是否已登录。",
	}
	foreignAnswer = help{
		"The answer is not CloudBase's. Check the environment id, the base URL and any proxy on the way.",
		"应答不是来自 CloudBase。请检查环境 ID、服务地址以及中间的代理。",
	}
	cancelled = help{
		"The call's context was cancelled before an answer came. Nothing is wrong with the server.",
		"调用的 context 在收到应答之前被取消，服务端没有异常。",
	}
	moreTime = help{
		"The call's context ended or an attempt took too long. Give it more time with the context or WithTimeout.",
		"调用的 context 已结束，或单次请求超时。请延长 context 的期限，或用 WithTimeout 放宽超时。",
	}
	ownFunction = help{
		"A function that was given to tcbauth failed: the error has what it returned.",
		"传给 tcbauth 的函数失败了，错误中包含其返回内容。",
	}
	seeCode = help{
		"See the code and description. Tencent's support finds the call by its request id.",
		"请查看错误码和描述；联系腾讯云技术支持时请提供 request id。",
	}
)
