package advice

import (
	"fmt"
	"strings"
	"time"
)

// message is a sentence for the person who signs in. It has no developer's term, and nothing of what they typed in.
type message struct{ en, hans, hant string }

// waitMark stands for how long to wait in a message.
const waitMark = "{wait}"

// Say returns the sentence in a language. wait is how long the person has to wait, 0 if that is not known.
func (m Meaning) Say(language Language, wait time.Duration) string {
	text := m.Message
	if text == tooMany && wait > 0 {
		text = tooManyFor
	}
	switch language {
	case SimplifiedChinese:
		return strings.ReplaceAll(text.hans, waitMark, duration(wait, " 秒", " 分钟", " 小时"))
	case TraditionalChinese:
		return strings.ReplaceAll(text.hant, waitMark, duration(wait, " 秒", " 分鐘", " 小時"))
	case English:
	}
	return strings.ReplaceAll(text.en, waitMark, duration(wait, " second", " minute", " hour"))
}

// duration says d in the largest unit that makes it no shorter than it is by much. Seconds are rounded up.
func duration(d time.Duration, second, minute, hour string) string {
	n, unit := int64((d+time.Second-1)/time.Second), second
	switch {
	case d > 90*time.Minute:
		n, unit = int64((d+time.Hour-1)/time.Hour), hour
	case d > 90*time.Second:
		n, unit = int64((d+time.Minute-1)/time.Minute), minute
	}
	if n != 1 && strings.HasPrefix(unit, " ") && unit[1] < 0x80 {
		unit += "s"
	}
	return fmt.Sprint(n, unit)
}

var (
	signIn = message{
		"Please sign in again.",
		"请重新登录。",
		"請重新登入。",
	}
	signInFirst = message{
		"Please sign in.",
		"请先登录。",
		"請先登入。",
	}
	elsewhere = message{
		"You have been signed out, perhaps because you signed in somewhere else. Please sign in again.",
		"登录已失效，可能是在其他设备上登录了，请重新登录。",
		"登入已失效，可能是在其他裝置上登入了，請重新登入。",
	}
	wrongPassword = message{
		"The user name or password is wrong.",
		"用户名或密码不正确。",
		"使用者名稱或密碼不正確。",
	}
	noPassword = message{
		"This account has no password yet. Sign in with a code instead.",
		"该账号尚未设置密码，请使用验证码登录。",
		"此帳號尚未設定密碼，請使用驗證碼登入。",
	}
	wrongCode = message{
		"The code is wrong or too old. Check it, or ask for a new one.",
		"验证码不正确或已过期，请核对后重试，或重新获取。",
		"驗證碼不正確或已過期，請確認後重試，或重新取得。",
	}
	noCodeAsked = message{
		"This code is not waited for any more. Ask for a new one.",
		"此验证码已失效，请重新获取。",
		"此驗證碼已失效，請重新取得。",
	}
	newCode = message{
		"Too many wrong tries. Ask for a new code.",
		"错误次数过多，请重新获取验证码。",
		"錯誤次數過多，請重新取得驗證碼。",
	}
	tooMany = message{
		"Too many tries. Please try again later.",
		"操作过于频繁，请稍后再试。",
		"操作過於頻繁，請稍後再試。",
	}
	tooManyFor = message{
		"Too many tries. Please try again in " + waitMark + ".",
		"操作过于频繁，请在 " + waitMark + "后再试。",
		"操作過於頻繁，請在 " + waitMark + "後再試。",
	}
	tooManyToday = message{
		"That was too often for today. Please try again tomorrow.",
		"今天的次数已用完，请明天再试。",
		"今天的次數已用完，請明天再試。",
	}
	accountLocked = message{
		"This account is locked after too many wrong passwords. Please try again later.",
		"密码错误次数过多，账号已被暂时锁定，请稍后再试。",
		"密碼錯誤次數過多，帳號已被暫時鎖定，請稍後再試。",
	}
	accountBlocked = message{
		"This account is blocked. Please contact support.",
		"该账号已被停用，请联系客服。",
		"此帳號已被停用，請聯絡客服。",
	}
	accountPending = message{
		"This account is not active yet.",
		"该账号尚未激活或正在审核。",
		"此帳號尚未啟用或正在審核。",
	}
	noAccount = message{
		"There is no such account. Check what you entered, or sign up.",
		"账号不存在，请核对后重试，或先注册。",
		"帳號不存在，請確認後重試，或先註冊。",
	}
	notThere = message{
		"That was not found.",
		"未找到相关内容。",
		"找不到相關內容。",
	}
	inUse = message{
		"This is in use by an account already.",
		"该信息已被其他账号使用。",
		"此資料已被其他帳號使用。",
	}
	notNow = message{
		"This cannot be done with your account as it is.",
		"当前账号状态下无法进行此操作。",
		"目前的帳號狀態無法進行此操作。",
	}
	showCaptcha = message{
		"Please type in what the picture shows.",
		"请输入图片中的验证码。",
		"請輸入圖片中的驗證碼。",
	}
	captchaWrong = message{
		"That is not what the picture shows. Try again with the new picture.",
		"图片验证码不正确，请按新图片重新输入。",
		"圖片驗證碼不正確，請依新圖片重新輸入。",
	}
	addPhone = message{
		"Please add a phone number to your account first.",
		"请先为账号绑定手机号。",
		"請先為帳號綁定手機號碼。",
	}
	secondStep = message{
		"One more step is needed to sign in to this account.",
		"登录该账号还需要进行二次验证。",
		"登入此帳號還需要進行二次驗證。",
	}
	notOffered = message{
		"This way to sign in is not available here.",
		"暂不支持这种登录方式。",
		"暫不支援這種登入方式。",
	}
	notAllowed = message{
		"You are not allowed to do this.",
		"没有权限进行此操作。",
		"沒有權限進行此操作。",
	}
	checkInput = message{
		"Something is missing or not right. Check what you entered.",
		"填写的内容缺失或格式不正确，请检查后重试。",
		"填寫的內容缺漏或格式不正確，請檢查後重試。",
	}
	checkPhone = message{
		"Check the phone number.",
		"手机号不正确，请检查后重试。",
		"手機號碼不正確，請檢查後重試。",
	}
	checkEmail = message{
		"Check the email address.",
		"邮箱地址不正确，请检查后重试。",
		"電子郵件地址不正確，請檢查後重試。",
	}
	checkUsername = message{
		"Choose another user name.",
		"用户名不符合要求，请换一个。",
		"使用者名稱不符合要求，請換一個。",
	}
	checkPassword = message{
		"Choose another password: this one does not follow the rules.",
		"密码不符合要求，请换一个。",
		"密碼不符合要求，請換一個。",
	}
	checkCode = message{
		"Check the code.",
		"验证码格式不正确，请检查后重试。",
		"驗證碼格式不正確，請檢查後重試。",
	}
	later = message{
		"That does not work right now. Please try again later.",
		"服务暂时不可用，请稍后再试。",
		"服務暫時無法使用，請稍後再試。",
	}
	offline = message{
		"No answer came. Please check the connection and try again.",
		"连接失败，请检查网络后重试。",
		"連線失敗，請檢查網路後重試。",
	}
	uncertain = message{
		"No answer came, though it may have worked. Please wait a moment and look before you try again.",
		"未收到响应，操作可能已经成功，请稍等并确认后再重试。",
		"未收到回應，操作可能已經成功，請稍候並確認後再重試。",
	}
	noMessages = message{
		"No message can be sent to this number. Please use another one.",
		"无法向该号码发送短信，请更换号码。",
		"無法向此號碼傳送簡訊，請更換號碼。",
	}
	denied = message{
		"The sign-in was not approved.",
		"登录未获授权。",
		"登入未獲授權。",
	}
	beginAgain = message{
		"That took too long or cannot be used any more. Please begin again.",
		"操作已过期，请重新开始。",
		"操作已過期，請重新開始。",
	}
	wrong = message{
		"Something went wrong. Please try again later.",
		"出错了，请稍后再试。",
		"發生錯誤，請稍後再試。",
	}
)
