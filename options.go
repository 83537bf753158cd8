package tcbauth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/client"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Option changes a default of [New] and [NewApp]. Every option is checked there; a bad one is an error.
type Option func(*config) error

type config struct {
	env          string
	region       string
	server       endpoint.Choice
	baseURL      string // of server
	clientID     string
	clientSecret string
	accessKey    string
	store        TokenStore
	sessionTTL   time.Duration
	refreshAhead time.Duration // 0: never
	httpClient   *http.Client
	language     string
	deviceID     string
	timeout      time.Duration
	maxAttempts  int
	now          func() time.Time
	logger       *slog.Logger
	policy       PasswordPolicy
	solver       CaptchaSolver
	ticketSource TicketSource
	observer     *Observer // nil: none
	storedOtp    bool
	speech       dialect
}

// dialect has the differences between the generations of the js-sdk in what they send. The zero value is generation 2.
type dialect struct {
	gateway       bool              // the gateway's host is the default
	usages        map[string]string // the purpose of a code by email, by the method that requests it
	linksRegister bool              // a link may be sent to users who are not registered
}

// jsSDK3 is the dialect of js-sdk 3.7.0, as recorded.
var jsSDK3 = dialect{
	gateway: true,
	usages: map[string]string{
		"SignInWithOtp": "email", "SignUpWithOtp": "email", "Resend": "email",
		"ResetPasswordForEmail": "recovery",
		"Reauthenticate":        "reauthentication", "UpdateUser": "reauthentication",
	},
	linksRegister: true,
}

// newConfig has the js-sdk's defaults, changed by opts.
func newConfig(env string, opts []Option) (*config, error) {
	c := &config{
		env: env, region: endpoint.DefaultRegion, clientID: env, language: "zh-CN",
		sessionTTL: 31 * 24 * time.Hour, timeout: 15 * time.Second, maxAttempts: wire.DefaultAttempts,
		httpClient: &http.Client{}, now: time.Now, policy: ValidatePassword, store: NewMemoryStore(),
	}
	if err := endpoint.CheckEnv(env); err != nil {
		return nil, &optionError{err}
	}
	for _, opt := range opts {
		if opt == nil {
			return nil, &optionError{errors.New("a nil Option")}
		}
		if err := opt(c); err != nil {
			return nil, &optionError{err}
		}
	}
	if c.speech.gateway {
		_ = c.server.UseGateway() // unless another host was chosen
	}
	if err := c.server.Check(); err != nil {
		return nil, &optionError{err}
	}
	c.baseURL = c.server.URL(c.env, c.region)
	return c, nil
}

// keyPrefix separates the sessions of other servers from those of the environment's own hosts, which have the js-sdk's
// keys.
func (c *config) keyPrefix() string {
	base, err := url.Parse(c.baseURL)
	if err == nil && slices.Contains(endpoint.Origins(c.env, c.region), endpoint.Origin(base)) {
		return ""
	}
	return "servers/" + url.PathEscape(c.baseURL) + "/"
}

// WithRegion sets the region of the environment; the default is "ap-shanghai". SMS is available in ap-shanghai only.
func WithRegion(region string) Option {
	// WIRE.md 1.
	return func(c *config) error {
		c.region = region
		return named("WithRegion", endpoint.CheckRegion(region))
	}
}

// WithGateway uses the host of CloudBase's HTTP API gateway, {env}.api.tcloudbasegateway.com, instead of the js-sdk's.
func WithGateway() Option {
	return func(c *config) error { return named("WithGateway", c.server.UseGateway()) }
}

// WithIntlGateway uses the gateway of the international regions, {env}.api.intl.tcloudbasegateway.com.
func WithIntlGateway() Option {
	return func(c *config) error { return named("WithIntlGateway", c.server.UseIntlGateway()) }
}

// WithJSSDK3 sends the requests of js-sdk 3.7.0 instead of 2.32.0. The host is that of [WithGateway] in every region,
// unless another one is chosen. A code by email says what it is for, in the field usage, unless the caller sets it:
// "email" to sign in or up, "recovery" for a forgotten password, "reauthentication" for [Auth.Reauthenticate] and a new
// address. EmailRedirectTo of [Auth.SignInWithOtp] also reaches users who are not registered, if ShouldCreateUser is
// true. Everything else is the same in both.
func WithJSSDK3() Option {
	return always(func(c *config) { c.speech = jsSDK3 })
}

// WithBaseURL uses another server, for example an emulator. The paths of the API follow it, beginning with /auth; a URL
// that ends with /auth or /auth/v1 is refused. Plain http is refused unless the host is a loopback address or
// [WithInsecureEmulator] is given. Sessions of another server have their own keys in the store and are never sent to the
// environment's own hosts.
func WithBaseURL(base string) Option {
	return func(c *config) error { return named("WithBaseURL", c.server.UseBase(base)) }
}

// WithInsecureEmulator lets [WithBaseURL] name an emulator on another host by plain http, such as one in another container.
// Whoever is between the two can read and change everything. It is refused without a base URL, and with one of Tencent's hosts.
func WithInsecureEmulator() Option {
	return always(func(c *config) { c.server.UseInsecureEmulator() })
}

// always is an option that needs no check.
func always(set func(*config)) Option {
	return func(c *config) error {
		set(c)
		return nil
	}
}

// named says which option err is of.
func named(option string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	return nil
}

// WithClientID sets the OAuth client id; the default is the environment's id, as in the js-sdk. Sessions are stored by
// client id: environments with the same client id need separate stores, unless their base URLs differ.
func WithClientID(id string) Option {
	return func(c *config) error {
		if id == "" {
			return errors.New("WithClientID: an empty client id")
		}
		c.clientID = id
		return nil
	}
}

// WithClientSecret sets the OAuth client secret; the default is "", as in the js-sdk.
func WithClientSecret(secret string) Option {
	return always(func(c *config) { c.clientSecret = secret })
}

// WithAccessKey sets a publishable key or an API key, the accessKey of the js-sdk. While nobody is signed in, it is sent
// instead of the user's access token. For [App.ForUser] only a publishable key is used: an API key acts as an
// administrator. It is never stored and never refreshed.
func WithAccessKey(key string) Option {
	return func(c *config) error {
		if !client.HeaderText(key) {
			return errors.New("WithAccessKey: an empty key, or one that no header can carry")
		}
		c.accessKey = key
		return nil
	}
}

// WithTokenStore keeps sessions in store; the default is memory.
func WithTokenStore(store TokenStore) Option {
	return func(c *config) error {
		if isNil(store) {
			return errors.New("WithTokenStore: a nil store")
		}
		c.store = store
		return nil
	}
}

// WithSessionTTL tells stores with expiry how long to keep a session after its last refresh; the default is 31 days, the
// lifetime of a refresh token. 0 means for ever.
func WithSessionTTL(ttl time.Duration) Option {
	return func(c *config) error {
		if ttl < 0 {
			return errors.New("WithSessionTTL: a negative duration")
		}
		c.sessionTTL = ttl
		return nil
	}
}

// WithRefreshAhead refreshes a session in the background when a call needs its access token less than d before the token
// expires, and not in the first half of the token's lifetime. The call itself continues at once with the current token.
// All Auths of one App share one such refresh, and so do processes that share a store with locks. The next one starts 30
// s later at the earliest. If the server refuses the refresh token, nothing happens until a call needs a new access
// token; that call returns [ErrSessionExpired]. 0, the default, refreshes only expired tokens.
//
// A background refresh ends by itself, within the limits of any refresh; there is nothing to close. Failures are logged
// as warnings.
func WithRefreshAhead(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return errors.New("WithRefreshAhead: a negative duration")
		}
		c.refreshAhead = d
		return nil
	}
}

// WithStoredOtp keeps the challenge of a code in the token store, beside the session, so that [Auth.FinishOtp] needs only the
// code. See there for the rules.
func WithStoredOtp() Option {
	return always(func(c *config) { c.storedOtp = true })
}

// WithHTTPClient sends requests with a copy of client, without its cookie jar and without following redirects. If the
// client has no Transport, http.DefaultTransport is used as it is at the time of a call.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("WithHTTPClient: a nil client")
		}
		c.httpClient = client
		return nil
	}
}

// WithLanguage sets the language of the server's texts, SMS and emails, the lang of the js-sdk; the default is "zh-CN".
// It is a tag of BCP 47, such as "en-US", or a value of the header Accept-Language (RFC 9110, 12.5.4), such as
// "zh-TW,zh;q=0.9,en;q=0.8", of at most 1,024 bytes, and is sent unchanged. Any other value is refused, for example
// "zh_CN". [Error.Help] is in Chinese if Chinese is preferred, else in English. [ContextWithLanguage] sets the language
// of one call.
func WithLanguage(language string) Option {
	return func(c *config) error {
		var ok bool
		if c.language, ok = advice.AcceptLanguage(language); !ok {
			return errors.New("WithLanguage: not a language tag, such as en-US, and not a value of Accept-Language")
		}
		return nil
	}
}

// WithDeviceID sets the device id of [App.Auth] and [App.ForToken], 16 to 48 characters. By default it is random and kept
// in the store. Sessions of [App.ForUser] have their own device ids, by which the server distinguishes anonymous users.
func WithDeviceID(id string) Option {
	return func(c *config) error {
		if !session.ValidDeviceID(id) {
			return errors.New("WithDeviceID: a device id has 16 to 48 printable characters")
		}
		c.deviceID = id
		return nil
	}
}

// WithTimeout limits one attempt of a request, with connecting and reading; the default is 15 s. A call may make several
// attempts, see [WithMaxAttempts]; the deadline of its context limits all of them.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return errors.New("WithTimeout: not a positive duration")
		}
		c.timeout = timeout
		return nil
	}
}

// WithMaxAttempts sets how often a request that may be repeated is sent at most, from 1 (never repeated) to 10; the
// default is 3, as in the js-sdk. Such a request reads something, or has the same effect once or twice, like unlinking a
// provider or the revocation at sign-out. It is repeated after a lost connection, a lost answer, and the statuses 429,
// 502, 503 and 504. Any other request costs money, an attempt or a token, and is sent once; it is repeated only while no
// connection can be made, when nothing was sent.
//
// The pause before the next attempt is 1 s, doubled each time up to 8 s, less up to a half at random; or, if that is
// longer, the time that the server's Retry-After asks for. A server that asks for more than 8 s is not asked again; the
// time is in [Error.RetryAfter]. So with the defaults a request takes at most 48 s if the server hangs (three attempts of
// 15 s, and pauses of 1 s and 2 s), 61 s if it asks for pauses, and 15 s if it may not be repeated.
//
// A call may need several requests, each with these limits: a refresh first if the access token has expired, one more
// after a refused token or for a captcha, or the steps that its comment names. The deadline of the context ends all of
// them.
func WithMaxAttempts(n int) Option {
	return func(c *config) error {
		if n < 1 || n > wire.AttemptsLimit {
			return fmt.Errorf("WithMaxAttempts: not from 1 to %d", wire.AttemptsLimit)
		}
		c.maxAttempts = n
		return nil
	}
}

// WithClock sets the clock; the default is time.Now. The function must be safe for concurrent use. It decides when tokens
// count as expired, and is useful with an emulator whose clock can be moved.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: a nil clock")
		}
		c.now = now
		return nil
	}
}

// WithLogger logs every attempt of a request at the debug level, with the error code and category if it fails, and
// background failures (a session that could not be saved) as warnings. No record contains a token, a verification code, a
// phone number or a body. A handler that panics loses its record and harms no call. nil, the default, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return always(func(c *config) { c.logger = calm(logger) })
}

// WithObserver tells observer about calls, refreshes, store operations and ended sessions. Package authotel makes an
// Observer for OpenTelemetry. Without this option nothing is measured.
func WithObserver(observer Observer) Option {
	return always(func(c *config) { c.observer = &observer })
}

// WithPasswordPolicy checks a new password before it is sent; the default is [ValidatePassword].
func WithPasswordPolicy(policy PasswordPolicy) Option {
	return func(c *config) error {
		if policy == nil {
			return errors.New("WithPasswordPolicy: a nil policy")
		}
		c.policy = policy
		return nil
	}
}

// Captcha is a picture of characters for the user to read.
type Captcha struct {
	Image     []byte
	MediaType string // for example "image/gif"
	State     string // which call needs it: "POST:/v1/verification"
}

// CaptchaSolver returns the characters of a picture. It must be safe for concurrent use. If it returns an error, the call
// that needs the captcha fails with it at once.
type CaptchaSolver func(ctx context.Context, c Captcha) (answer string, err error)

// TicketSource returns a custom-login ticket for the session of [App.ForUser] with this key, "" for [App.Auth]. When a
// session is renewed, [TicketUser] of ctx is the id of its user, and the ticket must be for this user. It must be safe
// for concurrent use.
type TicketSource func(ctx context.Context, userKey string) (ticket string, err error)

// TicketUser returns, from the context that a [TicketSource] gets, the id of the user whose session is renewed: the Sub
// that CloudBase assigned, not the id in a ticket. It is "" during a sign-in. A source whose keys do not name users needs
// it: if the key of [App.ForUser] is the id in a cookie, a ticket for that key would create a new user.
func TicketUser(ctx context.Context) string { return client.TicketUser(ctx) }

// WithCaptchaSolver lets solver answer the captchas that the server asks for. After a wrong answer the solver gets a new
// picture, up to three for one call; after the third wrong answer the call fails with [ErrCaptchaInvalid] and
// [CodeCaptchaInvalid]. An error of the solver, or an empty answer, ends the call at once.
//
// Without a solver a call that needs a captcha fails with [CodeCaptchaRequired]; [Auth.CreateCaptchaData] and
// [Auth.VerifyCaptchaData] then show the picture.
func WithCaptchaSolver(solver CaptchaSolver) Option {
	return func(c *config) error {
		if solver == nil {
			return errors.New("WithCaptchaSolver: a nil solver")
		}
		c.solver = solver
		return nil
	}
}

// WithTicketSource gets custom-login tickets from source if [Auth.SignInWithCustomTicket] has no ticket, and if a session
// without a refresh token has expired: it then signs in again by itself, as the same user or not at all.
//
// js-sdk: setCustomSignFunc.
func WithTicketSource(source TicketSource) Option {
	return func(c *config) error {
		if source == nil {
			return errors.New("WithTicketSource: a nil source")
		}
		c.ticketSource = source
		return nil
	}
}
