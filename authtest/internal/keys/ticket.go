package keys

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/cloudbase-community/tcbauth/authtest/internal/answer"
	"github.com/cloudbase-community/tcbauth/authtest/internal/random"
)

// Ticket is the key pair of custom login.
type Ticket struct {
	ID      string
	Env     string // of a key file; "" is any
	private *rsa.PrivateKey
}

// ForTickets is the key of those servers that are not given one. It is made at its first use.
var ForTickets = sync.OnceValue(func() Ticket { return Ticket{ID: random.ID(), private: newRSA()} })

// ticketFile is the JSON that the console gives for custom login (WIRE.md section 9).
type ticketFile struct {
	ID      string `json:"private_key_id"`
	Private string `json:"private_key"`
	Env     string `json:"env_id"`
}

// ReadTicket reads the console's key file for custom login.
func ReadTicket(file []byte) (Ticket, error) {
	var in ticketFile
	if err := json.Unmarshal(file, &in); err != nil {
		return Ticket{}, errors.New("the file is not JSON with private_key_id, private_key and env_id")
	}
	block, _ := pem.Decode([]byte(in.Private))
	if in.ID == "" || in.Env == "" || block == nil {
		return Ticket{}, errors.New("private_key_id, private_key in PEM and env_id are required")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(block.Bytes)
		rsaKey, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return Ticket{}, errors.New("private_key is not an RSA key of PKCS #1 or PKCS #8")
		}
		key = rsaKey
	}
	return Ticket{ID: in.ID, private: key, Env: in.Env}, nil
}

// File is the key file of an environment as the console gives it, with the private key.
func (k Ticket) File(env string) []byte {
	return answer.JSON(ticketFile{
		ID:      k.ID,
		Private: string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k.private)})),
		Env:     env,
	})
}

// Payload is what a ticket that was signed with this key says.
func (k Ticket) Payload(ticket string) (payload []byte, ok bool) {
	id, token, found := strings.Cut(ticket, "/@@/")
	if !found || id != k.ID {
		return nil, false
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, false
	}
	payload, err = jws.Verify(k.private.Public())
	return payload, err == nil
}
