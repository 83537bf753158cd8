package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/endpoint"
	"github.com/cloudbase-community/tcbauth/internal/jwt"
	"github.com/cloudbase-community/tcbauth/keyringstore"
)

// openLimit is how long the store, and the keyring above all, may take.
const openLimit = 8 * time.Second

// opened is what came of opening the store and reading the session.
type opened struct {
	err     error // of opening; nothing was read then
	session *tcbauth.LoginState
	read    error
}

func (e *exam) openSession(ctx context.Context) opened {
	if e.Open == nil {
		return opened{read: tcbauth.ErrNoSession}
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	auth, err := e.Open(ctx)
	if err != nil {
		return opened{err: err}
	}
	state, err := auth.GetSession(ctx)
	return opened{session: state, read: err}
}

// keyring looks whether the system's keyring answers and has the key of the sessions.
func keyring(_ context.Context, e *exam) Finding {
	if !e.Keyring {
		return nothing()
	}
	switch err := e.open().err; {
	case errors.Is(err, keyringstore.ErrKeyLost):
		return e.failure(say(keyLost), say(doKeyLost))
	case isKeyring(err):
		return e.failure(say(keyringDead), say(doKeyringDead))
	case err != nil:
		return nothing() // the session's check says it
	default:
		return e.ok(say(keyringFine))
	}
}

// isKeyring reports whether the keyring is why the store cannot be opened.
func isKeyring(err error) bool {
	return errors.Is(err, keyringstore.ErrKeyLost) || errors.Is(err, keyringstore.ErrNoKeyring) || errors.Is(err, context.DeadlineExceeded)
}

// session looks whether the stored session can be read.
func session(_ context.Context, e *exam) Finding {
	o := e.open()
	switch {
	case e.Keyring && isKeyring(o.err):
		return nothing()
	case o.err != nil:
		return e.failure(say(storeNotOpened, cause(o.err)), say(doStoreReadOnly))
	case errors.Is(o.read, tcbauth.ErrNoSession):
		return e.ok(say(nobodySignedIn))
	case o.read != nil:
		return e.failure(say(sessionDamaged), say(doSessionDamaged))
	}
	expires := o.session.Credentials.ExpiresAt
	if left := expires.Sub(e.Now()).Round(time.Minute); left > 0 {
		return e.ok(say(sessionGood, left))
	}
	return e.ok(say(sessionToRenew))
}

// issuer compares who has issued the session's token, and for which environment, with the server in force.
func issuer(_ context.Context, e *exam) Finding {
	o := e.open()
	if o.err != nil || o.read != nil || e.ask().url != nil {
		return nothing()
	}
	token, err := jwt.Parse(o.session.Credentials.AccessToken)
	if err != nil {
		return nothing()
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Project string `json:"project_id"`
	}
	if json.Unmarshal(token.Payload, &claims) != nil || claims.Issuer == "" {
		return nothing()
	}
	from, err := url.Parse(strings.Replace(claims.Issuer, "http://", "https://", 1)) // older tokens have http
	if err != nil {
		return nothing()
	}
	expected := endpoint.OriginsWith(e.Env, e.Region, strings.Replace(e.base, "http://", "https://", 1))
	switch {
	case !slices.Contains(expected, endpoint.Origin(from)):
		return e.failure(say(otherIssuer, from.Host, e.base), say(doOtherIssuer))
	case claims.Project != "" && claims.Project != e.Env:
		return e.failure(say(otherProject, claims.Project, e.Env), say(doOtherIssuer))
	default:
		return e.ok(say(issuerFine))
	}
}
