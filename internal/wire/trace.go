package wire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// trace sees whether a request got a connection. Without one nothing can have been sent.
type trace struct {
	hooks    httptrace.ClientTrace
	asked    atomic.Bool // a transport with hooks asked for a connection
	obtained atomic.Bool
	inside   bool // a client inside the transport has failed, which may have sent the request before
}

func (t *trace) watch() *httptrace.ClientTrace {
	t.hooks.GetConn = func(string) { t.asked.Store(true) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) { t.obtained.Store(true) }
	return &t.hooks
}

// neverSent reports whether it is proved that the attempt that failed with err sent nothing. A nil trace has no hooks.
func (t *trace) neverSent(err error) bool {
	if t != nil && t.asked.Load() {
		return !t.obtained.Load()
	}
	if t != nil && (t.obtained.Load() || t.inside) {
		return false
	}
	return failedBeforeConnecting(err) || permanent(err)
}

func failedBeforeConnecting(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// permanent reports whether a connection failed for a reason that the next attempt would meet too.
func permanent(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok
}

// unwrapURL takes every url.Error away: its text has the URL, whose query may hold tokens. Each is of one http.Client.
func unwrapURL(err error) (clients int, cause error) {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			return clients, err
		}
		err = u.Err
		clients++
	}
}
