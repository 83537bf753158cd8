package wire_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cloudbase-community/tcbauth/internal/wire"
)

// What a request looks like on HTTP/1.1, byte for byte. The body is never sent in chunks, and a length is given where
// there is a body and where servers ask for one.
func TestBytesOnHTTP1(t *testing.T) {
	t.Parallel()
	const rest = "Host: api.example.com\r\nUser-Agent: tcbauth\r\n"
	const json = "Content-Type: application/json\r\n"
	head := func(length, contentType, last string) string {
		return rest + length + "Accept: application/json\r\nAccept-Language: zh-CN\r\n" + contentType +
			"X-Device-Id: device\r\nX-Request-Id: id\r\nX-Sdk-Version: tcbauth/test\r\n" + last + "Accept-Encoding: gzip\r\n\r\n"
	}
	full, none, zero := head("Content-Length: 2\r\n", json, "")+"{}", head("", "", ""), head("", "", "content-length: 0\r\n")
	tests := map[string]struct {
		method string
		body   any
		want   string
	}{
		"POST":                 {http.MethodPost, wire.Empty{}, full},
		"POST without body":    {http.MethodPost, nil, zero},
		"PUT without body":     {http.MethodPut, nil, zero},
		"PATCH without body":   {http.MethodPatch, nil, zero},
		"DELETE":               {http.MethodDelete, wire.Empty{}, full},
		"DELETE without body":  {http.MethodDelete, nil, none},
		"GET":                  {http.MethodGet, wire.Empty{}, full},
		"GET without body":     {http.MethodGet, nil, none},
		"OPTIONS without body": {http.MethodOptions, nil, none},
	}
	for name, tt := range tests {
		for _, repeatable := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var got bytes.Buffer
					p := newPipes(t, func(p *pipes, _ int64, conn net.Conn) {
						if p.readRequest(readAlso{conn, io.TeeReader(conn, &got)}) {
							_, _ = io.WriteString(conn, goodHTTP) // a client that is gone fails the test
						}
					})
					_, err := wire.Do[value](t.Context(), newClient(p), &wire.Request{
						Op: "Op", Method: tt.method, Path: "v1/x", Body: tt.body,
						Language: "zh-CN", DeviceID: "device", RequestID: "id", Repeatable: repeatable,
					})
					require.NoError(t, err)
					assert.Equal(t, tt.method+" /auth/v1/x?client_id=env HTTP/1.1\r\n"+tt.want, got.String())
				})
			})
		}
	}
}

// readAlso is a connection that is read by way of another reader.
type readAlso struct {
	net.Conn
	r io.Reader
}

func (c readAlso) Read(p []byte) (int, error) { return c.r.Read(p) }
