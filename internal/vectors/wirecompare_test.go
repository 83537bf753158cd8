package vectors_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth"
)

func compareOutcome(t *testing.T, call string, want wireOutcome, result any, err error, nothingSent bool) {
	if want.Error == nil {
		if _, challenge := result.(*jsChallenge); noSession(want.Result) && !challenge {
			require.ErrorIs(t, err, tcbauth.ErrNoSession, call)
			return
		}
		if err != nil && !given(want.Result) { // null, where the js-sdk has a session or a user
			var e *tcbauth.Error
			require.ErrorAs(t, err, &e, call) // whatever the reason: null hides it
			return
		}
		require.NoError(t, err, call)
		compareResult(t, call, want.Result, result)
		return
	}
	require.Error(t, err, call)
	var e *tcbauth.Error
	require.ErrorAs(t, err, &e, call)
	switch {
	case want.Error.OutcomeOpen:
		require.ErrorIs(t, err, tcbauth.ErrOutcomeUnknown, call)
		require.ErrorIs(t, err, tcbauth.CodeUnreachable, call)
		return
	case want.Error.Status != 0:
		require.Equal(t, want.Error.Status, e.StatusCode, call)
		return
	}
	word := strings.ToLower(string(cmp.Or(want.Error.Error, want.Error.Code)))
	// What the js-sdk made up itself, without a word of the server's: only that it is an error.
	// Nothing sent: both clients refused, or else counting the requests fails.
	if nothingSent || word == "" || word == "unknown" {
		return
	}
	if number, err := strconv.Atoi(word); err == nil { // a gateway's number in place of a word
		require.Equal(t, number, e.Number, call)
		return
	}
	require.ErrorIs(t, err, tcbauth.Code(word), call)
	for _, raw := range []json.RawMessage{want.Error.Number, want.Error.NumberToo} {
		if given(raw) {
			require.Equal(t, string(raw), fmt.Sprint(e.Number), call)
		}
	}
	if want.Error.Category != "" {
		require.Equal(t, want.Error.Category, string(e.Category), call)
	}
}

// compareResult compares the fields that were recorded: directly, or of the session and user that the js-sdk wraps in a
// form of its own.
func compareResult(t *testing.T, call string, want json.RawMessage, result any) {
	if result == (struct{}{}) {
		return // the Go method returns only an error
	}
	var recorded map[string]any
	if json.Unmarshal(want, &recorded) != nil {
		var plain any
		require.NoError(t, json.Unmarshal(want, &plain), call)
		if !zero(plain) {
			requireValue(t, call, plain, toJSON(t, result))
		}
		return
	}
	if call == "getCurrentUser" || call == "getUserInfo" {
		for _, own := range []string{"cache", "oauthInstance", "emailVerified", "phoneNumber", "createdFrom"} {
			delete(recorded, own) // of the js-sdk's user object
		}
	}
	got, _ := toJSON(t, result).(map[string]any)
	if _, ok := recorded["access_token"]; ok {
		if inner, ok := got["credentials"].(map[string]any); ok {
			got = inner
		}
	}
	if session, ok := recorded["session"].(map[string]any); ok {
		delete(session, "user")
		credentials := got
		if inner, ok := got["credentials"].(map[string]any); ok {
			credentials = inner
		}
		requireFields(t, call, session, credentials)
	}
	if user, ok := recorded["user"].(map[string]any); ok {
		id := user["id"]
		if _, wrapped := user["aud"]; wrapped {
			inner, ok := got["user"].(map[string]any)
			if !ok {
				inner = got
			}
			// A Go method that returns Credentials has no user to compare.
			if _, credentials := result.(*tcbauth.Credentials); id != nil && !credentials {
				require.Equal(t, id, inner["sub"], call)
			}
		} else {
			requireFields(t, call, recorded, got)
		}
		return
	}
	if _, ok := recorded["session"]; !ok {
		requireFields(t, call, recorded, got)
	}
}

// requireFields requires got to have every field of want. Instants are compared as such; what is empty may be missing,
// since Go's omitempty leaves it out.
func requireFields(t *testing.T, where string, want, got map[string]any) {
	for name, value := range want {
		requireValue(t, where+": "+name, instant(name, value), instant(name, got[name]))
	}
}

func requireValue(t *testing.T, where string, want, got any) {
	if zero(want) && zero(got) {
		return
	}
	switch want := want.(type) {
	case map[string]any:
		gotFields, _ := got.(map[string]any)
		requireFields(t, where, want, gotFields)
		return
	case []any:
		gotList, _ := got.([]any)
		require.Len(t, gotList, len(want), where)
		for i := range want {
			requireValue(t, fmt.Sprintf("%s[%d]", where, i), want[i], gotList[i])
		}
		return
	case string: // the server may send a number as text
		if n, ok := got.(float64); ok {
			got = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	require.Equal(t, want, got, where)
}

// zero reports whether a JSON value is what Go leaves out: null, "", 0, false, {} or [].
func zero(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return len(value) == 0
	case []any:
		return len(value) == 0
	}
	return value == nil || value == "" || value == false || value == 0.0
}

func instant(name string, value any) any {
	if text, ok := value.(string); ok && name == "expires_at" {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.UTC()
		}
	}
	return value
}
