package authtest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// customProvider is the provider id of custom login.
const customProvider = "custom"

// customIDPattern is the node-sdk's rule for the ids that tickets carry (WIRE.md section 8).
var customIDPattern = regexp.MustCompile(`^[a-zA-Z0-9_\-#@~=*(){}[\]:.,<>+]{4,32}$`)

// ticketKey is the key pair of custom login.
type ticketKey struct {
	id      string
	private *rsa.PrivateKey
	env     string // of a key file; "" is any
}

// processTicketKey makes the key of those servers that are not given one, at its first use.
var processTicketKey = sync.OnceValue(func() ticketKey { return ticketKey{id: randomID(), private: newRSAKey()} })

// ticketKeyFile is the JSON that the console gives for custom login (WIRE.md section 9).
type ticketKeyFile struct {
	ID      string `json:"private_key_id"`
	Private string `json:"private_key"`
	Env     string `json:"env_id"`
}

// WithTicketKey takes the console's key file for custom login, {"private_key_id","private_key","env_id"} with a key in
// PEM, in place of a key made for the process. Its env_id must be the server's.
func WithTicketKey(file []byte) Option {
	return func(c *config) error {
		var in ticketKeyFile
		if err := json.Unmarshal(file, &in); err != nil {
			return errors.New("authtest: WithTicketKey: the file is not JSON with private_key_id, private_key and env_id")
		}
		block, _ := pem.Decode([]byte(in.Private))
		if in.ID == "" || in.Env == "" || block == nil {
			return errors.New("authtest: WithTicketKey: private_key_id, private_key in PEM and env_id are required")
		}
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
			rsaKey, ok := parsed.(*rsa.PrivateKey)
			if !ok {
				return errors.New("authtest: WithTicketKey: private_key is not an RSA key of PKCS #1 or PKCS #8")
			}
			key = rsaKey
		}
		c.ticket = &ticketKey{id: in.ID, private: key, env: in.Env}
		return nil
	}
}

// WithoutCustomRefreshToken leaves the refresh token out of custom sessions; documented ones have it (WIRE.md section 5.2).
func WithoutCustomRefreshToken() Option {
	return func(c *config) error {
		c.noCustomRefresh = true
		return nil
	}
}

func (s *Server) ticketKey() ticketKey {
	if s.cfg.ticket != nil {
		return *s.cfg.ticket
	}
	return processTicketKey()
}

// TicketKey returns the environment's key file for custom login as the console gives it, with the private key that signs
// tickets: {"private_key_id","private_key","env_id"} (WIRE.md section 9).
func (s *Server) TicketKey() []byte {
	key := s.ticketKey()
	return marshal(ticketKeyFile{
		ID:      key.id,
		Private: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.private)})),
		Env:     s.Env,
	})
}

// signInCustom is POST signin/custom (WIRE.md section 5.2). A person whose id is new gets an account with a sub of its
// own, which is a guess; user/me names the id as that of the provider "custom".
func signInCustom(s *Server, c *call) (any, *Error) {
	in, refused := c.fields("provider_id", "ticket")
	if refused != nil {
		return nil, refused
	}
	if id := in["provider_id"]; id != "" && id != customProvider || s.cfg.loginOff[LoginCustom] {
		return nil, notFound("provider not found")
	}
	uid, ok := s.readTicket(in["ticket"])
	if !ok {
		return nil, invalidArgument("invalid ticket")
	}
	u := s.userBound(customProvider, uid)
	if u == nil {
		u = s.addUser(User{Sub: randomSub(), Identities: map[string]string{customProvider: uid}})
	}
	return s.openSession(c, u, customProvider)
}

// readTicket returns the id that a ticket vouches for. Its times are milliseconds (WIRE.md section 9), so that one made
// with seconds has long expired. The claims refresh and expire are not looked at: what they do is not known.
func (s *Server) readTicket(ticket string) (uid string, ok bool) {
	key := s.ticketKey()
	id, token, found := strings.Cut(ticket, "/@@/")
	if !found || id != key.id {
		return "", false
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", false
	}
	payload, err := jws.Verify(key.private.Public())
	if err != nil {
		return "", false
	}
	var claims struct {
		Env     string `json:"env"`
		UID     string `json:"uid"`
		Expires int64  `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Env != s.Env || s.Now().UnixMilli() >= claims.Expires {
		return "", false
	}
	return claims.UID, customIDPattern.MatchString(claims.UID)
}
