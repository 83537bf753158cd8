package wire_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

func TestScrub(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		sent []string
		want string
	}{
		"nothing":            {"a text", nil, "a text"},
		"one":                {"code 123456 is wrong", []string{"123456"}, "code [redacted] is wrong"},
		"twice":              {"123456 is not 123456", []string{"123456"}, "[redacted] is not [redacted]"},
		"short":              {"a to b", []string{"to", ""}, "a to b"},
		"one within another": {"token abcdefgh-secret", []string{"abcd", "abcdefgh-secret"}, "token [redacted]"},
		"longest first":      {"token abcdefgh-secret", []string{"abcdefgh-secret", "abcd"}, "token [redacted]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, wire.Scrub(tt.text, tt.sent))
		})
	}
}

// A user may be called like an error code, which is then no quotation.
func TestScrubCode(t *testing.T) {
	t.Parallel()
	sent := []string{"not_found", "Planted-Password"}
	for code, want := range map[string]string{
		"not_found": "not_found", "planted-password": "unknown", "captcha_required": "captcha_required", "": "",
	} {
		assert.Equal(t, want, wire.ScrubCode(code, sent), code)
	}
}

// A server may quote anything of a request; Sent has what to hide of it.
func TestSentValues(t *testing.T) {
	t.Parallel()
	body := map[string]any{
		"password": "planted-password", "phone_number": "+86 13912345678", "list": []any{"planted-in-list", map[string]any{"x": "planted-deep"}},
		"grant_type": "refresh_token", "client_secret": "planted-client-secret", "html": "planted<&>",
	}
	tests := map[string]struct {
		req  wire.Request
		want []string
		not  []string
	}{
		"body": {
			wire.Request{Body: body},
			[]string{"planted-password", "+86 13912345678", "13912345678", "planted-in-list", "planted-deep", "planted-client-secret", "planted<&>"},
			[]string{"refresh_token"},
		},
		"query": {
			wire.Request{Query: url.Values{"state": {"planted-state"}, "phone_number": {"+86 13912345678"}, "email": {"a.b@example.com"}}},
			[]string{"planted-state", "+86 13912345678", "%2B86+13912345678", "13912345678", "a.b@example.com", "a.b%40example.com"}, nil,
		},
		"bearer": {wire.Request{Auth: wire.Bearer, Token: "planted-token"}, []string{"planted-token"}, nil},
		"basic":  {wire.Request{Auth: wire.Basic, Body: wire.Empty{}}, []string{"planted-client-secret", "ZW52OnBsYW50ZWQtY2xpZW50LXNlY3JldA=="}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := tt.req
			req.Op, req.Method, req.Path, req.RequestID = "Op", http.MethodPost, "v1/x", "id"
			_, err := wire.Do[value](t.Context(), newClient(&script{answers: []said{says(400, `{"error":"internal"}`)}}), new(req))
			f := failure(t, err)
			for _, secret := range tt.want {
				assert.NotContains(t, wire.Scrub("quote: "+secret, f.Sent), strings.TrimPrefix(strings.TrimPrefix(secret, "+86 "), "%2B86+"), secret)
			}
			for _, word := range tt.not {
				assert.Contains(t, wire.Scrub("word: "+word, f.Sent), word)
			}
		})
	}
}
