package authtest_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/authtest"
)

// post is a client that does as little as it can.
func post(client *http.Client, url string, in object) (object, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	resp, err := client.Post(url, "application/json", bytes.NewReader(body)) //nolint:noctx // a load
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var out object
	if err := json.Unmarshal(raw, &out); err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%d: %s", resp.StatusCode, raw)
	}
	return out, nil
}

// measured counts how often something was done, over some rounds.
type measured struct {
	times atomic.Int64
	took  time.Duration
}

func (m *measured) rate() float64 { return float64(m.times.Load()) / m.took.Seconds() }

// round does it once more for a while, by some workers at a time.
func (m *measured) round(t *testing.T, workers int, once func(n int64) error) {
	t.Helper()
	const length = time.Second
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for time.Since(start) < length {
				if err := once(m.times.Add(1)); !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	wg.Wait()
	m.took += time.Since(start)
}

// How many sign-ins an emulator serves over loopback, with its clients on the same machine, beside how many tokens the machine can
// sign with nothing else to do. A sign-in by password has one signed token, and one by SMS has three, in as many calls. The rounds
// take turns, so that whatever else the machine does slows all of them.
func TestLoad(t *testing.T) { //nolint:paralleltest // it takes the whole machine
	if os.Getenv("TCBAUTH_LOAD") == "" {
		t.Skip("SKIPPED: the speed of the emulator is not measured. Set TCBAUTH_LOAD=1 on a machine that is idle.")
	}
	srv, err := authtest.Listen("127.0.0.1:0", authtest.WithoutLimits())
	require.NoError(t, err)
	defer func() { assert.NoError(t, srv.Close()) }()
	srv.Seed(authtest.User{Username: "user_01", Password: password})
	const numbers = 1000
	users := make([]authtest.User, numbers)
	for i := range users {
		users[i].Phone = fmt.Sprintf("+86 138%08d", i)
		srv.FixCode(users[i].Phone, "123456")
	}
	srv.Seed(users...)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	digest := sha256.Sum256(nil)
	client, base := srv.Client(), srv.URL+"/auth/v1/"

	var signatures, byPassword, bySMS measured
	for range 5 {
		signatures.round(t, runtime.GOMAXPROCS(0), func(int64) error {
			_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
			return err
		})
		byPassword.round(t, 8, func(int64) error {
			_, err := post(client, base+"signin", object{"username": "user_01", "password": password})
			return err
		})
		bySMS.round(t, 8, func(n int64) error {
			sent, err := post(client, base+"verification", object{"phone_number": users[n%numbers].Phone})
			if err != nil {
				return err
			}
			proof, err := post(client, base+"verification/verify", object{"verification_id": sent["verification_id"], "verification_code": "123456"})
			if err != nil {
				return err
			}
			_, err = post(client, base+"signin", object{"verification_token": proof["verification_token"]})
			return err
		})
	}
	all := signatures.rate()
	t.Logf("a second: %.0f signatures, %.0f sign-ins by password (%.2f of what is possible), %.0f by SMS (%.2f)",
		all, byPassword.rate(), byPassword.rate()/all, bySMS.rate(), 3*bySMS.rate()/all)
	assert.Greater(t, byPassword.rate(), 0.55*all)
	assert.Greater(t, 3*bySMS.rate(), 0.6*all)
}
