package authtest_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// keyFile reads what the console gives for custom login.
func keyFile(t *testing.T, file []byte) (id, env string, key *rsa.PrivateKey) {
	t.Helper()
	var in map[string]string
	require.NoError(t, json.Unmarshal(file, &in))
	require.Len(t, in, 3)
	block, _ := pem.Decode([]byte(in["private_key"]))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	require.NoError(t, err)
	return in["private_key_id"], in["env_id"], key
}

// ticket signs claims as the node-sdk does; those given are set over the usual ones.
func ticket(t *testing.T, srv *authtest.Server, over object) string {
	t.Helper()
	id, env, key := keyFile(t, srv.TicketKey())
	now := srv.Now().UnixMilli()
	claims := object{
		"alg": "RS256", "env": env, "iat": now, "exp": now + 600000, "uid": "user_01", "refresh": 3600000, "expire": now + 604800000,
	}
	for name, value := range over {
		claims[name] = value
	}
	return id + "/@@/" + sign(t, key, claims)
}

func sign(t *testing.T, key *rsa.PrivateKey, claims object) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	object, err := signer.Sign(payload)
	require.NoError(t, err)
	compact, err := object.CompactSerialize()
	require.NoError(t, err)
	return compact
}

func TestCustomTicket(t *testing.T) {
	t.Parallel()
	srv := authtest.NewServer(t, authtest.WithEnv("env-1"))
	srv.Seed(authtest.User{Sub: "7", Identities: map[string]string{"custom": "seeded@1"}})
	custom := func(ticket string) object { return object{"provider_id": "custom", "ticket": ticket} }
	session := ok(t, srv, "signin/custom", "", custom(ticket(t, srv, nil)))
	assert.Equal(t, "user sso", session["scope"])
	assert.Regexp(t, `^[1-9][0-9]{18}$`, session["sub"])
	ok(t, srv, "token", "", refresh(session.text("refresh_token")))
	bearer := session.text("access_token")
	assert.Equal(t, []any{map[string]any{"id": "custom", "provider_user_id": "user_01", "name": ""}},
		ok(t, srv, "user/me", bearer, nil)["providers"])
	refused(t, srv, "user/query?username=user_01", bearer, nil, 403, "permission_denied", 7)
	assert.Equal(t, session["sub"], ok(t, srv, "signin/custom", "", custom(ticket(t, srv, nil)))["sub"])
	assert.Equal(t, "7", ok(t, srv, "signin/custom", "", custom(ticket(t, srv, object{"uid": "seeded@1"})))["sub"])

	late := ticket(t, srv, nil)
	srv.Advance(600 * time.Second)
	id, _, key := keyFile(t, srv.TicketKey())
	strangers := signingStranger(t)
	for name, bad := range map[string]string{
		"empty":     "",
		"expired":   late,
		"seconds":   ticket(t, srv, object{"exp": srv.Now().Unix() + 600}),
		"no exp":    ticket(t, srv, object{"exp": nil}),
		"env":       ticket(t, srv, object{"env": "env-2"}),
		"uid":       ticket(t, srv, object{"uid": "abc"}),
		"no key id": sign(t, key, object{"env": "env-1", "uid": "user_01", "exp": srv.Now().UnixMilli() + 1000}),
		"key id":    "other" + ticket(t, srv, nil),
		"not a JWT": id + "/@@/garbage",
		"signature": id + "/@@/" + sign(t, strangers, object{"env": "env-1", "uid": "user_01", "exp": srv.Now().UnixMilli() + 1000}),
	} {
		assert.Equal(t, "invalid ticket", refused(t, srv, "signin/custom", "", custom(bad), 400, "invalid_argument", 3), name)
	}
	refused(t, srv, "signin/custom", "", object{"provider_id": "wx_open", "ticket": ticket(t, srv, nil)}, 404, "not_found", 5)
}

// signingStranger is a key of nobody's, taken from the recorded samples of encrypted sign-in.
func signingStranger(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	return sampleKeys(t)[1].private
}

func TestTicketKeyOption(t *testing.T) {
	t.Parallel()
	key := sampleKeys(t)[0].private // of 1024 bits, as the console's may be
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	file, err := json.Marshal(object{
		"private_key_id": "key-1", "env_id": "env-1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	require.NoError(t, err)
	srv := authtest.NewServer(t, authtest.WithTicketKey(file), authtest.WithEnv("env-1"), authtest.WithoutCustomRefreshToken())
	id, env, got := keyFile(t, srv.TicketKey())
	assert.Equal(t, "key-1 env-1", id+" "+env)
	assert.True(t, key.Equal(got))
	session := ok(t, srv, "signin/custom", "", object{"provider_id": "custom", "ticket": ticket(t, srv, nil)})
	assert.NotContains(t, session, "refresh_token")
	ok(t, srv, "user/me", session.text("access_token"), nil)

	for name, bad := range map[string]string{
		"not JSON": "x", "empty": "{}", "no PEM": `{"private_key_id":"k","env_id":"authtest","private_key":"x"}`,
		"no key": `{"private_key_id":"k","env_id":"authtest","private_key":"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"}`,
		"env":    string(file),
	} {
		fake := &fakeT{}
		assert.Nil(t, authtest.NewServer(fake, authtest.WithTicketKey([]byte(bad))), name)
		assert.Len(t, fake.finish(), 1, name)
	}
}
