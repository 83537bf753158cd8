package advice_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// Each way to sign in, as the English help names it.
const (
	anonymous = "Turn on anonymous login for"
	byName    = "Turn on user name and password login for"
	code      = "Turn on SMS or email code login for"
	either    = "Turn on user name and password login or, for a code, SMS or email code login for"
	newcomer  = "Turn on SMS or email code login or, for an account of a third party, its provider for"
	custom    = "Turn on custom login for"
	provider  = "Turn on this third-party provider for"
	untold    = "Turn on the login method for"
)

// inChinese has what the Chinese help calls them.
var inChinese = map[string]string{
	anonymous: "匿名登录",
	byName:    "用户名密码登录",
	code:      "短信验证码登录或邮箱验证码登录",
	either:    "用户名密码登录（若使用验证码，则开启短信验证码登录或邮箱验证码登录）",
	newcomer:  "短信验证码登录或邮箱验证码登录（若使用第三方账号，则开启该第三方身份源）",
	custom:    "自定义登录",
	provider:  "该第三方身份源",
	untold:    "对应的登录方式",
}

// loginMethods has the paths of requests, with what must be on for them.
var loginMethods = map[string]string{
	"/auth/v1/signin/anonymously":                 anonymous,
	"/auth/v1/signin":                             either,
	"/auth/v2/signin/username":                    either,
	"/auth/v2/signin/publichkey":                  byName,
	"/auth/v2/signin/password/update":             byName,
	"/auth/v1/verification":                       code,
	"/auth/v1/verification/verify":                code,
	"/auth/v2/signin/verificationcode":            code,
	"/auth/v1/reset":                              code,
	"/auth/v1/signup":                             newcomer,
	"/auth/v1/signin/custom":                      custom,
	"/auth/v1/signin/with/provider":               provider,
	"/auth/v2/signin/with/provider":               provider,
	"/auth/v1/provider/uri":                       provider,
	"/auth/v1/provider/token":                     provider,
	"/auth/v1/user/provider/bind":                 provider,
	"/auth/v1/user/provider/wx_open":              provider,
	"/auth/v1/user/provider/a%2Fb/trans":          provider,
	"/auth/v1/user/trans/by/provider":             provider,
	"":                                            provider,
	"/auth/v1/user/provider":                      untold,
	"/auth/v1/mgr/provider/providerSubType":       untold,
	"/auth/v1/user/me":                            untold,
	"/auth/v2/user/me":                            untold,
	"/auth/v1/token":                              untold,
	"/auth/v1/signin/something/new":               untold,
	"/auth/v1/user/provided":                      untold,
	"/auth/v1/user/authorized/devices/signin":     untold,
	"/auth/v1/user/authorized/devices/a%2Fsignin": untold,
	"/auth/v1":                                    untold,
	"/":                                           untold,
}

func TestTextNamesTheLoginMethod(t *testing.T) {
	t.Parallel()
	for path, want := range loginMethods {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			m := advice.Of(advice.Facts{Code: "provider_not_enabled", Path: path})
			assert.Contains(t, m.Advise(advice.English, path), want+" this environment in the CloudBase console")
			for _, language := range []advice.Language{advice.SimplifiedChinese, advice.TraditionalChinese} {
				assert.Contains(t, m.Advise(language, path), "「身份认证」→「登录方式」中为该环境开启"+inChinese[want]+"。")
			}
		})
	}
}

// latin finds the words in Latin letters.
var latin = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)

// isGoName tells a name of the API from a word: it has a capital letter after a small one.
var isGoName = regexp.MustCompile(`[a-z][A-Z]`).MatchString

// The help of every meaning is there in both languages, each wholly its own, and names only what the library has.
func TestHelpInBothLanguages(t *testing.T) {
	t.Parallel()
	api := publicNames(t)
	written := []string{ // as Chinese developers write
		"ID", "context", "request", "id", "token", "access", "refresh", "js", "sdk", "API", "SMTP", "scope", "send", "error", "code",
		"prompt", "none", "CloudBase", "tcbauth",
	}
	for _, m := range advice.All() {
		name := nameOf(m)
		chinese, english := m.Advise(advice.SimplifiedChinese, ""), m.Advise(advice.English, "")
		assert.True(t, strings.ContainsFunc(chinese, isHan), "%s: %q is not Chinese", name, chinese)
		assert.Regexp(t, `[。]$`, chinese, name)
		assert.Regexp(t, `^[\x20-\x7e]+\.$`, english, name)
		for _, word := range latin.FindAllString(chinese, -1) {
			if !slices.Contains(written, word) && !regexp.MustCompile(`^\d`).MatchString(word) {
				assert.True(t, api[word], "%s: %q has the English word %s", name, chinese, word)
				assert.Contains(t, english, word, "%s: the two advise differently", name)
			}
		}
		for _, word := range latin.FindAllString(english, -1) {
			if isGoName(word) && word != "CloudBase" {
				assert.True(t, api[word], "%s: %q names %s, which is not there", name, english, word)
				assert.Contains(t, chinese, word, "%s: the two advise differently", name)
			}
		}
	}
}

// What the person is told is a sentence in each language, without a developer's term.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, m := range advice.All() {
		for _, wait := range []time.Duration{0, time.Second, time.Minute, 61 * time.Minute} {
			name := nameOf(m)
			english := m.Say(advice.English, wait)
			assert.Regexp(t, `^[A-Z][\x20-\x7e]+\.$`, english, name)
			assert.NotRegexp(t, `(?i)token|context|request|server|api|console|error|credential|session|sdk|captcha|verif|param`, english, name)
			simplified, traditional := m.Say(advice.SimplifiedChinese, wait), m.Say(advice.TraditionalChinese, wait)
			assert.NotEqual(t, simplified, traditional, name)
			for _, chinese := range []string{simplified, traditional} {
				assert.Regexp(t, `^\p{Han}[^A-Za-z{}]+。$`, chinese, name)
			}
			assert.NotContains(t, english, "{", name)
		}
	}
}

// How long to wait is said in the largest unit that does not mislead, and never too short.
func TestMessageWaits(t *testing.T) {
	t.Parallel()
	limited := advice.Of(advice.Facts{Code: "resource_exhausted"})
	for wait, want := range map[time.Duration][3]string{
		0:                {"try again later", "请稍后再试", "請稍後再試"},
		time.Millisecond: {"in 1 second.", "在 1 秒后", "在 1 秒後"},
		30 * time.Second: {"in 30 seconds.", "在 30 秒后", "在 30 秒後"},
		time.Minute:      {"in 60 seconds.", "在 60 秒后", "在 60 秒後"},
		91 * time.Second: {"in 2 minutes.", "在 2 分钟后", "在 2 分鐘後"},
		time.Hour:        {"in 60 minutes.", "在 60 分钟后", "在 60 分鐘後"},
		24*time.Hour - 1: {"in 24 hours.", "在 24 小时后", "在 24 小時後"},
	} {
		for i, language := range []advice.Language{advice.English, advice.SimplifiedChinese, advice.TraditionalChinese} {
			assert.Contains(t, limited.Say(language, wait), want[i], wait)
		}
	}
	daily := advice.Of(advice.Facts{Code: "failed_precondition", Description: "send error code LimitExceeded.PhoneNumberDailyLimit msg x"})
	assert.Zero(t, daily.Wait, "nobody knows when the day ends there")
	assert.Contains(t, daily.Say(advice.English, 0), "tomorrow")
}

// publicNames are the exported functions, methods and fields of the library.
func publicNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "*.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names[n.Name.Name] = true
			case *ast.TypeSpec:
				names[n.Name.Name] = true
			case *ast.Field:
				for _, field := range n.Names {
					names[field.Name] = true
				}
			}
			return true
		})
	}
	require.True(t, names["SignUp"], fmt.Sprint(len(names), " names"))
	return names
}
