package tcbauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// testKey is a key of testdata/wire/encrypt.json, with texts that the js-sdk's encryptor encrypted for it.
type testKey struct {
	Bits       int    `json:"bits"`
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
	Samples    []struct {
		Plain      string `json:"plain"`
		Blocks     int    `json:"blocks"`
		Ciphertext string `json:"ciphertext"`
	} `json:"samples"`

	private *rsa.PrivateKey
}

func readKeys(t *testing.T) []testKey {
	t.Helper()
	var file struct {
		Keys []testKey `json:"keys"`
	}
	testbed.ReadJSON(t, "testdata/wire/encrypt.json", &file)
	for i, k := range file.Keys {
		// They go by that name so that no scanner takes them for leaked.
		block, _ := pem.Decode([]byte(strings.ReplaceAll(k.PrivateKey, "TESTING KEY", "PRIVATE KEY")))
		require.NotNil(t, block)
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		require.NoError(t, err)
		private, ok := key.(*rsa.PrivateKey)
		require.True(t, ok)
		require.Equal(t, k.Bits, private.N.BitLen())
		file.Keys[i].private = private
	}
	require.Len(t, file.Keys, 2)
	return file.Keys
}

// opened is a ciphertext as the server reads it.
type opened struct {
	plain         string
	blocks, zeros int // zeros: blocks that start with one
}

// decrypt opens a ciphertext. Every block has the size of the key, so a zero at its front must be there.
func (k *testKey) decrypt(ciphertext string) (o opened, err error) {
	rest, err := base64.StdEncoding.DecodeString(ciphertext)
	if err != nil {
		return o, err
	}
	for size := k.private.Size(); len(rest) > 0; rest = rest[size:] {
		if len(rest) < size {
			return o, fmt.Errorf("%d bytes are left over, a block has %d", len(rest), size)
		}
		part, err := rsa.DecryptPKCS1v15(nil, k.private, rest[:size]) //nolint:staticcheck // SA1019: it is what the server takes
		if err != nil {
			return o, err
		}
		o.plain += string(part)
		o.blocks++
		if rest[0] == 0 {
			o.zeros++
		}
	}
	return o, nil
}

// keyPeer answers with a public key, and with testbed.GoodAnswer after that.
func keyPeer(key string) *testbed.Peer {
	return &testbed.Peer{Answer: func(_ int, r testbed.Arrived) testbed.Answer {
		if strings.HasSuffix(r.URL.Path, "/publichkey") {
			return testbed.Reply(http.StatusOK, `{"public_key":`+testbed.AsJSON(key)+`,"public_key_thumbprint":"thumb-1"}`)
		}
		return testbed.Reply(http.StatusOK, testbed.GoodAnswer)
	}}
}

// anyPassword lets tests choose what is encrypted.
var anyPassword = tcbauth.WithPasswordPolicy(func(string) error { return nil })

// The opener of these tests is the server's as far as the genuine encryptor's texts tell.
func TestEncryptSamples(t *testing.T) {
	t.Parallel()
	for _, key := range readKeys(t) {
		require.NotEmpty(t, key.Samples)
		for _, sample := range key.Samples {
			got, err := key.decrypt(sample.Ciphertext)
			require.NoError(t, err)
			assert.Equal(t, sample.Blocks, got.blocks)
			assert.Equal(t, sample.Plain, got.plain)
		}
	}
}

func TestEncryptSignIn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		call func(ctx context.Context, a *tcbauth.Auth) (*tcbauth.LoginState, error)
		path string
		want string
	}{
		"v1": {func(ctx context.Context, a *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return a.SignIn(ctx, tcbauth.SignInRequest{Username: testbed.PlantedUser, Password: testbed.PlantedPassword, IsEncrypt: true})
		}, "/auth/v1/signin", `{"username":"` + testbed.PlantedUser + `","password":"` + testbed.PlantedPassword + `"}`},
		"v2": {func(ctx context.Context, a *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return a.SignIn(ctx, tcbauth.SignInRequest{
				Username: "张三", Password: "密码<&>" + strings.Repeat("长", 200), IsEncrypt: true, Version: "v2", ClientID: "c",
				Query: &tcbauth.UserInfoQuery{WithRole: true},
			})
		}, "/auth/v2/signin/username", `{"username":"张三","password":"密码<&>` + strings.Repeat("长", 200) + `","client_id":"c"}`},
		"a code": {func(ctx context.Context, a *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return a.SignIn(ctx, tcbauth.SignInRequest{Username: testbed.PlantedPhone, VerificationToken: testbed.PlantedVerification, IsEncrypt: true})
		}, "/auth/v1/signin", `{"username":"` + testbed.PlantedPhone + `","verification_token":"` + testbed.PlantedVerification + `"}`},
		"SignInWithPassword": {func(ctx context.Context, a *tcbauth.Auth) (*tcbauth.LoginState, error) {
			return a.SignInWithPassword(ctx, tcbauth.SignInWithPasswordRequest{
				Phone: testbed.PlantedNumber, Password: testbed.PlantedPassword, IsEncrypt: true,
			})
		}, "/auth/v2/signin/username", `{"username":"` + testbed.PlantedPhone + `","password":"` + testbed.PlantedPassword + `"}`},
	}
	for _, key := range readKeys(t) {
		for name, tt := range tests {
			t.Run(fmt.Sprintf("%d bits/%s", key.Bits, name), func(t *testing.T) {
				t.Parallel()
				p := keyPeer(key.PublicKey)
				state, err := tt.call(t.Context(), testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth())
				require.NoError(t, err)
				require.NoError(t, state.UserErr)
				got := p.Requests()
				require.Len(t, got, 3)
				assert.Equal(t, "/auth/v2/signin/publichkey", got[0].URL.Path)
				assert.JSONEq(t, `{}`, got[0].Text)
				assert.Equal(t, tt.path, got[1].URL.Path)
				var body map[string]string
				require.NoError(t, json.Unmarshal([]byte(got[1].Text), &body))
				require.Len(t, body, 2, "nothing stands beside the ciphertext")
				assert.Equal(t, "thumb-1", body["public_key_thumbprint"])
				sealed, err := key.decrypt(body["params"])
				require.NoError(t, err)
				assert.JSONEq(t, tt.want, sealed.plain)
			})
		}
	}
}

func TestModifyPasswordEncrypts(t *testing.T) {
	t.Parallel()
	const oldText, newText = "old-Passw0rd-旧", "new-Passw0rd-新"
	for _, key := range readKeys(t) {
		for _, old := range []string{oldText, ""} { // "" for people without a password
			p := keyPeer(key.PublicKey)
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
			require.NoError(t, auth.ModifyPassword(t.Context(), tcbauth.ModifyPasswordRequest{
				UserID: "user-1", Password: old, NewPassword: newText,
			}))
			require.NoError(t, auth.ModifyPasswordWithoutLogin(t.Context(), tcbauth.ModifyPasswordWithoutLoginRequest{
				Username: "user_01", Password: old, NewPassword: newText,
			}))
			got := p.Requests()
			require.Len(t, got, 4)
			for i, tt := range []struct{ path, authorization, old, new, rest string }{
				{"/auth/v1/user/basic/edit", "Bearer " + testbed.PlantedAccess, "encrypt_password", "encrypt_new_password", `{"user_id":"user-1"}`},
				{"/auth/v2/signin/password/update", "", "password", "new_password", `{"username":"user_01"}`},
			} {
				r := got[2*i+1]
				assert.Equal(t, http.MethodPost, r.Method)
				assert.Equal(t, tt.path, r.URL.Path)
				assert.Equal(t, tt.authorization, r.Header.Get("Authorization"))
				var body map[string]string
				require.NoError(t, json.Unmarshal([]byte(r.Text), &body))
				for name, want := range map[string]string{tt.old: old, tt.new: newText} {
					require.Contains(t, body, name)
					sealed, err := key.decrypt(body[name])
					require.NoError(t, err)
					assert.Equal(t, want, sealed.plain)
					delete(body, name)
				}
				assert.Equal(t, "thumb-1", body["public_key_thumbprint"])
				delete(body, "public_key_thumbprint")
				assert.JSONEq(t, tt.rest, testbed.AsJSON(body))
			}
		}
	}
}

// TestEncryptMany encrypts 2,000 texts and opens them: about one block in 180 starts with a zero, which must not be lost.
func TestEncryptMany(t *testing.T) {
	t.Parallel()
	const workers, calls = 8, 125 // of two texts each
	keys := readKeys(t)
	var zeros [workers]int
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			random := mathrand.New(mathrand.NewPCG(uint64(worker), 2)) //nolint:gosec // texts, the same in each run
			for n := range calls {
				key := &keys[0]
				if n == 0 {
					key = &keys[1] // opening is slow with it
				}
				size := key.private.Size() - 11
				front, err := encryptTwo(t.Context(), key, randomText(random, size), randomText(random, size))
				if !assert.NoError(t, err, "worker %d, call %d", worker, n) {
					return
				}
				zeros[worker] += front
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range zeros {
		total += n
	}
	assert.NotZero(t, total, "blocks that start with a zero")
}

// encryptTwo has two texts encrypted, and returns how many blocks start with a zero.
func encryptTwo(ctx context.Context, key *testKey, first, second string) (zeros int, err error) {
	p := keyPeer(key.PublicKey)
	auth, err := tcbauth.New(testbed.MethodEnv, tcbauth.WithHTTPClient(&http.Client{Transport: p}), anyPassword)
	if err != nil {
		return 0, err
	}
	if err := auth.ModifyPasswordWithoutLogin(ctx, tcbauth.ModifyPasswordWithoutLoginRequest{
		Username: "user_01", Password: first, NewPassword: second,
	}); err != nil {
		return 0, err
	}
	var body struct {
		Password    string `json:"password"`
		NewPassword string `json:"new_password"`
	}
	if err := json.Unmarshal([]byte(p.Requests()[1].Text), &body); err != nil {
		return 0, err
	}
	for ciphertext, want := range map[string]string{body.Password: first, body.NewPassword: second} {
		got, err := key.decrypt(ciphertext)
		if err != nil {
			return 0, err
		}
		if got.plain != want {
			return 0, fmt.Errorf("%q became %q", want, got.plain)
		}
		zeros += got.zeros
	}
	return zeros, nil
}

// randomText is ASCII or not, short or as long as one or two blocks, give or take a few bytes. size is a block's.
func randomText(random *mathrand.Rand, size int) string {
	length := 1 + random.IntN(40)
	switch random.IntN(16) {
	case 0:
		length = size - 3 + random.IntN(7)
	case 1:
		length = 2*size - 3 + random.IntN(7)
	}
	alphabet := []rune("abcXYZ019 \"\\<&>\x00\n")
	if random.IntN(2) == 0 {
		alphabet = []rune("aé密码🔑\u2028")
	}
	var b strings.Builder
	for b.Len() < length {
		b.WriteRune(alphabet[random.IntN(len(alphabet))])
	}
	return b.String()
}

// publicPEM is a public key in PEM of PKIX.
func publicPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// weakKey is an RSA key that nothing may be encrypted with.
func weakKey(bits uint, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(0x1235)), E: exponent}
}

// TestPublicKeyForms: which form the server sends is not known, so all that an RSA key has are taken. With anything else
// nothing goes out.
func TestPublicKeyForms(t *testing.T) {
	t.Parallel()
	key := readKeys(t)[0]
	public := &key.private.PublicKey
	pkix, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	bare := base64.StdEncoding.EncodeToString(pkix)
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	wrapped := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, tt := range map[string]struct {
		key   string
		works bool
	}{
		"PKIX":                     {key.PublicKey, true},
		"PKIX, CRLF":               {strings.ReplaceAll(key.PublicKey, "\n", "\r\n"), true},
		"PKIX, base64":             {bare, true},
		"PKIX, base64 in lines":    {bare[:64] + "\n" + bare[64:] + "\r\n", true},
		"PKCS #1":                  {wrapped("RSA PUBLIC KEY", pkcs1), true},
		"PKCS #1, base64":          {base64.StdEncoding.EncodeToString(pkcs1), true},
		"empty":                    {"", false},
		"blank":                    {" \n", false},
		"no PEM":                   {"not a key!", false},
		"base64 of something else": {base64.StdEncoding.EncodeToString([]byte("something else")), false},
		"cut":                      {bare[:100], false},
		"one byte more":            {base64.StdEncoding.EncodeToString(append(pkix[:len(pkix):len(pkix)], 0)), false},
		"PEM of nothing":           {wrapped("PUBLIC KEY", nil), false},
		"elliptic curve":           {publicPEM(t, &curve.PublicKey), false},
		"private":                  {wrapped("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key.private)), false},
		"512 bits":                 {publicPEM(t, weakKey(512, 65537)), false},
		"64 bits":                  {publicPEM(t, weakKey(64, 65537)), false},
		"exponent 1":               {publicPEM(t, weakKey(1024, 1)), false},
		"even exponent":            {publicPEM(t, weakKey(1024, 65536)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := keyPeer(tt.key)
			auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t)).Auth()
			calls := map[string]func() error{
				"SignIn": func() error {
					_, err := auth.SignIn(t.Context(), tcbauth.SignInRequest{Username: testbed.PlantedUser, Password: testbed.PlantedPassword, IsEncrypt: true})
					return err
				},
				"ModifyPassword": func() error {
					return auth.ModifyPassword(t.Context(), tcbauth.ModifyPasswordRequest{NewPassword: testbed.PlantedPassword})
				},
				"ModifyPasswordWithoutLogin": func() error {
					return auth.ModifyPasswordWithoutLogin(t.Context(), tcbauth.ModifyPasswordWithoutLoginRequest{
						Username: testbed.PlantedUser, Password: testbed.PlantedPassword, NewPassword: testbed.PlantedPassword,
					})
				},
			}
			for op, call := range calls {
				err := call()
				if tt.works {
					require.NoError(t, err, op)
					continue
				}
				require.ErrorIs(t, err, tcbauth.ErrInvalidResponse, op)
				assert.Equal(t, op, testbed.ErrorOf(t, err).Op)
			}
			if !tt.works {
				for _, r := range p.Requests() {
					assert.Equal(t, "/auth/v2/signin/publichkey", r.URL.Path)
				}
			}
		})
	}
}

func FuzzPublicKey(f *testing.F) {
	f.Add(testbed.PublicKey)
	f.Add("-----BEGIN PUBLIC KEY-----\n" + testbed.PublicKey + "\n-----END PUBLIC KEY-----\n")
	f.Add("-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n")
	f.Add(publicPEM(f, weakKey(512, 3)))
	f.Add("")
	f.Fuzz(func(t *testing.T, key string) {
		p := keyPeer(key)
		err := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth().ModifyPasswordWithoutLogin(t.Context(),
			tcbauth.ModifyPasswordWithoutLoginRequest{Username: testbed.PlantedUser, NewPassword: testbed.PlantedPassword})
		if err == nil {
			assert.Len(t, p.Requests(), 2)
			return
		}
		require.ErrorIs(t, err, tcbauth.ErrInvalidResponse)
		testbed.RequireError(t, err)
		assert.Len(t, p.Requests(), 1)
	})
}
