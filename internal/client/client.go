// Package client makes a call as the person of one session: it joins package session, which has the tokens, and package
// wire, which sends one request. A bearer that the server refuses is replaced once, and a captcha that it asks for is earned
// where that can be done. It is also how package session gets new tokens from the server.
package client

import (
	"context"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/uuid"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// Config is what the clients of all sessions of an App share.
type Config struct {
	Wire         *wire.Client
	ClientID     string
	ClientSecret string
	AccessKey    string // "": none
	// KeyForVisitors says that the access key may stand in for a visitor too: it is a publishable one.
	KeyForVisitors bool
	Language       string
	DeviceID       string // of clients with a bare token; "": a random one for each call
	Now            func() time.Time
	// Solve and Ticket are functions of the App's user; nil: none.
	Solve  func(ctx context.Context, c Captcha) (answer string, err error)
	Ticket func(ctx context.Context, userKey string) (ticket string, err error)
	// Warn reports what goes wrong beside a call.
	Warn func(ctx context.Context, text string, err error)
	// Observer may be nil: nobody wants to know.
	Observer Observer
}

// Observer is told of calls and of refreshes. Its methods must neither wait nor panic. What they get lies in values: nobody
// pays for them who has no Observer.
type Observer interface {
	// CallStart is told that a call is about to be made, and returns the context for it.
	CallStart(ctx context.Context, call CallStart) context.Context
	// CallEnd is told what has become of it, under that context.
	CallEnd(ctx context.Context, call CallEnd)
	// Refresh is told what has become of a refresh.
	Refresh(ctx context.Context, r Refresh)
}

// CallStart is a call before it is made. Path is below /auth, as that of the request.
type CallStart struct{ Op, Method, Path string }

// CallEnd is a call that is over.
type CallEnd struct {
	CallStart
	Attempts, Status int
	RequestID        string
	Took             time.Duration
	Refreshed        bool
	Err              error
}

// Refresh is an attempt to get new tokens.
type Refresh struct {
	Outcome RefreshOutcome
	Took    time.Duration
	Err     error
}

// RefreshOutcome says what has become of a refresh.
type RefreshOutcome string

// The outcomes of [Refresh].
const (
	RefreshDone     RefreshOutcome = "refreshed"
	RefreshReplaced RefreshOutcome = "replaced"
	RefreshRefused  RefreshOutcome = "refused"
	RefreshFailed   RefreshOutcome = "failed"
)

// Client makes calls as the person of one session. It is safe for concurrent use.
type Client struct {
	cfg     *Config
	session *session.Handle // nil: the bare token is all there is
	answers *session.Handle // which has the captchas that were answered; nil: none are kept
	userKey string          // "" for the default session
	token   string          // the bare one
}

// Open makes c a client for the session of a visitor's key, "" for the default one. It must be called once, before
// anything else of c is used.
func (c *Client) Open(cfg *Config, s *session.Handle, userKey string) {
	c.cfg, c.session, c.answers, c.userKey = cfg, s, s, userKey
}

// UserKey is the key of the visitor's session, "" for none.
func (c *Client) UserKey() string { return c.userKey }

// AnswersOf makes c use the captchas that were answered for another session, as c's person did before they had c's.
func (c *Client) AnswersOf(s *session.Handle) { c.answers = s }

// OpenBare makes c a client with an access token and no session.
func (c *Client) OpenBare(cfg *Config, accessToken string) { c.cfg, c.token = cfg, accessToken }

// Language returns the value of Accept-Language of the calls under ctx.
func (c *Client) Language(ctx context.Context) string {
	if language, ok := ctx.Value(languageKey).(string); ok {
		return language
	}
	return c.cfg.Language
}

// sign puts on req what every request carries, but for the device id.
func (c *Client) sign(ctx context.Context, req *wire.Request) {
	req.Language = c.Language(ctx)
	if req.RequestID = contextRequestID(ctx); req.RequestID == "" {
		req.RequestID = uuid.New()
	}
}

// NextDeviceID returns the device id for the first step of a flow, which its later steps send again.
func (c *Client) NextDeviceID(ctx context.Context) string {
	if c.session != nil {
		if id, err := c.session.NextDeviceID(ctx); err == nil {
			return id
		}
	}
	return c.DeviceID(ctx)
}

// DeviceID returns the device id that a call sends.
func (c *Client) DeviceID(ctx context.Context) string {
	switch {
	case c.session != nil:
		return c.session.DeviceID(ctx)
	case c.cfg.DeviceID != "":
		return c.cfg.DeviceID
	}
	return uuid.New()
}

// Captcha is tcbauth.Captcha.
type Captcha struct {
	Image     []byte
	MediaType string
	State     string
}
