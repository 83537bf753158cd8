package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Auth says how a call proves who makes it.
type Auth int

// The ways of Auth. Calls without a bearer carry client_id.
const (
	None   Auth = iota
	Bearer      // the access token of Request.Token
	Basic       // client id and secret
)

// Request is one logical call, of one caller at a time. It keeps its request id over all repeats.
type Request struct {
	Op     string // name of the Go method, for log and errors
	Method string
	Path   string     // below /auth, from Path
	Query  url.Values // nil: none
	Body   any        // sent as JSON; nil: no body

	Auth  Auth
	Token string

	Language, DeviceID, RequestID string

	// Attempts and Status are what Do tells of it: how often it was sent so far, and the status of the last answer, 0 for none.
	Attempts, Status int

	// Repeatable calls have the same effect once or twice: they are sent again after a lost connection too. Others
	// are sent again only when it is proved that nothing was sent.
	Repeatable bool

	// CodeIsResult: the field `code` of the answer is a result, not an error code.
	CodeIsResult bool
}

// Path joins parts to a path and escapes each, so that no part can leave its place. "v1" comes first.
func Path(parts ...string) (string, error) {
	var b strings.Builder
	for i, part := range parts {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("%q is not a path part", part)
		}
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(url.PathEscape(part))
	}
	return b.String(), nil
}

// target is the URL of the request.
func (c *Client) target(req *Request) (url.URL, error) {
	u := c.base
	path, err := url.PathUnescape(req.Path)
	if err != nil {
		return url.URL{}, fmt.Errorf("the path of %s is not escaped as one", req.Op)
	}
	if path != req.Path || u.RawPath != "" {
		u.RawPath = u.EscapedPath() + req.Path
	}
	u.Path += path
	u.RawQuery = req.Query.Encode()
	if req.Auth != Bearer && !req.Query.Has("client_id") {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += c.clientQuery
	}
	return u, nil
}

// encodeBody encodes as the js-sdk does: without HTML escapes.
func encodeBody(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	body, err := json.Marshal(v) // the cheaper way, and the same where there is nothing to escape
	if err == nil && bytes.Contains(body, []byte(`\u00`)) {
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		err = enc.Encode(v)
		body = bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	return body, nil
}
