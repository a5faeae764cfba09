package plugin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

type object = map[string]any

// healthyStatus is the status of a bridge on which all is well, with changes.
func healthyStatus(changes object) object {
	now := time.Now().UnixMilli()
	status := object{
		"api_version": "v1", "capabilities": neededCapabilities, "server_time_ms": now, "version": "1.2.3", "uptime_ms": 1000,
		"store_epoch": "e", "ready": true,
		"source":   object{"kind": "kafka", "hop": nil, "state": "ok", "message": nil, "topics": []any{}},
		"store":    object{"kind": "redis", "state": "ok", "message": nil},
		"pipeline": nil, "clients": nil,
		"metrics": []object{{"metric": "events_per_minute", "watermark_ms": now - 2000, "freshness_ms": 2000}},
	}
	for name, value := range changes {
		status[name] = value
	}
	return status
}

func checkHealth(t *testing.T, plugin backend.PluginContext) (*backend.CheckHealthResult, healthReport) {
	t.Helper()
	result, err := instanceOf(t, plugin).CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: plugin})
	if err != nil {
		t.Fatal(err)
	}
	var report healthReport
	if err := json.Unmarshal(result.JSONDetails, &report); err != nil {
		t.Fatal(err)
	}
	return result, report
}

func TestHealthNamesTheBrokenHop(t *testing.T) {
	old := time.Now().Add(-3 * time.Hour).UnixMilli()
	failing := func(kind, hop, message string) object {
		return object{"kind": kind, "hop": hop, "state": "failing", "message": message, "topics": []any{}}
	}
	wrongClock := object{
		"state": "failing", "message": "The clock of this bridge is 26 h ahead of the clock of Redis", "skewed_bridges": []any{},
	}
	cases := []struct {
		name  string
		set   func(*bridgetest.Fake)
		hop   string
		says  []string
		works bool
	}{
		{"all is well", func(*bridgetest.Fake) {}, "", []string{"Connected to StreamKPI bridge 1.2.3: 4 metrics."}, true},
		{"token refused", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 401, "unauthenticated", "The token is not known")
		}, "token", []string{"token is not known", "Save a valid token"}, false},
		{"token without observe", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 403, "forbidden", `This token lacks the scope "observe"`)
			f.JSON(bridge.ReadyPath, 200, object{"status": "ready"})
		}, "", []string{"Connected to the StreamKPI bridge", `lacks the scope "observe"`}, true},
		{"token without observe, Kafka down", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 403, "forbidden", `This token lacks the scope "observe"`)
			f.JSON(bridge.ReadyPath, 503, object{"status": "not_ready", "hop": "kafka", "message": "No broker answers"})
		}, "kafka", []string{"connection to Kafka fails: No broker answers"}, false},
		{"token without observe, a hop without a name", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 403, "forbidden", `This token lacks the scope "observe"`)
			f.JSON(bridge.ReadyPath, 503, object{"status": "not_ready"})
		}, "bridge", []string{"its own check fails: no reason given. See the bridge's log."}, false},
		{"a failing source without a name", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"source": object{"kind": "", "hop": nil, "state": "failing", "message": "It stands", "topics": []any{}}}))
		}, "bridge", []string{"its own check fails: It stands"}, false},
		{"token without any scope", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 403, "forbidden", `This token lacks the scope "observe"`)
			f.JSON(bridge.ReadyPath, 200, object{"status": "ready"})
			f.Refuse(bridge.CataloguePath, 403, "forbidden", `This token lacks the scope "read"`)
		}, "token", []string{`lacks the scope "read"`}, false},
		{"token that may not read", func(f *bridgetest.Fake) {
			f.Refuse(bridge.CataloguePath, 403, "forbidden", `This token lacks the scope "read"`)
		}, "token", []string{`lacks the scope "read"`}, false},
		{"no bridge", func(f *bridgetest.Fake) {
			f.Route(bridge.StatusPath, http.NotFound)
		}, "bridge", []string{"No StreamKPI bridge found", "URL"}, false},
		{"another JSON API", func(f *bridgetest.Fake) { f.JSON(bridge.StatusPath, 200, object{"status": "fine"}) },
			"bridge", []string{"No StreamKPI bridge found"}, false},
		{"an older bridge", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"capabilities": []string{"query", "summary"}}))
		}, "bridge", []string{"version 1.2.3", "too old", "events", "Update the bridge"}, false},
		{"a bridge of the future", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"api_version": "v2"}))
		}, "bridge", []string{`"v2"`, "v1"}, false},
		{"Kafka down", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"ready": false, "source": failing("kafka", "kafka", "No broker answers at kafka:9092")}))
		}, "kafka", []string{"version 1.2.3", "connection to Kafka fails: No broker answers at kafka:9092"}, false},
		{"Schema Registry down", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"ready": false, "source": failing("kafka", "schema_registry", "It does not answer")}))
		}, "schema_registry", []string{"Schema Registry fails: It does not answer"}, false},
		{"store down", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"ready": false, "store": object{"kind": "redis", "state": "failing", "message": "Redis refuses writes"}}))
		}, "store", []string{"store fails: Redis refuses writes"}, false},
		{"pipeline down", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"ready": false, "pipeline": object{"state": "failing", "message": "It stands"}}))
		}, "pipeline", []string{"pipeline fails: It stands"}, false},
		{"a wrong clock, and what fails by it", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"ready": false, "clock": wrongClock, "source": failing("kafka", "kafka", "No broker answers")}))
		}, "clock", []string{"version 1.2.3", "its clock is wrong: The clock of this bridge is 26 h ahead of the clock of Redis"}, false},
		{"token without observe, a wrong clock", func(f *bridgetest.Fake) {
			f.Refuse(bridge.StatusPath, 403, "forbidden", `This token lacks the scope "observe"`)
			f.JSON(bridge.ReadyPath, 503, object{"status": "not_ready", "hop": "clock", "message": wrongClock["message"]})
		}, "clock", []string{"its clock is wrong: The clock of this bridge is 26 h ahead"}, false},
		{"a wrong clock of another bridge", func(f *bridgetest.Fake) {
			skewed := []object{{"bridge": "host-2:8080", "ahead_ms": -600_000}}
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"clock": object{"state": "ok", "message": nil, "skewed_bridges": skewed}}))
		}, "", []string{"Connected", "The clock of the bridge host-2:8080 is 10m0s behind the clock of Redis; set it by NTP."}, true},
		{"no data since", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"metrics": []object{{"metric": "events_per_minute", "watermark_ms": old, "freshness_ms": 3 * 3600_000}}}))
		}, "data", []string{"no data has come since " + time.UnixMilli(old).UTC().Format(time.RFC3339), "producers"}, false},
		{"no data yet", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"metrics": []object{{"metric": "events_per_minute", "watermark_ms": nil, "freshness_ms": nil}}}))
		}, "data", []string{"no record has come yet"}, false},
		{"one metric without data", func(f *bridgetest.Fake) {
			f.JSON(bridge.StatusPath, 200, healthyStatus(object{"metrics": []object{
				{"metric": "events_per_minute", "watermark_ms": time.Now().UnixMilli(), "freshness_ms": 0},
				{"metric": "revenue_per_minute", "watermark_ms": old, "freshness_ms": 3 * 3600_000},
			}}))
		}, "", []string{"Connected", "No recent data for revenue_per_minute"}, true},
		{"no metric", func(f *bridgetest.Fake) { f.JSON(bridge.CataloguePath, 200, object{"metrics": []any{}}) },
			"metrics", []string{"offers no metric", "filters of the token"}, false},
		{"a proxy without WebSocket", func(f *bridgetest.Fake) { f.RefuseUpgrades(http.NotFound) },
			"", []string{"Connected", "Live updates do not get through", "proxy"}, true},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			fake := bridgetest.New(t)
			serveCatalogue(t, fake)
			fake.JSON(bridge.StatusPath, 200, healthyStatus(nil))
			test.set(fake)
			result, report := checkHealth(t, fixtureContext(fake.URL()))
			if (result.Status == backend.HealthStatusOk) != test.works || report.Hop != test.hop {
				t.Errorf("status %s, hop %q: %s", result.Status, report.Hop, result.Message)
			}
			for _, words := range test.says {
				if !strings.Contains(result.Message, words) {
					t.Errorf("%q lacks %q", result.Message, words)
				}
			}
		})
	}
}

func TestHealthOfABridgeThatIsNotThere(t *testing.T) {
	plugin := fixtureContext("http://127.0.0.1:1")
	result, report := checkHealth(t, plugin)
	if result.Status != backend.HealthStatusError || report.Hop != "bridge" || !strings.Contains(result.Message, "No bridge listens at http://127.0.0.1:1") {
		t.Errorf("%s: %s", report.Hop, result.Message)
	}
	secure := bridgetest.NewTLS(t)
	result, report = checkHealth(t, fixtureContext(secure.URL()))
	if report.Hop != "tls" || !strings.Contains(result.Message, `"Add self-signed certificate"`) || report.VerboseMessage == "" {
		t.Errorf("%s: %s", report.Hop, result.Message)
	}
}
