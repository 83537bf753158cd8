package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cloudbase-community/tcbauth/internal/endpoint"
)

const (
	askLimit  = 5 * time.Second
	maxAnswer = 1 << 20
)

// stage is how far a request has come.
type stage int32

const (
	resolving stage = iota
	connecting
	securing
	waiting // for the answer
)

// answer is what came of one request for the server's certs.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	sent, got time.Time

	err   error
	stage stage
	url   error // what is wrong with the base URL, so that nothing was asked
}

// came reports whether an answer came.
func (a *answer) came() bool { return a.err == nil && a.url == nil }

// get asks for the certs, which needs neither a session nor an environment.
func (e *exam) get(ctx context.Context) *answer {
	var choice endpoint.Choice
	a := &answer{url: errors.Join(choice.UseBase(e.base), choice.Check())}
	base, err := url.Parse(e.base)
	if a.url = errors.Join(a.url, err); a.url != nil {
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var at atomic.Int32
	reach := func(s stage) { at.Store(int32(s)) }
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart:      func(string, string) { reach(connecting) },
		TLSHandshakeStart: func() { reach(securing) },
		GotConn:           func(httptrace.GotConnInfo) { reach(waiting) },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("auth/v1/certs").String(), nil)
	if err != nil {
		a.url = err
		return a
	}
	client := *e.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a.sent = e.Now()
	response, err := client.Do(request)
	a.got = e.Now()
	if err == nil {
		defer func() { _ = response.Body.Close() }()
		a.status, a.header = response.StatusCode, response.Header
		a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	}
	a.err, a.stage = err, stage(at.Load())
	return a
}

// proxy looks for what stands between here and the server: a proxy that is known, and one that answers in the server's place.
func proxy(_ context.Context, e *exam) Finding {
	a := e.ask()
	if a.url != nil {
		return nothing()
	}
	base, _ := url.Parse(e.base)
	between, err := e.Proxy(&http.Request{URL: base})
	switch {
	case a.came() && isPage(a):
		return e.failure(say(pageInstead, base.Host, a.status), say(doPage, base.Host))
	case err != nil:
		return e.failure(say(proxyBroken), say(doProxyBroken))
	case between != nil:
		return e.ok(say(proxyUsed, between.Host))
	default:
		return e.ok(say(proxyNone))
	}
}

// isPage reports whether the answer is a web page.
func isPage(a *answer) bool {
	kind, _, _ := bytes.Cut([]byte(a.header.Get("Content-Type")), []byte(";"))
	return bytes.EqualFold(bytes.TrimSpace(kind), []byte("text/html")) || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}

// host says how far one comes on the way to the server.
func host(_ context.Context, e *exam) Finding {
	a := e.ask()
	if a.url != nil {
		return e.failure(say(noURL), say(doNoURL))
	}
	base, _ := url.Parse(e.base)
	name := base.Hostname()
	if a.err == nil {
		return e.ok(say(hostReached, base.Host, a.got.Sub(a.sent).Round(time.Millisecond)))
	}
	var (
		dns     *net.DNSError
		op      *net.OpError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		invalid x509.CertificateInvalidError
	)
	isOp := errors.As(a.err, &op)
	switch late := errors.Is(a.err, context.DeadlineExceeded); {
	case isOp && op.Op == "proxyconnect":
		return e.failure(say(proxyRefuses, name), say(doProxyRefuses))
	case errors.As(a.err, &dns):
		if dns.IsNotFound {
			return e.failure(say(nameUnknown, name), say(doNameUnknown))
		}
		return e.failure(say(dnsSilent, name), say(doDNSSilent))
	case errors.As(a.err, &invalid) && invalid.Reason == x509.Expired:
		return e.failure(say(certExpired, name), say(doCertExpired))
	case errors.As(a.err, &verify), errors.As(a.err, &record), errors.Is(a.err, http.ErrSchemeMismatch), late && a.stage == securing:
		return e.failure(say(noTLS, name), say(doNoTLS, name))
	case late && a.stage == resolving:
		return e.failure(say(dnsSilent, name), say(doDNSSilent))
	case late && a.stage == waiting:
		return e.failure(say(serverSilent, name, askLimit), say(doServerSilent))
	case isOp && op.Op == "dial", late:
		return e.failure(say(noConnection, base.Host), say(doNoConnection))
	default:
		return e.failure(say(connectionLost, name), say(doServerSilent))
	}
}

// certs looks whether what answers is an auth server.
func certs(_ context.Context, e *exam) Finding {
	a := e.ask()
	if !a.came() || isPage(a) {
		return nothing()
	}
	var keys struct {
		Keys []json.RawMessage `json:"keys"`
	}
	switch {
	case a.status >= http.StatusInternalServerError:
		return e.failure(say(serverTrouble, a.status), say(doServerSilent))
	case a.status != http.StatusOK || json.Unmarshal(a.body, &keys) != nil || len(keys.Keys) == 0:
		return e.failure(say(noAuthServer, e.base, a.status), say(doNoAuthServer))
	default:
		return e.ok(say(certsServed, len(keys.Keys)))
	}
}

// The differences of two clocks at which something is wrong. The client renews a token 30 s before its end, and a backend allows 60 s.
const (
	skewed = 30 * time.Second
	broken = 5 * time.Minute
)

// clock compares the time here with the server's, which has seconds.
func clock(_ context.Context, e *exam) Finding {
	a := e.ask()
	if !a.came() {
		return nothing()
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return nothing()
	}
	if age, err := strconv.Atoi(a.header.Get("Age")); err == nil && age > 0 { // of an answer that a cache kept
		date = date.Add(time.Duration(min(age, 1<<20)) * time.Second)
	}
	here := a.sent.Add(a.got.Sub(a.sent) / 2)
	ahead := here.Sub(date.Add(time.Second / 2)).Round(time.Second)
	text := clockAhead
	if ahead < 0 {
		text = clockBehind
	}
	switch {
	case ahead.Abs() <= skewed:
		return e.ok(say(clockRight))
	case ahead.Abs() <= broken:
		return e.warning(say(text, ahead.Abs()), say(doClock))
	default:
		return e.failure(say(text, ahead.Abs()), say(doClock))
	}
}
