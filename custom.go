package tcbauth

import (
	"context"
	"errors"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// TicketSource returns a custom-login ticket for the user of [App.ForUser] with this key, "" for [App.Auth]. It must be safe
// for concurrent use.
type TicketSource func(ctx context.Context, userKey string) (ticket string, err error)

// SignInCustomRequest has a ticket that the environment's owner signed. ProviderID is "custom" if "".
type SignInCustomRequest struct {
	ProviderID string `json:"provider_id,omitempty"`
	Ticket     string `json:"ticket"`
}

// SignInCustom signs in by a ticket and stores the session in place of an earlier one. The user is not fetched and no event
// is fired, as in the js-sdk; [Auth.SignInWithCustomTicket] does both.
//
// js-sdk: signInCustom of the lower layer. WIRE.md 5.2.
func (a *Auth) SignInCustom(ctx context.Context, req SignInCustomRequest) (*Credentials, error) {
	return a.signInCustom(ctx, "SignInCustom", req)
}

func (a *Auth) signInCustom(ctx context.Context, op string, req SignInCustomRequest) (*Credentials, error) {
	return a.obtain(ctx, customRequest(op, req), "", required("ticket", req.Ticket))
}

func customRequest(op string, req SignInCustomRequest) wire.Request {
	if req.ProviderID == "" {
		req.ProviderID = "custom"
	}
	return wire.Request{Op: op, Method: http.MethodPost, Path: "v1/signin/custom", Body: req}
}

// SignInWithCustomTicketRequest may have a ticket; without one it is the [TicketSource]'s.
type SignInWithCustomTicketRequest struct {
	Ticket string `json:"ticket,omitempty"`
}

// SignInWithCustomTicket signs in somebody whom another system knows, by a ticket that the environment's owner signed. It
// stores the session in place of an earlier one, fetches the user and fires [EventSignedIn].
//
// js-sdk: signInWithCustomTicket. WIRE.md 5.2 and 9.
func (a *Auth) SignInWithCustomTicket(ctx context.Context, req SignInWithCustomTicketRequest) (*LoginState, error) {
	const op = "SignInWithCustomTicket"
	if req.Ticket == "" {
		err := a.ready(ctx, a.storing())
		if err == nil {
			req.Ticket, err = a.ticket(ctx)
		}
		if err != nil {
			return nil, a.fail(ctx, op, err)
		}
	}
	c, err := a.signInCustom(ctx, op, SignInCustomRequest{Ticket: req.Ticket})
	return a.signedIn(ctx, c, err, GetUserInfoRequest{}, "")
}

// ticket asks the TicketSource.
func (a *Auth) ticket(ctx context.Context) (string, error) {
	if a.app.cfg.ticketSource == nil {
		return "", &ValidationError{Field: "ticket", Rule: "is required without WithTicketSource"}
	}
	ticket, err := a.app.cfg.ticketSource(ctx, a.userKey)
	if err == nil && ticket == "" {
		err = errors.New("it has none")
	}
	if err != nil {
		return "", &callbackError{name: "the ticket source", err: err}
	}
	return ticket, nil
}

// ErrOtherUser: a [TicketSource] gave a ticket of somebody else than the session's user. The session stays as it is.
var ErrOtherUser = errors.New("tcbauth: the ticket source's ticket is of another user than the session")

// customAnew signs in anew, as the same person, with a new ticket.
func (a *Auth) customAnew(ctx context.Context, c *Credentials) (*Credentials, error) {
	ticket, err := a.ticket(ctx)
	if err != nil {
		return nil, err
	}
	fresh, err := call[Credentials](ctx, a, customRequest("SignInWithCustomTicket", SignInCustomRequest{Ticket: ticket}))
	if err != nil {
		return nil, err
	}
	if was := subOf(c); was == "" || subOf(fresh) != was {
		return nil, ErrOtherUser
	}
	fresh.granted(a.now())
	return fresh, nil
}

// subOf is the user's id of a session, which an answer may leave out but a token has.
func subOf(c *Credentials) string {
	if c.Sub != "" {
		return c.Sub
	}
	if token, err := parseClaims(c.AccessToken); err == nil {
		return token.Claims.Subject
	}
	return ""
}

// callbackError is what a function of the caller's returned. Callers find its cause; what it says of some other session is
// not taken for this one's.
type callbackError struct {
	name string
	err  error
}

func (e *callbackError) Error() string { return e.name + ": " + e.err.Error() }
func (e *callbackError) Unwrap() error { return e.err }

func fromCallback(err error) bool { return errors.As(err, new(*callbackError)) }
