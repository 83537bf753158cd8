package authtest

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const jsonType = "application/json"

// writeBody sends an answer whose Content-Length is length. A caller who is gone is not the server's concern.
func writeBody(w http.ResponseWriter, status int, contentType string, body []byte, length int) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(length))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // G705: JSON from encoding/json, or a page of the package's own
}

// sleep waits for d and reports whether it was left to.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
