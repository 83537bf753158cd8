// Package authotel shows what tcbauth does in OpenTelemetry: a span for each call and for each call of the token store
// that belongs to one, and metrics.
//
//	app, err := tcbauth.NewApp("your-env-id", tcbauth.WithObserver(authotel.New()))
//
// It uses the API of OpenTelemetry only: what becomes of spans and metrics is up to the SDK that the program sets up. No
// span and no metric holds a token, a code, a phone number, a body, a query or the key of a stored value.
//
// # Metrics
//
//	tcbauth.call.duration     s          histogram  calls, with the time that they took
//	tcbauth.call.attempts     {attempt}  histogram  how often a call's request was sent
//	tcbauth.refresh.duration  s          histogram  refreshes, with the time that the server took
//	tcbauth.store.duration    s          histogram  calls of the token store
//	tcbauth.session.ends      {session}  counter    sessions that have ended
//
// The attributes http.request.method, http.response.status_code, server.address, server.port and error.type are those of
// the semantic conventions. error.type is the error's [tcbauth.Category], or "_OTHER" for a store. The others are this
// package's own: tcbauth.operation is the method of Auth; tcbauth.refresh.outcome is "refreshed", "replaced", "refused" or
// "failed"; tcbauth.store.operation is "get", "set", "delete", "reserve", "lock" or "unlock"; tcbauth.session.end_reason is
// "signed_out", "forgotten" or "expired". Every attribute of a metric has few values.
//
// # Spans
//
// A call's span is named "tcbauth." and the method of Auth, and is of the kind client. Beside the attributes above it has
// url.path, http.request.resend_count, tcbauth.request_id, tcbauth.refreshed and, if it failed, tcbauth.error.code. What the
// call needs on its way is below it: the call of a refresh, the store. A refresh and the end of a session are events of
// the span that they happen in, tcbauth.refresh and tcbauth.session.end.
//
// Instrumentation of the [http.Client] that [tcbauth.WithHTTPClient] is given has its spans below these, one for each
// attempt. It may record whole URLs, and the query of a URL can hold a captcha token.
package authotel

import (
	"context"
	"net"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/cloudbase-community/tcbauth"
)

// Scope is the name of the instrumentation scope of all spans and metrics.
const Scope = "github.com/cloudbase-community/tcbauth/authotel"

// Option changes a default of [New].
type Option func(*config)

type config struct {
	traces  trace.TracerProvider
	metrics metric.MeterProvider
}

// WithTracerProvider makes spans with provider; with the global one if it is nil or not given.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(c *config) { c.traces = provider }
}

// WithMeterProvider makes metrics with provider; with the global one if it is nil or not given.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(c *config) { c.metrics = provider }
}

// New returns what [tcbauth.WithObserver] takes. It is safe for concurrent use, by several Apps too. An instrument that
// cannot be made is reported to otel.Handle.
func New(opts ...Option) tcbauth.Observer {
	var c config
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	if c.traces == nil {
		c.traces = otel.GetTracerProvider()
	}
	if c.metrics == nil {
		c.metrics = otel.GetMeterProvider()
	}
	o := &observer{
		tracer: c.traces.Tracer(Scope, trace.WithInstrumentationVersion(tcbauth.Version())),
		instruments: newInstruments(
			c.metrics.Meter(Scope, metric.WithInstrumentationVersion(tcbauth.Version())),
		),
	}
	return tcbauth.Observer{
		CallStart: o.callStart, CallEnd: o.callEnd, Refresh: o.refresh, Store: o.store, SessionEnd: o.sessionEnd,
	}
}

type observer struct {
	tracer trace.Tracer
	instruments
}

// The names of attributes. Those without tcbauth are the semantic conventions'.
const (
	httpMethod    = attribute.Key("http.request.method")
	httpStatus    = attribute.Key("http.response.status_code")
	httpResends   = attribute.Key("http.request.resend_count")
	serverAddress = attribute.Key("server.address")
	serverPort    = attribute.Key("server.port")
	urlPath       = attribute.Key("url.path")
	errorType     = attribute.Key("error.type")

	operation      = attribute.Key("tcbauth.operation")
	requestID      = attribute.Key("tcbauth.request_id")
	refreshed      = attribute.Key("tcbauth.refreshed")
	errorCode      = attribute.Key("tcbauth.error.code")
	refreshOutcome = attribute.Key("tcbauth.refresh.outcome")
	storeOperation = attribute.Key("tcbauth.store.operation")
	endReason      = attribute.Key("tcbauth.session.end_reason")
)

// otherError is the error.type of what has no name.
const otherError = "_OTHER"

// spanKey is the key under which the context of a call has its span: another Observer's functions around these may have
// put a span of their own on top.
type spanKey struct{}

func (o *observer) callStart(ctx context.Context, c tcbauth.CallStart) context.Context {
	attrs := append(callAttributes(c), urlPath.String("/auth/"+c.Path))
	ctx, span := o.tracer.Start(ctx, "tcbauth."+c.Op, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	return context.WithValue(ctx, spanKey{}, span)
}

func (o *observer) callEnd(ctx context.Context, c tcbauth.CallEnd) {
	attrs := callAttributes(c.CallStart)
	if c.StatusCode != 0 {
		attrs = append(attrs, httpStatus.Int(c.StatusCode))
	}
	if c.Category != "" {
		attrs = append(attrs, errorType.String(string(c.Category)))
	}
	set := metric.WithAttributeSet(attribute.NewSet(attrs...))
	o.callDuration.Record(ctx, c.Duration.Seconds(), set)
	o.callAttempts.Record(ctx, int64(c.Attempts), set)

	span, ok := ctx.Value(spanKey{}).(trace.Span)
	if !ok {
		return
	}
	if span.IsRecording() {
		attrs = append(attrs, requestID.String(c.RequestID), refreshed.Bool(c.Refreshed))
		if c.Attempts > 1 {
			attrs = append(attrs, httpResends.Int(c.Attempts-1))
		}
		if c.Category != "" {
			attrs = append(attrs, errorCode.String(string(c.Code)))
			span.SetStatus(codes.Error, string(c.Category))
		}
		span.SetAttributes(attrs...)
	}
	span.End()
}

// callAttributes are those of spans and metrics.
func callAttributes(c tcbauth.CallStart) []attribute.KeyValue {
	attrs := append(make([]attribute.KeyValue, 0, 12), operation.String(c.Op), httpMethod.String(c.Method))
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return append(attrs, serverAddress.String(c.Server))
	}
	attrs = append(attrs, serverAddress.String(host))
	if n, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, serverPort.Int(n))
	}
	return attrs
}

func (o *observer) refresh(ctx context.Context, r tcbauth.RefreshEnd) {
	attrs := append(make([]attribute.KeyValue, 0, 3), refreshOutcome.String(string(r.Outcome)))
	if r.Category != "" {
		attrs = append(attrs, errorType.String(string(r.Category)))
	}
	o.refreshDuration.Record(ctx, r.Duration.Seconds(), metric.WithAttributes(attrs...))
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		if r.Category != "" {
			attrs = append(attrs, errorCode.String(string(r.Code)))
		}
		span.AddEvent("tcbauth.refresh", trace.WithAttributes(attrs...))
	}
}

// store makes a span only below another one: by itself it would tell nothing.
func (o *observer) store(ctx context.Context, op tcbauth.StoreOp) {
	attrs := append(make([]attribute.KeyValue, 0, 2), storeOperation.String(string(op.Kind)))
	if op.Failed {
		attrs = append(attrs, errorType.String(otherError))
	}
	o.storeDuration.Record(ctx, op.Duration.Seconds(), metric.WithAttributes(attrs...))
	if !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	end := time.Now()
	_, span := o.tracer.Start(ctx, "tcbauth.store."+string(op.Kind), trace.WithTimestamp(end.Add(-op.Duration)), trace.WithAttributes(attrs...))
	if op.Failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(end))
}

func (o *observer) sessionEnd(ctx context.Context, end tcbauth.SessionEnd) {
	reason := endReason.String(string(end.Reason))
	o.sessionEnds.Add(ctx, 1, metric.WithAttributes(reason))
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		attrs := []attribute.KeyValue{reason}
		if end.Code != "" {
			attrs = append(attrs, errorCode.String(string(end.Code)))
		}
		span.AddEvent("tcbauth.session.end", trace.WithAttributes(attrs...))
	}
}
