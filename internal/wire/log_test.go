package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// A failed attempt is logged with the server's error code, what that means, and the cause where it is not the server's. What
// the call sent is in none of them.
func TestFailedAttemptsAreLogged(t *testing.T) {
	t.Parallel()
	const secret = "planted_token"
	for name, tt := range map[string]struct {
		answer said
		want   map[string]any // beside what every record has
	}{
		"good": {says(200, `{"a":"b"}`), map[string]any{"status": 200.0}},
		"the server's code": {
			says(400, `{"error":"invalid_grant","error_description":"planted_token is not known"}`),
			map[string]any{"status": 400.0, "code": "invalid_grant", "category": "INVALID_CREDENTIALS"},
		},
		"a secret as a code": {
			says(400, `{"error":"planted_token"}`), map[string]any{"status": 400.0, "code": "unknown", "category": "UNKNOWN"},
		},
		"no connection": {
			fails(&net.OpError{Op: "dial", Err: errors.New(secret)}),
			map[string]any{"status": 0.0, "code": "unreachable", "category": "SERVICE_ERROR", "error": "connecting failed"},
		},
		"no answer of the server's": {
			says(404, "<html>"+secret), map[string]any{
				"status": 404.0, "code": "", "category": "UNKNOWN",
				"error": "tcbauth: invalid response: an error that is not in the server's form",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				c := wire.New(wire.Config{
					BaseURL: "https://api.example.com", ClientID: "env", HTTPClient: &http.Client{Transport: &script{answers: []said{tt.answer}}},
					Timeout: 5 * time.Second, MaxAttempts: 1, Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				req := post
				req.Body = map[string]string{"refresh_token": secret}
				_, err := wire.Do[value](t.Context(), c, &req)
				assert.Equal(t, name == "good", err == nil)

				var record map[string]any
				require.NoError(t, json.Unmarshal(log.Bytes(), &record), log.String())
				for _, always := range []string{"time", "level", "msg", "operation", "method", "path", "duration", "attempt", "request_id"} {
					assert.Contains(t, record, always)
					delete(record, always)
				}
				assert.Equal(t, tt.want, record)
			})
		})
	}
}
