package tcbauth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/cloudbase-community/tcbauth/internal/keylock"
	"github.com/cloudbase-community/tcbauth/internal/redact"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Version is this module's version, sent as X-SDK-Version.
const Version = "0.1.0-dev"

// App is one environment and how it is reached, like the result of cloudbase.init in the js-sdk. A server makes one and
// takes a session of it for each visitor. It does not change after NewApp, is safe for concurrent use and needs no Close.
type App struct {
	cfg     config
	wire    *wire.Client
	origins []string           // the environment's own, for Transport
	flights singleflight.Group // one at a time for each session key
	locks   keylock.Locks      // for stores without Locker
	aheads  aheads

	unsavedMu sync.Mutex
	unsaved   map[string]unsaved // renewed sessions that the store did not take, by session key

	auth *Auth
}

// NewApp returns an App for the environment with the id env. It does no I/O. Every option is checked.
func NewApp(env string, opts ...Option) (*App, error) {
	cfg, err := newConfig(env, opts)
	if err != nil {
		return nil, err
	}
	app := &App{cfg: *cfg, origins: cfg.origins(), unsaved: make(map[string]unsaved)}
	app.wire = wire.New(wire.Config{
		BaseURL: cfg.baseURL, ClientID: cfg.clientID, ClientSecret: cfg.clientSecret, HTTPClient: cfg.httpClient,
		Timeout: cfg.timeout, Logger: cfg.logger, SDKVersion: "tcbauth/" + Version,
	})
	app.auth = app.newAuth("")
	return app, nil
}

// New returns the Auth of one person's session, for tools and tests. It is NewApp and [App.Auth] in one. A server with
// many visitors uses [NewApp] and [App.ForUser].
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

// Auth returns the App's one default session, always the same. It reads the store when it is first needed, and again
// when its access token has expired.
func (p *App) Auth() *Auth { return p.auth }

// ForUser returns a handle on the session of one visitor, named by a key of the caller's: the id in a cookie, say. It is
// cheap and meant to be made for each request: it reads the store when it is first used, so that it sees what another
// replica did before. Handles with the same key share one session and never refresh it twice at a time.
//
// Every call of a handle with an empty key fails with [ErrInvalidParams], and nothing is stored or sent.
func (p *App) ForUser(key string) *Auth {
	if key == "" {
		a := p.newAuth("")
		a.unusable = &ValidationError{Field: "key", Rule: "is empty: a visitor's session needs a key of its own"}
		return a
	}
	a := p.newAuth(url.PathEscape(key))
	a.userKey = key
	return a
}

// ForToken returns an Auth that acts with a bare access token, one that a request carried, say. It stores nothing and
// refreshes nothing: a token that the server refuses is [CodeUnauthenticated], and so is "", as [ErrNoSession]. Signing in
// through it is refused with [ErrInvalidParams].
func (p *App) ForToken(accessToken string) *Auth {
	a := p.newAuth("")
	a.bare = true
	a.bareToken = accessToken
	switch {
	case accessToken == "":
		a.unusable = ErrNoSession
	case !headerText.MatchString(accessToken):
		a.unusable = &ValidationError{Field: "accessToken", Rule: "is nothing that a header can carry"}
	}
	return a
}

// Auth is one person's session, with the methods of the js-sdk's app.auth(). It is safe for concurrent use and needs no
// Close. The context of a call bounds that call; a context that is done already makes every call return before it does
// anything. Only keeping or forgetting a session in the store goes on after the context's end, since what the server gave
// would be lost: as a rule for as long as the store takes, at worst while another process refreshes the session.
type Auth struct {
	app  *App
	now  func() time.Time // the App's
	keys storeKeys
	cur  atomic.Pointer[state] // never nil

	userKey   string // of ForUser
	unusable  error  // why no call can succeed
	bare      bool   // acts with bareToken alone
	bareToken string

	device  device
	events  hub
	changes atomic.Uint64               // sign-ins and sign-outs so far
	fetched atomic.Pointer[fetchedUser] // nil: not yet
	initial atomic.Bool                 // the first look at the store is over

	aheadNext atomic.Int64 // the millisecond from which on this handle may ask for a refresh ahead
}

// storeKeys are where a session keeps its things.
type storeKeys struct {
	credentials, device, captcha string
	visitor                      bool
}

// newAuth returns a handle on the session of a user, whose name is escaped, or for "" on the default one.
func (p *App) newAuth(user string) *Auth {
	a := &Auth{app: p, now: p.cfg.now, keys: newStoreKeys(user, p.cfg.clientID)}
	a.cur.Store(nobody())
	return a
}

// newStoreKeys makes one string and cuts it, since handles are made for each request.
func newStoreKeys(user, clientID string) storeKeys {
	const credentials, device, captcha = "credentials_", "device_id", "captcha_"
	dir, slash := "users/", "/"
	if user == "" {
		dir, slash = "", ""
	}
	all := dir + user + slash + credentials + clientID +
		dir + user + slash + device +
		dir + user + slash + captcha + clientID
	prefix := len(dir) + len(user) + len(slash)
	first := prefix + len(credentials) + len(clientID)
	second := first + prefix + len(device)
	return storeKeys{credentials: all[:first], device: all[first:second], captcha: all[second:], visitor: user != ""}
}

// Env returns the environment's id.
func (a *Auth) Env() string { return a.app.Env() }

// Format prints the environment's id and nothing else: no session and no user.
func (a *Auth) Format(f fmt.State, _ rune) { redact.Print(f, "*tcbauth.Auth{"+a.Env()+"}") }

// BaseURL returns the URL below which the API's paths begin, without a slash at the end.
func (a *Auth) BaseURL() string { return a.app.BaseURL() }

func (p *App) warn(ctx context.Context, text string, attrs ...slog.Attr) {
	if p.cfg.logger != nil {
		p.cfg.logger.LogAttrs(ctx, slog.LevelWarn, "tcbauth: "+text, attrs...)
	}
}

// detached is for work that must end well even if the caller goes away: the keeping of a session that the server has
// given. It has a limit of its own.
func (p *App) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), p.lockWait()+storeLimit)
}

// storeLimit is the most that the store's own work around one write may take.
const storeLimit = 10 * time.Second

// lockWait is how long a session's lock is waited for: as long as another holder may need for a refresh.
func (p *App) lockWait() time.Duration { return wire.MaxDuration(p.cfg.timeout) + storeLimit }

// newUUID returns a random UUID of version 4, RFC 9562.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := make([]byte, 0, 36)
	for i, part := range [...][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}
