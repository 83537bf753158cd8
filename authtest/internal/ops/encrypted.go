package ops

import (
	"encoding/json"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// getPublicKey is POST v2/signin/publichkey, by the server's own spelling (WIRE.md section 7.9). The first one makes the key.
func getPublicKey(*service.Service, *call) (any, *refusal.Error) {
	return late(func() any {
		key := keys.ForTexts()
		return map[string]string{"public_key": key.Public, "public_key_thumbprint": key.Thumbprint}
	}), nil
}

// encrypted are the fields, of whatever operation, that are encrypted for the server.
var encrypted = []string{"params", "password", "new_password", "encrypt_password", "encrypt_new_password"}

// open decrypts what the body has for the server's key. It is called with the Service unlocked, because it takes most of a
// millisecond for every 245 bytes. What it cannot decrypt the handlers refuse, if they want it.
func (c *call) open() {
	in, refused := c.fields("public_key_thumbprint")
	if refused != nil || in["public_key_thumbprint"] == "" {
		return
	}
	key := keys.ForTexts()
	if in["public_key_thumbprint"] != key.Thumbprint {
		return
	}
	c.opened = make(map[string]string)
	for _, name := range encrypted {
		in, refused := c.fields(name)
		if refused != nil || in[name] == "" {
			continue
		}
		if plain, ok := key.Decrypt(in[name]); ok {
			c.opened[name] = plain
		}
	}
}

// openParams replaces the body of an encrypted sign-in, {"params","public_key_thumbprint"}, by what it holds.
func (c *call) openParams() *refusal.Error {
	in, refused := c.decrypted("params")
	if refused != nil || in["params"] == "" {
		return refused
	}
	body := make(map[string]json.RawMessage)
	if json.Unmarshal([]byte(in["params"]), &body) != nil || body == nil {
		return refusal.InvalidArgument("params is not an encrypted JSON object")
	}
	c.body = body
	return nil
}

// decrypted returns string fields of the body that are encrypted for the server. "" stays "".
func (c *call) decrypted(names ...string) (map[string]string, *refusal.Error) {
	in, refused := c.fields(append([]string{"public_key_thumbprint"}, names...)...)
	if refused != nil {
		return nil, refused
	}
	plain := make(map[string]string, len(names))
	for _, name := range names {
		if in[name] == "" {
			continue
		}
		if c.opened == nil {
			return nil, refusal.InvalidArgument("public_key_thumbprint is not that of the server's key")
		}
		text, ok := c.opened[name]
		if !ok {
			return nil, refusal.InvalidArgument(name + " could not be decrypted")
		}
		plain[name] = text
	}
	return plain, nil
}
