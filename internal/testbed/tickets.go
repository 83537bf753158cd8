package testbed

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authtest"
)

// SignTicket signs a custom-login ticket with the environment's key file, as the node-sdk does: the times are
// milliseconds (WIRE.md 9).
func SignTicket(keyFile []byte, uid string, now time.Time) (string, error) {
	var key struct {
		ID      string `json:"private_key_id"`
		Private string `json:"private_key"`
		Env     string `json:"env_id"`
	}
	if err := json.Unmarshal(keyFile, &key); err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(key.Private))
	if block == nil {
		return "", errors.New("the private key is not PEM")
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	claims := AsJSON(map[string]any{
		"alg": "RS256", "env": key.Env, "uid": uid, "iat": now.UnixMilli(), "exp": now.Add(10 * time.Minute).UnixMilli(),
		"refresh": 3600_000, "expire": now.Add(7 * 24 * time.Hour).UnixMilli(),
	})
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return key.ID + "/@@/" + text + "." + encode(signature), nil
}

// TicketFor is a ticket of now for somebody.
func TicketFor(t testing.TB, srv *authtest.Server, uid string) string {
	t.Helper()
	ticket, err := SignTicket(srv.TicketKey(), uid, srv.Now())
	require.NoError(t, err)
	return ticket
}

// Issuer is a ticket source with the key of its Server. It gives tickets for whoever is asked for, until Will says otherwise.
type Issuer struct {
	Server *authtest.Server
	Keys   []string // for whom it was asked so far; to be read when nobody asks

	mu  sync.Mutex
	uid string
	err error
}

// Option is the option that has a client ask i.
func (i *Issuer) Option() tcbauth.Option { return tcbauth.WithTicketSource(i.ticket) }

func (i *Issuer) ticket(_ context.Context, userKey string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Keys = append(i.Keys, userKey)
	if i.err != nil {
		return "", i.err
	}
	if i.uid != "" {
		return SignTicket(i.Server.TicketKey(), i.uid, i.Server.Now())
	}
	return SignTicket(i.Server.TicketKey(), userKey, i.Server.Now())
}

// Will has i give tickets for uid from now on, if that is not "", or fail with err, if that is not nil.
func (i *Issuer) Will(uid string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.uid, i.err = uid, err
}

// CustomSession signs in by a ticket of the source, on a server whose custom sessions have no refresh token.
func CustomSession(t testing.TB) (srv *authtest.Server, source *Issuer, app *tcbauth.App, store tcbauth.TokenStore, c *tcbauth.Credentials) {
	t.Helper()
	srv = Emulator(t, authtest.WithoutCustomRefreshToken())
	source, store = &Issuer{Server: srv}, tcbauth.NewMemoryStore()
	app = NewApp(t, srv, source.Option(), tcbauth.WithTokenStore(store))
	state, err := app.ForUser("person-1").SignInWithCustomTicket(t.Context(), tcbauth.SignInWithCustomTicketRequest{})
	require.NoError(t, err)
	require.Empty(t, state.Credentials.RefreshToken)
	require.Equal(t, []string{"person-1"}, source.Keys)
	return srv, source, app, store, state.Credentials
}
