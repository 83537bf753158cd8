package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"syscall"
)

// quietError stands for a transport's error whose text may quote what the server sent, a token perhaps. The cause is
// there for errors.Is and errors.As, and is printed by no verb of fmt.
type quietError struct {
	text  string
	cause error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.cause }

// Format prints the text alone.
func (e *quietError) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), e.text) // as fmt, which ignores what its writer says
}

// quiet returns err if its text is known to hold nothing of an answer, else a *quietError.
func quiet(err error) error {
	if quotesNothing(err) {
		return err
	}
	text := "the connection failed, or the answer is not HTTP"
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case permanent(err):
		text = "the server's certificate is not accepted"
	case isNet && timeout.Timeout():
		text = "the time limit of the connection has passed"
	case failedBeforeConnecting(err):
		text = "connecting failed"
	}
	return &quietError{text: text, cause: err}
}

// quotesNothing knows the errors whose texts the standard library makes without the server, or of names in its
// certificate. An error that holds another is judged by that one too.
func quotesNothing(err error) bool {
	switch err { //nolint:errorlint // what wraps one of these has a text of its own
	case io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, os.ErrDeadlineExceeded,
		context.Canceled, context.DeadlineExceeded, http.ErrSchemeMismatch, errTooLarge:
		return true
	}
	switch e := err.(type) { //nolint:errorlint // the same
	case *net.DNSError, syscall.Errno, tls.RecordHeaderError, tls.AlertError, x509.UnknownAuthorityError,
		x509.HostnameError, x509.CertificateInvalidError, x509.SystemRootsError:
		return true
	case *net.OpError:
		return e.Err != nil && (quotesNothing(e.Err) || isAlert(e.Err))
	case *os.SyscallError:
		return quotesNothing(e.Err)
	case *tls.CertificateVerificationError:
		return quotesNothing(e.Err)
	}
	return fixedTexts[err.Error()]
}

// isAlert reports whether err is one of the numbered alerts of TLS, whose type crypto/tls does not export.
func isAlert(err error) bool {
	t := reflect.TypeOf(err)
	return t.PkgPath() == "crypto/tls" && t.Kind() == reflect.Uint8
}

// fixedTexts are what net/http says where its errors have no exported names. None has a part that varies.
var fixedTexts = map[string]bool{
	"http: server closed idle connection":                     true,
	"net/http: TLS handshake timeout":                         true,
	"net/http: timeout awaiting response headers":             true,
	"net/http: request canceled":                              true,
	"net/http: request canceled while waiting for connection": true,
	"http2: timeout awaiting response headers":                true,
	"http2: client connection lost":                           true,
	"http2: client conn is closed":                            true,
	"http2: client conn could not be established":             true,
}
