package cobrakit

import "github.com/cloudbase-community/tcbauth/internal/bilingual"

// The flags of every command.
var (
	flagProfile = bilingual.Of("`name` of the profile: one user in one environment", "`配置名`：一个环境上的一个用户")
	flagEnv     = bilingual.Of("`id` of the CloudBase environment", "云开发环境 `ID`")
	flagRegion  = bilingual.Of("`region` of the environment (default ap-shanghai)", "环境所在`地域`（默认 ap-shanghai）")
	flagBaseURL = bilingual.Of("`URL` of a server other than CloudBase's, for example an emulator", "云开发以外的服务端 `URL`，例如模拟器")
	flagStore   = bilingual.Of("`where` sessions are kept: auto, keyring or file", "会话保存`位置`：auto、keyring 或 file")
	flagLang    = bilingual.Of("`language` of messages: en, zh-CN or zh-TW", "消息`语言`：en、zh-CN 或 zh-TW")
	badLang     = bilingual.Of("the language is en, zh-CN or zh-TW", "语言只能是 en、zh-CN 或 zh-TW")
	flagJSON    = bilingual.Of("print answers and errors as JSON", "以 JSON 输出结果和错误")
	flagNoInput = bilingual.Of("never ask questions", "不提问")
	flagDebug   = bilingual.Of("log requests to standard error, without secrets", "在标准错误输出请求日志（不含机密）")
	flagTimeout = bilingual.Of("give up after this `time`, for example 30s (default never)", "超过该`时间`则放弃，例如 30s（默认不限）")
)

// Mistakes in the command line.
var (
	unknownCommand = bilingual.Of("there is no command %q; %s help lists them", "没有子命令 %q；%s help 列出全部子命令")
	unknownFlag    = bilingual.Of("there is no flag %s", "没有选项 %s")
	valueMissing   = bilingual.Of("%s needs a value", "%s 需要一个值")
	flagSyntax     = bilingual.Of("a flag has the form --name or --name=value", "选项的形式是 --name 或 --name=value")
	notBool        = bilingual.Of("%s is true or false", "%s 只能是 true 或 false")
	notTime        = bilingual.Of("%s is a time such as 30s or 5m", "%s 是一段时间，例如 30s 或 5m")
	badValue       = bilingual.Of("%s: this value cannot be used", "%s：不能使用这个值")
	wrongNumber    = bilingual.Of("the number of arguments is wrong; use it so: %s", "参数个数不对；用法：%s")
)

// login.
var (
	loginShort     = bilingual.Of("Sign in", "登录")
	flagPhone      = bilingual.Of("sign in by a code to this phone `number`; +86 may be left out", "用发送到该`手机号`的验证码登录，可省略 +86")
	flagEmail      = bilingual.Of("sign in by a code to this email `address`", "用发送到该`邮箱`的验证码登录")
	flagUser       = bilingual.Of("sign in by the password of this user `name`, phone number or email address", "用该`用户名`（或手机号、邮箱）的密码登录")
	flagDevice     = bilingual.Of("sign in with the browser of any device", "在任意设备的浏览器中确认登录")
	flagQR         = bilingual.Of("sign in by a code that the WeChat mini program with this app `id` scans", "用该 `AppID` 的微信小程序扫码登录")
	flagNoSignUp   = bilingual.Of("refuse users who are not registered", "不为未注册的用户创建账号")
	flagCodeIn     = bilingual.Of("read the code from standard input", "从标准输入读取验证码")
	flagPasswordIn = bilingual.Of("read the password from standard input", "从标准输入读取密码")
	flagCaptchaIn  = bilingual.Of("read the captcha's answer from standard input", "从标准输入读取图片验证码")
	flagPicture    = bilingual.Of("write pictures, such as captchas, to this `file`", "把图片（如图片验证码）写入该`文件`")
	flagStart      = bilingual.Of("only send the code; --finish signs in later", "只发送验证码，之后用 --finish 登录")
	flagFinish     = bilingual.Of("sign in with the code of --start", "用 --start 发送的验证码登录")
	flagCode       = bilingual.Of("the `code`, for --finish; it can be used only once", "--finish 所用的`验证码`，只能用一次")
	startOrFinish  = bilingual.Of("give one of --start and --finish", "--start 和 --finish 只能选一个")
	codeNeedsEnd   = bilingual.Of("--code is for --finish; use --code-stdin here", "--code 只用于 --finish；请改用 --code-stdin")
	finishAlone    = bilingual.Of("--finish uses the options of --start; do not repeat them", "--finish 沿用 --start 的参数")
)

// The other commands.
var (
	logoutShort  = bilingual.Of("Sign out: revoke the session and remove it here", "退出登录：吊销会话并删除")
	flagLocal    = bilingual.Of("only remove the session here", "只删除本机会话")
	flagAll      = bilingual.Of("end the sessions on all devices", "结束所有设备上的会话")
	signedOut    = bilingual.Of("Signed out.", "已退出登录。")
	nobodyThere  = bilingual.Of("Nobody was signed in.", "当前没有登录。")
	tokenShort   = bilingual.Of("Print a valid access token", "输出当前可用的访问令牌")
	flagMinTTL   = bilingual.Of("it must be valid for at least this `time`, for example 5m", "令牌至少在这段`时间`内有效，例如 5m")
	flagForce    = bilingual.Of("get a new token in any case", "强制刷新")
	flagFormat   = bilingual.Of("`how`: text, json, header, env or exec (Kubernetes)", "输出`格式`：text、json、header、env 或 exec（Kubernetes）")
	badFormat    = bilingual.Of("the format is text, json, header, env or exec", "格式只能是 text、json、header、env 或 exec")
	statusShort  = bilingual.Of("Show who is signed in, where, and until when", "显示登录用户、环境、存储和有效期")
	flagCheck    = bilingual.Of("also ask the server", "同时向服务端确认")
	whoamiShort  = bilingual.Of("Ask the server who is signed in", "向服务端查询当前用户")
	execShort    = bilingual.Of("Run a command with CLOUDBASE_ACCESS_TOKEN", "带上 CLOUDBASE_ACCESS_TOKEN 运行命令")
	profileShort = bilingual.Of("List, choose and delete profiles", "列出、选择和删除配置")
	listShort    = bilingual.Of("List the profiles", "列出配置")
	useShort     = bilingual.Of("Choose the profile that is used from now on", "选择默认使用的配置")
	deleteShort  = bilingual.Of("Sign out and delete a profile", "退出登录并删除配置")
	inUse        = bilingual.Of("Profile %s is in use.", "正在使用配置 %s。")
	deleted      = bilingual.Of("Profile %s is deleted.", "配置 %s 已删除。")
	whichOne     = bilingual.Of("the commands of profile are list, use and delete", "profile 的子命令：list、use、delete")
)

// status.
var (
	lineUser    = bilingual.Of("user", "用户")
	lineProfile = bilingual.Of("profile", "配置")
	lineEnv     = bilingual.Of("environment", "环境")
	lineServer  = bilingual.Of("server", "服务端")
	lineStore   = bilingual.Of("store", "存储")
	lineToken   = bilingual.Of("token until", "令牌有效至")
	lineCheck   = bilingual.Of("server says", "服务端")
	isKnown     = bilingual.Of("signed in", "已登录")
	isNobody    = bilingual.Of("nobody", "未登录")
	isNone      = bilingual.Of("none", "无")
	fromProfile = bilingual.Of("profile", "来自配置")
	fromDefault = bilingual.Of("default", "默认值")
)
