package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

var _ tcbauth.Reserver = (*roomyStore)(nil)

// promising is a store that returns when its context ends, and notes which goroutine reads a session.
type promising struct {
	tcbauth.TokenStore

	promise tcbauth.Interruptible
	read    func(goroutine string)
}

func (s promising) Interruptible() bool { return s.promise.Interruptible() }

func (s promising) Get(ctx context.Context, key string) ([]byte, error) {
	if isSession(key) {
		s.read(thisGoroutine())
	}
	return s.TokenStore.Get(ctx, key)
}

// thisGoroutine is the first line of the caller's stack: "goroutine 7".
func thisGoroutine() string {
	line, _, _ := bytes.Cut(bytes.Clone(stackHead()), []byte(" ["))
	return string(line)
}

func stackHead() []byte {
	var buffer [64]byte
	return buffer[:runtime.Stack(buffer[:], false)]
}

// TestReadInTheCallersGoroutine: a store that promises to return when its context ends is read without a goroutine of its
// own, once.
func TestReadInTheCallersGoroutine(t *testing.T) {
	t.Parallel()
	memory := testbed.SessionStore(t)
	testbed.Put(t, memory, testbed.VisitorKey("", testbed.MethodEnv, "visitor"), testbed.Stored(t, memory, testbed.PeerKey))
	promise, ok := memory.(tcbauth.Interruptible)
	require.True(t, ok, "the memory store makes the promise")
	var readers []string
	store := promising{TokenStore: memory, promise: promise, read: func(g string) { readers = append(readers, g) }}
	app := testbed.NewPeerApp(t, new(testbed.Peer), store)
	testbed.RequireToken(t, app.ForUser("visitor"), testbed.PlantedAccess)
	assert.Equal(t, []string{thisGoroutine()}, readers)
}

// TestCredentialsExtra: what else a server or a js-sdk has put beside the tokens is kept as it is.
func TestCredentialsExtra(t *testing.T) {
	t.Parallel()
	var c tcbauth.Credentials
	require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a","expires_in":7200,"x_new":{"a":[1, 2]},"Sub":"not the sub"}`), &c))
	assert.Equal(t, map[string]json.RawMessage{"x_new": json.RawMessage(`{"a":[1, 2]}`), "Sub": json.RawMessage(`"not the sub"`)}, c.Extra)
	assert.Empty(t, c.Sub)
	c.Extra["mine"] = json.RawMessage(`true`)
	data, err := json.Marshal(c)
	require.NoError(t, err)
	assert.JSONEq(t, `{"access_token":"a","expires_in":7200,"x_new":{"a":[1,2]},"Sub":"not the sub","mine":true}`, string(data))
	var plain tcbauth.Credentials
	require.NoError(t, json.Unmarshal([]byte(`{"access_token":"a","expires_in":7200}`), &plain))
	assert.Empty(t, plain.Extra)
}

// TestCredentialsExtraIsTheCallersOwn: a result's is a copy, like its groups.
func TestCredentialsExtraIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	p := new(testbed.Peer)
	auth := testbed.NewPeerApp(t, p, tcbauth.NewMemoryStore()).Auth()
	given := &tcbauth.Credentials{AccessToken: "a", ExpiresIn: 7200, Extra: map[string]json.RawMessage{"x": json.RawMessage(`1`)}}
	require.NoError(t, auth.SetCredentials(t.Context(), given))
	given.Extra["x"] = json.RawMessage(`2`)
	for range 2 {
		c, err := auth.GetCredentials(t.Context())
		require.NoError(t, err)
		assert.JSONEq(t, `1`, string(c.Extra["x"]))
		c.Extra["x"] = json.RawMessage(`3`)
	}
}
