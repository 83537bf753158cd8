package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/advice"
	"github.com/cloudbase-community/tcbauth/internal/session"
	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// API versions.
const (
	V1 = "v1"
	V2 = "v2"
)

// Version is the API version that a session or a request without one has.
func Version(version string) string {
	if version == V2 {
		return V2
	}
	return V1
}

// RefreshOp is the Op of a refresh, whichever call needed it.
const RefreshOp = "RefreshSession"

// refreshBody is the js-sdk's, an empty secret included (WIRE.md 6.1).
type refreshBody struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	GrantType    string `json:"grant_type"`
	RefreshToken string `json:"refresh_token"`
}

// Refresh spends the refresh token of s. It is of [session.Exchanger].
func (c *Client) Refresh(ctx context.Context, s *session.Credentials, version, deviceID string) (fresh *session.Credentials, err error) {
	watch := c.beginRefresh()
	err = ErrCut
	defer func() { c.endRefresh(ctx, watch, true, err) }()
	if version == "" {
		version = Version(s.Version)
	}
	req := &wire.Request{
		Op: RefreshOp, Method: http.MethodPost, Path: version + "/token", DeviceID: deviceID, Body: refreshBody{
			ClientID: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret,
			GrantType: "refresh_token", RefreshToken: s.RefreshToken,
		},
	}
	fresh, err = c.given(ctx, req, session.Seconds(s.ExpiresIn))
	if f, ok := errors.AsType[*wire.Failure](err); ok && f.Meaning().Tokens&advice.RefusesRefresh != 0 {
		return nil, &session.RefusedError{Err: err}
	}
	if err != nil {
		return nil, err
	}
	if s.OtherPerson(fresh) { // whatever has begun for the one must not go on as the other
		return nil, req.Unusable("a token of another user")
	}
	fresh.Version = version
	// What an answer leaves out has not changed, but for the groups, which the js-sdk drops.
	keep(&fresh.RefreshToken, s.RefreshToken)
	keep(&fresh.Scope, s.Scope)
	keep(&fresh.Sub, s.Sub)
	keep(&fresh.TokenType, s.TokenType)
	return fresh, nil
}

func keep(field *string, old string) {
	if *field == "" {
		*field = old
	}
}

// given makes a call whose answer is a session. life is the old one's, for an answer that does not say how long its token
// lives.
func (c *Client) given(ctx context.Context, req *wire.Request, life time.Duration) (fresh *session.Credentials, err error) {
	ctx, watch := c.Begin(ctx, req)
	err = ErrCut
	defer func() { c.End(ctx, req, watch, false, err) }()
	fresh, err = Call[session.Credentials](ctx, c, req)
	if err != nil {
		return nil, err
	}
	if field := fresh.Missing(); field != "" {
		return nil, req.Incomplete(field)
	}
	fresh.Grant(c.cfg.Now(), life)
	return fresh, nil
}

// SignsInAnew is of [session.Exchanger]: with a ticket source custom-login sessions sign in anew.
func (c *Client) SignsInAnew() bool { return c.cfg.Ticket != nil }

// Anew signs in again in place of s. An anonymous session is made anew, by its device id; any other one gets a new ticket
// for the same user. It is of [session.Exchanger].
func (c *Client) Anew(ctx context.Context, s *session.Credentials, deviceID string) (fresh *session.Credentials, goesOn bool, err error) {
	watch := c.beginRefresh()
	err = ErrCut
	defer func() { c.endRefresh(ctx, watch, goesOn, err) }()
	if s.Anonymous() {
		req := AnonymousRequest(struct{}{})
		req.Auth, req.DeviceID = wire.Basic, deviceID // unlike the first time the js-sdk sends Basic
		fresh, err = c.given(ctx, req, 0)
		return fresh, false, err
	}
	user := s.Subject()
	ticket, err := c.Ticket(context.WithValue(ctx, ticketUserKey, user))
	if err != nil {
		return nil, false, err
	}
	req := CustomRequest("SignInWithCustomTicket", CustomProvider, ticket)
	req.DeviceID = deviceID
	if fresh, err = c.given(ctx, req, 0); err != nil {
		return nil, false, err
	}
	if user == "" || fresh.Subject() != user {
		return nil, false, ErrOtherUser
	}
	return fresh, true, nil
}

// ErrOtherUser: a ticket source gave a ticket of somebody else than the session's user.
var ErrOtherUser = errors.New("the ticket source's ticket is of another user than the session")

// Ticket asks the ticket source, which there must be, for a ticket. It fails with a *CallbackError.
func (c *Client) Ticket(ctx context.Context) (string, error) {
	ticket, err := c.cfg.Ticket(ctx, c.userKey)
	if err == nil && ticket == "" {
		err = errNoTicket
	}
	if err != nil {
		return "", &CallbackError{Name: "the ticket source", Err: err}
	}
	return ticket, nil
}

var errNoTicket = errors.New("it has none")

// AnonymousRequest signs in without saying who.
func AnonymousRequest(body any) *wire.Request {
	return &wire.Request{Op: "SignInAnonymously", Method: http.MethodPost, Path: "v1/signin/anonymously", Body: body}
}

// CustomProvider is the provider of tickets that the environment's owner signs.
const CustomProvider = "custom"

// CustomRequest signs in by a ticket.
func CustomRequest(op, providerID, ticket string) *wire.Request {
	return &wire.Request{Op: op, Method: http.MethodPost, Path: "v1/signin/custom", Body: struct {
		ProviderID string `json:"provider_id,omitempty"`
		Ticket     string `json:"ticket"`
	}{providerID, ticket}}
}
