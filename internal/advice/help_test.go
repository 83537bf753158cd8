package advice_test

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
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
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
func refusing(body string) *testbed.Peer {
	return &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Reply(http.StatusBadRequest, body) }}
}

// errorsOfCategories has an error of the server's for each category that one can have.
var errorsOfCategories = map[tcbauth.Category]string{
	tcbauth.CategoryProviderNotEnabled: `{"error":"login_type_disabled"}`,
	tcbauth.CategoryInvalidCredentials: `{"error":"invalid_password"}`,
	tcbauth.CategoryUserNotFound:       `{"error":"not_found"}`,
	tcbauth.CategoryUserStatusAbnormal: `{"error":"user_blocked"}`,
	tcbauth.CategoryServiceError:       `{"error":"internal"}`,
	tcbauth.CategoryInvalidParams:      `{"error":"invalid_request"}`,
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
	source, err := os.ReadFile("../../category.go")
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
			auth := testbed.NewPeerApp(t, refusing(body), tcbauth.NewMemoryStore(), tcbauth.WithLanguage(language)).Auth()
			_, err := auth.Verify(t.Context(), tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode})
			e := testbed.ErrorOf(t, err)
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
		_, err := a.Verify(ctx, tcbauth.VerifyRequest{VerificationID: testbed.PlantedID, VerificationCode: testbed.PlantedCode})
		return err
	}
	refresh := func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.RefreshSession(ctx, tcbauth.RefreshSessionRequest{})
		return err
	}
	grant := func(ctx context.Context, a *tcbauth.Auth) error {
		_, err := a.GrantToken(ctx, tcbauth.GrantTokenRequest{
			GrantType: "authorization_code", Code: testbed.PlantedCode, CodeVerifier: "v", RedirectURI: "https://x/",
		})
		return err
	}
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	t.Cleanup(cancel)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	memory, damaged := tcbauth.NewMemoryStore(), tcbauth.NewMemoryStore()
	require.NoError(t, damaged.Set(t.Context(), testbed.PeerKey, []byte("damaged"), 0))
	for name, tt := range map[string]struct {
		ctx   context.Context
		store tcbauth.TokenStore
		given testbed.Answer
		call  func(context.Context, *tcbauth.Auth) error
		want  error
		says  string // in English
	}{
		"cancelled":       {gone, memory, testbed.Answer{}, verify, context.Canceled, "was cancelled"},
		"too late":        {late, memory, testbed.Answer{}, verify, context.DeadlineExceeded, "WithTimeout"},
		"lost reply":      {t.Context(), memory, testbed.Lost(errors.New("connection reset")), verify, tcbauth.ErrOutcomeUnknown, "Check before you repeat it"},
		"lost read":       {t.Context(), nil, testbed.Lost(errors.New("connection reset")), me, tcbauth.ErrOutcomeUnknown, "check the network"},
		"lost refresh":    {t.Context(), nil, testbed.Lost(errors.New("connection reset")), refresh, tcbauth.ErrOutcomeUnknown, "Call again"},
		"lost grant":      {t.Context(), memory, testbed.Lost(errors.New("connection reset")), grant, tcbauth.ErrOutcomeUnknown, "Check before you repeat it"},
		"damaged session": {t.Context(), damaged, testbed.Answer{}, me, tcbauth.ErrStore, "Sign in again, which replaces it"},
		"502":             {t.Context(), memory, testbed.HTML(502), verify, tcbauth.ErrOutcomeUnknown, "Check before you repeat it"},
		"broken store":    {t.Context(), testbed.NewBrokenStore(memory, "Get"), testbed.Answer{}, me, tcbauth.ErrStore, "token store"},
		"captive portal":  {t.Context(), memory, testbed.HTML(200), verify, tcbauth.ErrInvalidResponse, "does not come from CloudBase"},
		"nobody":          {t.Context(), memory, testbed.Answer{}, me, tcbauth.ErrNoSession, "Sign in again"},
		"ended":           {t.Context(), nil, testbed.Reply(400, `{"error":"invalid_grant"}`), refresh, tcbauth.ErrSessionExpired, "Sign in again"},
		"refused for all": {t.Context(), nil, testbed.Reply(401, `{"error":"unauthenticated"}`), me, tcbauth.CodeUnauthenticated, "Sign in again"},
		"invalid request": {t.Context(), memory, testbed.Answer{}, func(ctx context.Context, a *tcbauth.Auth) error {
			_, err := a.Verify(ctx, tcbauth.VerifyRequest{})
			return err
		}, tcbauth.ErrInvalidParams, "A field of the request"},
		"something else": {t.Context(), memory, testbed.Answer{}, func(ctx context.Context, a *tcbauth.Auth) error {
			_, err := a.SignInWithCustomTicket(ctx, tcbauth.SignInWithCustomTicketRequest{})
			return err
		}, errNoTicket, "A function that was passed"},
	} {
		for language, assertLanguage := range helpLanguages {
			t.Run(name+", "+language, func(t *testing.T) {
				t.Parallel()
				p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return tt.given }}
				store := tt.store
				if store == nil {
					store = testbed.SessionStore(t)
				}
				err := tt.call(tt.ctx, testbed.NewPeerApp(t, p, store, tcbauth.WithLanguage(language), tcbauth.WithTicketSource(
					func(context.Context, string) (string, error) { return "", errNoTicket })).Auth())
				require.ErrorIs(t, err, tt.want)
				help := testbed.ErrorOf(t, err).Help
				assertLanguage(t, help, name)
				if language == "en-US" {
					assert.Contains(t, help, tt.says)
				}
			})
		}
	}
}

// A read that its own context has ended is no fault of the network.
func TestReadWhoseContextEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ends   func(ctx context.Context, cancel context.CancelFunc)
		why    error
		status int
		says   string
	}{
		"cancelled": {func(_ context.Context, cancel context.CancelFunc) { cancel() }, context.Canceled, 499, "was cancelled"},
		"too late":  {func(ctx context.Context, _ context.CancelFunc) { <-ctx.Done() }, context.DeadlineExceeded, 504, "WithTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer {
				tt.ends(ctx, cancel)
				return testbed.Lost(ctx.Err())
			}}
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithLanguage("en-US")).Auth()
			_, err := auth.IsUsernameRegistered(ctx, tcbauth.IsUsernameRegisteredRequest{Username: "ann"})
			require.ErrorIs(t, err, tt.why)
			assert.Contains(t, testbed.ErrorOf(t, err).Help, tt.says)
			assert.Equal(t, tt.status, tcbauth.HTTPStatus(err))
		})
	}
}

// A transport that speaks of an ended context does not mean the caller's, which goes on.
func TestTransportWhoseContextEnds(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]error{"cancelled": context.Canceled, "too late": context.DeadlineExceeded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { return testbed.Lost(why) }}
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithLanguage("en-US"), tcbauth.WithMaxAttempts(1)).Auth()
			_, err := auth.IsUsernameRegistered(t.Context(), tcbauth.IsUsernameRegisteredRequest{Username: "ann"})
			require.ErrorIs(t, err, why)
			assert.Contains(t, testbed.ErrorOf(t, err).Help, "check the network")
			assert.Equal(t, http.StatusBadGateway, tcbauth.HTTPStatus(err))
		})
	}
}

var errNoTicket = errors.New("no ticket")

func TestHelpLanguage(t *testing.T) {
	t.Parallel()
	for language, assertLanguage := range map[string]func(*testing.T, string, string){
		"": assertChinese, "zh-CN": assertChinese, "zh-cn": assertChinese, "en-US": assertEnglish, "fr-FR": assertEnglish,
		"zh": assertChinese, "zh-Hans": assertChinese, "zh-Hans-CN": assertChinese, "zh-SG": assertChinese, "zh-TW": assertChinese,
		"zh-CN,zh;q=0.9,en;q=0.8": assertChinese, "en-US,en;q=0.9,zh-CN;q=0.8": assertEnglish, "da, en-gb;q=0.8": assertEnglish,
	} {
		var opts []tcbauth.Option
		if language != "" {
			opts = append(opts, tcbauth.WithLanguage(language))
		}
		auth := testbed.NewPeerApp(t, refusing(`{"error":"internal"}`), testbed.SessionStore(t), opts...).Auth()
		help := func(ctx context.Context) string {
			_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
			return testbed.ErrorOf(t, err).Help
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
	const code, provider = "email code login", "this third-party provider"
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
		p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
			if row == "Reauthenticate" && strings.HasSuffix(r.URL.Path, "/user/me") {
				return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
			}
			return testbed.Reply(http.StatusForbidden, `{"error":"provider_not_enabled"}`)
		}}
		auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
		_, err := testbed.CallMethod(tcbauth.ContextWithLanguage(t.Context(), "en-US"), auth, row, testbed.MethodRows[row])
		require.ErrorIs(t, err, tcbauth.ErrProviderNotEnabled, row)
		help := testbed.ErrorOf(t, err).Help
		assertEnglish(t, help, row)
		assert.Contains(t, help, want, row)
		assert.Contains(t, help, "console", row)
	}
}

func TestHelpHasNoSecrets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SignIn", "Verify", "SignUp", "GetVerification", "GrantProviderToken", "DeleteMe", "RefreshSession"} {
		for kind, quoting := range testbed.Indiscreet {
			synctest.Test(t, func(t *testing.T) {
				for language := range helpLanguages {
					p := &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer { return quoting(r) }}
					auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), tcbauth.WithLanguage(language)).Auth()
					_, err := testbed.CallMethod(t.Context(), auth, name, testbed.MethodRows[name])
					if err != nil { // a quoted request is a good answer to some
						testbed.AssertNoSecret(t, name+", "+kind, testbed.ErrorOf(t, err).Help)
					}
				}
			})
		}
	}
}

// Callers of many languages wait for one refresh. Its failure is one, and its help each caller's own.
func TestHelpOfASharedRefresh(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]testbed.Answer{
		"ended":    testbed.Reply(http.StatusBadRequest, `{"error":"invalid_grant"}`),
		"internal": testbed.Reply(http.StatusInternalServerError, `{"error":"internal","error_code":13}`),
		"portal":   testbed.HTML(http.StatusOK),
		"lost":     testbed.Lost(errors.New("connection reset")),
		"no field": testbed.Reply(http.StatusOK, `{}`),
	} {
		for _, languages := range [][]string{{"zh-CN", "en-US", "zh-CN", "en-US"}, {"en-US", "zh-CN"}} {
			t.Run(name+", first "+languages[0], func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					gate := make(chan struct{})
					p := &testbed.Peer{Answer: func(int, testbed.Arrived) testbed.Answer { <-gate; return given }}
					store := tcbauth.NewMemoryStore()
					testbed.Put(t, store, testbed.VisitorKey("", testbed.MethodEnv, "u"), &tcbauth.Credentials{
						AccessToken: testbed.PlantedAccess, RefreshToken: testbed.PlantedRefresh, ExpiresAt: time.Now().Add(-time.Hour),
					})
					app := testbed.NewPeerApp(t, p, store)
					waiting := make([]<-chan testbed.Outcome, len(languages))
					for i, language := range languages {
						waiting[i] = testbed.Background(testbed.Getting(tcbauth.ContextWithLanguage(t.Context(), language), app.ForUser("u")))
					}
					close(gate)
					for i, language := range languages {
						err := (<-waiting[i]).Err
						helpLanguages[language](t, testbed.ErrorOf(t, err).Help, language)
					}
					assert.Len(t, p.Requests(), 1, "one refresh for all")
				})
			})
		}
	}
}

// TestHelpOfAnUnknownOutcome: a code may be on its way, so more time is not the first advice.
func TestHelpOfAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en-US": "Check before you repeat it", "zh-CN": "再次调用前请先确认"} {
		for name, patience := range map[string]time.Duration{"the caller's deadline": time.Second, "the attempt's": time.Hour} {
			t.Run(language+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := testbed.Emulator(t)
					auth := testbed.NewApp(t, srv, tcbauth.WithLanguage(language)).Auth()
					srv.Fault(authtest.Fault{Operation: "verification", Times: 1, Delay: 10 * time.Minute})
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					_, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: testbed.GopherPhone})
					require.ErrorIs(t, err, tcbauth.ErrOutcomeUnknown)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Contains(t, testbed.ErrorOf(t, err).Help, want)
				})
			})
		}
	}
}
