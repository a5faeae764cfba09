package plugin

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

func TestTheTraceGoesOnToTheBridge(t *testing.T) {
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	told := make(chan string, 1)
	fake.Route(bridge.QueryPath, func(w http.ResponseWriter, r *http.Request) {
		told <- r.Header.Get("Traceparent")
		_, _ = w.Write([]byte(`{"series":[]}`))
	})
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4, 5, 6}, TraceFlags: trace.FlagsSampled, Remote: true,
	})
	_, err := instance.QueryData(trace.ContextWithSpanContext(t.Context(), span), &backend.QueryDataRequest{
		PluginContext: plugin,
		Queries: []backend.DataQuery{{
			RefID: "A", JSON: json.RawMessage(`{"metric":"events_per_minute"}`), TimeRange: backend.TimeRange{From: time.UnixMilli(0), To: time.UnixMilli(1)},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if header := <-told; len(header) != 55 || header[3:35] != span.TraceID().String() {
		t.Errorf("traceparent %q", header)
	}
}
