package authtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// sample is a key of the recorded samples of encrypted sign-in.
type sample struct {
	private *rsa.PrivateKey
}

func sampleKeys(t *testing.T) []sample {
	t.Helper()
	raw, err := os.ReadFile("../testdata/wire/encrypt.json")
	require.NoError(t, err)
	var in struct {
		Keys []struct {
			Private string `json:"private_key"`
		} `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(raw, &in))
	var keys []sample
	for _, k := range in.Keys {
		block, _ := pem.Decode([]byte(strings.ReplaceAll(k.Private, "TESTING KEY", "PRIVATE KEY")))
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		require.NoError(t, err)
		keys = append(keys, sample{private: key.(*rsa.PrivateKey)})
	}
	return keys
}

// encryptor returns the server's thumbprint, and what encrypts as the js-sdk does.
func encryptor(t *testing.T, srv *authtest.Server) (thumbprint string, encrypt func(text string) string) {
	t.Helper()
	answer := ok(t, srv, "v2/signin/publichkey", "", object{})
	block, _ := pem.Decode([]byte(answer.text("public_key")))
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	key := parsed.(*rsa.PublicKey)
	return answer.text("public_key_thumbprint"), func(text string) string {
		var blocks []byte
		for rest := []byte(text); len(rest) > 0; {
			n := min(len(rest), key.Size()-11)
			block, err := rsa.EncryptPKCS1v15(rand.Reader, key, rest[:n]) //nolint:staticcheck // SA1019: what the js-sdk sends
			require.NoError(t, err)
			blocks, rest = append(blocks, block...), rest[n:]
		}
		return base64.StdEncoding.EncodeToString(blocks)
	}
}

func TestEncryptedSignIn(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	thumbprint, encrypt := encryptor(t, srv)
	params := `{"username":"user_01","password":"passw0rd","more":"` + strings.Repeat("长", 200) + `"}`
	in := object{"params": encrypt(params), "public_key_thumbprint": thumbprint}
	for _, operation := range []string{"signin", "v2/signin/username"} {
		assert.Equal(t, "1", ok(t, srv, operation, "", in)["sub"])
	}
	for {
		// A block that begins with zeros arrives without them.
		raw, err := base64.StdEncoding.DecodeString(encrypt(`{"username":"user_01","password":"passw0rd"}`))
		require.NoError(t, err)
		if raw[0] == 0 {
			in["params"] = base64.StdEncoding.EncodeToString(raw[1:])
			assert.Equal(t, "1", ok(t, srv, "signin", "", in)["sub"])
			break
		}
	}
	for name, bad := range map[string]object{
		"thumbprint": {"params": encrypt(params), "public_key_thumbprint": "other"},
		"base64":     {"params": "*", "public_key_thumbprint": thumbprint},
		"too long":   {"params": encrypt(params) + encrypt("x")[:8], "public_key_thumbprint": thumbprint},
		"other key":  {"params": base64.StdEncoding.EncodeToString(make([]byte, 256)), "public_key_thumbprint": thumbprint},
		"no object":  {"params": encrypt("null"), "public_key_thumbprint": thumbprint},
	} {
		text := refused(t, srv, "signin", "", bad, 400, "invalid_argument", 3)
		assert.NotContains(t, text, "verification_token", name)
	}
}

// Nobody waits for the decryption of what somebody else has sent, however long it takes: here as long as hundreds of other calls.
func TestNobodyWaitsForDecryption(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password})
	thumbprint, encrypt := encryptor(t, srv)
	params := encrypt(`{"username":"user_01","password":"passw0rd","more":"` + strings.Repeat("x", 40_000) + `"}`)
	meanwhile := func(tries int) (answered int) {
		done := make(chan any)
		go func() {
			defer close(done)
			_, out, err := try(t, srv, "signin", "", object{"params": params, "public_key_thumbprint": thumbprint})
			assert.NoError(t, err)
			assert.Equal(t, "1", out["sub"])
		}()
		require.Eventually(t, func() bool { return srv.Count("signin") == tries }, time.Minute, time.Millisecond)
		for running := true; running; answered++ {
			ok(t, srv, "certs", "", nil)
			select {
			case <-done:
				running = false
			default:
			}
		}
		return answered
	}
	most := 0
	for tries := 1; tries <= 5 && most <= 50; tries++ { // a busy machine may leave this test without a turn
		most = max(most, meanwhile(tries))
	}
	assert.Greater(t, most, 50, "calls that were answered meanwhile")
}

func TestV2(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t)
	srv.Seed(authtest.User{Sub: "1", Username: "user_01", Password: password, Phone: phone})
	session := ok(t, srv, "v2/signin/username", "", object{"username": "user_01", "password": password})
	session = ok(t, srv, "v2/token", "", refresh(session.text("refresh_token")))
	assert.Equal(t, "1", ok(t, srv, "v2/user/me", session.text("access_token"), nil)["sub"])
	ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	assert.Equal(t, 1, srv.Count("v2/token"))
	assert.Equal(t, 1, srv.Count("token"))
	srv.Fault(authtest.Fault{Operation: "v2/token", Times: 1, Error: &authtest.Error{Code: "unavailable", Number: 14, Description: "x"}})
	refused(t, srv, "v2/token", "", object{}, 503, "unavailable", 14)

	code := func(to string) object {
		id := ok(t, srv, "verification", "", object{field(to): to})["verification_id"]
		code, err := srv.WaitCode(t.Context(), to)
		require.NoError(t, err)
		return object{"verification_id": id, "verification_code": code}
	}
	in := code(phone)
	assert.Equal(t, "1", ok(t, srv, "v2/signin/verificationcode", "", in)["sub"])
	refused(t, srv, "v2/signin/verificationcode", "", in, 400, "invalid_argument", 3)
	in = code(email)
	refused(t, srv, "v2/signin/verificationcode", "", in, 404, "not_found", 5)
	ok(t, srv, "verification/verify", "", in)

	thumbprint, encrypt := encryptor(t, srv)
	update := func(old, next string) object {
		return object{
			"username": "user_01", "password": encrypt(old), "new_password": encrypt(next), "public_key_thumbprint": thumbprint,
		}
	}
	refused(t, srv, "v2/signin/password/update", "", update("wrong", "passw0rd2"), 400, "invalid_username_or_password", 4043)
	refused(t, srv, "v2/signin/password/update", "", update("", "passw0rd2"), 400, "invalid_argument", 3)
	refused(t, srv, "v2/signin/password/update", "", update(password, "short"), 400, "invalid_argument", 3)
	assert.Empty(t, ok(t, srv, "v2/signin/password/update", "", update(password, "passw0rd2")))
	ok(t, srv, "signin", "", object{"username": "user_01", "password": "passw0rd2"})

	session = ok(t, srv, "v2/signin/username", "", object{"username": "user_01", "password": "passw0rd2"})
	bearer := session.text("access_token")
	sudo := ok(t, srv, "user/sudo", bearer, object{"password": "passw0rd2"}).text("sudo_token")
	ok(t, srv, "DELETE v2/user/me?sudo_token="+sudo, bearer, nil)
	refused(t, srv, "v2/user/me", bearer, nil, 401, "unauthenticated", 16)
}
