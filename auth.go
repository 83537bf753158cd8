package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
	"github.com/cloudbase-community/tcbauth/internal/pubsub"
	"github.com/cloudbase-community/tcbauth/internal/redact"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

const modulePath = "github.com/cloudbase-community/tcbauth"

// Version returns the version of this module in the running program, such as "v0.1.0", as the build has recorded it. It is
// "devel" if the build does not know it, as in the module's own tests. It is sent as X-SDK-Version.
func Version() string { return builtVersion() }

var builtVersion = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo() // nil if there is none
	return versionIn(info)
})

// versionIn returns the version of this module in a build.
func versionIn(info *debug.BuildInfo) string {
	version := ""
	if info != nil {
		for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
			if m.Path != modulePath {
				continue
			}
			if version = m.Version; m.Replace != nil {
				version = m.Replace.Version
			}
		}
	}
	if version == "" || version == "(devel)" {
		return "devel"
	}
	return version
}

// App is one environment and how it is reached, like the result of cloudbase.init in the js-sdk. A server makes one App
// and takes the session of each user from it. An App does not change and is safe for concurrent use. It needs no Close; a
// server calls [App.Shutdown] before it exits.
type App struct {
	cfg     config
	clients client.Config
	keeper  *session.Keeper
	origins []string // the environment's own, for Transport
	auth    *Auth
}

// NewApp returns an App for the environment with the id env. It sends nothing and reads nothing. Every option is checked.
func NewApp(env string, opts ...Option) (*App, error) {
	cfg, err := newConfig(env, opts)
	if err != nil {
		return nil, err
	}
	app := &App{cfg: *cfg, origins: endpoint.OriginsWith(cfg.env, cfg.region, cfg.baseURL)}
	app.clients = client.Config{
		Wire: wire.New(wire.Config{
			BaseURL: cfg.baseURL, ClientID: cfg.clientID, ClientSecret: cfg.clientSecret, HTTPClient: cfg.httpClient,
			Timeout: cfg.timeout, MaxAttempts: cfg.maxAttempts, Logger: cfg.logger, SDKVersion: "tcbauth/" + Version(),
		}),
		ClientID: cfg.clientID, ClientSecret: cfg.clientSecret,
		AccessKey: cfg.accessKey, KeyForVisitors: publishable(cfg.accessKey),
		Language: cfg.language, DeviceID: cfg.deviceID, Now: cfg.now, Ticket: cfg.ticketSource, Warn: app.warn,
	}
	if solver := cfg.solver; solver != nil {
		app.clients.Solve = func(ctx context.Context, c client.Captcha) (string, error) {
			answer, err := solver(ctx, Captcha(c))
			if err == nil && answer == "" {
				err = fmt.Errorf("%w: it has no answer", ErrInvalidParams)
			}
			return answer, err
		}
	}
	kept := session.Config{
		Store: cfg.store, Prefix: cfg.keyPrefix(), ClientID: cfg.clientID, DeviceID: cfg.deviceID, TTL: cfg.sessionTTL, Pending: cfg.storedOtp,
		Ahead: cfg.refreshAhead, ExchangeLimit: wire.MaxDuration(cfg.timeout, cfg.maxAttempts), Now: cfg.now, Warn: app.warn,
	}
	if cfg.observer != nil {
		o := &observing{to: *cfg.observer, server: hostOf(cfg.baseURL), warn: app.warn}
		app.clients.Observer, kept.Observer = o, o
	}
	app.keeper = session.NewKeeper(kept)
	app.auth = app.newAuth("", "")
	return app, nil
}

// FromEnv returns an App as [NewApp] does, with settings from environment variables: TCB_ENV, the id of the environment,
// which is required; TCB_REGION, for [WithRegion]; and TCB_BASE_URL, for [WithBaseURL]. An empty variable counts as not
// set. The given options are applied after the variables.
func FromEnv(opts ...Option) (*App, error) {
	env := os.Getenv("TCB_ENV")
	if env == "" {
		return nil, &optionError{errors.New("FromEnv: the variable TCB_ENV is not set; it is the id of a CloudBase environment")}
	}
	var named []Option
	if region := os.Getenv("TCB_REGION"); region != "" {
		named = append(named, WithRegion(region))
	}
	if base := os.Getenv("TCB_BASE_URL"); base != "" {
		named = append(named, WithBaseURL(base))
	}
	return NewApp(env, append(named, opts...)...)
}

// hostOf is the host of a checked URL, with its port.
func hostOf(base string) string {
	if u, err := url.Parse(base); err == nil {
		return u.Host
	}
	return ""
}

// New returns an Auth for a program with one user: a tool or a test. It is [NewApp] and [App.Auth] in one. A server uses
// [NewApp] and [App.ForUser].
func New(env string, opts ...Option) (*Auth, error) {
	app, err := NewApp(env, opts...)
	if err != nil {
		return nil, err
	}
	return app.Auth(), nil
}

// Env returns the environment's id.
func (p *App) Env() string { return p.cfg.env }

// Format prints the environment's id and nothing else: no option, no key and no session.
func (p *App) Format(f fmt.State, _ rune) { redact.Print(f, "*tcbauth.App{"+p.Env()+"}") }

// BaseURL returns the URL below which the API's paths begin, without a slash at the end.
func (p *App) BaseURL() string { return p.cfg.baseURL }

// Auth returns the App's default session, always the same one. It reads the store when it is first needed, and again when
// its access token has expired.
func (p *App) Auth() *Auth { return p.auth }

// ForUser returns the session with this key, for a server: the key is, for example, the id in a cookie. ForUser is cheap:
// call it for each request. The Auth reads the store when it is first used, and so sees what another process did before.
// All Auths with the same key share one session and never refresh it twice at the same time.
//
// If the key is empty, every call fails with [ErrInvalidParams], and nothing is stored or sent.
func (p *App) ForUser(key string) *Auth {
	if key == "" {
		a := p.newAuth("", "")
		a.unusable = &ValidationError{Field: "key", Rule: "is empty: a visitor's session needs a key of its own"}
		return a
	}
	return p.newAuth(key, url.PathEscape(key))
}

// ForToken returns an Auth that uses an access token, for example the one of a request. It stores nothing and refreshes
// nothing. A token that the server refuses is [CodeUnauthenticated]; an empty one is [ErrNoSession]. Signing in through
// it is refused with [ErrInvalidParams].
func (p *App) ForToken(accessToken string) *Auth {
	a := &Auth{app: p, bare: &Credentials{TokenType: tokenTypeBearer, AccessToken: accessToken}}
	a.client.OpenBare(&p.clients, accessToken)
	switch {
	case accessToken == "":
		a.unusable = session.ErrNone
	case !client.HeaderText(accessToken):
		a.unusable = &ValidationError{Field: "accessToken", Rule: "is nothing that a header can carry"}
	}
	return a
}

// Shutdown waits until all refreshes have finished and all sessions have been stored, so that a process that exits after
// it loses no session. Call it when the server accepts no more requests. After it no refresh starts in the background
// ([WithRefreshAhead]); calls still work. If ctx ends first, it returns the error of ctx; if a session could not be
// written, [ErrStore]. It may be called again. A tool whose calls have returned need not call it.
func (p *App) Shutdown(ctx context.Context) error {
	if err := p.keeper.Shutdown(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return newError("Shutdown", err)
	}
	return nil
}

func (p *App) warn(ctx context.Context, text string, err error) {
	if p.cfg.logger != nil {
		p.cfg.logger.LogAttrs(ctx, slog.LevelWarn, "tcbauth: "+text, slog.Any("error", loggable(err)))
	}
}

// loggable returns err as callers would see it. It has no method name if none was called.
func loggable(err error) error {
	e := newError("", err)
	if e.Op == "" && e.Err != nil {
		return e.Err
	}
	return e
}

// Auth is one user's session, with the methods of the js-sdk's app.auth(). It is safe for concurrent use and needs no
// Close.
//
// The context of a call limits that call; if it has ended already, the call does nothing. One thing continues after the
// context ends: saving or deleting the session in the store, because tokens that the server already issued would be lost.
// It takes as long as the store needs, or, at worst, until another process has finished its refresh.
type Auth struct {
	app     *App
	client  client.Client
	session session.Handle // not of a bare token

	unusable error        // why no call can succeed
	bare     *Credentials // all that an Auth of ForToken has; nil: it has a session

	events  pubsub.Topic[AuthEvent]
	fetched atomic.Pointer[fetchedUser] // nil: not yet
}

// newAuth returns an Auth for the session of a key of ForUser, or for the default session if the key is "". name is the key
// as a part of a path.
func (p *App) newAuth(key, name string) *Auth {
	a := &Auth{app: p}
	a.client.Open(&p.clients, &a.session, key)
	a.session.Open(p.keeper, name, &a.client, (*watcher)(a))
	return a
}

// Env returns the environment's id.
func (a *Auth) Env() string { return a.app.Env() }

// Format prints the environment's id and nothing else: no session and no user.
func (a *Auth) Format(f fmt.State, _ rune) { redact.Print(f, "*tcbauth.Auth{"+a.Env()+"}") }

// BaseURL returns the URL below which the API's paths begin, without a slash at the end.
func (a *Auth) BaseURL() string { return a.app.BaseURL() }

// watcher receives the changes of an Auth's session.
type watcher Auth

// Changed drops the user of a session that is over, and fires the events.
func (w *watcher) Changed(c session.Change) {
	a := (*Auth)(w)
	switch c.Kind {
	case session.Refreshed:
		a.carryUser(c.Old, c.Session)
	case session.Anew, session.Replaced, session.Adopted, session.SignedOut, session.Ended:
		a.fetched.Store(nil)
	case session.Found, session.SignedIn:
	}
	if event, ok := eventOf[c.Kind]; ok {
		e := AuthEvent{Event: event, Session: (*Credentials)(c.Session)}
		if c.Kind == session.Ended {
			e.Err = newError("", &session.EndedError{Err: c.Err})
		}
		a.fire(e)
	}
}

// eventOf maps the changes of a session to the events of handlers. As in the js-sdk, setting a session and replacing an
// expired anonymous session fire no event.
var eventOf = map[session.ChangeKind]Event{
	session.Found: EventInitialSession, session.Refreshed: EventTokenRefreshed, session.Adopted: EventTokenRefreshed,
	session.SignedIn: EventSignedIn, session.SignedOut: EventSignedOut, session.Ended: EventSessionExpired,
}

// fetchedUser is the user that was fetched last, with its session.
type fetchedUser struct {
	user User
	of   *session.Credentials
}

// remember keeps the user that was fetched for a session, if that session is still the current one.
func (a *Auth) remember(user *User, of *session.Credentials) {
	if now := a.known(); now == nil || sameUser(of, now) {
		a.fetched.Store(&fetchedUser{user: user.clone(), of: of})
	}
}

// carryUser keeps the user that was fetched for old, after fresh has replaced old as the same session.
func (a *Auth) carryUser(old, fresh *session.Credentials) {
	if f := a.fetched.Load(); f != nil && sameUser(f.of, old) {
		a.fetched.CompareAndSwap(f, &fetchedUser{user: f.user, of: fresh})
	}
}

// known returns the session that this Auth has seen last, or nil.
func (a *Auth) known() *session.Credentials {
	if a.bare != nil {
		return (*session.Credentials)(a.bare)
	}
	return a.session.Peek()
}

// userOf returns the user that was fetched for a session, or one with the ids only.
func (a *Auth) userOf(c *session.Credentials) *User {
	if f := a.fetched.Load(); f != nil && sameUser(f.of, c) {
		user := f.user.clone()
		return &user
	}
	return idsOf(c)
}

// idsOf returns the ids of a session's user.
func idsOf(c *session.Credentials) *User {
	sub := c.Subject()
	return &User{Sub: sub, UID: sub}
}

// sameUser reports whether two sessions are known to belong to one user. An unknown user is equal to none.
func sameUser(a, b *session.Credentials) bool {
	person := a.Subject()
	return a.SamePair(b) || person != "" && person == b.Subject()
}

// fire calls all handlers, each with its own copy of the session.
func (a *Auth) fire(e AuthEvent) {
	a.events.Publish(func() AuthEvent {
		own := e
		if e.Session != nil {
			own.Session = e.Session.clone()
		}
		return own
	})
}
