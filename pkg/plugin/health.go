package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

const (
	// healthTimeout for all that Save & test asks.
	healthTimeout = 20 * time.Second
	// quiet: a metric without a record for this long, beyond its window and grace, has no data.
	quiet = 5 * time.Minute
)

// neededCapabilities are required by this plugin; later ones are checked where they are used.
var neededCapabilities = []string{
	"query", "summary", "events", "dimension_values", "revisions", "fill", "websocket", "websocket_selections", "websocket_events",
}

// healthReport is what Save & test finds; it goes to the browser as the result's details.
type healthReport struct {
	Hop            string      `json:"hop,omitempty"` // the broken one: settings, bridge, tls, token, source, store, ...
	Version        string      `json:"version,omitempty"`
	APIVersion     string      `json:"api_version,omitempty"`
	Hops           []healthHop `json:"hops,omitempty"`
	Metrics        int         `json:"metrics"`
	NewestMS       *int64      `json:"newest_watermark_ms,omitempty"`
	LiveProblem    string      `json:"live_problem,omitempty"`
	VerboseMessage string      `json:"verboseMessage,omitempty"` // Grafana shows it beside an error

	message string
	notes   []string // what is worth saying though all works
}

type healthHop struct {
	Hop     string `json:"hop"`
	State   string `json:"state"`
	Message string `json:"message,omitempty"`
}

// CheckHealth reports whether data arrives, and if not, which hop is broken.
func (i *Instance) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	report := &healthReport{}
	i.examine(ctx, report)
	details, err := json.Marshal(report)
	if err != nil {
		return nil, err
	}
	result := &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: report.message, JSONDetails: details}
	if report.Hop == "" {
		result.Status = backend.HealthStatusOk
	}
	return result, nil
}

func (i *Instance) examine(ctx context.Context, report *healthReport) {
	if i.faulty != nil {
		report.broken("settings", i.faulty.Error())
		return
	}
	status, err := i.client.Status(ctx)
	var refusal *bridge.Error
	switch {
	case err == nil:
		report.Version, report.APIVersion = status.Version, status.APIVersion
		report.examineStatus(status)
	case errors.As(err, &refusal) && refusal.Status == http.StatusForbidden && refusal.Code == "forbidden":
		status = nil
		i.examineWithoutStatus(ctx, report)
	default:
		report.failed(err)
	}
	if report.Hop != "" {
		return
	}
	i.examineData(ctx, report, status)
	if report.Hop == "" {
		i.examineLive(ctx, report)
		report.fine()
	}
}

// broken records the failing hop; without a name it is the bridge.
func (r *healthReport) broken(hop, message string) {
	if hop == "" {
		hop = "bridge"
	}
	r.Hop, r.message = hop, message
}

// failed names the hop at which a call failed.
func (r *healthReport) failed(err error) {
	var refusal *bridge.Error
	if !errors.As(err, &refusal) {
		r.broken("bridge", err.Error())
		return
	}
	hop := "bridge"
	switch refusal.Code {
	case bridge.CodeTLS:
		hop = "tls"
	case "unauthenticated", "forbidden":
		hop = "token"
	case "store_unavailable":
		hop = "store"
	case "source_unavailable":
		hop = "source"
	}
	r.broken(hop, refusal.Error())
	if refusal.Cause != nil {
		r.VerboseMessage = refusal.Cause.Error()
	}
}

func (r *healthReport) examineStatus(status *bridge.Status) {
	if status.APIVersion != "v1" {
		r.broken("bridge", fmt.Sprintf("The bridge speaks API version %q; this plugin speaks v1. Install a plugin and a bridge that go together.", status.APIVersion))
		return
	}
	missing := slices.DeleteFunc(slices.Clone(neededCapabilities), status.Can)
	if len(missing) > 0 {
		r.broken("bridge", fmt.Sprintf("The bridge (version %s) is too old for this plugin: it lacks %s. Update the bridge.", status.Version, strings.Join(missing, ", ")))
		return
	}
	if status.Clock != nil {
		// First, as in /readyz: a wrong clock makes others fail.
		r.addHop("clock", status.Clock.Hop)
		r.noteSkewed(status.Clock.SkewedBridges)
	}
	r.addHop(sourceName(status), status.Source.Hop)
	r.addHop("store", status.Store.Hop)
	if status.Pipeline != nil {
		r.addHop("pipeline", *status.Pipeline)
	}
	for _, hop := range r.Hops {
		if hop.State != "ok" {
			r.broken(hop.Hop, fmt.Sprintf("The bridge (version %s) answers, but its %s", status.Version, hopFault(hop.Hop, hop.Message)))
			return
		}
	}
	if !status.Ready {
		r.broken("bridge", fmt.Sprintf("The bridge (version %s) is not ready yet. Try again in a moment.", status.Version))
	}
}

// noteSkewed names other bridges on the same Redis: this one works, what they do with time does not.
func (r *healthReport) noteSkewed(bridges []bridge.SkewedBridge) {
	for _, skewed := range bridges {
		ahead := (time.Duration(skewed.AheadMS) * time.Millisecond).Round(time.Second)
		direction := "ahead of"
		if ahead < 0 {
			direction = "behind"
		}
		r.notes = append(r.notes, fmt.Sprintf("The clock of the bridge %s is %s %s the clock of Redis; set it by NTP.", skewed.Bridge, ahead.Abs(), direction))
	}
}

func (r *healthReport) addHop(name string, hop bridge.Hop) {
	r.Hops = append(r.Hops, healthHop{Hop: name, State: hop.State, Message: hop.Text()})
}

func sourceName(status *bridge.Status) string {
	if status.Source.Part != nil {
		return *status.Source.Part
	}
	return status.Source.Kind
}

func hopFault(hop, message string) string {
	titles := map[string]string{
		"": "own check", "kafka": "connection to Kafka", "schema_registry": "Schema Registry", "dead_letter": "dead-letter topic", "embedded": "embedded source",
	}
	title, known := titles[hop]
	if !known {
		title = hop
	}
	if message == "" {
		message = "no reason given. See the bridge's log."
	}
	verb := "fails"
	if hop == "clock" {
		verb = "is wrong"
	}
	return fmt.Sprintf("%s %s: %s", title, verb, message)
}

// examineWithoutStatus checks with a token without the scope `observe`, which may read, but not see the hops.
func (i *Instance) examineWithoutStatus(ctx context.Context, report *healthReport) {
	report.notes = append(report.notes, "The token lacks the scope \"observe\", so status queries are refused and the hops behind the bridge are not shown.")
	ready, err := i.client.Ready(ctx)
	switch {
	case err != nil:
		report.failed(err)
	case ready.Status != "ready":
		report.broken(ready.Hop, "The bridge answers, but its "+hopFault(ready.Hop, ready.Message))
	}
}

// examineData checks that there are metrics that the token may read, and recent data; the status is nil when the token
// may not see it.
func (i *Instance) examineData(ctx context.Context, report *healthReport, status *bridge.Status) {
	catalogue, err := i.client.Catalogue(ctx)
	if err != nil {
		report.failed(err)
		return
	}
	report.Metrics = len(catalogue.Metrics)
	if report.Metrics == 0 {
		report.broken("metrics", "The bridge offers no metric. Check its metrics file, and the filters of the token.")
		return
	}
	if status != nil {
		report.examineFreshness(status, catalogue)
	}
}

func (r *healthReport) examineFreshness(status *bridge.Status, catalogue *bridge.Catalogue) {
	var silent []string
	for _, metric := range status.Metrics {
		if metric.WatermarkMS == nil {
			silent = append(silent, metric.Metric)
			continue
		}
		if r.NewestMS == nil || *metric.WatermarkMS > *r.NewestMS {
			r.NewestMS = metric.WatermarkMS
		}
		known, _ := catalogue.Metric(metric.Metric)
		longest := quiet.Milliseconds() + 2*max(known.Window.SizeMS, known.Window.GapMS) + known.Window.GraceMS
		if metric.FreshnessMS != nil && *metric.FreshnessMS > longest {
			silent = append(silent, metric.Metric)
		}
	}
	switch {
	case r.NewestMS == nil:
		r.broken("data", fmt.Sprintf("The bridge (version %s) works, but no record has come yet. Check that the stream writes its topics.", r.Version))
	case len(silent) == len(status.Metrics):
		since := time.UnixMilli(*r.NewestMS).UTC().Format(time.RFC3339)
		r.broken("data", fmt.Sprintf("The bridge (version %s) works, but no data has come since %s. Check the producers and the stream SQL in front of it.", r.Version, since))
	case len(silent) > 0:
		r.notes = append(r.notes, fmt.Sprintf("No recent data for %s.", strings.Join(silent, ", ")))
	}
}

// examineLive checks the WebSocket connection; queries work without it.
func (i *Instance) examineLive(ctx context.Context, report *healthReport) {
	conn, problem := i.dial(ctx)
	if problem == nil {
		_ = conn.CloseNow()
		return
	}
	report.LiveProblem = problem.Error()
	report.notes = append(report.notes, "Live updates do not get through: "+problem.Error())
}

func (r *healthReport) fine() {
	bridgeName := "the StreamKPI bridge"
	if r.Version != "" {
		bridgeName = "StreamKPI bridge " + r.Version
	}
	plural := "s"
	if r.Metrics == 1 {
		plural = ""
	}
	r.message = strings.Join(append([]string{fmt.Sprintf("Connected to %s: %d metric%s.", bridgeName, r.Metrics, plural)}, r.notes...), " ")
}
