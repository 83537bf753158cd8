// Package wire sends one call to the CloudBase auth API and turns the answer into a value or a [Failure]. It decides
// what may be sent again, and it is the only importer of resty. It knows nothing of sessions.
package wire

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"
)

// Config says how to reach the API. It is checked by the caller.
type Config struct {
	BaseURL      string        // scheme, host and an optional path, without a slash at the end
	ClientID     string        // sent as client_id with every call that has no bearer
	ClientSecret string        // only for Basic
	HTTPClient   *http.Client  // copied, never changed
	Timeout      time.Duration // for one attempt, the reading of its answer included
	MaxAttempts  int           // of one call, from 1 to AttemptsLimit
	Logger       *slog.Logger  // nil: silent
	SDKVersion   string        // X-SDK-Version
}

// Client sends calls. It does not change after New and is safe for concurrent use.
type Client struct {
	vessel      *resty.Request // what attempts copy
	base        url.URL        // with the API's own path, which ends with a slash
	clientQuery string
	basic       string // the Authorization header
	secret      string // of the client
	timeout     time.Duration
	maxAttempts int
	log         *slog.Logger
	sdkVersion  []string
}

// New returns a Client for a checked Config.
func New(cfg Config) *Client {
	base, err := url.Parse(cfg.BaseURL + "/auth/")
	if err != nil {
		base = new(url.URL) // it was not checked: every call fails for want of a host
	}
	// resty changes the client that it is given, and its defaults would follow redirects with the request's body,
	// keep cookies of one user for the next and print URLs to stderr.
	hc := *cfg.HTTPClient
	hc.Jar = nil
	if hc.Transport == nil {
		hc.Transport = defaultTransport{}
	}
	hc.Transport = outermost{hc.Transport}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		vessel:      newVessel(&hc),
		base:        *base,
		clientQuery: "client_id=" + url.QueryEscape(cfg.ClientID),
		secret:      cfg.ClientSecret,
		basic:       "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.ClientID+":"+cfg.ClientSecret)),
		timeout:     cfg.Timeout,
		maxAttempts: cfg.MaxAttempts,
		log:         cfg.Logger,
		sdkVersion:  []string{cfg.SDKVersion},
	}
}

// newVessel is an empty request of a resty client with hc. A copy of it costs a fraction of a new one. Its maps are
// shared by the copies, which is safe as long as resty has nothing to put into them; so it has the one header that resty
// would add.
func newVessel(hc *http.Client) *resty.Request {
	r := resty.NewWithClient(hc).SetLogger(silent{}).SetDisableWarn(true).R().SetDoNotParseResponse(true)
	r.Header["User-Agent"] = userAgent
	return r
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
