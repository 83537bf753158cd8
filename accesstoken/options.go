package accesstoken

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/endpoint"
)

// Option changes a default of [NewVerifier]. Every option is checked there; a bad one is an error.
type Option func(*config) error

type config struct {
	env          string
	region       string
	server       endpoint.Choice
	baseURL      string // of server
	audience     []string
	issuers      []string
	admitted     [kinds]bool
	leeway       time.Duration
	now          func() time.Time
	client       *http.Client
	timeout      time.Duration
	keyLifetime  time.Duration
	keyMaxAge    time.Duration // 0 for the default, while options are read
	keyInterval  time.Duration
	cachedTokens int
	logger       *slog.Logger
	extractors   []Extractor
	preflight    http.Handler // nil for none
	errorHandler ErrorHandler
}

func newConfig(env string, opts []Option) (*config, error) {
	c := &config{
		env: env, audience: []string{env}, leeway: time.Minute, now: time.Now, client: &http.Client{}, timeout: 10 * time.Second,
		keyLifetime: 10 * time.Minute, keyInterval: 10 * time.Second, cachedTokens: 8192,
		extractors: []Extractor{HeaderToken}, errorHandler: writeError,
	}
	if err := endpoint.CheckEnv(env); err != nil {
		return nil, fmt.Errorf("accesstoken: %w", err)
	}
	c.admitted[User] = true
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("accesstoken: a nil Option")
		}
		if err := opt(c); err != nil {
			return nil, fmt.Errorf("accesstoken: %w", err)
		}
	}
	if c.keyMaxAge == 0 {
		c.keyMaxAge = max(24*time.Hour, 2*c.keyLifetime)
	}
	if c.keyMaxAge < c.keyLifetime {
		return nil, errors.New("accesstoken: WithKeyMaxAge: shorter than the lifetime of keys")
	}
	c.keyInterval = min(c.keyInterval, c.keyLifetime) // or keys would be used for longer
	if c.server.International() && c.region == "" && c.issuers == nil {
		return nil, errors.New("accesstoken: WithIntlGateway needs WithRegion: the issuer of a token names its region")
	}
	if c.region == "" {
		c.region = endpoint.DefaultRegion
	}
	if c.issuers == nil {
		regional := endpoint.Regional(c.env, c.region)
		// Users of the gateway have these issuers too. Live tokens had either scheme.
		c.issuers = []string{regional, "http" + strings.TrimPrefix(regional, "https")}
	}
	if err := c.server.Check(); err != nil {
		return nil, fmt.Errorf("accesstoken: %w", err)
	}
	c.baseURL = c.server.URL(c.env, c.region)
	return c, nil
}

// WithRegion sets the region of the environment; the default is "ap-shanghai". The issuer of its tokens names the region,
// also if a gateway is used.
func WithRegion(region string) Option {
	return func(c *config) error {
		c.region = region
		return named("WithRegion", endpoint.CheckRegion(region))
	}
}

// WithGateway fetches keys from CloudBase's HTTP API gateway, {env}.api.tcloudbasegateway.com, instead of
// {env}.{region}.tcb-api.tencentcloudapi.com. It does not change which issuers are accepted.
func WithGateway() Option {
	return func(c *config) error { return named("WithGateway", c.server.UseGateway()) }
}

// WithIntlGateway fetches keys from the gateway of the international regions, {env}.api.intl.tcloudbasegateway.com. It
// needs [WithRegion] or [WithIssuer].
func WithIntlGateway() Option {
	return func(c *config) error { return named("WithIntlGateway", c.server.UseIntlGateway()) }
}

// WithBaseURL fetches keys from another server, for example an emulator, at base/auth/v1/certs. A URL that ends
// with /auth or /auth/v1 is refused. Plain http is refused unless the host is a loopback address or
// [WithInsecureEmulator] is given. It does not change which issuers are accepted: see [WithIssuer].
func WithBaseURL(base string) Option {
	return func(c *config) error { return named("WithBaseURL", c.server.UseBase(base)) }
}

// WithInsecureEmulator lets [WithBaseURL] name an emulator on another host by plain http, such as one in another container:
// whoever is between the two can forge tokens. It is refused without a base URL, and with one of Tencent's hosts.
func WithInsecureEmulator() Option {
	return func(c *config) error {
		c.server.UseInsecureEmulator()
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

// WithIssuer accepts exactly these values of iss, instead of the environment's auth server. The issuer of an emulator is
// its own URL.
func WithIssuer(issuers ...string) Option {
	return func(c *config) error {
		c.issuers = slices.Clone(issuers)
		return notEmpty("WithIssuer", "issuer", issuers)
	}
}

// WithAudience accepts these client ids as aud, instead of the environment's id. It is probably needed if the front end passes
// a clientId to cloudbase.init; no such token has been seen, so name the environment's id too. The project_id must still be
// the environment's.
func WithAudience(clientIDs ...string) Option {
	return func(c *config) error {
		c.audience = slices.Clone(clientIDs)
		return notEmpty("WithAudience", "client id", clientIDs)
	}
}

func notEmpty(option, what string, values []string) error {
	if len(values) == 0 || slices.Contains(values, "") {
		return fmt.Errorf("%s: an empty %s, or none", option, what)
	}
	return nil
}

// WithAnonymous also accepts the tokens of anonymous users. Anyone who can reach the environment can get one.
func WithAnonymous() Option { return admit(Anonymous) }

// WithPublishableKey accepts the environment's publishable keys. They are public, are part of web pages, and expire after
// decades.
func WithPublishableKey() Option { return admit(PublishableKey) }

// WithAPIKey accepts the environment's API keys, for calls of other servers. They have no Subject and no Issuer, act as
// an administrator, and do not expire.
func WithAPIKey() Option { return admit(APIKey) }

func admit(k Kind) Option {
	return func(c *config) error {
		c.admitted[k] = true
		return nil
	}
}

// WithLeeway sets by how much the clocks of this machine and the auth server may differ; the default is a minute. A token
// is accepted for that long after it has expired.
func WithLeeway(leeway time.Duration) Option {
	return func(c *config) error {
		if leeway < 0 {
			return errors.New("WithLeeway: a negative duration")
		}
		c.leeway = leeway
		return nil
	}
}

// WithClock sets the clock; the default is time.Now. The function must be safe for concurrent use. It decides which
// tokens have expired; the age of keys is measured by the process's own clock.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: a nil clock")
		}
		c.now = now
		return nil
	}
}

// WithHTTPClient sends requests with client's Transport, or with http.DefaultTransport if it has none. Of its other
// settings only Timeout counts, if it is shorter than [WithTimeout]'s: redirects are never followed, and there are no
// cookies.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("WithHTTPClient: a nil client")
		}
		copied := *client // what it is changed to later does not count
		c.client = &copied
		return nil
	}
}

// WithTimeout limits one request to the auth server, with connecting and reading; the default is 10 s.
func WithTimeout(timeout time.Duration) Option {
	return positive("WithTimeout", timeout, func(c *config, d time.Duration) { c.timeout = d })
}

// WithKeyLifetime sets how long keys are used until they are fetched again; the default is 10 minutes. A token that comes
// in the last tenth of this time starts the fetch and does not wait for it; the first tokens after it wait. So a key that
// is no longer published is not accepted for longer, unless keys cannot be fetched: see [WithKeyMaxAge].
func WithKeyLifetime(lifetime time.Duration) Option {
	return positive("WithKeyLifetime", lifetime, func(c *config, d time.Duration) { c.keyLifetime = d })
}

// WithKeyMaxAge sets how long keys are used while no others can be fetched; the default is a day, or twice their lifetime
// if that is longer. With older keys no token is verified: the error is [ErrUnavailable] until keys can be fetched again.
// It must not be shorter than the lifetime.
func WithKeyMaxAge(limit time.Duration) Option {
	return positive("WithKeyMaxAge", limit, func(c *config, d time.Duration) { c.keyMaxAge = d })
}

// WithFetchInterval sets the least time between two requests for keys, however many tokens with unknown keys come; the
// default is 10 s, and the lifetime of keys is the most. A new key of the auth server is known after that time at the
// latest. After failures it is shorter at first: a second, doubled each time.
func WithFetchInterval(interval time.Duration) Option {
	return positive("WithFetchInterval", interval, func(c *config, d time.Duration) { c.keyInterval = d })
}

// never is the longest duration that an option sets. A sum with a longer one could overflow.
const never = 100 * 365 * 24 * time.Hour

func positive(option string, d time.Duration, set func(*config, time.Duration)) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("%s: not a positive duration", option)
		}
		set(c, min(d, never))
		return nil
	}
}

// maxCachedTokens keeps a slip of the pen from taking all memory there is.
const maxCachedTokens = 1 << 24

// WithTokenCache sets how many valid tokens are remembered, rounded up to a power of two; the default is 8192, and 0
// remembers none. A remembered token costs about a thirtieth when it comes again: its times are checked again, and its
// key must still be published. Only its claims are kept, under a hash, and no usable token.
//
// A token takes less than 1 KiB, and 8 KiB at most; unusually large ones are not remembered. So 8192 tokens take some 6
// MiB, and never more than 64 MiB. When there is no room, the tokens that expire first are dropped.
func WithTokenCache(tokens int) Option {
	return func(c *config) error {
		if tokens < 0 || tokens > maxCachedTokens {
			return fmt.Errorf("WithTokenCache: not a number between 0 and %d", maxCachedTokens)
		}
		c.cachedTokens = tokens
		return nil
	}
}

// WithLogger logs a warning when keys cannot be fetched, which callers do not notice while old keys are used. nil, the
// default, logs nothing.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.logger = logger
		return nil
	}
}

// WithErrorHandler lets handler answer the requests that [Verifier.Middleware] refuses.
func WithErrorHandler(handler ErrorHandler) Option {
	return func(c *config) error {
		if handler == nil {
			return errors.New("WithErrorHandler: a nil handler")
		}
		c.errorHandler = handler
		return nil
	}
}

// WithExtractor says where requests carry their tokens, instead of [HeaderToken]. The extractors are called in this
// order, and the first that finds a token decides:
//
//	accesstoken.WithExtractor(accesstoken.HeaderToken, accesstoken.CookieToken("token"))
func WithExtractor(extractors ...Extractor) Option {
	return func(c *config) error {
		if len(extractors) == 0 || slices.ContainsFunc(extractors, func(e Extractor) bool { return e == nil }) {
			return errors.New("WithExtractor: a nil Extractor, or none")
		}
		c.extractors = slices.Clone(extractors)
		return nil
	}
}

// WithPreflight lets handler answer the CORS preflights that come to [Verifier.Middleware] and [Verifier.Optional]:
// requests with the method OPTIONS and the headers Origin and Access-Control-Request-Method, which browsers send without
// a token. They are not passed on to the next handler, which gets only verified requests; if that handler answers
// preflights, pass it here too.
func WithPreflight(handler http.Handler) Option {
	return func(c *config) error {
		if handler == nil {
			return errors.New("WithPreflight: a nil handler")
		}
		c.preflight = handler
		return nil
	}
}
