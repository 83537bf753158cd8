package approve

import (
	"fmt"

	"github.com/cloudbase-community/tcbauth/authtest/internal/language"
)

// texts are what the page says, in English and in Chinese.
var texts = map[string]struct{ en, zh string }{
	"emulator": {"tcbauth emulator", "tcbauth 模拟器"},
	"warning":  {"This emulator is for tests: whoever opens this page can sign in as any user.", "模拟器仅用于测试：在此页可登录任何用户。"},
	"language": {"中文", "English"},

	"enter":     {"Sign in on a device", "登录设备"},
	"enter_how": {"Enter the code that your device shows.", "请输入设备上显示的代码。"},
	"code":      {"Code", "代码"},
	"continue":  {"Continue", "继续"},

	"choose":      {"Approve this sign-in?", "允许这次登录吗？"},
	"compare":     {"Go on only if your device shows this code.", "请确认设备上显示的是此代码。"},
	"client":      {"Application", "应用"},
	"scope":       {"Scope", "权限范围"},
	"scope_none":  {"none named", "未指定"},
	"expires":     {"Expires in", "剩余时间"},
	"minutes":     {"%d min", "%d 分钟"},
	"who":         {"Sign in as", "登录用户"},
	"nobody":      {"This environment has no users yet.", "此环境还没有用户。"},
	"more":        {"%d more users are not listed: type one below.", "还有 %d 个用户未列出，可在下方输入。"},
	"other":       {"Another user", "其他用户"},
	"first":       {"User", "用户"},
	"other_how":   {"Username, phone number or email. A new phone number or email makes a new user, if the rules let users sign up by it.", "用户名、手机号或邮箱。若规则允许注册，新的手机号或邮箱会创建新用户。"},
	"BLOCKED":     {"blocked", "已停用"},
	"PENDING":     {"not activated", "未激活"},
	"approve":     {"Approve", "允许"},
	"refuse":      {"Refuse", "拒绝"},
	"go_back":     {"You can go back to your device and close this page.", "现在可以回到设备，并关闭此页。"},
	"another":     {"Enter another code", "输入其他代码"},
	"new_code":    {"Ask for a new code on your device.", "请在设备上重新获取代码。"},
	"approved":    {"Approved", "已允许"},
	"approved_as": {"The device is signed in as", "设备将登录为"},
	"refused":     {"Refused", "已拒绝"},
	"refused_how": {"The device is not signed in. You can close this page.", "设备不会登录。可以关闭此页。"},

	"used":    {"This code was already used", "此代码已被使用"},
	"expired": {"This code has expired", "此代码已过期"},

	"bad_code":    {"No device waits with this code. Compare it with the one on your device.", "没有设备在等待此代码，请与设备上显示的代码核对。"},
	"many_codes":  {"Too many wrong codes. Try again in a minute.", "错误的代码过多，请一分钟后再试。"},
	"bad_form":    {"The form could not be read. Try again.", "无法读取提交的内容，请重试。"},
	"choose_one":  {"Choose a user, or type one.", "请选择或输入一个用户。"},
	"bad_user":    {"There is no such user. Write a new phone number as +86 13800000000.", "没有此用户。新的手机号请写成 +86 13800000000。"},
	"sign_up_off": {"The rules let no user sign up by such an address. Choose an existing user.", "规则不允许以此方式注册，请选择已有的用户。"},
	"bad_status":  {"This user is blocked or not activated and cannot sign in.", "此用户已停用或未激活，无法登录。"},
	"keep_out":    {"This page cannot be used here", "此处不能使用此页"},
	"this_host":   {"It signs in as any user, and so it is for the machine that the emulator runs on. For other machines, start the emulator with a control token.", "此页可以登录任何用户，因此只能在运行模拟器的机器上打开。其他机器要使用，请为模拟器设置控制令牌。"},
	"want_token":  {"It signs in as any user, and so it asks for a password: the control token of the emulator.", "此页可以登录任何用户，因此需要密码：模拟器的控制令牌。"},
	"token_unset": {"It signs in as any user, and the public URL of the emulator names another host. Start the emulator with a control token to use it.", "此页可以登录任何用户，而模拟器的公开地址指向其他主机。要使用此页，请为模拟器设置控制令牌。"},
	"from_itself": {"Open the link in a tab of its own.", "请在单独的标签页中打开此链接。"},
}

// textIn returns a text of the page in a language, with its arguments.
func textIn(lang, name string, args ...any) (string, error) {
	both, ok := texts[name]
	if !ok {
		return "", fmt.Errorf("no text %q", name)
	}
	text := both.en
	if lang == language.Chinese {
		text = both.zh
	}
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	return text, nil
}
