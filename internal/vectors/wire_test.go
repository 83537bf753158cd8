package vectors_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// generations are the js-sdks that calls were recorded from: the file, and what makes this client speak as they do.
var generations = map[string]struct {
	file string
	opts []tcbauth.Option
}{
	"2": {"../../testdata/wire/vectors.json", nil},
	"3": {"../../testdata/wire/vectors-3.json", []tcbauth.Option{tcbauth.WithJSSDK3()}},
}

// TestWire makes the calls that were recorded from the genuine js-sdks and compares every request, result, event and what
// is stored at the end. WIRE_VECTORS names another file in place of those of testdata, recorded from the generation that
// WIRE_JSSDK says, 2 or 3; 2 if it says nothing. WIRE_JSSDK alone leaves the other generation out. WIRE_DIFFERENCES names
// another file of differences.
func TestWire(t *testing.T) {
	t.Parallel()
	var differences map[string]wireDifference
	testbed.ReadJSON(t, envOr("WIRE_DIFFERENCES", "../../testdata/wire/differences.json"), &differences)
	played := slices.Sorted(maps.Keys(generations))
	vectors := os.Getenv("WIRE_VECTORS")
	if only := os.Getenv("WIRE_JSSDK"); only != "" || vectors != "" {
		played = []string{cmp.Or(only, "2")}
	}
	for _, name := range played {
		generation, ok := generations[name]
		require.True(t, ok, "WIRE_JSSDK is %q, which was not recorded", name)
		var file wireFile
		testbed.ReadJSON(t, cmp.Or(vectors, generation.file), &file)
		require.NotEmpty(t, file.Vectors)
		t.Run("js-sdk "+name, func(t *testing.T) {
			t.Parallel()
			for _, vector := range file.Vectors {
				t.Run(vector.Name, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { runVector(t, file, vector, differences[vector.Name], generation.opts) })
				})
			}
		})
	}
}

var recordedClock = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func runVector(t *testing.T, file wireFile, vector wireVector, difference wireDifference, speaking []tcbauth.Option) {
	ctx := t.Context()
	if difference.Order != nil {
		require.Len(t, difference.Order, len(vector.Requests), "every recorded request has its place")
		vector = vector.inOrder(difference.Order)
	}
	if difference.Responses != nil {
		vector.Responses = difference.Responses
	}
	answers := make([]testbed.Answer, len(vector.Responses))
	for i, response := range vector.Responses {
		answers[i] = response.answer()
	}
	server := testbed.Script(answers...)
	store := tcbauth.NewMemoryStore()
	clientID := file.Env
	var passed atomic.Int64 // as clock.advance has it: the recorded clock stood otherwise, and waits took no time
	opts := append([]tcbauth.Option{
		tcbauth.WithHTTPClient(&http.Client{Transport: server}), tcbauth.WithTokenStore(store),
		tcbauth.WithClock(func() time.Time { return recordedClock.Add(time.Duration(passed.Load())) }),
	}, speaking...)
	if vector.Init.Lang != "" {
		opts = append(opts, tcbauth.WithLanguage(vector.Init.Lang))
	}
	if vector.Init.ClientID != "" {
		clientID = vector.Init.ClientID
		opts = append(opts, tcbauth.WithClientID(clientID))
	}
	if vector.Init.Region != "" {
		opts = append(opts, tcbauth.WithRegion(vector.Init.Region))
	}
	if vector.Init.AccessKey != "" {
		opts = append(opts, tcbauth.WithAccessKey(vector.Init.AccessKey))
	}
	require.NoError(t, store.Set(ctx, testbed.DeviceKey("", clientID, ""), []byte(file.DeviceID), 0))
	if given(vector.Given.Credentials) {
		require.NoError(t, store.Set(ctx, testbed.SessionKey("", clientID), vector.Given.Credentials, 0))
	}
	if given(vector.Given.Captcha) {
		require.NoError(t, store.Set(ctx, testbed.CaptchaKey("", clientID, ""), vector.Given.Captcha, 0))
	}
	auth, err := tcbauth.New(file.Env, opts...)
	require.NoError(t, err)

	var events []string // written by one goroutine, which synctest.Wait waits for
	unsubscribe := auth.OnAuthStateChange(func(e tcbauth.AuthEvent) {
		if e.Event != tcbauth.EventInitialSession {
			events = append(events, string(e.Event))
		}
	})
	defer unsubscribe()

	results := make([]any, len(vector.Steps))
	for i, step := range vector.Steps {
		want := step.Outcome
		if i < len(difference.Outcomes) {
			want = difference.Outcomes[i]
		}
		if step.Call == "clock.advance" {
			later, err := decode[struct{ Seconds int64 }](step.Args)
			require.NoError(t, err)
			passed.Add(later.Seconds * int64(time.Second))
			continue
		}
		before := len(server.Requests())
		result, err := callJS(ctx, auth, step, results)
		results[i] = result
		synctest.Wait()
		compareOutcome(t, step.Call, want, result, err, len(server.Requests()) == before)
	}
	compareRequests(t, vector.Requests, difference, server)
	wantEvents := vector.Events
	if difference.Events != nil {
		wantEvents = *difference.Events
	}
	assert.Equal(t, append([]string{}, wantEvents...), append([]string{}, events...), "events")
	compareStored(t, store, testbed.SessionKey("", clientID), vector.StoreAfter.Credentials, difference.Credentials)
	compareStored(t, store, testbed.CaptchaKey("", clientID, ""), vector.StoreAfter.Captcha, difference.Captcha)
}

// answer is what the server says.
func (r wireResponse) answer() testbed.Answer {
	switch r.Network {
	case "":
	case "connect ECONNREFUSED":
		return testbed.Lost(&net.OpError{Op: "dial", Err: errors.New(r.Network)})
	default:
		return testbed.Lost(errors.New(r.Network))
	}
	content, contentType := string(r.Body), "application/json"
	if r.Raw != nil {
		content, contentType = *r.Raw, "text/html"
	}
	answer := testbed.Reply(cmp.Or(r.Status, http.StatusOK), content, "Content-Type", contentType)
	answer.Length = int64(len(content))
	return answer
}

func compareRequests(t *testing.T, want []wireRequest, difference wireDifference, server *testbed.Peer) {
	number := len(want)
	if difference.Requests != nil {
		number = *difference.Requests
	}
	got := server.Requests()
	require.Len(t, got, number, "requests")
	for i, r := range got {
		if i >= len(want) {
			break
		}
		where := fmt.Sprintf("request %d", i)
		w := want[i]
		if difference.Responses != nil && w.Path != r.URL.Path {
			break // what follows a refresh and a repeat is compared by number only
		}
		assert.Equal(t, w.Method, r.Method, where)
		assert.Equal(t, w.Origin, r.URL.Scheme+"://"+r.URL.Host, where)
		assert.Equal(t, cmp.Or(difference.Paths[fmt.Sprint(i)], w.Path), r.URL.EscapedPath(), where)
		query, err := url.ParseQuery(w.Query)
		require.NoError(t, err)
		assert.Equal(t, query, r.URL.Query(), where)
		authorization := ""
		if w.Authorization != nil {
			authorization = *w.Authorization
		}
		assert.Equal(t, authorization, r.Header.Get("Authorization"), where)
		assert.Equal(t, w.Language, r.Header.Get("Accept-Language"), where)
		assert.Equal(t, w.DeviceID, r.Header.Get("X-Device-Id"), where)
		assert.Equal(t, "application/json", r.Header.Get("Accept"), where)
		assert.Empty(t, r.Header.Get("Origin"), where)
		for j := range i {
			same := w.SameRequestIDAs != nil && (*w.SameRequestIDAs == j ||
				want[j].SameRequestIDAs != nil && *want[j].SameRequestIDAs == *w.SameRequestIDAs)
			assert.Equal(t, same, r.Header.Get("X-Request-Id") == got[j].Header.Get("X-Request-Id"), "%s: x-request-id of %d", where, j)
		}
		body := w.Body
		if other, ok := difference.Bodies[fmt.Sprint(i)]; ok {
			body = other
		}
		if !given(body) {
			assert.Empty(t, r.Text, where)
			continue
		}
		assert.JSONEq(t, string(body), r.Text, where)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"), where)
	}
}

func compareStored(t *testing.T, store tcbauth.TokenStore, key string, recorded, difference json.RawMessage) {
	data, err := store.Get(t.Context(), key)
	want := recorded
	if difference != nil {
		want = difference
	}
	if !given(want) {
		require.ErrorIs(t, err, tcbauth.ErrNotFound, key)
		return
	}
	require.NoError(t, err, key)
	var wantFields, gotFields map[string]any
	require.NoError(t, json.Unmarshal(want, &wantFields))
	require.NoError(t, json.Unmarshal(data, &gotFields))
	requireFields(t, key, wantFields, gotFields)
	if difference == nil {
		maps.DeleteFunc(wantFields, func(_ string, value any) bool { return zero(value) })
		maps.DeleteFunc(gotFields, func(_ string, value any) bool { return zero(value) })
		require.Len(t, gotFields, len(wantFields), "%s: %s", key, data)
	}
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// noSession is a result that says that nobody is signed in.
func noSession(result json.RawMessage) bool {
	var recorded map[string]json.RawMessage
	if json.Unmarshal(result, &recorded) != nil || len(recorded) == 0 {
		return false
	}
	for name, value := range recorded {
		if given(value) || name != "session" && name != "user" {
			return false
		}
	}
	return true
}

func toJSON(t *testing.T, v any) any {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(data, &out))
	return out
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
