package vectors_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cloudbase-community/tcbauth"
)

// jsChallenge is what a first step returns: in the js-sdk with functions that know its arguments.
type jsChallenge struct {
	MessageID string        `json:"messageId,omitempty"`
	User      *tcbauth.User `json:"user,omitempty"`
	challenge *tcbauth.OtpChallenge
	first     json.RawMessage // the arguments of the first step
}

func (c *jsChallenge) finish(ctx context.Context, a *tcbauth.Auth, args []json.RawMessage) (any, error) {
	var req tcbauth.FinishOtpRequest
	if c.challenge.Kind == tcbauth.OtpSignUp {
		_ = json.Unmarshal(c.first, &req) // the new user's fields
	}
	req.Challenge = c.challenge
	if len(args) > 0 {
		var given struct {
			Token     any    `json:"token"`
			Nonce     any    `json:"nonce"`
			Password  string `json:"password"`
			MessageID string `json:"messageId"`
		}
		if err := json.Unmarshal(args[0], &given); err != nil {
			return nil, err
		}
		for _, code := range []any{given.Token, given.Nonce} {
			if code != nil {
				req.Token = fmt.Sprint(code)
			}
		}
		if given.Password != "" {
			req.Password = given.Password
		}
		req.MessageID = given.MessageID
	}
	return a.FinishOtp(ctx, req)
}

func firstStep(c *tcbauth.OtpChallenge, err error, args []json.RawMessage) (any, error) {
	if err != nil {
		return nil, err
	}
	out := &jsChallenge{challenge: c}
	if len(args) > 0 {
		out.first = args[0]
	}
	return out, nil
}
