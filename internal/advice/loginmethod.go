package advice

import "strings"

// The ways to sign in that the console can switch off.
var (
	anonymousLogin = help{"anonymous login", "匿名登录"}
	passwordLogin  = help{"user name and password login", "用户名密码登录"}
	codeLogin      = help{"SMS or email code login", "短信验证码登录或邮箱验证码登录"}
	customLogin    = help{"custom login", "自定义登录"}
	providerLogin  = help{"this third-party provider", "该第三方身份源"}
	anyLogin       = help{"the login method", "对应的登录方式"} // where the path does not tell

	passwordOrCode = help{
		passwordLogin.en + " or, for a code, " + codeLogin.en,
		passwordLogin.zh + "（若使用验证码，则开启" + codeLogin.zh + "）",
	}
	codeOrProvider = help{
		codeLogin.en + " or, for an account of a third party, its provider",
		codeLogin.zh + "（若使用第三方账号，则开启该第三方身份源）",
	}
)

// loginMethods has the way to sign in that a request needs, by its path without the API version.
var loginMethods = map[string]help{
	"signin/anonymously": anonymousLogin,

	"signin":                 passwordOrCode,
	"signin/username":        passwordOrCode,
	"signin/publichkey":      passwordLogin,
	"signin/password/update": passwordLogin,

	"verification":            codeLogin,
	"verification/verify":     codeLogin,
	"signin/verificationcode": codeLogin,
	"reset":                   codeLogin,
	"signup":                  codeOrProvider,

	"signin/custom": customLogin,

	"signin/with/provider":   providerLogin,
	"provider/uri":           providerLogin,
	"provider/token":         providerLogin,
	"user/trans/by/provider": providerLogin,
}

// boundProviders begins the paths of requests about one bound third party. Its id, or "bind", follows.
const boundProviders = "user/provider/"

// loginMethod returns the way to sign in that a request with this path needs.
func loginMethod(path string) help {
	if path == "" { // nothing was sent: the third party refused
		return providerLogin
	}
	_, path, _ = strings.Cut(strings.TrimPrefix(path, "/auth/"), "/") // without the version
	if method, ok := loginMethods[path]; ok {
		return method
	}
	if strings.HasPrefix(path, boundProviders) {
		return providerLogin
	}
	return anyLogin
}

// enabling says which way to sign in the console must have on for a request with this path.
func enabling(path string) help {
	method := loginMethod(path)
	return help{
		"Turn on " + method.en + " for this environment in the CloudBase console, under Authentication > Login Methods.",
		"请在云开发平台的「身份认证」→「登录方式」中为该环境开启" + method.zh + "。",
	}
}
