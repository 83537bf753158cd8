package ops

import (
	"encoding/json"

	"github.com/cloudbase-community/tcbauth/authtest/internal/keys"
	"github.com/cloudbase-community/tcbauth/authtest/internal/refusal"
	"github.com/cloudbase-community/tcbauth/authtest/internal/service"
)

// getPublicKey is POST v2/signin/publichkey, by the server's own spelling (WIRE.md section 7.9).
func getPublicKey(*service.Service, *call) (any, *refusal.Error) {
	key := keys.ForTexts()
	return map[string]string{"public_key": key.Public, "public_key_thumbprint": key.Thumbprint}, nil
}

// openParams replaces the body of an encrypted sign-in, {"params","public_key_thumbprint"}, by what it holds.
func (c *call) openParams() *refusal.Error {
	in, refused := c.fields("params", "public_key_thumbprint")
	if refused != nil || in["params"] == "" {
		return refused
	}
	text, refused := decryptText("params", in["params"], in["public_key_thumbprint"])
	if refused != nil {
		return refused
	}
	body := make(map[string]json.RawMessage)
	if json.Unmarshal([]byte(text), &body) != nil || body == nil {
		return refusal.InvalidArgument("params is not an encrypted JSON object")
	}
	c.body = body
	return nil
}

// decrypted returns string fields of the body that are encrypted for the server.
func (c *call) decrypted(names ...string) (map[string]string, *refusal.Error) {
	in, refused := c.fields(append([]string{"public_key_thumbprint"}, names...)...)
	if refused != nil {
		return nil, refused
	}
	plain := make(map[string]string, len(names))
	for _, name := range names {
		if plain[name], refused = decryptText(name, in[name], in["public_key_thumbprint"]); refused != nil {
			return nil, refused
		}
	}
	return plain, nil
}

// decryptText opens a field. "" stays "".
func decryptText(name, text, thumbprint string) (string, *refusal.Error) {
	if text == "" {
		return "", nil
	}
	key := keys.ForTexts()
	if thumbprint != key.Thumbprint {
		return "", refusal.InvalidArgument("public_key_thumbprint is not that of the server's key")
	}
	plain, ok := key.Decrypt(text)
	if !ok {
		return "", refusal.InvalidArgument(name + " could not be decrypted")
	}
	return plain, nil
}
