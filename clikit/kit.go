// Package clikit helps a command-line tool to sign its user in to CloudBase. It asks questions and shows captchas in the
// terminal, chooses a store, manages profiles, and has exit codes and messages in the user's language. It does not depend
// on a command framework. Package cobrakit has its commands for spf13/cobra, and cmd/tcbauth is a tool made of both.
//
//	kit, err := clikit.New(clikit.Config{App: "mytool", Env: "your-env-id", EnvPrefix: "MYTOOL"})
//	auth, err := kit.Auth(ctx) // the session of the signed-in user, or *LoginRequired
//	os.Exit(kit.Exit(err))     // one message for the user, and the exit code
//
// # What goes where
//
// Answers go to standard output, everything else to standard error. No secret is written to standard error. Tokens go to
// standard output only if the user asked for them. No secret is a command-line argument, since other users of the machine
// can read those. The one exception is --code, which can be used only once.
//
// # Questions
//
// Only the methods that sign in ask the user, and only in a terminal. Elsewhere a missing answer is a [NeedsPerson] at
// once, which names the flag for the answer. A message that costs money is sent again only if the user asks for it.
package clikit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/clikit/internal/console"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
)

// Config describes a tool. Only App is required.
type Config struct {
	// App is the tool's name. It is used in messages, for the tool's directory and for the entry in the keyring. It has
	// lower-case letters, digits, and hyphens between them.
	App string

	// Env, Region and BaseURL are the defaults: a flag, an environment variable or the profile overrides them. "" means no
	// environment, the region ap-shanghai, and CloudBase's own server.
	Env, Region, BaseURL string

	// EnvPrefix is the beginning of the tool's environment variables: with "MYTOOL" they are MYTOOL_ENV, _REGION,
	// _BASE_URL, _PROFILE, _STORE and _CONFIG_DIR. With "" they are those of the command tcbauth: TCB_ENV, TCB_REGION,
	// TCB_BASE_URL, TCBAUTH_PROFILE, TCBAUTH_STORE and TCBAUTH_CONFIG_DIR.
	EnvPrefix string

	// Dir is the directory for profiles and sessions. "" means the variable _CONFIG_DIR, or else App's directory in
	// os.UserConfigDir.
	Dir string

	Stdin          io.Reader                        // nil: os.Stdin
	Stdout, Stderr io.Writer                        // nil: os.Stdout, os.Stderr
	LookupEnv      func(name string) (string, bool) // nil: os.LookupEnv
	Now            func() time.Time                 // nil: time.Now
	OpenBrowser    func(url string) error           // nil: the system's browser
	Prompter       Prompter                         // nil: the terminal
	Options        []tcbauth.Option                 // of the tcbauth.App, such as tcbauth.WithClientID
}

// Kit signs a tool's user in. Make one with [New], and set Flags from the command line before you call its first method. It
// is for one command at a time and needs no Close.
type Kit struct {
	// Flags are the settings of the command line. They override environment variables.
	Flags Flags

	cfg     Config
	console *console.Console // nil: not needed so far
}

// Flags are the settings of one command line. The zero value is none.
type Flags struct {
	Profile, Env, Region, BaseURL string
	Store                         string        // StoreAuto, StoreKeyring or StoreFile
	Lang                          string        // of messages: "zh-CN", "zh-TW" or "en"; any other counts as "en"
	JSON                          bool          // answers and errors are JSON
	NoInput                       bool          // nobody is asked
	Debug                         bool          // what is sent is logged on standard error, without secrets
	Timeout                       time.Duration // of the whole command; 0: none
}

var appName = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*$`)

// New returns the kit of a tool. It does no I/O.
func New(cfg Config) (*Kit, error) {
	if !appName.MatchString(cfg.App) {
		return nil, errors.New("clikit: App must be lower-case letters, digits, and hyphens between them")
	}
	if cfg.Stdin == nil {
		cfg.Stdin = os.Stdin
	}
	if cfg.Stdout == nil {
		cfg.Stdout = os.Stdout
	}
	if cfg.Stderr == nil {
		cfg.Stderr = os.Stderr
	}
	if cfg.LookupEnv == nil {
		cfg.LookupEnv = os.LookupEnv
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Kit{cfg: cfg}, nil
}

// App returns the tool's name.
func (k *Kit) App() string { return k.cfg.App }

// Stdin returns the reader for answers that a flag announces.
func (k *Kit) Stdin() io.Reader { return k.cfg.Stdin }

// Stdout returns the writer for answers; see [Kit.Answer].
func (k *Kit) Stdout() io.Writer { return k.cfg.Stdout }

// Stderr returns the writer for everything but answers; see [Kit.Say].
func (k *Kit) Stderr() io.Writer { return k.cfg.Stderr }

// Getenv is the value of an environment variable, "" for none.
func (k *Kit) Getenv(name string) string {
	value, _ := k.cfg.LookupEnv(name)
	return value
}

// Auth returns the session of the profile. It never asks the user. If nobody is signed in, the error is a *[LoginRequired].
// It does not notice that the server has ended the session; the first call that uses the session then fails with
// tcbauth.CodeUnauthenticated.
func (k *Kit) Auth(ctx context.Context) (*tcbauth.Auth, error) {
	s, err := k.session(ctx)
	if err != nil {
		return nil, err
	}
	return s.auth, nil
}

// session is Auth with the settings and the store that it was opened with.
func (k *Kit) session(ctx context.Context) (*opened, error) {
	set, err := k.Settings()
	if err != nil {
		return nil, err
	}
	if set.Env.Value == "" || !set.storeChosen() {
		return nil, k.loginRequired(set) // nobody has ever signed in
	}
	s, err := k.open(ctx, set)
	if err != nil {
		return nil, err
	}
	switch there, err := s.auth.HasLoginState(ctx); {
	case err != nil:
		return nil, err
	case !there:
		return nil, k.loginRequired(set)
	}
	return s, nil
}

// opened is the session of a profile, whoever is signed in, with its store.
type opened struct {
	set   *Settings
	app   *tcbauth.App
	auth  *tcbauth.Auth
	store tcbauth.TokenStore
	where Where
}

// open opens the store of sessions and makes a client on it.
func (k *Kit) open(ctx context.Context, set *Settings, more ...tcbauth.Option) (*opened, error) {
	store, where, err := k.openStore(ctx, set)
	if err != nil {
		return nil, err
	}
	opts := append(k.options(set), tcbauth.WithTokenStore(store))
	app, err := tcbauth.NewApp(set.Env.Value, append(opts, more...)...)
	if err != nil {
		return nil, k.badSetting(set, err)
	}
	s := &opened{set: set, app: app, auth: app.Auth(), store: store, where: where}
	if set.Profile.Value != DefaultProfile {
		s.auth = app.ForUser(set.Profile.Value)
	}
	return s, nil
}

// badSetting says which setting tcbauth.NewApp has refused. If it is none that a user can change, it returns err.
func (k *Kit) badSetting(set *Settings, err error) error {
	var server endpoint.Choice
	switch base := set.BaseURL; {
	case endpoint.CheckEnv(set.Env.Value) != nil:
		return k.unusable(set.Env, badEnv)
	case set.Region.Value != "" && endpoint.CheckRegion(set.Region.Value) != nil:
		return k.unusable(set.Region, badRegion)
	case base.Value != "" && server.UseBase(base.Value) != nil:
		return k.unusable(base, badURL)
	case server.Check() != nil && k.usableWithoutURL(set):
		return k.unusable(base, plainHTTP)
	}
	return &UsageError{Err: err}
}

// usableWithoutURL reports whether nothing but the base URL can be the reason why tcbauth.NewApp refuses the settings.
func (k *Kit) usableWithoutURL(set *Settings) bool {
	without := *set
	without.BaseURL = Setting{}
	_, err := tcbauth.NewApp(set.Env.Value, k.options(&without)...)
	return err == nil
}

// options are the options of the client, without the store.
func (k *Kit) options(set *Settings) []tcbauth.Option {
	opts := []tcbauth.Option{tcbauth.WithLanguage(k.Language()), tcbauth.WithClock(k.cfg.Now)}
	if set.BaseURL.Value != "" {
		opts = append(opts, tcbauth.WithBaseURL(set.BaseURL.Value))
	}
	if set.Region.Value != "" {
		opts = append(opts, tcbauth.WithRegion(set.Region.Value))
	}
	if k.Flags.Debug {
		log := slog.NewTextHandler(k.cfg.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})
		opts = append(opts, tcbauth.WithLogger(slog.New(log)))
	}
	return append(opts, k.cfg.Options...)
}

// dir is where profiles and sessions are kept.
func (k *Kit) dir() (string, error) {
	if k.cfg.Dir != "" {
		return k.cfg.Dir, nil
	}
	if dir, ok := k.variable(varConfigDir); ok {
		return dir, nil
	}
	base, err := os.UserConfigDir()
	if err != nil {
		return "", &StorageError{Err: err}
	}
	return filepath.Join(base, k.cfg.App), nil
}

// Say writes one line for the user to standard error. It replaces characters that would move the cursor. With Flags.JSON it
// writes nothing, because programs expect only the JSON of an error there.
func (k *Kit) Say(line string) {
	if !k.Flags.JSON {
		_, _ = fmt.Fprintln(k.cfg.Stderr, console.Printable(line)) // there is nobody else to tell
	}
}
