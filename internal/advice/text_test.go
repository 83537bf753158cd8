package advice_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/advice"
)

// unmatched is the one category that no rule finds.
const unmatched = "AUTH_METHOD_MISMATCH"

// publicCategories are the values of the constants that users of the library have.
func publicCategories(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "category.go"))
	require.NoError(t, err)
	var categories []string
	for _, found := range regexp.MustCompile(`Category = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		categories = append(categories, found[1])
	}
	require.Contains(t, categories, advice.RateLimited)
	require.Contains(t, categories, unmatched)
	return categories
}

// Each way to sign in, as the English help names it.
const (
	anonymous = "Turn on anonymous login for"
	byName    = "Turn on user name and password login for"
	code      = "Turn on SMS or mail code login for"
	either    = "Turn on user name and password login or, for a code, SMS or mail code login for"
	newcomer  = "Turn on SMS or mail code login or, for an account of a third party, its provider for"
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
			facts := advice.Facts{Category: advice.ProviderNotEnabled, Path: path}
			assert.Contains(t, advice.Help(facts, "en-US"), want+" this environment in the CloudBase console")
			assert.Contains(t, advice.Help(facts, "zh-CN"), "请在云开发控制台的「登录授权」中为该环境开启"+inChinese[want]+"。")
		})
	}
}

// Every category says something of its own, but for the two that nothing is known about.
func TestTextOfEachCategory(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"zh-CN", "en-US"} {
		seen := map[string]string{}
		for _, category := range publicCategories(t) {
			help := advice.Help(advice.Facts{Category: category}, language)
			if category == unmatched {
				assert.Equal(t, advice.Help(advice.Facts{Category: advice.Unknown}, language), help)
				continue
			}
			assert.Empty(t, seen[help], "%s has the same help", category)
			seen[help] = category
		}
	}
}

// What is told apart from the category, and what comes first where more than one is true.
func TestTextOfCauses(t *testing.T) {
	t.Parallel()
	all := advice.Facts{
		Code: "unauthorized_client", Category: advice.RateLimited,
		OutcomeUnknown: true, ContextEnded: true, Store: true, InvalidResponse: true, SignInAgain: true,
	}
	tests := []struct {
		says string
		drop func(*advice.Facts) // what leaves the next cause the first
	}{
		{"not CloudBase's", func(f *advice.Facts) { f.InvalidResponse = false }},
		{"Look before asking again", func(f *advice.Facts) { f.OutcomeUnknown = false }},
		{"WithTimeout", func(f *advice.Facts) { f.ContextEnded = false }},
		{"token store", func(f *advice.Facts) { f.Store = false }},
		{"WithClientSecret", func(f *advice.Facts) { f.Code = "invalid_verification_code" }},
		{"The code is wrong or too old", func(f *advice.Facts) { f.Code = "unauthenticated" }},
		{"Sign in again", func(f *advice.Facts) { f.SignInAgain = false }},
		{"Wait for RetryAfter", func(f *advice.Facts) { f.Category = "" }},
		{"See the code and description", func(*advice.Facts) {}},
	}
	f := all
	for _, tt := range tests {
		assert.Contains(t, advice.Help(f, "en-US"), tt.says)
		tt.drop(&f)
	}
}

func TestTextLanguage(t *testing.T) {
	t.Parallel()
	for language, chinese := range map[string]bool{"zh-CN": true, "zh-cn": true, "en-US": false, "fr-FR": false, "": false} {
		help := advice.Help(advice.Facts{}, language)
		assert.Equal(t, chinese, strings.ContainsFunc(help, isHan), language)
	}
}

// latin finds the words in Latin letters.
var latin = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)

// isGoName tells a name of the API from a word: it has a capital letter after a small one.
var isGoName = regexp.MustCompile(`[a-z][A-Z]`).MatchString

// Whatever is known of an error, each language has a text that is wholly its own.
func TestTextInBothLanguages(t *testing.T) {
	t.Parallel()
	api := publicNames(t)
	checked := map[string]bool{}
	everyFacts(t, func(f advice.Facts) {
		chinese, english := advice.Help(f, "zh-CN"), advice.Help(f, "en-US")
		if checked[chinese+english] {
			return
		}
		checked[chinese+english] = true
		assert.True(t, strings.ContainsFunc(chinese, isHan), "%+v: %q is not Chinese", f, chinese)
		assert.NotEmpty(t, english, "%+v", f)
		for _, r := range english {
			assert.LessOrEqual(t, r, rune(unicode.MaxASCII), "%+v: %q is not English", f, english)
		}
		for _, name := range latin.FindAllString(chinese, -1) {
			switch name {
			case "ID", "context", "request", "id": // as Chinese developers write
			default:
				assert.True(t, isGoName(name), "%q has the English word %s", chinese, name)
				assert.Contains(t, english, name, "the two advise differently")
			}
		}
		for _, name := range latin.FindAllString(english, -1) {
			if isGoName(name) && name != "CloudBase" {
				assert.True(t, api[name], "%q names %s, which is not there", english, name)
				assert.Contains(t, chinese, name, "the two advise differently")
			}
		}
	})
	assert.GreaterOrEqual(t, len(checked), 6+11+8+1, "causes and words, categories, login methods, and nothing known")
}

// everyFacts calls check with every combination of what Help looks at.
func everyFacts(t *testing.T, check func(advice.Facts)) {
	t.Helper()
	codes := []string{"", "something_new", "unauthorized_client", "invalid_verification_code", "unauthenticated"}
	for _, category := range append(publicCategories(t), "", "SOMETHING_NEW") {
		for path := range loginMethods {
			for _, word := range codes {
				for causes := range 1 << 5 {
					is := func(bit int) bool { return causes&(1<<bit) != 0 }
					check(advice.Facts{
						Code: word, Category: category, Path: path,
						OutcomeUnknown: is(0), ContextEnded: is(1), Store: is(2), InvalidResponse: is(3), SignInAgain: is(4),
					})
				}
			}
		}
	}
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
