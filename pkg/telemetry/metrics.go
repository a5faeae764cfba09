// Package telemetry holds the backend's Prometheus metrics. They are registered where the SDK collects them: Grafana
// shows them under /metrics/plugins/streamkpi-realtime-datasource.
package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const namespace = "streamkpi_datasource"

var (
	queries = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "queries_total", Help: "Queries by kind and outcome.",
	}, []string{"kind", "outcome"})
	requests = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: "bridge_request_duration_seconds", Help: "Time until the bridge began to answer.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"call", "outcome"})
	streams = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "live_streams", Help: "Live streams that run.",
	})
	subscriptions = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "bridge_subscriptions", Help: "Subscriptions at bridges; streams of equal queries share one.",
	})
	connections = promauto.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "bridge_connections", Help: "Open WebSocket connections to bridges.",
	})
	reconnects = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: namespace, Name: "bridge_reconnects_total", Help: "Attempts to connect to a bridge again.",
	})
	updates = promauto.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "live_messages_total", Help: "Messages sent to live streams, by type.",
	}, []string{"type"})
	drops = promauto.NewCounter(prometheus.CounterOpts{
		Namespace: namespace, Name: "live_drops_total", Help: "Times that a stream's buffer was full and dropped; its viewers read history again.",
	})
)

// Query counts a query.
func Query(kind, outcome string) { queries.WithLabelValues(kind, outcome).Inc() }

// BridgeRequest observes a call to a bridge.
func BridgeRequest(call, outcome string, took time.Duration) {
	requests.WithLabelValues(call, outcome).Observe(took.Seconds())
}

// StreamStarted and StreamEnded count the live streams.
func StreamStarted() { streams.Inc() }

// StreamEnded is the counterpart of StreamStarted.
func StreamEnded() { streams.Dec() }

// Subscriptions changes the number of subscriptions at bridges.
func Subscriptions(change int) { subscriptions.Add(float64(change)) }

// Connected and Disconnected count connections to bridges.
func Connected() { connections.Inc() }

// Disconnected is the counterpart of Connected.
func Disconnected() { connections.Dec() }

// Reconnecting counts an attempt to connect again.
func Reconnecting() { reconnects.Inc() }

// LiveMessage counts a message to a live stream.
func LiveMessage(kind string) { updates.WithLabelValues(kind).Inc() }

// Dropped counts a dropped buffer.
func Dropped() { drops.Inc() }
