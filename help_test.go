package tcbauth_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

// helpLanguages are those that Help has, by a language of the call.
var helpLanguages = map[string]func(t *testing.T, help, where string){
	"zh-CN": assertChinese,
	"en-US": assertEnglish,
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func assertChinese(t *testing.T, help, where string) {
	t.Helper()
	assert.True(t, strings.ContainsFunc(help, isHan), "%s: %q is not Chinese", where, help)
}

func assertEnglish(t *testing.T, help, where string) {
	t.Helper()
	assert.NotEmpty(t, help, where)
	assert.False(t, strings.ContainsFunc(help, func(r rune) bool { return r > unicode.MaxASCII }), "%s: %q is not English", where, help)
}

// refusing answers every request with this error of the server's.
func refusing(body string) *peer {
	return &peer{answer: func(int, arrived) answer { return reply(http.StatusBadRequest, body) }}
}

// errorsOfCategories has an error of the server's for each category that one can have.
var errorsOfCategories = map[tcbauth.Category]string{
	tcbauth.CategoryProviderNotEnabled: `{"error":"login_type_disabled"}`,
	tcbauth.CategoryInvalidCredentials: `{"error":"invalid_password"}`,
	tcbauth.CategoryUserNotFound:       `{"error":"not_found"}`,
	tcbauth.CategoryUserStatusAbnormal: `{"error":"user_blocked"}`,
	tcbauth.CategoryServiceError:       `{"error":"internal"}`,
	tcbauth.CategoryInvalidParams:      `{"error":"invalid_argument"}`,
	tcbauth.CategoryRateLimited:        `{"error":"resource_exhausted"}`,
	tcbauth.CategoryCaptchaRequired:    `{"error":"captcha_required"}`,
	tcbauth.CategoryCaptchaInvalid:     `{"error":"captcha_invalid"}`,
	tcbauth.CategoryMFARequired:        `{"error":"mfa_phone_required"}`,
	tcbauth.CategoryPreconditionFailed: `{"error":"failed_precondition"}`,
	tcbauth.CategoryVerificationFailed: `{"error":"invalid_argument","error_code":3,"error_description":"verification code expired"}`,
	tcbauth.CategoryUnknown:            `{"error":"teapot"}`,
}

func TestHelpOfEachCategory(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("category.go")
	require.NoError(t, err)
	constants := regexp.MustCompile(`Category = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, constants)
	for _, found := range constants {
		if category := tcbauth.Category(found[1]); category != tcbauth.CategoryAuthMethodMismatch { // which no error is of
			assert.NotEmpty(t, errorsOfCategories[category], "%s needs an error", category)
		}
	}
	for language, assertLanguage := range helpLanguages {
		seen := map[string]tcbauth.Category{}
		for category, body := range errorsOfCategories {
			auth := newPeerApp(t, refusing(body), tcbauth.NewMemoryStore(), tcbauth.WithLanguage(language)).Auth()
			_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: plantedID, VerificationCode: plantedCode})
			e := errorOf(t, err)
			require.Equal(t, category, e.Category)
			assertLanguage(t, e.Help, string(category))
			assert.Empty(t, seen[e.Help], "%s has the same help", category)
			seen[e.Help] = category
		}
	}
}

// These are told apart from what their category would say.
func TestHelpOfSpecialCases(t *testing.T) {
	t.Parallel()
	me := func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		return err
	}
	verify := func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.Verify(ctx, tcbauth.VerifyRequest{VerificationID: plantedID, VerificationCode: plantedCode})
		return err
	}
	refresh := func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
		return err
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	t.Cleanup(cancel)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	memory := tcbauth.NewMemoryStore()
	for name, tt := range map[string]struct {
		ctx   context.Context
		store tcbauth.TokenStore
		given answer
		call  func(context.Context, *tcbauth.Auth) error
		want  error
		says  string // in English
	}{
		"cancelled":       {gone, memory, answer{}, verify, context.Canceled, "WithTimeout"},
		"too late":        {late, memory, answer{}, verify, context.DeadlineExceeded, "WithTimeout"},
		"lost reply":      {t.Context(), memory, lost(errors.New("connection reset")), verify, tcbauth.ErrOutcomeUnknown, "Look before asking again"},
		"502":             {t.Context(), memory, html(502), verify, tcbauth.ErrOutcomeUnknown, "Look before asking again"},
		"broken store":    {t.Context(), newBrokenStore(memory, "Get"), answer{}, me, tcbauth.ErrStore, "token store"},
		"captive portal":  {t.Context(), memory, html(200), verify, tcbauth.ErrInvalidResponse, "not CloudBase's"},
		"nobody":          {t.Context(), memory, answer{}, me, tcbauth.ErrNoSession, "Sign in again"},
		"ended":           {t.Context(), nil, reply(400, `{"error":"invalid_grant"}`), refresh, tcbauth.ErrSessionExpired, "Sign in again"},
		"refused for all": {t.Context(), nil, reply(401, `{"error":"unauthenticated"}`), me, tcbauth.CodeUnauthenticated, "Sign in again"},
		"invalid request": {t.Context(), memory, answer{}, func(ctx context.Context, a *tcbauth.Auth) error {
			_, err := a.Verify(ctx, tcbauth.VerifyRequest{})
			return err
		}, tcbauth.ErrInvalidParams, "A field of the request"},
		"something else": {t.Context(), memory, answer{}, func(ctx context.Context, a *tcbauth.Auth) error {
			_, err := a.SignInWithCustomTicket(ctx, tcbauth.SignInWithCustomTicketRequest{})
			return err
		}, errNoTicket, "See the code and description"},
	} {
		for language, assertLanguage := range helpLanguages {
			p := &peer{answer: func(int, arrived) answer { return tt.given }}
			store := tt.store
			if store == nil {
				store = sessionStore(t)
			}
			err := tt.call(tt.ctx, newPeerApp(t, p, store, tcbauth.WithLanguage(language), tcbauth.WithTicketSource(
				func(context.Context, string) (string, error) { return "", errNoTicket })).Auth())
			require.ErrorIs(t, err, tt.want, name)
			help := errorOf(t, err).Help
			assertLanguage(t, help, name)
			if language == "en-US" {
				assert.Contains(t, help, tt.says, name)
			}
		}
	}
}

var errNoTicket = errors.New("no ticket")

func TestHelpLanguage(t *testing.T) {
	t.Parallel()
	for language, assertLanguage := range map[string]func(*testing.T, string, string){
		"": assertChinese, "zh-CN": assertChinese, "zh-cn": assertChinese, "en-US": assertEnglish, "fr-FR": assertEnglish,
	} {
		var opts []tcbauth.Option
		if language != "" {
			opts = append(opts, tcbauth.WithLanguage(language))
		}
		auth := newPeerApp(t, refusing(`{"error":"internal"}`), sessionStore(t), opts...).Auth()
		help := func(ctx context.Context) string {
			_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
			return errorOf(t, err).Help
		}
		assertLanguage(t, help(t.Context()), language)
		assertEnglish(t, help(tcbauth.ContextWithLanguage(t.Context(), "en-US")), language)
		assertChinese(t, help(tcbauth.ContextWithLanguage(t.Context(), "zh-CN")), language)
		assertLanguage(t, help(tcbauth.ContextWithLanguage(t.Context(), "not\na language")), language)
		assertLanguage(t, help(t.Context()), language+", after another language for one call")
	}
}

// What is switched off is what the developer has to find in the console.
func TestHelpNamesTheLoginMethod(t *testing.T) {
	t.Parallel()
	const code, provider = "mail code login", "this third-party provider"
	for row, want := range map[string]string{
		"SignInAnonymously":                 "anonymous login",
		"SignIn":                            "user name and password login",
		"SignInWithPassword":                "user name and password login",
		"GetVerification":                   code,
		"GetVerification/mail":              code,
		"SendVerificationCodeToCurrentUser": code,
		"Reauthenticate":                    code,
		"Resend":                            code,
		"Verify":                            code,
		"SignInWithSms":                     "SMS",
		"SignInWithEmail":                   code,
		"SignInWithOtp":                     code,
		"SignUpWithOtp":                     code,
		"SignUp":                            code,
		"VerifyOtp":                         code,
		"FinishOtp":                         code,
		"ResetPasswordForEmail":             code,
		"SignInCustom":                      "custom login",
		"SignInWithCustomTicket":            "custom login",
		"SignInWithProvider":                provider,
		"SignInWithIdToken":                 provider,
		"SignInWithOAuth":                   provider,
		"LinkIdentity":                      provider,
		"VerifyOAuth":                       provider,
		"GenProviderRedirectUri":            provider,
		"GrantProviderToken":                provider,
		"PatchProviderToken":                provider,
		"BindWithProvider":                  provider,
		"GetUserInfo":                       "the login method for",
	} {
		p := &peer{answer: func(_ int, r arrived) answer {
			if row == "Reauthenticate" && strings.HasSuffix(r.URL.Path, "/user/me") {
				return reply(http.StatusOK, goodAnswer)
			}
			return reply(http.StatusForbidden, `{"error":"provider_not_enabled"}`)
		}}
		auth := newPeerApp(t, p, sessionStore(t)).Auth()
		_, err := callMethod(tcbauth.ContextWithLanguage(t.Context(), "en-US"), auth, row, methodRows[row])
		require.ErrorIs(t, err, tcbauth.ErrProviderNotEnabled, row)
		help := errorOf(t, err).Help
		assertEnglish(t, help, row)
		assert.Contains(t, help, want, row)
		assert.Contains(t, help, "console", row)
	}
}

func TestHelpHasNoSecrets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SignIn", "Verify", "SignUp", "GetVerification", "GrantProviderToken", "DeleteMe", "RefreshSession"} {
		for kind, quoting := range indiscreet {
			synctest.Test(t, func(t *testing.T) {
				for language := range helpLanguages {
					p := &peer{answer: func(_ int, r arrived) answer { return quoting(r) }}
					auth := newPeerApp(t, p, sessionStore(t), tcbauth.WithLanguage(language)).Auth()
					_, err := callMethod(t.Context(), auth, name, methodRows[name])
					if err != nil { // a quoted request is a good answer to some
						assertNoSecret(t, name+", "+kind, errorOf(t, err).Help)
					}
				}
			})
		}
	}
}

// Callers of many languages wait for one refresh. Its failure is one, and its help each caller's own.
func TestHelpOfASharedRefresh(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]answer{
		"ended":    reply(http.StatusBadRequest, `{"error":"invalid_grant"}`),
		"internal": reply(http.StatusInternalServerError, `{"error":"internal","error_code":13}`),
		"portal":   html(http.StatusOK),
		"lost":     lost(errors.New("connection reset")),
		"no field": reply(http.StatusOK, `{}`),
	} {
		for _, languages := range [][]string{{"zh-CN", "en-US", "zh-CN", "en-US"}, {"en-US", "zh-CN"}} {
			t.Run(name+", first "+languages[0], func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					gate := make(chan struct{})
					p := &peer{answer: func(int, arrived) answer { <-gate; return given }}
					store := tcbauth.NewMemoryStore()
					put(t, store, "users/u/credentials_"+methodEnv, &tcbauth.Credentials{
						AccessToken: plantedAccess, RefreshToken: plantedRefresh, ExpiresAt: time.Now().Add(-time.Hour),
					})
					app := newPeerApp(t, p, store)
					waiting := make([]<-chan outcome, len(languages))
					for i, language := range languages {
						waiting[i] = background(getting(tcbauth.ContextWithLanguage(t.Context(), language), app.ForUser("u")))
					}
					close(gate)
					for i, language := range languages {
						err := (<-waiting[i]).err
						helpLanguages[language](t, errorOf(t, err).Help, language)
					}
					assert.Len(t, p.requests(), 1, "one refresh for all")
				})
			})
		}
	}
}
