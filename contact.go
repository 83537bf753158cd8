package tcbauth

import (
	"context"
	"net/http"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// WIRE.md 7.7.

// Values of [EditContactRequest] for an address that belongs to another account.
const (
	ConflictDefault               = "DEFAULT"                 // refuse
	ConflictDeleteAccountTransfer = "DELETE_ACCOUNT_TRANSFER" // close the other account and take the address
	ConflictTransfer              = "TRANSFER"                // take the address; the other account is closed if it cannot sign in any more
)

// EditContactRequest has a new phone number or email address, the sudo token of [Auth.Sudo] and the verification token of
// [Auth.Verify] for the new address. Exactly one of PhoneNumber and Email is given.
type EditContactRequest struct {
	PhoneNumber        string `json:"phone_number,omitempty"` // in any form that NormalizePhone accepts
	Email              string `json:"email,omitempty"`
	SudoToken          string `json:"sudo_token"`
	VerificationToken  string `json:"verification_token"`
	ConflictResolution string `json:"conflict_resolution,omitempty"`
	ClientID           string `json:"client_id,omitempty"`
}

// EditContact changes the phone number or email address of the signed-in user.
//
// js-sdk: authApi.editContact.
func (a *Auth) EditContact(ctx context.Context, req EditContactRequest) error {
	// WIRE.md 7.7.
	return a.editContact(ctx, "EditContact", req)
}

func (a *Auth) editContact(ctx context.Context, op string, req EditContactRequest, checks ...error) error {
	phone, invalid := phoneOrEmail("phone_number", req.PhoneNumber, "email", req.Email)
	req.PhoneNumber = phone
	return exec(ctx, a, wire.Request{
		Op: op, Method: http.MethodPatch, Path: "v1/user/contact", Body: req, Auth: wire.Bearer,
	}, append(checks, invalid, required("verification_token", req.VerificationToken))...)
}

// BindPhoneNumberRequest has a phone number, the sudo token of [Auth.Sudo] and the verification token of [Auth.Verify]
// for the number.
type BindPhoneNumberRequest struct {
	PhoneNumber        string `json:"phone_number"` // in any form that NormalizePhone accepts
	SudoToken          string `json:"sudo_token"`
	VerificationToken  string `json:"verification_token"`
	ConflictResolution string `json:"conflict_resolution,omitempty"`
	ClientID           string `json:"client_id,omitempty"`
}

// BindPhoneNumber is [Auth.EditContact] for a phone number.
//
// js-sdk: bindPhoneNumber.
func (a *Auth) BindPhoneNumber(ctx context.Context, req BindPhoneNumberRequest) error {
	return a.editContact(ctx, "BindPhoneNumber", EditContactRequest{
		PhoneNumber: req.PhoneNumber, SudoToken: req.SudoToken, VerificationToken: req.VerificationToken,
		ConflictResolution: req.ConflictResolution, ClientID: req.ClientID,
	}, required("phone_number", req.PhoneNumber))
}

// BindEmailRequest has an email address, the sudo token of [Auth.Sudo] and the verification token of [Auth.Verify] for
// the address.
type BindEmailRequest struct {
	Email              string `json:"email"`
	SudoToken          string `json:"sudo_token"`
	VerificationToken  string `json:"verification_token"`
	ConflictResolution string `json:"conflict_resolution,omitempty"`
	ClientID           string `json:"client_id,omitempty"`
}

// BindEmail is [Auth.EditContact] for an email address.
//
// js-sdk: bindEmail.
func (a *Auth) BindEmail(ctx context.Context, req BindEmailRequest) error {
	return a.editContact(ctx, "BindEmail", EditContactRequest{
		Email: req.Email, SudoToken: req.SudoToken, VerificationToken: req.VerificationToken,
		ConflictResolution: req.ConflictResolution, ClientID: req.ClientID,
	}, required("email", req.Email))
}
