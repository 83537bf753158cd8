// Package wire sends one call to the CloudBase auth API and turns the answer into a value or a [Failure]. It decides
// what may be sent again, and it is the only importer of resty. It knows nothing of sessions.
package wire

import (
	"context"
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
	Logger       *slog.Logger  // nil: silent
	SDKVersion   string        // X-SDK-Version
}

// Client sends calls. It does not change after New and is safe for concurrent use.
type Client struct {
	resty       *resty.Client
	getBody     *resty.Client // for a GET with a body, which resty leaves out by default
	prefix      string        // base URL and the API's own path
	clientQuery string
	basic       string // the Authorization header
	secret      string // of the client
	timeout     time.Duration
	log         *slog.Logger
	sdkVersion  []string
}

// New returns a Client for a checked Config.
func New(cfg Config) *Client {
	// resty changes the client that it is given, and its defaults would follow redirects with the request's body,
	// keep cookies of one person for the next and print URLs to stderr.
	hc := *cfg.HTTPClient
	hc.Jar = nil
	if hc.Transport == nil {
		hc.Transport = defaultTransport{}
	}
	hc.Transport = outermost{hc.Transport}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		resty:       newResty(&hc),
		getBody:     newResty(&hc).SetAllowGetMethodPayload(true),
		prefix:      cfg.BaseURL + "/auth/",
		clientQuery: "client_id=" + url.QueryEscape(cfg.ClientID),
		secret:      cfg.ClientSecret,
		basic:       "Basic " + base64.StdEncoding.EncodeToString([]byte(cfg.ClientID+":"+cfg.ClientSecret)),
		timeout:     cfg.Timeout,
		log:         cfg.Logger,
		sdkVersion:  []string{cfg.SDKVersion},
	}
}

func newResty(hc *http.Client) *resty.Client {
	return resty.NewWithClient(hc).SetLogger(silent{}).SetDisableWarn(true)
}

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// attempt sends the request once and reads the whole answer.
func (c *Client) attempt(ctx context.Context, req *Request, target string, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	client := c.resty
	if req.Method == http.MethodGet && body != nil {
		client = c.getBody
	}
	r := client.R().SetContext(ctx).SetDoNotParseResponse(true)
	c.setHeader(r.Header, req)
	if body != nil {
		// A bytes.Reader keeps the body, which may hold a password, out of resty's pool of buffers.
		r.SetBody(newBody(body))
	}
	resp, err := r.Execute(req.Method, target)
	if err != nil {
		return nil, quiet(unwrapURL(err))
	}
	return readAnswer(resp.RawResponse)
}

var (
	jsonType  = []string{"application/json"}
	userAgent = []string{"tcbauth"}
)

func (c *Client) setHeader(h http.Header, req *Request) {
	h["Accept"] = jsonType
	h["User-Agent"] = userAgent
	h["X-Sdk-Version"] = c.sdkVersion
	// One array for the values that differ by call, a slice of it for each header.
	values := [4]string{req.Language, req.DeviceID, req.RequestID, ""}
	h["Accept-Language"] = values[0:1:1]
	h["X-Device-Id"] = values[1:2:2]
	h["X-Request-Id"] = values[2:3:3]
	if req.Body != nil {
		h["Content-Type"] = jsonType
	}
	switch req.Auth {
	case Bearer:
		values[3] = "Bearer " + req.Token
		h["Authorization"] = values[3:4:4]
	case Basic:
		values[3] = c.basic
		h["Authorization"] = values[3:4:4]
	case None:
	}
}
