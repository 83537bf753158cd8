package clikit

import (
	"errors"

	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/bilingual"
)

// The texts of signing in.
var (
	codeSent       = bilingual.Of("A code was sent to %s.", "验证码已发送至 %s。")
	resendIn       = bilingual.Of("%s sends a new code in %d s", "输入 %s 可重新发送（%d 秒后）")
	canResend      = bilingual.Of("%s sends a new code", "输入 %s 可重新发送")
	sendIn         = bilingual.Of("A code can be sent in %d s", "%d 秒后可发送验证码")
	sendNow        = bilingual.Of("Send a code now? [y/N] ", "现在发送验证码吗？[y/N] ")
	sendAnother    = bilingual.Of("Send a new code? [y/N] ", "重新发送验证码吗？[y/N] ")
	signedIn       = bilingual.Of("Signed in as %s (profile %s, environment %s).", "已登录：%s（配置 %s，环境 %s）。")
	sessionLiesIn  = bilingual.Of("The session is kept in the %s store, %s.", "会话保存在 %s 存储：%s。")
	finishWith     = bilingual.Of("Sign in with it: %s", "用验证码完成登录：%s")
	openOnDevice   = bilingual.Of("Open %s on any device and enter the code %s.", "请在任意设备上打开 %s，并输入代码 %s。")
	captchaInFile  = bilingual.Of("The captcha is in the file %s.", "图片验证码保存在文件 %s。")
	anotherPicture = bilingual.Of("Here is another picture.", "请看新的图片。")
	scanFile       = bilingual.Of("The code to scan is in the file %s.", "待扫描的小程序码保存在文件 %s。")
	scanThis       = bilingual.Of("Scan this with WeChat:", "请用微信扫描：")
)

// resendAnswer is the answer by which a user asks for another code.
const resendAnswer = "r"

// The texts about wrong use of commands.
var (
	oneWay            = bilingual.Of("give one of --phone, --email, --user, --device and --qr", "--phone、--email、--user、--device、--qr 只能选一个")
	passwordNeedsUser = bilingual.Of("--password-stdin needs --user", "--password-stdin 需要同时给出 --user")
	startByCode       = bilingual.Of("--start is for --phone and --email", "--start 只用于 --phone 和 --email")
	localOrAll        = bilingual.Of("give one of --local and --all", "--local 和 --all 只能选一个")
	noProfile         = bilingual.Of("there is no profile %q; signing in with --profile makes one", "没有名为 %q 的配置；用 --profile 登录即可创建")
	badProfile        = bilingual.Of(
		"a profile's name has lower-case letters and digits, and dots, hyphens and underscores between them, at most 64 in all",
		"配置名由小写字母和数字组成，中间可以有点、连字符和下划线，最多 64 个字符",
	)
	badStore  = bilingual.Of("the store is auto, keyring or file", "存储只能是 auto、keyring 或 file")
	badEnv    = bilingual.Of("the id of an environment consists of letters, digits and hyphens", "环境 ID 由字母、数字和连字符组成")
	badRegion = bilingual.Of("this is not the name of a region, such as ap-shanghai", "不是地域名，地域的形式如 ap-shanghai")
	badURL    = bilingual.Of(
		"give a URL such as https://auth.example.com, or http://127.0.0.1:8791 on this machine, without /auth, user, query or fragment",
		"请给出形如 https://auth.example.com 的地址（本机可用 http://127.0.0.1:8791），不含 /auth、用户名、查询参数和片段",
	)
	plainHTTP  = bilingual.Of("plain http is for this machine only, use https", "http 只能用于本机，请使用 https")
	ofSource   = bilingual.Of("%s: %s", "%s：%s")
	theProfile = bilingual.Of("the profile", "配置")
	theDefault = bilingual.Of("the default", "默认值")
)

// The texts of errors.
var (
	interrupted    = bilingual.Of("interrupted", "已中断")
	nobodySignedIn = bilingual.Of("nobody is signed in with profile %s; sign in: %s", "配置 %s 尚未登录，请先登录：%s")
	answerMissing  = bilingual.Of("%s is missing, and nobody can be asked; give it by %s", "缺少%s，且无人可询问；请用 %s 给出")
	captchaToRead  = bilingual.Of(
		"a captcha must be read: look at %s, then run this again with %s and its characters on standard input",
		"需要人工识别图片验证码 %s；请再次运行并加上 %s，从标准输入给出字符",
	)
	keyringGone = bilingual.Of(
		"the keyring cannot be used; unlock it, or choose files by --store file and sign in again",
		"无法使用系统密钥环；请解锁，或用 --store file 改用文件并重新登录",
	)
	keyringLost = bilingual.Of(
		"the keyring has lost the key of the stored sessions; sign out, which removes them, and sign in again",
		"系统密钥环已丢失会话的密钥；请先退出登录（会删除这些会话），再重新登录",
	)
	sessionDamaged = bilingual.Of(
		"the session stored on this machine cannot be read; sign in again, which replaces it",
		"无法读取本机保存的会话；请重新登录，旧会话会被替换",
	)
	storageFailed = bilingual.Of("the data stored on this machine cannot be read or written", "无法读写本机保存的数据")
)

// ownErrors are the errors of this package that need no more than a sentence.
var ownErrors = []struct {
	err  error
	text bilingual.Text
}{
	{errNoChallenge, bilingual.Of("no sign-in was started; begin with login --start", "尚未开始登录；请先运行 login --start")},
	{errChallengeOver, bilingual.Of("the code is too old; begin again with login --start", "验证码已过期；请重新运行 login --start")},
	{errNotConfirmed, bilingual.Of("nobody has entered the code in time, and it has expired", "代码已过期，无人输入")},
	{errNotScanned, bilingual.Of("nobody has scanned the code in time, and it has expired", "小程序码已过期，无人扫描")},
	{console.ErrTooLong, bilingual.Of("the answer is too long", "输入内容过长")},
	{console.ErrPicture, bilingual.Of("the server has not sent a picture that can be shown", "服务端没有返回可显示的图片")},
	{errTimeOver, bilingual.Of("the time for this command is over", "命令已超时")},
	{errNotRevoked, bilingual.Of(
		"signed out here, but the server could not be told; the session there ends by itself",
		"本机已退出登录，但未能通知服务端；服务端的会话会自行过期",
	)},
	{errMayStay, bilingual.Of(
		"the damaged profile is deleted, but its session may still be stored: run logout with the --profile, --env, --store and --base-url of its sign-in",
		"损坏的配置已删除，但其会话可能仍保存在本机：请用登录时的 --profile、--env、--store 和 --base-url 运行 logout",
	)},
	{errOthersStay, bilingual.Of(
		"the session was unusable and was removed here. The other devices are still signed in: sign in again, then run logout --all",
		"会话已无法使用，本机记录已删除；其他设备仍处于登录状态：请重新登录后再运行 logout --all",
	)},
	{errShortLifetime, bilingual.Of("the server issues no token with so long a lifetime", "服务端签发的令牌没有这么长的有效期")},
}

// questions has the text of each question, a name for its answer, and the flags that give the answer.
var questions = map[Question]struct {
	ask, name bilingual.Text
	flags     string
}{
	AskEnv:      {bilingual.Of("CloudBase environment id: ", "云开发环境 ID："), bilingual.Of("the environment", "环境 ID"), "--env"},
	AskAccount:  {bilingual.Of("Phone number or email address: ", "手机号或邮箱："), bilingual.Of("the account", "登录账号"), "--phone, --email, --user, --device, --qr"},
	AskCode:     {bilingual.Of("Code: ", "验证码："), bilingual.Of("the code", "验证码"), "--code-stdin"},
	AskPassword: {bilingual.Of("Password: ", "密码："), bilingual.Of("the password", "密码"), "--password-stdin"},
	AskCaptcha:  {bilingual.Of("Characters in the picture: ", "图片中的字符："), bilingual.Of("the captcha's answer", "图片验证码"), "--captcha-key-stdin"},
	AskScan:     {bilingual.Text{}, bilingual.Of("a place to show the code", "显示小程序码的位置"), "--captcha-file"},
}

func (q Question) text() bilingual.Text { return questions[q].ask }
func (q Question) flags() string        { return questions[q].flags }

func (e *NeedsPerson) message(language string) string {
	if e.CaptchaFile != "" {
		return captchaToRead.In(language, e.CaptchaFile, e.Flag)
	}
	return answerMissing.In(language, questions[e.What].name.In(language), e.Flag)
}

// storageMessage distinguishes the errors of storage that a user can solve.
func storageMessage(err error, language string) string {
	for _, known := range keyringErrors {
		if errors.Is(err, known.err) {
			return known.text.In(language)
		}
	}
	if damaged(err) {
		return sessionDamaged.In(language)
	}
	return storageFailed.In(language)
}
