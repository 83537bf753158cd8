package authtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
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

// rate says how often each of some workers can do something, all together, in a second.
func rate(t *testing.T, workers int, once func(n int64) error) float64 {
	t.Helper()
	const length = 5 * time.Second
	var done atomic.Int64
	var failed sync.Map
	var wg sync.WaitGroup
	start := time.Now()
	for range workers {
		wg.Go(func() {
			for time.Since(start) < length {
				if err := once(done.Add(1)); err != nil {
					failed.Store(err.Error(), true)
					return
				}
			}
		})
	}
	wg.Wait()
	failed.Range(func(err, _ any) bool { t.Error(err); return true })
	return float64(done.Load()) / time.Since(start).Seconds()
}

// How many sign-ins an emulator serves over loopback, with its clients on the same machine. On two cores with nothing else to
// do it is 800 by SMS, of three calls each, and 1,300 by password.
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
	client, base := srv.Client(), srv.URL+"/auth/v1/"
	byPassword := rate(t, 8, func(int64) error {
		_, err := post(client, base+"signin", object{"username": "user_01", "password": password})
		return err
	})
	bySMS := rate(t, 8, func(n int64) error {
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
	t.Logf("sign-ins a second: %.0f by password, %.0f by SMS", byPassword, bySMS)
	assert.Greater(t, byPassword, 1300.0)
	assert.Greater(t, bySMS, 800.0)
}
