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
	c.baseURL = c.server.URL(c.env, c.region)
	return c, nil
}

// WithRegion says where the environment is; "ap-shanghai" if not given. The issuer of its tokens names the region, for
// users of a gateway too.
func WithRegion(region string) Option {
	return func(c *config) error {
		c.region = region
		return named("WithRegion", endpoint.CheckRegion(region))
	}
}

// WithGateway fetches keys from CloudBase's HTTP API gateway, {env}.api.tcloudbasegateway.com, in place of
// {env}.{region}.tcb-api.tencentcloudapi.com. It does not change which issuers are accepted.
func WithGateway() Option {
	return func(c *config) error { return named("WithGateway", c.server.UseGateway()) }
}

// WithIntlGateway is WithGateway for the international regions, {env}.api.intl.tcloudbasegateway.com. It needs
// [WithRegion] or [WithIssuer].
func WithIntlGateway() Option {
	return func(c *config) error { return named("WithIntlGateway", c.server.UseIntlGateway()) }
}

// WithBaseURL fetches keys from another server, an emulator say, at base/auth/v1/certs. Plain http is refused unless the
// host is a loopback address. It does not change which issuers are accepted, see [WithIssuer].
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

// WithIssuer accepts these values of iss, exactly as they are, in place of the environment's auth server's. The issuer
// of an emulator is its own URL.
func WithIssuer(issuers ...string) Option {
	return func(c *config) error {
		c.issuers = slices.Clone(issuers)
		return notEmpty("WithIssuer", "issuer", issuers)
	}
}

// WithAudience accepts these client ids as aud in place of the environment's id, for apps with client ids of their own.
// The project_id must be the environment's all the same.
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

// WithAnonymous accepts the tokens of anonymous users beside those of people. Whoever can reach the environment can have
// one.
func WithAnonymous() Option { return admit(Anonymous) }

// WithPublishableKey accepts the environment's publishable keys. They are public, stand in web pages, and expire after
// decades.
func WithPublishableKey() Option { return admit(PublishableKey) }

// WithAPIKey accepts the environment's API keys, as a way to be called by other servers. They have no Subject and no
// Issuer, act as an administrator, and do not expire.
func WithAPIKey() Option { return admit(APIKey) }

func admit(k Kind) Option {
	return func(c *config) error {
		c.admitted[k] = true
		return nil
	}
}

// WithLeeway says by how much the clocks of this machine and the auth server may differ; a minute if not given. A token
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

// WithClock tells the time by now, which must be safe for concurrent use; time.Now if not given. It decides which tokens
// have expired; how old keys are goes by the process's own clock.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: a nil clock")
		}
		c.now = now
		return nil
	}
}

// WithHTTPClient sends requests with client's Transport, or http.DefaultTransport as it is at that time if there is none.
// Of its other settings only Timeout counts, if it is shorter than [WithTimeout]'s: redirects are never followed, and
// there are no cookies.
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

// WithTimeout limits one request to the auth server, connecting and reading included; 10 s if not given.
func WithTimeout(timeout time.Duration) Option {
	return positive("WithTimeout", timeout, func(c *config) { c.timeout = timeout })
}

// WithKeyLifetime says for how long keys are used until they are fetched anew; 10 minutes if not given. Tokens that come in
// the last tenth of it begin the fetch and do not wait for it; the first ones that come later do. So a key that is no longer
// published is not accepted for longer, unless keys cannot be fetched: see [WithKeyMaxAge].
func WithKeyLifetime(lifetime time.Duration) Option {
	return positive("WithKeyLifetime", lifetime, func(c *config) { c.keyLifetime = lifetime })
}

// WithKeyMaxAge says for how long keys are used while no others can be fetched; a day, or twice their lifetime if that is
// longer, if not given. With older keys no token is verified: the error is [ErrUnavailable] until keys can be fetched
// again. It must not be shorter than the lifetime.
func WithKeyMaxAge(limit time.Duration) Option {
	return positive("WithKeyMaxAge", limit, func(c *config) { c.keyMaxAge = limit })
}

// WithFetchInterval is the least time between two requests for keys, however many tokens with unknown keys come; 10 s if
// not given. A new key of the auth server is known after that time at the latest. After failures it is shorter at first:
// a second, doubled with each.
func WithFetchInterval(interval time.Duration) Option {
	return positive("WithFetchInterval", interval, func(c *config) { c.keyInterval = interval })
}

func positive(option string, d time.Duration, set func(*config)) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("%s: not a positive duration", option)
		}
		set(c)
		return nil
	}
}

// maxCachedTokens keeps a slip of the pen from taking all memory there is.
const maxCachedTokens = 1 << 24

// WithTokenCache says how many of the tokens that were found good are remembered, rounded up to a power of two; 8192 if not
// given, none if 0. Such a token costs about a thirtieth when it comes again: its times are judged anew, and its key must
// still be one of the auth server's. What is kept of it are its claims, under a hash: no token that could be used.
//
// A token takes less than 1 KiB, and 8 KiB at most; larger ones than the service makes are not kept. So 8192 take some 6 MiB,
// and never more than 64 MiB. When there is no room, tokens that expire first make room.
func WithTokenCache(tokens int) Option {
	return func(c *config) error {
		if tokens < 0 || tokens > maxCachedTokens {
			return fmt.Errorf("WithTokenCache: not a number between 0 and %d", maxCachedTokens)
		}
		c.cachedTokens = tokens
		return nil
	}
}

// WithLogger logs as a warning when keys cannot be fetched, which callers do not notice while old ones are at hand. nil:
// silent, the default.
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

// WithExtractor says where requests carry their tokens, in place of [HeaderToken]. The extractors are asked in this order,
// and the first that finds something decides:
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

// WithPreflight lets handler answer the CORS preflights that come to [Verifier.Middleware] and [Verifier.Optional]: requests
// with the method OPTIONS and the headers Origin and Access-Control-Request-Method, which browsers send without a token.
// They are not passed on to the handler behind it, which sees no request that was not verified; where that one answers
// preflights, give it here too.
func WithPreflight(handler http.Handler) Option {
	return func(c *config) error {
		if handler == nil {
			return errors.New("WithPreflight: a nil handler")
		}
		c.preflight = handler
		return nil
	}
}
