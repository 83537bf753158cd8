package ticket_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/ticket"
)

// A backend signs a ticket for one of its own users. The front end signs in to CloudBase with it.
func Example() {
	srv, err := authtest.Listen("127.0.0.1:0") // in place of CloudBase
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()

	// In the backend, with the key file from the console:
	signer, err := ticket.NewSigner(srv.TicketKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := signer.Sign("user-0001", ticket.SignOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}

	// In the front end, which the js-sdk does the same way in a page:
	auth, err := tcbauth.New(signer.Env(), tcbauth.WithBaseURL(srv.URL))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = auth.SignInWithCustomTicket(context.Background(), tcbauth.SignInWithCustomTicketRequest{Ticket: signed})
	fmt.Println("signed in:", err == nil)
	// Output: signed in: true
}

// A backend whose users have signed in to it already.
func ExampleSource() {
	srv, err := authtest.Listen("127.0.0.1:0") // in place of CloudBase
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	keyFile := srv.TicketKey() // in a program: the file that the console gave

	signer, err := ticket.NewSigner(keyFile)
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := tcbauth.NewApp(signer.Env(), tcbauth.WithBaseURL(srv.URL), tcbauth.WithTicketSource(ticket.Source(signer)))
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := app.ForUser("user-0001").SignInWithCustomTicket(context.Background(), tcbauth.SignInWithCustomTicketRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed in:", state.User.Sub != "")
	// Output: signed in: true
}

// A ticket for the front end, which signs in with it.
func ExampleSigner_Sign() {
	srv, err := authtest.Listen("127.0.0.1:0") // in place of CloudBase
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	signer, err := ticket.NewSigner(srv.TicketKey()) // in a program: the key file from the console
	if err != nil {
		fmt.Println(err)
		return
	}

	text, err := signer.Sign("user-0001", ticket.SignOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("a ticket:", text != "")
	_, err = signer.Sign("1", ticket.SignOptions{})
	fmt.Println(errors.Is(err, ticket.ErrInvalidUID))
	// Output:
	// a ticket: true
	// true
}
