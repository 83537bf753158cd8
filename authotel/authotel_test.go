package authotel_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authotel"
	"github.com/cloudbase-community/tcbauth/authtest"
	"github.com/cloudbase-community/tcbauth/internal/testbed"
)

// telemetry is an SDK that keeps everything in memory.
type telemetry struct {
	spans   *tracetest.SpanRecorder
	traces  *sdktrace.TracerProvider
	metrics *metric.ManualReader
	option  tcbauth.Option
}

func newTelemetry() *telemetry {
	m := &telemetry{spans: tracetest.NewSpanRecorder(), metrics: metric.NewManualReader()}
	m.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(m.spans))
	m.option = tcbauth.WithObserver(authotel.New(
		authotel.WithTracerProvider(m.traces), authotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(m.metrics))),
	))
	return m
}

// ended returns the spans that have ended, by name; of two with one name the later.
func (m *telemetry) ended() map[string]sdktrace.ReadOnlySpan {
	spans := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range m.spans.Ended() {
		spans[s.Name()] = s
	}
	return spans
}

// collected returns the metrics, by name.
func (m *telemetry) collected(t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, m.metrics.Collect(t.Context(), &all))
	byName := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		assert.Equal(t, authotel.Scope, scope.Scope.Name)
		for _, one := range scope.Metrics {
			byName[one.Name] = one
		}
	}
	return byName
}

func attributesOf(s sdktrace.ReadOnlySpan) map[string]string {
	attrs := map[string]string{}
	for _, a := range s.Attributes() {
		attrs[string(a.Key)] = a.Value.String()
	}
	return attrs
}

// TestSpans: one trace has the call, the refresh that it waited for, and the store's calls.
func TestSpans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, m := testbed.Emulator(t), newTelemetry()
		auth := testbed.NewApp(t, srv, m.option).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		for _, s := range m.spans.Ended() {
			if s.SpanKind() != trace.SpanKindClient {
				assert.True(t, s.Parent().IsValid(), "a call of a store by itself tells nothing: %s", s.Name())
			}
		}
		m.spans.Reset()
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		ctx, parent := m.traces.Tracer("program").Start(t.Context(), "request")
		_, err := auth.GetUserInfo(ctx, tcbauth.GetUserInfoRequest{})
		require.NoError(t, err)
		parent.End()

		spans := m.ended()
		call, refresh, get := spans["tcbauth.GetUserInfo"], spans["tcbauth.RefreshSession"], spans["tcbauth.store.get"]
		require.NotNil(t, call)
		require.NotNil(t, refresh)
		require.NotNil(t, get)
		assert.Equal(t, parent.SpanContext().SpanID(), call.Parent().SpanID())
		assert.Equal(t, call.SpanContext().SpanID(), refresh.Parent().SpanID())
		assert.Equal(t, call.SpanContext().SpanID(), get.Parent().SpanID())
		assert.Equal(t, trace.SpanKindClient, call.SpanKind())
		assert.Equal(t, time.Second, call.EndTime().Sub(call.StartTime()))

		attrs := attributesOf(call)
		assert.NotEmpty(t, attrs["tcbauth.request_id"])
		delete(attrs, "tcbauth.request_id")
		assert.Equal(t, map[string]string{
			"tcbauth.operation": "GetUserInfo", "http.request.method": "GET", "url.path": "/auth/v1/user/me",
			"server.address": "authtest.authtest.invalid", "http.response.status_code": "200", "tcbauth.refreshed": "true",
		}, attrs)
		assert.Equal(t, codes.Unset, call.Status().Code)
		require.Len(t, call.Events(), 1)
		assert.Equal(t, "tcbauth.refresh", call.Events()[0].Name)
		assert.Equal(t, []attribute.KeyValue{attribute.String("tcbauth.refresh.outcome", "refreshed")}, call.Events()[0].Attributes)
	})
}

// TestFailures: spans say that they have failed and why.
func TestFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, m, store := testbed.Emulator(t), newTelemetry(), testbed.NewLockingStore()
		auth := testbed.NewApp(t, srv, m.option, tcbauth.WithTokenStore(store)).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Fault(authtest.Fault{Operation: "user/me", Error: &authtest.Error{Code: "unavailable", Status: 503}})
		_, err := testbed.GetMe(t, auth)
		require.Error(t, err)
		call := m.ended()["tcbauth.GetUserInfo"]
		attrs := attributesOf(call)
		assert.Equal(t, codes.Error, call.Status().Code)
		assert.Equal(t, "SERVICE_ERROR", call.Status().Description)
		assert.Equal(t, "SERVICE_ERROR", attrs["error.type"])
		assert.Equal(t, "unavailable", attrs["tcbauth.error.code"])
		assert.Equal(t, "503", attrs["http.response.status_code"])
		assert.Equal(t, "2", attrs["http.request.resend_count"])

		srv.Advance(testbed.TokenLifetime)
		store.On(testbed.FailsWith(testbed.ErrDisk, "Get"))
		_, err = testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrStore)
		get := m.ended()["tcbauth.store.get"]
		assert.Equal(t, codes.Error, get.Status().Code)
		assert.Equal(t, "_OTHER", attributesOf(get)["error.type"])
	})
}

// TestSessionEnd is an event of the span in which it happens.
func TestSessionEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, m := testbed.Emulator(t), newTelemetry()
		auth := testbed.NewApp(t, srv, m.option).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		testbed.RefuseBearers(srv, 2, 0)
		_, err := testbed.GetMe(t, auth)
		require.ErrorIs(t, err, tcbauth.ErrSessionExpired)
		events := m.ended()["tcbauth.GetUserInfo"].Events()
		last := events[len(events)-1]
		assert.Equal(t, "tcbauth.session.end", last.Name)
		assert.Equal(t, []attribute.KeyValue{
			attribute.String("tcbauth.session.end_reason", "expired"), attribute.String("tcbauth.error.code", "unauthenticated"),
		}, last.Attributes)
	})
}

// TestMetrics: each instrument has its unit, and measures what it is named for.
func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, m := testbed.Emulator(t), newTelemetry()
		auth := testbed.NewApp(t, srv, m.option).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		srv.Advance(testbed.TokenLifetime)
		testbed.Slow(srv, "token", 1)
		srv.Fault(authtest.Fault{Operation: "user/me", Times: 1, Error: &authtest.Error{Code: "unavailable", Status: 503}})
		_, err := testbed.GetMe(t, auth)
		require.NoError(t, err)
		require.NoError(t, auth.SignOut(t.Context()))

		got := m.collected(t)
		units := map[string]string{}
		for name, one := range got {
			units[name] = one.Unit
			assert.NotEmpty(t, one.Description, name)
		}
		assert.Equal(t, map[string]string{
			"tcbauth.call.duration": "s", "tcbauth.call.attempts": "{attempt}", "tcbauth.refresh.duration": "s",
			"tcbauth.store.duration": "s", "tcbauth.session.ends": "{session}",
		}, units)

		me := attribute.NewSet(
			attribute.String("tcbauth.operation", "GetUserInfo"), attribute.String("http.request.method", "GET"),
			attribute.String("server.address", "authtest.authtest.invalid"), attribute.Int("http.response.status_code", 200),
		)
		attempts := pointOf(t, got["tcbauth.call.attempts"].Data.(metricdata.Histogram[int64]), me)
		assert.EqualValues(t, 2, attempts.Count, "the sign-in has made one too")
		assert.EqualValues(t, 3, attempts.Sum)
		assert.GreaterOrEqual(t, pointOf(t, got["tcbauth.call.duration"].Data.(metricdata.Histogram[float64]), me).Sum, 1.0)
		refreshed := attribute.NewSet(attribute.String("tcbauth.refresh.outcome", "refreshed"))
		assert.InDelta(t, 1, pointOf(t, got["tcbauth.refresh.duration"].Data.(metricdata.Histogram[float64]), refreshed).Sum, 0.001)
		reads := attribute.NewSet(attribute.String("tcbauth.store.operation", "get"))
		assert.NotZero(t, pointOf(t, got["tcbauth.store.duration"].Data.(metricdata.Histogram[float64]), reads).Count)
		ends := got["tcbauth.session.ends"].Data.(metricdata.Sum[int64]).DataPoints
		require.Len(t, ends, 1)
		assert.EqualValues(t, 1, ends[0].Value)
		assert.Equal(t, attribute.NewSet(attribute.String("tcbauth.session.end_reason", "signed_out")), ends[0].Attributes)
	})
}

// pointOf is the point of a histogram with these attributes.
func pointOf[N int64 | float64](t *testing.T, h metricdata.Histogram[N], attrs attribute.Set) metricdata.HistogramDataPoint[N] {
	t.Helper()
	for _, p := range h.DataPoints {
		if p.Attributes.Equals(&attrs) {
			return p
		}
	}
	require.Fail(t, "no such point", "%v in %v", attrs.Encoded(attribute.DefaultEncoder()), h.DataPoints)
	return metricdata.HistogramDataPoint[N]{}
}

// TestNothingSecret: whatever a server quotes of what it was sent, no span and no metric has it.
func TestNothingSecret(t *testing.T) {
	t.Parallel()
	for name, row := range testbed.MethodRows {
		if row.Local {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for kind, quoting := range testbed.Indiscreet {
					m := newTelemetry()
					p := &testbed.Peer{Answer: func(n int, r testbed.Arrived) testbed.Answer {
						if n < row.Needed()-1 {
							return row.Good()
						}
						return quoting(r)
					}}
					opts := append(row.Opts[:len(row.Opts):len(row.Opts)], m.option)
					auth := testbed.NewPeerApp(t, p, testbed.SessionStore(t), opts...).Auth()
					_, _ = testbed.CallMethod(t.Context(), auth, name, row) // how it ends is others' to test
					assert.NotEmpty(t, m.spans.Ended())
					for _, s := range m.spans.Ended() {
						testbed.AssertNoSecret(t, kind, fmt.Sprintf("%s %v %v %v %v", s.Name(), s.Attributes(), s.Events(), s.Status(), s.Resource()))
						for _, a := range s.Attributes() {
							testbed.AssertNoSecret(t, kind, a.Value.String())
						}
					}
					testbed.AssertNoSecret(t, kind, fmt.Sprintf("%+v", m.collected(t)))
				}
			})
		})
	}
}

// TestDefaults: without options, and without providers, the global ones are used, which do nothing until a program sets them.
func TestDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := testbed.Emulator(t)
		auth := testbed.NewApp(t, srv, tcbauth.WithObserver(authotel.New(nil, authotel.WithTracerProvider(nil), authotel.WithMeterProvider(nil)))).Auth()
		testbed.SignInAs(t, auth, testbed.Gopher)
		require.NoError(t, auth.SignOut(t.Context()))
	})
}
