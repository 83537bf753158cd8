package clikit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// Every kind of error has its exit code, also deep inside others, and a sentence in every language.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"any":                {fmt.Errorf("any"), clikit.ExitError},
		"wrong code":         {tcbauth.NewError(tcbauth.CodeInvalidVerificationCode, ""), clikit.ExitError},
		"usage":              {&clikit.UsageError{Err: fmt.Errorf("a flag")}, clikit.ExitUsage},
		"a phone number":     {&tcbauth.ValidationError{Field: "phone_number", Rule: "is none"}, clikit.ExitUsage},
		"nobody":             {&clikit.LoginRequired{App: "mytool", Profile: "default"}, clikit.ExitLoginRequired},
		"no session":         {tcbauth.ErrNoSession, clikit.ExitLoginRequired},
		"session over":       {&tcbauth.Error{Err: tcbauth.ErrSessionExpired}, clikit.ExitLoginRequired},
		"a person":           {&clikit.NeedsPerson{What: clikit.AskCode, Flag: "--code-stdin"}, clikit.ExitNeedsPerson},
		"a captcha":          {tcbauth.NewError(tcbauth.CodeCaptchaRequired, ""), clikit.ExitNeedsPerson},
		"too many":           {tcbauth.NewError(tcbauth.CodeResourceExhausted, ""), clikit.ExitRateLimited},
		"the store":          {&tcbauth.Error{Err: tcbauth.ErrStore}, clikit.ExitStorage},
		"no keyring":         {&clikit.StorageError{Path: "/x", Err: keyringstore.ErrNoKeyring}, clikit.ExitStorage},
		"a slow keyring":     {&clikit.StorageError{Err: context.DeadlineExceeded}, clikit.ExitStorage},
		"the service":        {tcbauth.NewError(tcbauth.CodeUnavailable, ""), clikit.ExitService},
		"no answer":          {&tcbauth.Error{Err: tcbauth.ErrOutcomeUnknown}, clikit.ExitService},
		"too slow":           {context.DeadlineExceeded, clikit.ExitService},
		"cancelled":          {&tcbauth.Error{Err: context.Canceled}, clikit.ExitInterrupted},
		"ctrl-C":             {clikit.ErrInterrupted, clikit.ExitInterrupted},
		"of a command":       {clikit.ExitStatus(77), 77},
		"the store, by us":   {fmt.Errorf("more: %w", &clikit.StorageError{Err: context.Canceled}), clikit.ExitInterrupted},
		"nothing went wrong": {nil, clikit.ExitOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.err
			if err != nil {
				err = fmt.Errorf("wrapped: %w", err)
			}
			assert.Equal(t, tt.want, clikit.ExitCode(err))
			for _, language := range []string{"en", "zh-CN", "zh-TW"} {
				assert.Equal(t, err == nil, clikit.Message(err, language) == "")
			}
			var out bytes.Buffer
			kit, made := clikit.New(clikit.Config{App: "mytool", Stderr: &out})
			require.NoError(t, made)
			kit.Flags.JSON = true
			assert.Equal(t, tt.want, kit.Exit(err))
			if out.Len() == 0 {
				assert.True(t, err == nil || name == "of a command")
				return
			}
			var line map[string]any
			require.NoError(t, json.Unmarshal(out.Bytes(), &line), out.String())
			assert.InDelta(t, tt.want, line["exit_code"], 0)
			assert.NotEmpty(t, line["message"])
		})
	}
}

// A setting that cannot be used is named by where it comes from, and is not blamed for an option of the tool.
func TestUnusableSetting(t *testing.T) {
	t.Parallel()
	const plain = "http://emulator.example:8791"
	insecure, wrong := tcbauth.WithInsecureEmulator(), tcbauth.WithTimeout(-1)
	for name, tt := range map[string]struct {
		cfg    clikit.Config
		flags  clikit.Flags
		en, zh string
	}{
		"default":    {clikit.Config{Env: "env 1"}, clikit.Flags{}, "the default: the id", "默认值：环境 ID"},
		"profile":    {clikit.Config{}, clikit.Flags{Profile: "stale"}, "the profile: the id", "配置：环境 ID"},
		"typed":      {clikit.Config{}, clikit.Flags{}, "the id", "环境 ID"},
		"plain http": {clikit.Config{Env: "env-1"}, clikit.Flags{BaseURL: plain}, "--base-url: plain http", "--base-url：http"},
		"an option": {
			clikit.Config{Env: "env-1", Options: []tcbauth.Option{insecure, wrong}}, clikit.Flags{BaseURL: plain}, "tcbauth: ", "tcbauth: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for language, want := range map[string]string{clikit.English: tt.en, clikit.SimplifiedChinese: tt.zh} {
				cfg := tt.cfg
				cfg.App, cfg.Dir, cfg.LookupEnv = "mytool", t.TempDir(), func(string) (string, bool) { return "", false }
				if name == "typed" {
					cfg.Prompter = &person{t: t, answers: []func() string{func() string { return "env 1" }}}
				}
				if name == "profile" {
					require.NoError(t, os.MkdirAll(filepath.Join(cfg.Dir, "profiles"), 0o700))
					require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "profiles", "stale.json"), []byte(`{"env":"env 1"}`), 0o600))
				}
				kit, err := clikit.New(cfg)
				require.NoError(t, err)
				kit.Flags = tt.flags
				kit.Flags.Lang, kit.Flags.Store = language, clikit.StoreFile
				_, err = kit.Login(t.Context(), clikit.LoginOptions{Phone: phone})
				assert.Equal(t, clikit.ExitUsage, clikit.ExitCode(err), err)
				assert.Regexp(t, "^"+want, clikit.Message(err, language))
			}
		})
	}
}

// What is wrong with an answer is said in the user's language too.
func TestTooLongAnswer(t *testing.T) {
	t.Parallel()
	kit, err := clikit.New(clikit.Config{
		App: "mytool", Env: "authtest", Dir: t.TempDir(), Stdin: strings.NewReader(strings.Repeat("x", 9000) + "\n"),
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	require.NoError(t, err)
	kit.Flags.Store = clikit.StoreFile
	_, err = kit.Login(t.Context(), clikit.LoginOptions{User: "gopher_01", PasswordFromStdin: true})
	assert.Equal(t, "the answer is too long", clikit.Message(err, clikit.English))
	assert.Equal(t, "输入内容过长", clikit.Message(err, clikit.SimplifiedChinese))
}

// A server's text cannot move the cursor or forge a line.
func TestExitIsOneLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	kit, err := clikit.New(clikit.Config{App: "mytool", Stderr: &out, LookupEnv: func(string) (string, bool) { return "", false }})
	require.NoError(t, err)
	hostile := tcbauth.NewError(tcbauth.CodeResourceExhausted, "wait\x1b[2J\nmytool: signed in")
	hostile.RetryAfter = time.Minute
	assert.Equal(t, clikit.ExitRateLimited, kit.Exit(hostile))
	assert.NotContains(t, out.String(), "\x1b")
	assert.NotContains(t, out.String(), "\nmytool: signed in")
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang string
		env  map[string]string
		want string
	}{
		{"", nil, clikit.English},
		{"", map[string]string{"LANG": "zh_CN.UTF-8"}, clikit.SimplifiedChinese},
		{"", map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, clikit.English},
		{"", map[string]string{"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, clikit.TraditionalChinese},
		{"", map[string]string{"LANG": "de_DE@euro"}, clikit.English},
		{"zh", map[string]string{"LC_ALL": "en_US.UTF-8"}, clikit.SimplifiedChinese},
		{"zh-Hant-HK", nil, clikit.TraditionalChinese},
		{"zh-Hans-HK", nil, clikit.SimplifiedChinese},
		{"EN-gb", map[string]string{"LC_ALL": "zh_CN"}, clikit.English},
		{"-", nil, clikit.English},
	} {
		kit, err := clikit.New(clikit.Config{App: "mytool", LookupEnv: func(name string) (string, bool) {
			value, ok := tt.env[name]
			return value, ok
		}})
		require.NoError(t, err)
		kit.Flags.Lang = tt.lang
		assert.Equal(t, tt.want, kit.Language(), "%+v", tt)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, app := range []string{"", "My Tool", "../x", "a/b", "-x"} {
		_, err := clikit.New(clikit.Config{App: app})
		assert.Error(t, err, app)
	}
}

// full is a standard output to which nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A command whose answer is empty does not fail because nobody could read one.
func TestEmptyAnswer(t *testing.T) {
	t.Parallel()
	kit, err := clikit.New(clikit.Config{App: "mytool", Stdout: full{}})
	require.NoError(t, err)
	require.NoError(t, kit.Answer(nil, ""))
	require.Error(t, kit.Answer(nil, "text\n"))
}
