package authotel

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
)

// instruments are the metrics; the package comment lists them.
type instruments struct {
	callDuration    metric.Float64Histogram
	callAttempts    metric.Int64Histogram
	refreshDuration metric.Float64Histogram
	storeDuration   metric.Float64Histogram
	sessionEnds     metric.Int64Counter
}

// Boundaries of histograms, in seconds: of requests as the semantic conventions have them, and of stores, which are from
// memory to another machine.
var (
	requestSeconds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	storeSeconds   = []float64{0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10}
)

func newInstruments(meter metric.Meter) (in instruments) {
	errs := make([]error, 5)
	in.callDuration, errs[0] = meter.Float64Histogram("tcbauth.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of calls of the CloudBase auth API, all attempts included."),
		metric.WithExplicitBucketBoundaries(requestSeconds...))
	in.callAttempts, errs[1] = meter.Int64Histogram("tcbauth.call.attempts", metric.WithUnit("{attempt}"),
		metric.WithDescription("How often the request of a call was sent."),
		metric.WithExplicitBucketBoundaries(0, 1, 2, 3, 5, 10))
	in.refreshDuration, errs[2] = meter.Float64Histogram("tcbauth.refresh.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of attempts to get new tokens for a session, by outcome."),
		metric.WithExplicitBucketBoundaries(requestSeconds...))
	in.storeDuration, errs[3] = meter.Float64Histogram("tcbauth.store.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of calls of the token store, by operation."),
		metric.WithExplicitBucketBoundaries(storeSeconds...))
	in.sessionEnds, errs[4] = meter.Int64Counter("tcbauth.session.ends", metric.WithUnit("{session}"),
		metric.WithDescription("Sessions that have ended, by reason."))
	if err := errors.Join(errs...); err != nil {
		otel.Handle(err)
	}
	return in
}
