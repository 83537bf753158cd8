package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/client"
)

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
	l, err := a.signInCustom(ctx, "SignInCustom", req)
	return l.credentials(err)
}

func (a *Auth) signInCustom(ctx context.Context, op string, req SignInCustomRequest) (*login, error) {
	if req.ProviderID == "" {
		req.ProviderID = client.CustomProvider
	}
	return a.obtain(ctx, *client.CustomRequest(op, req.ProviderID, req.Ticket), "", required("ticket", req.Ticket))
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
	l, err := a.signInCustom(ctx, op, SignInCustomRequest{Ticket: req.Ticket})
	return a.signedIn(ctx, l, err, GetUserInfoRequest{}, "")
}

// ticket asks the TicketSource.
func (a *Auth) ticket(ctx context.Context) (string, error) {
	if a.app.cfg.ticketSource == nil {
		return "", &ValidationError{Field: "ticket", Rule: "is required without WithTicketSource"}
	}
	return a.client.Ticket(ctx)
}
