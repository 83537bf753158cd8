// Package bench_test measures what this client costs beside what somebody would write in its place.
package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/cloudbase-community/tcbauth"
)

// Absolute times say little on a shared machine. What is compared here is measured in the same run, in turns, and judged
// by the median of the pairs.

const benchEnv = "bench-1a2b3c4d5e"

// BenchmarkGetAccessToken compares a token at hand with the clock that has to be read for it and with the cached source
// of x/oauth2.
func BenchmarkGetAccessToken(b *testing.B) {
	ctx := b.Context()
	auth := signedInAuth(b)
	source := cachedSource()
	for _, subject := range []struct {
		name string
		f    func() bool
	}{
		{"tcbauth", func() bool { return hasToken(ctx, auth) }},
		{"oauth2", func() bool { return hasOAuth2Token(source) }},
		{"time.Now", readClock},
	} {
		b.Run(subject.name, func(b *testing.B) {
			b.Run("serial", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !subject.f() {
						b.Fatal("no token")
					}
				}
			})
			b.Run("parallel", func(b *testing.B) { inParallel(b, 1, subject.f) })
			b.Run("parallel128", func(b *testing.B) { inParallel(b, 128, subject.f) })
		})
	}
}

// inParallel runs f on goroutines times GOMAXPROCS goroutines.
func inParallel(b *testing.B, goroutines int, f func() bool) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(goroutines)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !f() {
				b.Error("no token")
				return
			}
		}
	})
}

// signedInAuth has a session for two hours.
func signedInAuth(tb testing.TB) *tcbauth.Auth {
	tb.Helper()
	auth, err := tcbauth.New(benchEnv)
	require.NoError(tb, err)
	require.NoError(tb, auth.SetCredentials(tb.Context(), &tcbauth.Credentials{
		AccessToken: opaque(900), RefreshToken: opaque(64), ExpiresIn: 7200,
	}))
	return auth
}

func hasToken(ctx context.Context, auth *tcbauth.Auth) bool {
	token, err := auth.GetAccessToken(ctx)
	return err == nil && token != ""
}

var errNoToken = errors.New("no token")

func needToken(ctx context.Context, auth *tcbauth.Auth) error {
	if !hasToken(ctx, auth) {
		return errNoToken
	}
	return nil
}

// cachedSource is the token cache of x/oauth2 with a token for two hours.
func cachedSource() oauth2.TokenSource {
	token := &oauth2.Token{AccessToken: opaque(900), Expiry: time.Now().Add(2 * time.Hour)}
	return oauth2.ReuseTokenSource(token, oauth2.StaticTokenSource(&oauth2.Token{}))
}

func hasOAuth2Token(source oauth2.TokenSource) bool {
	token, err := source.Token()
	return err == nil && token.AccessToken != ""
}

func readClock() bool { return !time.Now().IsZero() }

// BenchmarkSignInWithSms compares an SMS login of a known user (ask for a code, check it, sign in, fetch the user) with the
// same four requests written by hand. pairs takes turns and has the ratio; the others are for allocations and profiles.
func BenchmarkSignInWithSms(b *testing.B) {
	for _, network := range []struct {
		name string
		open func(testing.TB) endpoint
	}{{"loopback", loopbackEndpoint}, {"canned", cannedEndpoint}} {
		b.Run(network.name, func(b *testing.B) {
			login, byHand := smsLogins(b, network.open(b))
			b.Run("pairs", func(b *testing.B) {
				var p pairs
				for b.Loop() {
					require.NoError(b, p.measure(login, byHand))
				}
				b.ReportMetric(p.ratio(), "ratio")
				b.ReportMetric(p.first(), "tcbauth-ns/op")
				b.ReportMetric(p.second(), "byhand-ns/op")
			})
			b.Run("tcbauth", func(b *testing.B) { alone(b, login) })
			b.Run("byhand", func(b *testing.B) { alone(b, byHand) })
		})
	}
}

func alone(b *testing.B, f func() error) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

// pairs are times of two functions that were run in turns.
type pairs struct{ a, b []float64 }

// measure runs both once, each time in the other order.
func (p *pairs) measure(a, b func() error) error {
	var errA, errB error
	if len(p.a)%2 == 0 {
		errA = timed(&p.a, a)
		errB = timed(&p.b, b)
	} else {
		errB = timed(&p.b, b)
		errA = timed(&p.a, a)
	}
	return errors.Join(errA, errB)
}

func timed(to *[]float64, f func() error) error {
	start := time.Now()
	err := f()
	*to = append(*to, float64(time.Since(start)))
	return err
}

// each makes the times of n operations those of one.
func (p *pairs) each(n int) *pairs {
	for i := range p.a {
		p.a[i] /= float64(n)
		p.b[i] /= float64(n)
	}
	return p
}

// ratio is the median of the ratios of the pairs.
func (p *pairs) ratio() float64 {
	ratios := make([]float64, len(p.a))
	for i := range p.a {
		ratios[i] = p.a[i] / p.b[i]
	}
	return median(ratios)
}

// first is the median time of the first function in nanoseconds, second that of the other.
func (p *pairs) first() float64  { return median(p.a) }
func (p *pairs) second() float64 { return median(p.b) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// endpoint is a server and how it is reached.
type endpoint struct {
	base      string
	transport func() http.RoundTripper // a new one, with a connection pool of its own
}

// loopbackEndpoint answers over TCP.
func loopbackEndpoint(tb testing.TB) endpoint {
	tb.Helper()
	answers := cannedAnswers(tb)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.Path]
		if _, err := io.Copy(io.Discard, r.Body); err != nil || !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer) // a client that went away fails the benchmark
	}))
	tb.Cleanup(server.Close)
	return endpoint{base: server.URL, transport: func() http.RoundTripper {
		t := &http.Transport{}
		tb.Cleanup(t.CloseIdleConnections)
		return t
	}}
}

// cannedEndpoint answers without a network: what is left is the client's own work.
func cannedEndpoint(tb testing.TB) endpoint {
	tb.Helper()
	answers := cannedAnswers(tb)
	return endpoint{
		base:      "https://" + benchEnv + ".ap-shanghai.tcb-api.tencentcloudapi.com",
		transport: func() http.RoundTripper { return cannedTransport(answers) },
	}
}

// cannedTransport answers each path with the same text.
type cannedTransport map[string][]byte

func (c cannedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	answer, ok := c[r.URL.Path]
	if !ok {
		return nil, fmt.Errorf("no answer for %s", r.URL.Path)
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(answer)),
		ContentLength: int64(len(answer)), Request: r,
	}, nil
}

// cannedAnswers are the server's, by path, of the size that they have in life.
func cannedAnswers(tb testing.TB) map[string][]byte {
	tb.Helper()
	const sub, at = "1789012345678901234", "2025-01-02T03:04:05.678Z"
	answers := make(map[string][]byte)
	for path, v := range map[string]any{
		"/auth/v1/verification":        map[string]any{"verification_id": opaque(600), "expires_in": 600, "is_user": true},
		"/auth/v1/verification/verify": map[string]any{"verification_token": opaque(900), "expires_in": 600},
		"/auth/v1/signin": map[string]any{
			"token_type": "Bearer", "access_token": opaque(900), "refresh_token": opaque(64), "expires_in": 7200,
			"scope": "user", "sub": sub, "groups": []string{"group-1"},
		},
		"/auth/v1/user/me": map[string]any{
			"sub": sub, "name": "Somebody", "username": "somebody", "phone_number": "+86 13800000000",
			"email": "somebody@example.com", "email_verified": true, "picture": "https://pictures.example.com/1.png",
			"gender": "UNKNOWN", "birthdate": "2000-01-02", "zoneinfo": "Asia/Shanghai", "locale": "zh-cn",
			"groups": []map[string]any{{"id": "group-1", "expires_at": at}},
			"providers": []map[string]any{{
				"id": "wx_open", "provider_user_id": opaque(28), "name": "Somebody",
				"picture": "https://pictures.example.com/2.png",
			}},
			"status": "ACTIVE", "has_password": true, "type": "external", "internal_user_type": "", "user_id": sub,
			"user_desc": "a person", "user_source": 1, "created_from": "sms", "created_at": at, "updated_at": at,
			"password_updated_at": at, "last_login": at, "meta": map[string]any{},
		},
	} {
		answer, err := json.Marshal(v)
		require.NoError(tb, err)
		answers[path] = answer
	}
	return answers
}

// opaque is a text of n characters in place of a token or an id.
func opaque(n int) string { return strings.Repeat("eyJhbGciOi", n/10+1)[:n] }

// smsLogins returns two ways of one login, each with a client of its own: a code is asked for, checked and used, and the
// user is fetched. opts are of the first.
func smsLogins(tb testing.TB, at endpoint, opts ...tcbauth.Option) (login, byHand func() error) {
	tb.Helper()
	const code, deviceID, phone = "123456", "0123456789abcdef0123456789abcdef", "+86 13800000000"
	ctx := tb.Context()
	auth, err := tcbauth.New(benchEnv, append(opts, tcbauth.WithBaseURL(at.base), tcbauth.WithDeviceID(deviceID),
		tcbauth.WithHTTPClient(&http.Client{Transport: at.transport()}))...)
	require.NoError(tb, err)
	login = func() error {
		info, err := auth.GetVerification(ctx, tcbauth.GetVerificationRequest{PhoneNumber: phone})
		if err != nil {
			return err
		}
		state, err := auth.SignInWithSms(ctx, tcbauth.SignInWithSmsRequest{
			VerificationInfo: info, VerificationCode: code, PhoneNum: phone,
		})
		if err != nil {
			return err
		}
		return loggedIn(state.UserErr, state.Credentials.AccessToken, state.User.PhoneNumber)
	}
	hand := &handWritten{
		client: &http.Client{Transport: at.transport()}, base: at.base, clientID: benchEnv, deviceID: deviceID,
		version: "tcbauth/" + tcbauth.Version(),
	}
	byHand = func() error {
		sent, err := hand.ask(ctx, phone)
		if err != nil {
			return err
		}
		session, user, err := hand.login(ctx, sent.VerificationID, code, phone)
		if err != nil {
			return err
		}
		return loggedIn(nil, session.AccessToken, user.PhoneNumber)
	}
	for _, f := range []func() error{login, byHand} { // connected before anything is measured
		require.NoError(tb, f())
	}
	return login, byHand
}

func loggedIn(err error, token, phone string) error {
	if err != nil {
		return err
	}
	if token == "" || phone == "" {
		return errors.New("not everything was decoded")
	}
	return nil
}
