// Package pipe has the listener of servers in memory, and the transport of the client that reaches a server and nothing else.
package pipe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listener is a net.Listener whose connections are the server ends of net.Pipes. It has no goroutine of its own.
type Listener struct {
	Host   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewListener returns a listener that a URL with this host stands for.
func NewListener(host string) *Listener {
	return &Listener{Host: host, conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for somebody to dial.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and refuses whoever dials.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is the host.
func (l *Listener) Addr() net.Addr { return address(l.Host) }

// dial returns the client end of a new pipe once the server has accepted the other end.
func (l *Listener) dial(ctx context.Context, addr string) (net.Conn, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || host != l.Host {
		return nil, dialError(l, fmt.Errorf("authtest: this client reaches %s only, not %s", l.Host, addr))
	}
	client, server := net.Pipe()
	var err error
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	_, _ = client.Close(), server.Close() // closing a pipe does not fail
	return nil, dialError(l, err)
}

// dialError is the error of a connection that was never made, in the type that net.Dial uses for it.
func dialError(l net.Listener, err error) error {
	return &net.OpError{Op: "dial", Net: l.Addr().Network(), Addr: l.Addr(), Err: err}
}

type address string

func (address) Network() string  { return "pipe" }
func (a address) String() string { return string(a) }

// NewTransport returns a transport that reaches the listener and nothing else, without a proxy. public is a host and port that
// stands for the listener too, as its port at every loopback address does, "" for none. secure is how the listener proves itself
// over TLS, nil for no TLS.
func NewTransport(l net.Listener, public string, secure *tls.Config) *http.Transport {
	var dial func(ctx context.Context, network, addr string) (net.Conn, error)
	if pipe, ok := l.(*Listener); ok {
		dial = func(ctx context.Context, _, addr string) (net.Conn, error) { return pipe.dial(ctx, addr) }
	} else {
		own := l.Addr().String()
		host, port, _ := net.SplitHostPort(own)
		reached := own
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			reached = net.JoinHostPort("localhost", port)
		}
		dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, p, err := net.SplitHostPort(addr)
			if ip := net.ParseIP(host); addr == public || addr == own {
				addr = reached
			} else if err != nil || p != port || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				return nil, dialError(l, fmt.Errorf("authtest: this client reaches port %s of this machine only, not %s", port, addr))
			}
			return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, addr)
		}
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: secure, MaxIdleConns: 100, MaxIdleConnsPerHost: 100}
	if secure == nil {
		transport.DialTLSContext = dial // the pipe needs no TLS, and a server without TLS has none
	}
	return transport
}
