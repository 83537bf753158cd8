package clikit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/clikit"
)

// A sign-in with all that can come in its way: a mistyped number, a captcha read wrongly, a wrong code, a new code that is wanted
// too early and then in time, too many wrong codes. Nothing is sent but what the person asks for.
func TestLoginInATerminal(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "zh-CN"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, language, authtest.WithCodeAttempts(2))
				d.srv.RequireCaptcha("verification")
				d.srv.FixCode(phone, "123456")
				d.types("1380000", "13800000000", "XXXX")
				d.readsCaptcha()
				d.types("", "r", "000000")
				d.answers = append(d.answers, func() string {
					<-time.After(time.Minute)
					return "r"
				})
				d.types("111111", "222222", "333333", "y") // the third is one too many
				d.types("y", "123456")                     // the limit was waited for
				done, err := d.kit.Login(t.Context(), clikit.LoginOptions{})
				require.NoError(t, err, d.screen.String())
				assert.Empty(t, d.answers)
				assert.Equal(t, "+86 138****00", done.Account)
				assert.Equal(t, 3, len(d.srv.Messages(phone)))
				d.shows("login-"+language+".golden", done.Store.Dir, d.captchas[0])

				auth, err := d.kit.Auth(t.Context())
				require.NoError(t, err)
				_, err = auth.GetAccessToken(t.Context())
				require.NoError(t, err)
			})
		})
	}
}

// Who is told to wait may say no, and leave with ctrl-C; then nothing more is sent.
func TestNothingIsSentUnasked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []string
		code    int
	}{
		"no":     {[]string{"n"}, clikit.ExitRateLimited},
		"enter":  {[]string{""}, clikit.ExitRateLimited},
		"ctrl-C": {nil, clikit.ExitInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, "en")
				_, err := d.kit.StartLogin(t.Context(), clikit.LoginOptions{Phone: phone})
				require.NoError(t, err)
				d.types(tt.answers...)
				_, err = d.kit.Login(t.Context(), clikit.LoginOptions{Phone: phone})
				assert.Equal(t, tt.code, clikit.ExitCode(err), err)
				assert.Len(t, d.srv.Messages(phone), 1)
			})
		})
	}
}

// The deadline of a command ends each question and each wait of its dialog in one way.
func TestDeadlineOfADialog(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		o       clikit.LoginOptions
		started bool // a code was sent before, so that the next one has to wait
		captcha bool
		after   time.Duration
	}{
		"the account":  {after: time.Minute},
		"the password": {o: clikit.LoginOptions{User: "gopher_01"}, after: time.Minute},
		"the code":     {o: clikit.LoginOptions{Phone: phone}, after: time.Minute},
		"a captcha":    {o: clikit.LoginOptions{Phone: phone}, captcha: true, after: time.Minute},
		"the wait":     {o: clikit.LoginOptions{Phone: phone}, started: true, after: 30 * time.Second},
		"its end":      {o: clikit.LoginOptions{Phone: phone}, started: true, after: 90 * time.Second},
		"a device":     {o: clikit.LoginOptions{Device: true}, after: 7 * time.Second},
		"a scan":       {o: clikit.LoginOptions{MiniProgram: "wx0123456789"}, after: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, "en")
				if tt.captcha {
					d.srv.RequireCaptcha("verification")
				}
				if tt.started {
					_, err := d.kit.StartLogin(t.Context(), clikit.LoginOptions{Phone: phone})
					require.NoError(t, err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.after)
				defer cancel()
				began := time.Now()
				_, err := d.kit.Login(ctx, tt.o)
				require.ErrorIs(t, err, context.DeadlineExceeded, d.screen.String())
				assert.Equal(t, tt.after, time.Since(began))
				assert.Equal(t, clikit.ExitService, clikit.ExitCode(err), err)
				assert.Equal(t, "the time for this command is over", clikit.Message(err, "en"), err)
			})
		})
	}
}

// A code that cannot be replaced yet is still good.
func TestOldCodeIsStillGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en", authtest.WithSMSInterval(5*time.Minute))
		d.answers = append(d.answers, func() string {
			<-time.After(time.Minute)
			return "r"
		})
		d.types("n")
		d.typesCode(phone)
		_, err := d.kit.Login(t.Context(), clikit.LoginOptions{Phone: phone})
		require.NoError(t, err, d.screen.String())
		assert.Len(t, d.srv.Messages(phone), 1)
	})
}

func TestLoginByPasswordInATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		d.srv.Seed(authtest.User{Username: "gopher_01", Password: "correct-horse-1", Phone: phone})
		d.types("wrong-horse-1", "correct-horse-1")
		done, err := d.kit.Login(t.Context(), clikit.LoginOptions{User: "gopher_01"})
		require.NoError(t, err)
		assert.Equal(t, "gopher_01", done.Account)
		assert.NotContains(t, d.screen.String(), "horse")

		d.types("correct-horse-1")
		_, err = d.kit.Login(t.Context(), clikit.LoginOptions{User: "138 0000 0000"})
		require.NoError(t, err, "a phone number in any form names the same person")

		d.types("wrong-1", "wrong-2", "wrong-3", "correct-horse-1")
		_, err = d.kit.Login(t.Context(), clikit.LoginOptions{User: "gopher_01"})
		require.ErrorIs(t, err, tcbauth.CodeInvalidUsernameOrPassword, "an account must not be locked by one try")
		assert.Len(t, d.answers, 1)
	})
}

func TestLoginOnAnotherDevice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		d.srv.Seed(authtest.User{Sub: "1", Username: "gopher_01"})
		go func() {
			<-time.After(20 * time.Second)
			form := url.Values{"user_code": {word(d.screen.String(), "enter the code ")}, "sub": {"1"}, "do": {"approve"}}
			resp, err := d.srv.Client().PostForm(word(d.screen.String(), "Open "), form) //nolint:noctx // it ends with the bubble
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusOK, resp.StatusCode)
				assert.NoError(t, resp.Body.Close())
			}
		}()
		done, err := d.kit.Login(t.Context(), clikit.LoginOptions{Device: true})
		require.NoError(t, err)
		assert.Equal(t, "1", done.Sub)
		assert.Contains(t, d.screen.String(), "[QR code]")

		go func() {
			<-time.After(20 * time.Second)
			d.srv.DenyDevice(word(d.screen.String(), "enter the code "))
		}()
		_, err = d.kit.Login(t.Context(), clikit.LoginOptions{Device: true})
		require.ErrorIs(t, err, tcbauth.CodeAccessDenied)
	})
}

// word is what follows the last mark in a text, up to a blank or the end of a sentence.
func word(text, mark string) string {
	return strings.TrimRight(strings.Fields(text[strings.LastIndex(text, mark)+len(mark):])[0], ".")
}

func TestLoginByMiniProgram(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		file := filepath.Join(t.TempDir(), "code.png")
		o := clikit.LoginOptions{MiniProgram: "wx0123456789", PictureFile: file}
		_, err := d.kit.Login(t.Context(), o)
		require.Error(t, err, "nobody has scanned it")
		assert.Contains(t, clikit.Message(err, "en"), "in time")
		assert.FileExists(t, file)
		assert.Contains(t, d.screen.String(), "[picture]")

		d.answered = func(body []byte) {
			var code struct {
				ID string `json:"qr_code_id"`
			}
			if json.Unmarshal(body, &code) == nil && code.ID != "" {
				d.srv.ScanQRCode(code.ID, authtest.ProviderUser{Sub: "openid-1"})
			}
		}
		done, err := d.kit.Login(t.Context(), o)
		require.NoError(t, err)
		assert.NotEmpty(t, done.Sub)
	})
}

// A computer that slept while its user was to go on elsewhere asks too late, and says so.
func TestLoginAfterSleep(t *testing.T) {
	t.Parallel()
	for _, o := range []clikit.LoginOptions{{Device: true}, {MiniProgram: "wx0123456789"}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, "en")
			go func() {
				<-time.After(3 * time.Second)
				d.asleep.Store(int64(2 * time.Hour))
				d.srv.Advance(2 * time.Hour)
			}()
			_, err := d.kit.Login(t.Context(), o)
			assert.Equal(t, clikit.ExitError, clikit.ExitCode(err))
			assert.Regexp(t, "in time", clikit.Message(err, "en"))
		})
	}
}

// Who has somebody else sign in leaves nothing of the first person's.
func TestLoginReplaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		for _, to := range []string{phone, "gopher@example.com"} {
			o := clikit.LoginOptions{Phone: to}
			if strings.Contains(to, "@") {
				o = clikit.LoginOptions{Email: to}
			}
			d.typesCode(to)
			done, err := d.kit.Login(t.Context(), o)
			require.NoError(t, err)
			st, err := d.kit.Status(t.Context(), true)
			require.NoError(t, err)
			assert.Equal(t, done.Sub, st.Sub)
			assert.Equal(t, done.Account, st.Account)
		}
	})
}

// Whoever finishes a sign-in can refuse to register too.
func TestFinishWithoutSignUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "en")
		d.srv.FixCode(phone, "123456")
		_, err := d.kit.StartLogin(t.Context(), clikit.LoginOptions{Phone: phone})
		require.NoError(t, err)
		_, err = d.kit.FinishLogin(t.Context(), "123456", clikit.LoginOptions{NoSignUp: true})
		require.ErrorIs(t, err, tcbauth.CodeNotFound)
		_, err = d.kit.FinishLogin(t.Context(), "123456", clikit.LoginOptions{PasswordFromStdin: true})
		assert.Equal(t, clikit.ExitUsage, clikit.ExitCode(err))
	})
}

// forgetful is somebody who answers nothing, whatever happens to the context.
type forgetful struct {
	clikit.Prompter
	leave   context.CancelFunc
	answers int
}

func (*forgetful) CanAsk() bool { return true }

func (f *forgetful) Line(context.Context, string) (string, error) {
	f.leave()
	if f.answers++; f.answers > 10 {
		return "", io.ErrUnexpectedEOF
	}
	return "", nil
}

// An answer that comes after the end of the context does not count, and the question is not asked again.
func TestPrompterThatIgnoresTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	kit, err := clikit.New(clikit.Config{
		App: "mytool", Dir: t.TempDir(), Prompter: &forgetful{leave: cancel}, LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	_, err = kit.Login(ctx, clikit.LoginOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
