package tcbauth

import (
	"context"

	"github.com/cloudbase-community/tcbauth/internal/client"
)

// SignInCustomRequest has a ticket that the owner of the environment has signed. ProviderID is "custom" if "".
type SignInCustomRequest struct {
	ProviderID string `json:"provider_id,omitempty"`
	Ticket     string `json:"ticket"`
}

// SignInCustom signs in with a ticket and stores the session, replacing an existing one. It does not fetch the user and
// fires no event, as in the js-sdk; [Auth.SignInWithCustomTicket] does both.
//
// js-sdk: authApi.signInCustom.
func (a *Auth) SignInCustom(ctx context.Context, req SignInCustomRequest) (*Credentials, error) {
	// WIRE.md 5.2.
	l, err := a.signInCustom(ctx, "SignInCustom", req)
	return l.credentials(err)
}

func (a *Auth) signInCustom(ctx context.Context, op string, req SignInCustomRequest) (*login, error) {
	if req.ProviderID == "" {
		req.ProviderID = client.CustomProvider
	}
	return a.obtain(ctx, *client.CustomRequest(op, req.ProviderID, req.Ticket), "", required("ticket", req.Ticket))
}

// SignInWithCustomTicketRequest may have a ticket. Without one, the [TicketSource] is asked for it.
type SignInWithCustomTicketRequest struct {
	Ticket string `json:"ticket,omitempty"`
}

// SignInWithCustomTicket signs in a user of another system, with a ticket that the owner of the environment has signed.
// It stores the session, replacing an existing one, fetches the user and fires [EventSignedIn].
//
// js-sdk: signInWithCustomTicket.
func (a *Auth) SignInWithCustomTicket(ctx context.Context, req SignInWithCustomTicketRequest) (*LoginState, error) {
	// WIRE.md 5.2 and 9.
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
