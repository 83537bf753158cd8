package accesstoken

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
)

// Introspect verifies a token as [Verifier.Verify] does, and then asks the auth server whether the token's session still
// exists. It sends one request for each token that Verify accepts. Use it for important steps, such as a payment or the
// deletion of data.
//
// If the session has ended, the error is [ErrInactive], and [WithTokenCache] forgets the token. If the server gives no
// usable answer, the error is [ErrUnavailable], and the context's error if that is the cause. An API key, which has no
// session, is ErrInactive too. No error contains any part of the token.
func (v *Verifier) Introspect(ctx context.Context, token string) (*Claims, error) {
	// GET /auth/v1/token/introspect, WIRE.md section 6.5.
	claims, err := v.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	got, err := v.cfg.get(ctx, "/auth/v1/token/introspect", token)
	if err != nil {
		return nil, &unavailableError{"introspect a token: " + quiet(err), err}
	}
	if err := judgeIntrospection(got.status, got.body, claims.Subject); err != nil {
		if errors.Is(err, ErrInactive) {
			v.forget(token)
		}
		return nil, err
	}
	return claims, nil
}

// quiet is the text of a failed request, without what the transport may have quoted of an answer: an echo of the token.
func quiet(err error) string {
	if slices.Contains([]error{errNoAnswer, errTooLarge, context.Canceled, context.DeadlineExceeded}, err) {
		return err.Error()
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return lookup.Error()
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return "the connection failed: " + number.Error()
	}
	return "the connection failed, or the answer is not HTTP"
}

// judgeIntrospection returns nil if the answer is that of a token of this person whose session goes on, and ErrInactive only
// if it is that of a token which is not good: {}, or what is known of an answer without the person. All else says nothing
// of the token.
func judgeIntrospection(status int, answer []byte, subject string) error {
	switch status {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return ErrInactive
	default:
		return fmt.Errorf("%w: introspect a token: the answer has the status %d", ErrUnavailable, status)
	}
	text := string(answer)
	if !walk(text, nil) || text[skipSpace(text, 0)] != '{' && !bytes.Equal(bytes.TrimSpace(answer), []byte("null")) {
		return fmt.Errorf("%w: introspect a token: the answer is not the expected JSON", ErrUnavailable)
	}
	var sub string
	var failed, unknown, inactive bool
	for name, value := range members(text) {
		if value == "null" || value == `""` || value == "0" {
			continue
		}
		switch name {
		case "sub":
			var ok bool
			sub, ok = decodeString(value)
			failed = failed || !ok
		case "error", "error_code", "code", "Response":
			failed = true
		case "active":
			inactive, unknown = value == "false", true
		case "token_type", "client_id", "scope", "groups":
		default:
			unknown = true
		}
	}
	switch {
	case failed:
		return fmt.Errorf("%w: introspect a token: the answer is an error", ErrUnavailable)
	case inactive:
		return ErrInactive
	case sub == "" && unknown:
		return fmt.Errorf("%w: introspect a token: the answer does not say whose it is", ErrUnavailable)
	case sub == "" || sub != subject: // an API key has no subject
		return ErrInactive
	}
	return nil
}
