package main

import (
	"encoding/json"
	"net/http"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/cloudbase-community/tcbauth"
	"github.com/cloudbase-community/tcbauth/authotel"
)

// newMetrics returns what tcbauth tells of its calls, refreshes and store, and a page that shows the counts so far as JSON. Package
// authotel has their names and units.
//
// The reader of OpenTelemetry's own SDK needs no other module. With Prometheus or a collector, replace it by the reader of its
// exporter, and the tracer provider, which does nothing, by one that sends spans.
func newMetrics() (tcbauth.Observer, http.Handler) {
	reader := metric.NewManualReader()
	observer := authotel.New(
		authotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))),
		authotel.WithTracerProvider(noop.NewTracerProvider()),
	)
	return observer, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var counted metricdata.ResourceMetrics
		err := reader.Collect(r.Context(), &counted)
		var page []byte
		if err == nil {
			page, err = json.MarshalIndent(counted.ScopeMetrics, "", "  ")
		}
		if err != nil {
			http.Error(w, "the counts cannot be read", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(page) // who has gone needs no page
	})
}
