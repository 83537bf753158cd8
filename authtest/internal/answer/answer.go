// Package answer writes the bodies of answers.
package answer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// JSONType is the Content-Type of most answers.
const JSONType = "application/json"

// JSON encodes what the emulator itself made; that cannot fail.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("authtest: encode an answer: %v", err))
	}
	return b
}

// Write sends a body under this Content-Length, which may be a wrong one. A caller who is gone is not the server's concern.
func Write(w http.ResponseWriter, status int, contentType string, body []byte, length int) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(length))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Redirect leads a browser to a page that is named relative to the one that was asked for. http.Redirect would name it from the root
// on, and lead out of a path that a proxy takes away.
func Redirect(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}
