// Package ticket signs custom-login tickets, with which the users of another system sign in to CloudBase. A ticket names the user
// by the id in that system; CloudBase gives the user an id of its own.
//
//	signer, err := ticket.NewSigner(keyFile) // the private key for custom login, from the console
//	t, err := signer.Sign("user-0001", ticket.SignOptions{})
//	state, err := auth.SignInWithCustomTicket(ctx, tcbauth.SignInWithCustomTicketRequest{Ticket: t})
//
// A backend that has authenticated its users itself can let tcbauth ask for the tickets:
//
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithTicketSource(ticket.Source(signer)))
//	state, err := app.ForUser("user-0001").SignInWithCustomTicket(ctx, tcbauth.SignInWithCustomTicketRequest{})
//
// Tickets are the same, byte for byte, as those of createTicket of @cloudbase/node-sdk. Whoever has the key can sign in as
// any user: keep it on servers only.
package ticket

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"
)

const (
	life           = 10 * time.Minute
	defaultRefresh = time.Hour
	defaultExpire  = 7 * 24 * time.Hour
)

// ErrInvalidUID means that no ticket can have this id. Ids have 4 to 32 letters, digits and _-#@~=*(){}[]:.,<>+ of ASCII.
var ErrInvalidUID = errors.New("ticket: the uid must be 4 to 32 letters, digits or characters of _-#@~=*(){}[]:.,<>+")

// uidPattern is the node-sdk's (WIRE.md section 8).
var uidPattern = regexp.MustCompile(`^[a-zA-Z0-9_\-#@~=*(){}[\]:.,<>+]{4,32}$`)

// Signer signs the tickets of one environment. Make one with [NewSigner]; it is safe for concurrent use. Printed or logged
// it does not show its key.
type Signer struct {
	keyID  string
	env    string
	key    *rsa.PrivateKey
	now    func() time.Time
	header string // what every JWT begins with
}

// Env returns the environment to which the key belongs.
func (s *Signer) Env() string { return s.env }

// SignOptions are those of the node-sdk's createTicket. How today's auth service uses them is not known.
type SignOptions struct {
	Refresh time.Duration // how often the access token is to be refreshed, in whole milliseconds; an hour if 0
	Expire  time.Time     // when the session is to end, in whole milliseconds; in 7 days if zero
}

// Sign returns a ticket for the user with the id uid, good for ten minutes and from now on: the key's id, "/@@/" and a
// JWT. It fails with [ErrInvalidUID], which does not quote the id, or if the options make no sense.
//
// node-sdk: createTicket.
func (s *Signer) Sign(uid string, opts SignOptions) (string, error) {
	if !uidPattern.MatchString(uid) {
		return "", ErrInvalidUID
	}
	now := s.now()
	if opts.Refresh == 0 {
		opts.Refresh = defaultRefresh
	}
	if opts.Expire.IsZero() {
		opts.Expire = now.Add(defaultExpire)
	}
	switch {
	case opts.Refresh < time.Millisecond:
		return "", errors.New("ticket: Refresh is shorter than a millisecond")
	case !opts.Expire.After(now):
		return "", errors.New("ticket: Expire is in the past")
	}
	iat := now.UnixMilli()
	payload, err := encode(claims{
		Alg: "RS256", Env: s.env, IssuedAt: iat, Expires: iat + life.Milliseconds(), UID: uid,
		Refresh: opts.Refresh.Milliseconds(), Expire: opts.Expire.UnixMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("ticket: %w", err)
	}
	signed := s.header + "." + payload
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("ticket: %w", err)
	}
	return s.keyID + "/@@/" + signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// claims are the payload, in the node-sdk's order. All times are milliseconds, where RFC 7519 has seconds.
type claims struct {
	Alg      string `json:"alg"`
	Env      string `json:"env"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	UID      string `json:"uid"`
	Refresh  int64  `json:"refresh"`
	Expire   int64  `json:"expire"`
}

// encode encodes v as JSON.stringify does, which leaves < and > alone, and then as a part of a JWT.
func encode(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// Source returns a tcbauth.TicketSource, for tcbauth.WithTicketSource, that signs tickets for the users of
// tcbauth.App.ForUser: the key there is the uid here. It fails with ErrInvalidUID for keys that cannot be a uid, and for
// "", the default session, which belongs to no particular user.
//
// It is not for keys that name sessions, such as the id in a cookie: a ticket for such a key creates a new user. A source
// of your own asks tcbauth.TicketUser which user's session is renewed.
func Source(s *Signer) func(ctx context.Context, userKey string) (ticket string, err error) {
	return func(ctx context.Context, userKey string) (string, error) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		return s.Sign(userKey, SignOptions{})
	}
}

// Format prints s without its key.
func (s *Signer) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.text()) // a fmt.State keeps its own errors
}

// LogValue is what Format prints.
func (s *Signer) LogValue() slog.Value { return slog.StringValue(s.text()) }

func (s *Signer) text() string { return "*ticket.Signer{" + s.env + "}" }
