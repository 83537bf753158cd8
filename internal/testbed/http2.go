package testbed

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Frames of HTTP/2 (RFC 9113, 6), as far as a server needs them that says no.
const (
	FrameHeaders     byte = 1
	FramePushPromise byte = 5

	frameData, frameReset, frameSettings, framePing, frameGoAway byte = 0, 3, 4, 6, 7
)

// Flags of these frames.
const (
	FlagEndStream  byte = 1
	FlagEndHeaders byte = 4

	flagAck byte = 1
)

// HTTP2 is a transport whose connections are pipes with TLS to a server that speaks HTTP/2 by hand. Every host is reached by it.
type HTTP2 struct {
	*http.Transport
	Dials, Headers, Complete atomic.Int64 // connections, requests begun, requests that arrived whole
}

// NewHTTP2 answers each complete request by reply. A reply that is false ends the connection.
func NewHTTP2(t *testing.T, reply func(c *HTTP2Conn, stream uint32) bool) *HTTP2 {
	t.Helper()
	certificate, roots := serverCertificate()
	h := &HTTP2{}
	h.Transport = &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		h.Dials.Add(1)
		client, server := net.Pipe()
		t.Cleanup(func() { _ = server.Close() }) // a pipe's Close does not fail
		go func() {
			conn := tls.Server(server, &tls.Config{
				Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
			})
			defer func() { _ = server.Close() }()
			h.serve(&HTTP2Conn{Conn: conn}, reply)
		}()
		conn := tls.Client(client, &tls.Config{
			RootCAs: roots, ServerName: "example.com", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
		})
		return conn, conn.HandshakeContext(ctx)
	}}
	t.Cleanup(h.CloseIdleConnections)
	return h
}

// serverCertificate is one for example.com, and who vouches for it.
var serverCertificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{ // the clock of synctest begins in 2000
		SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
})

// HTTP2Conn is the server's end of a connection.
type HTTP2Conn struct{ net.Conn }

// Frame writes one frame.
func (c *HTTP2Conn) Frame(kind, flags byte, stream uint32, payload ...byte) {
	f := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind)) //nolint:gosec // payloads are short
	f = binary.BigEndian.AppendUint32(append(f, flags), stream)
	_, _ = c.Write(append(f, payload...)) // the client may have gone
}

// Answer answers 200 with a body.
func (c *HTTP2Conn) Answer(stream uint32, body string) {
	c.Frame(FrameHeaders, FlagEndHeaders, stream, 0x88) // :status 200
	c.Frame(frameData, FlagEndStream, stream, []byte(body)...)
}

// Reset ends a stream with a code.
func (c *HTTP2Conn) Reset(stream, code uint32) {
	c.Frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code)...)
}

// GoAway says up to which stream requests were seen, with a code and some text that holds a token.
func (c *HTTP2Conn) GoAway(last, code uint32) {
	payload := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code)
	c.Frame(frameGoAway, 0, 0, append(payload, "planted-token"...)...)
}

type http2Frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// frames reads what the client sends, whatever the server is doing: on a pipe, both would wait for each other.
func (c *HTTP2Conn) frames() <-chan http2Frame {
	frames := make(chan http2Frame, 100) // more than a client sends here
	go func() {
		defer close(frames)
		in := bufio.NewReader(c)
		if _, err := io.CopyN(io.Discard, in, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
			return
		}
		for {
			var head [9]byte
			if _, err := io.ReadFull(in, head[:]); err != nil {
				return
			}
			f := http2Frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]), make([]byte, binary.BigEndian.Uint32(head[:4])>>8)}
			if _, err := io.ReadFull(in, f.payload); err != nil {
				return
			}
			frames <- f
		}
	}()
	return frames
}

func (h *HTTP2) serve(c *HTTP2Conn, reply func(*HTTP2Conn, uint32) bool) {
	frames := c.frames()
	c.Frame(frameSettings, 0, 0)
	for f := range frames {
		switch {
		case f.kind == frameSettings && f.flags&flagAck == 0:
			c.Frame(frameSettings, flagAck, 0)
		case f.kind == framePing && f.flags&flagAck == 0:
			c.Frame(framePing, flagAck, 0, f.payload...)
		case f.kind == FrameHeaders:
			h.Headers.Add(1)
		}
		if (f.kind == FrameHeaders || f.kind == frameData) && f.flags&FlagEndStream != 0 {
			if h.Complete.Add(1) > 10 {
				continue // or a client that replays at once would go on for ever, in no time
			}
			if !reply(c, f.stream) {
				return
			}
		}
	}
}
