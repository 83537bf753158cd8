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

// dialect is what generations of the js-sdk say differently to the server. The zero value is that of generation 2.
type dialect struct {
	gateway       bool              // the gateway's host is the default
	usages        map[string]string // what a code by mail is for, by the method that has it sent
	linksRegister bool              // a link may be sent to people who are not registered
}

// jsSDK3 is that of js-sdk 3.7.0, as recorded.
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
		httpClient: &http.Client{}, now: time.Now, policy: ValidatePassword,
	}
	if err := endpoint.CheckEnv(env); err != nil {
		return nil, fmt.Errorf("tcbauth: %w", err)
	}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("tcbauth: a nil Option")
		}
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("tcbauth: %w", err)
		}
	}
	if c.store == nil {
		c.store = NewMemoryStore()
	}
	if c.speech.gateway {
		_ = c.server.UseGateway() // unless another host was chosen
	}
	c.baseURL = c.server.URL(c.env, c.region)
	return c, nil
}

// keyPrefix keeps the sessions of other servers apart from those of the environment's own hosts, which have the js-sdk's
// keys.
func (c *config) keyPrefix() string {
	base, err := url.Parse(c.baseURL)
	if err == nil && slices.Contains(endpoint.Origins(c.env, c.region), endpoint.Origin(base)) {
		return ""
	}
	return "servers/" + url.PathEscape(c.baseURL) + "/"
}

// WithRegion says where the environment is; "ap-shanghai" if not given. SMS exists in ap-shanghai only (WIRE.md 1).
func WithRegion(region string) Option {
	return func(c *config) error {
		c.region = region
		return named("WithRegion", endpoint.CheckRegion(region))
	}
}

// WithGateway uses the host of CloudBase's HTTP API gateway, {env}.api.tcloudbasegateway.com, in place of the js-sdk's.
func WithGateway() Option {
	return func(c *config) error { return named("WithGateway", c.server.UseGateway()) }
}

// WithIntlGateway uses the gateway of the international regions, {env}.api.intl.tcloudbasegateway.com.
func WithIntlGateway() Option {
	return func(c *config) error { return named("WithIntlGateway", c.server.UseIntlGateway()) }
}

// WithJSSDK3 speaks to the server as the js-sdk 3.7.0 does, in place of the 2.32.0: the host is that of [WithGateway] in
// every region, unless another one is chosen; a code by mail says what it is for, in the field usage, unless the caller
// does ("email" to sign in or up, "recovery" for a forgotten password, "reauthentication" for [Auth.Reauthenticate] and a
// new address); and EmailRedirectTo of [Auth.SignInWithOtp] reaches people who are not registered, where ShouldCreateUser
// is true. Everything else is the same in both.
func WithJSSDK3() Option {
	return func(c *config) error {
		c.speech = jsSDK3
		return nil
	}
}

// WithBaseURL uses another server, an emulator say. Paths begin below it with /auth. Plain http is refused unless the
// host is a loopback address. Sessions of a server that is none of the environment's own hosts lie apart from theirs in the
// store, and none is sent to the other.
func WithBaseURL(base string) Option {
	return func(c *config) error { return named("WithBaseURL", c.server.UseBase(base)) }
}

// named says which option err is of.
func named(option string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	return nil
}

// WithClientID sets the OAuth client id; the environment's id if not given, as in the js-sdk. Sessions are stored by client
// id: environments that use the same one need stores of their own, unless base URLs tell them apart.
func WithClientID(id string) Option {
	return func(c *config) error {
		if id == "" {
			return errors.New("WithClientID: an empty client id")
		}
		c.clientID = id
		return nil
	}
}

// WithClientSecret sets the OAuth client secret; "" if not given, as in the js-sdk.
func WithClientSecret(secret string) Option {
	return func(c *config) error {
		c.clientSecret = secret
		return nil
	}
}

// WithAccessKey sets a publishable key or an API key, the accessKey of the js-sdk. It stands in for the user's access
// token in calls that carry one while nobody is signed in. For a visitor of [App.ForUser] only a publishable key does so: an
// API key acts as an administrator. It is never stored and never refreshed.
func WithAccessKey(key string) Option {
	return func(c *config) error {
		if !client.HeaderText(key) {
			return errors.New("WithAccessKey: an empty key, or one that no header can carry")
		}
		c.accessKey = key
		return nil
	}
}

// WithTokenStore keeps sessions in store; in memory if not given.
func WithTokenStore(store TokenStore) Option {
	return func(c *config) error {
		if store == nil {
			return errors.New("WithTokenStore: a nil store")
		}
		c.store = store
		return nil
	}
}

// WithSessionTTL tells stores that expire how long a session is of use after it was last refreshed; 31 days if not
// given, the life of a refresh token. 0: for ever.
func WithSessionTTL(ttl time.Duration) Option {
	return func(c *config) error {
		if ttl < 0 {
			return errors.New("WithSessionTTL: a negative duration")
		}
		c.sessionTTL = ttl
		return nil
	}
}

// WithRefreshAhead refreshes a session in the background once a call needs its access token within d of that token's
// end, and in the second half of its life only: the call itself goes on at once with the token there is. All handles of one
// App share one such refresh, and processes that share a store with locks share it too. The next one begins 30 s later at
// the earliest; a refresh token that the server refuses is left to the call that needs a new access token, which then is
// told [ErrSessionExpired]. 0, the default, refreshes only what has expired.
//
// A refresh ahead ends by itself, within the time that any refresh may take; there is nothing to close. What goes wrong is
// logged as a warning.
func WithRefreshAhead(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return errors.New("WithRefreshAhead: a negative duration")
		}
		c.refreshAhead = d
		return nil
	}
}

// WithStoredOtp keeps the challenge of a code in the token store beside the session, until it is finished by [Auth.FinishOtp]
// with nothing but the code. That method has the rules.
func WithStoredOtp() Option {
	return func(c *config) error {
		c.storedOtp = true
		return nil
	}
}

// WithHTTPClient sends with a copy of client, without its cookie jar and without following redirects. A client without
// a Transport uses what http.DefaultTransport is at the time of a call.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("WithHTTPClient: a nil client")
		}
		c.httpClient = client
		return nil
	}
}

// WithLanguage sets the language of the server's texts, messages and mails, the lang of the js-sdk; "zh-CN" if not
// given. It is a tag of BCP 47, such as "en-US", or a whole value of the header Accept-Language (RFC 9110, 12.5.4), such as
// "zh-TW,zh;q=0.9,en;q=0.8", of at most 1,024 bytes, and is sent as it is. Any other value, "zh_CN" say, is refused.
// [Error.Help] is in Chinese if Chinese is what it wants most, else in English. [ContextWithLanguage] sets it for one call.
func WithLanguage(language string) Option {
	return func(c *config) error {
		var ok bool
		if c.language, ok = advice.AcceptLanguage(language); !ok {
			return errors.New("WithLanguage: not a language tag, such as en-US, and not a value of Accept-Language")
		}
		return nil
	}
}

// WithDeviceID sets the device id of [App.Auth] and [App.ForToken], 16 to 48 characters. If not given it is random and
// kept in the store. Visitors of [App.ForUser] have device ids of their own: the server tells anonymous users apart by
// them.
func WithDeviceID(id string) Option {
	return func(c *config) error {
		if !session.ValidDeviceID(id) {
			return errors.New("WithDeviceID: a device id has 16 to 48 printable characters")
		}
		c.deviceID = id
		return nil
	}
}

// WithTimeout limits one attempt of a request, connecting and reading included; 15 s if not given. A call may make several
// attempts, see [WithMaxAttempts]; the deadline of its context limits all of it.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return errors.New("WithTimeout: not a positive duration")
		}
		c.timeout = timeout
		return nil
	}
}

// WithMaxAttempts sets how often a request that may be repeated is tried in all, from 1, which is never repeated, to 10; 3 if
// not given, as in the js-sdk. Such a request reads something, or has the same effect once or twice, as unlinking a provider
// or the sign-out's revocation has. It is tried again after a lost connection, a lost answer, and the statuses 429, 502, 503
// and 504. Any other request costs money, an attempt or a token, and is sent once; it is tried again only while no
// connection can be made, when nothing was sent.
//
// The pause before the next attempt is 1 s, doubled each time up to 8 s, less up to a half at random; or, if that is longer,
// what the server's Retry-After asks for. A server that asks for more than 8 s is not asked again, and
// [Error.RetryAfter] has its wish. So with the defaults a request takes 48 s at most against a server that hangs (three
// attempts of 15 s, and pauses of 1 s and 2 s), 61 s against one that asks for pauses, and 15 s if it may not be repeated.
//
// A call is one request or several, each of which has these limits: a refresh first when the access token has expired,
// once more after a refused token or for a captcha, or the steps that its comment names. The deadline of the context ends
// all of them.
func WithMaxAttempts(n int) Option {
	return func(c *config) error {
		if n < 1 || n > wire.AttemptsLimit {
			return fmt.Errorf("WithMaxAttempts: not from 1 to %d", wire.AttemptsLimit)
		}
		c.maxAttempts = n
		return nil
	}
}

// WithClock tells the time by now, which must be safe for concurrent use; time.Now if not given. It decides when tokens
// count as expired, and is of use with an emulator whose clock can be moved.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: a nil clock")
		}
		c.now = now
		return nil
	}
}

// WithLogger logs every attempt of a request at the debug level, a failed one with the server's word and its category, and
// what goes wrong beside a call (a session that could not be saved) as a warning. No record holds a token, a code that a
// person types in, a phone number or a body. nil: silent, the default.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.logger = logger
		return nil
	}
}

// WithObserver tells observer of calls, refreshes, calls of the store and ends of sessions. Package authotel makes one for
// OpenTelemetry. Without the option nothing is measured.
func WithObserver(observer Observer) Option {
	return func(c *config) error {
		c.observer = &observer
		return nil
	}
}

// WithPasswordPolicy judges passwords where one is set; [ValidatePassword] if not given.
func WithPasswordPolicy(policy PasswordPolicy) Option {
	return func(c *config) error {
		if policy == nil {
			return errors.New("WithPasswordPolicy: a nil policy")
		}
		c.policy = policy
		return nil
	}
}

// Captcha is a picture with characters that a person can read.
type Captcha struct {
	Image     []byte
	MediaType string // "image/gif", say
	State     string // which call needs it: "POST:/v1/verification"
}

// CaptchaSolver returns the characters of a picture, as a person reads them. It must be safe for concurrent use. Its error
// ends the call that needs the captcha at once, and is what that fails with.
type CaptchaSolver func(ctx context.Context, c Captcha) (answer string, err error)

// TicketSource returns a custom-login ticket for the user of [App.ForUser] with this key, "" for [App.Auth]. Where a session
// is renewed, [TicketUser] of ctx is the id of its user, and the ticket must be for that one. It must be safe for concurrent
// use.
type TicketSource func(ctx context.Context, userKey string) (ticket string, err error)

// TicketUser returns, from the context that a [TicketSource] is called with, the id of the user whose session is renewed: the
// Sub that CloudBase gave them, not the id in a ticket. It is "" where somebody signs in. A source whose keys do not name users
// needs it: where the key of [App.ForUser] is the id of a cookie, a ticket for that key would make a new user.
func TicketUser(ctx context.Context) string { return client.TicketUser(ctx) }

// WithCaptchaSolver lets solver answer the captchas that the server asks for. If the server refuses an answer, solver is
// shown a new picture, three for one call in all; after the third wrong answer the call fails with [ErrCaptchaInvalid] and
// [CodeCaptchaInvalid]. An error of the solver, or an empty answer, ends the call at once.
//
// Without a solver a call that needs a captcha fails with [CodeCaptchaRequired], and the picture can be shown by
// [Auth.CreateCaptchaData] and [Auth.VerifyCaptchaData].
func WithCaptchaSolver(solver CaptchaSolver) Option {
	return func(c *config) error {
		if solver == nil {
			return errors.New("WithCaptchaSolver: a nil solver")
		}
		c.solver = solver
		return nil
	}
}

// WithTicketSource gets custom-login tickets from source, where [Auth.SignInWithCustomTicket] is given none and where a
// session without a refresh token has expired: it then signs in anew by itself, as the same user or not at all.
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
