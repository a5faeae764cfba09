package frames

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// statusNumber is a numeric form of the status: which recorded series it reads, and how it is shown.
type statusNumber struct {
	recorded []string
	title    string
	unit     string
	scale    float64
}

var statusNumbers = map[string]statusNumber{
	"freshness":    {[]string{"freshness_ms"}, "Freshness", "s", 0.001},
	"lag":          {[]string{"lag"}, "Lag", "short", 1},
	"dead_letters": {[]string{"dead_letters"}, "Dead letters", "short", 1},
	"records":      {[]string{"records"}, "Records", "short", 1},
	"clients":      {[]string{"connections", "subscriptions"}, "Clients", "short", 1},
	"ready":        {nil, "Ready", "bool_yes_no", 1},
}

// FromStatus returns the table of hops, or the current numbers.
func FromStatus(asked Asked, status *bridge.Status) data.Frames {
	meta := asked.meta()
	meta.Metric, meta.Measure = "", ""
	meta.AsOfMS = status.ServerTimeMS
	meta.StoreEpoch = status.StoreEpoch
	if asked.Query.StatusAs == "table" {
		meta.Status = statusJSON(status)
		frame := statusTable(status)
		asked.describe(frame, data.FrameTypeTable, meta)
		return asked.finish(data.Frames{frame}, data.FrameTypeTable, meta)
	}
	form := statusNumbers[asked.Query.StatusAs]
	var all data.Frames
	for _, sample := range samplesOf(asked.Query.StatusAs, status) {
		if !asked.ofMetric(sample.labels) {
			continue
		}
		frame := numberFrame(asked.Query.StatusAs, sample.labels, sample.value, data.FieldConfig{
			Unit: form.unit, DisplayNameFromDS: asked.statusName(form, sample.labels),
		})
		asked.describe(frame, data.FrameTypeNumericMulti, meta)
		all = append(all, frame)
	}
	return asked.finish(all, data.FrameTypeNumericMulti, meta)
}

// FromStatusHistory returns the recorded status as time series.
func FromStatusHistory(asked Asked, history *bridge.StatusHistory) data.Frames {
	meta := asked.meta()
	meta.Metric, meta.Measure = "", ""
	meta.AsOfMS = history.ServerTimeMS
	meta.StepMS = history.StepMS
	form := statusNumbers[asked.Query.StatusAs]
	var all data.Frames
	for _, name := range form.recorded {
		for _, series := range history.Series {
			if series.Name != name || !asked.ofMetric(series.Labels) {
				continue
			}
			labels := series.Labels
			if len(form.recorded) > 1 {
				labels = map[string]string{"count": name}
			}
			points := bridge.PointSeries{Labels: labels, Times: series.Times, Values: scaled(series.Values, form.scale)}
			frame := pointFrame(asked, bridge.Head{Unit: form.unit, StepMS: history.StepMS}, points)
			frame.Fields[1].Config.DisplayNameFromDS = asked.statusName(form, labels)
			allowForLateSamples(frame)
			asked.describe(frame, data.FrameTypeTimeSeriesMulti, meta)
			all = append(all, frame)
		}
	}
	return asked.finish(all, data.FrameTypeTimeSeriesMulti, meta)
}

// lateSample is how many steps after the one before a recorded number may come before a line has a gap there. They are
// taken by a timer, which is a little late now and then; a sample that is missing is two steps late.
const lateSample = 1.5

// allowForLateSamples keeps lines whole: Grafana draws a gap where times are further apart than the field's interval.
func allowForLateSamples(frame *data.Frame) {
	if config := frame.Fields[0].Config; config != nil {
		config.Interval *= lateSample
	}
}

// ofMetric reports whether a number with these labels matches the query's metric, if it names one. Numbers without a
// metric (hops, clients) always match.
func (a Asked) ofMetric(labels map[string]string) bool {
	metric, ofOne := labels["metric"]
	return a.Query.Metric == "" || !ofOne || metric == a.Query.Metric
}

func (a Asked) statusName(form statusNumber, labels map[string]string) string {
	if a.Query.Alias == "" && len(labels) == 0 {
		return form.title
	}
	if a.Query.Alias == "" && labels["topic"] != "" {
		return labels["topic"]
	}
	return a.name("", labels)
}

type sample struct {
	labels map[string]string
	value  *float64
}

// samplesOf returns one number per item; nil when the token may not see it.
func samplesOf(form string, status *bridge.Status) []sample {
	var samples []sample
	switch form {
	case "ready":
		for _, hop := range hopsOf(status) {
			samples = append(samples, sample{map[string]string{"hop": hop.name}, truth(!hop.Failing())})
		}
	case "freshness":
		for _, metric := range status.Metrics {
			value := number(metric.FreshnessMS)
			if value != nil {
				*value *= statusNumbers[form].scale
			}
			samples = append(samples, sample{map[string]string{"metric": metric.Metric}, value})
		}
	case "clients":
		if clients := status.Clients; clients != nil {
			samples = append(samples,
				sample{map[string]string{"count": "connections"}, number(&clients.Connections)},
				sample{map[string]string{"count": "subscriptions"}, number(&clients.Subscriptions)})
		}
	default:
		for _, topic := range status.Source.Topics {
			value := map[string]*int64{"lag": topic.Lag, "dead_letters": topic.DeadLetters, "records": topic.Records}[form]
			samples = append(samples, sample{map[string]string{"topic": topic.Topic, "metric": topic.Metric}, number(value)})
		}
	}
	return samples
}

type namedHop struct {
	name string
	bridge.Hop
}

// hopsOf lists the clock only when it is wrong.
func hopsOf(status *bridge.Status) []namedHop {
	var hops []namedHop
	if status.Clock != nil && status.Clock.Failing() {
		hops = append(hops, namedHop{"clock", status.Clock.Hop})
	}
	hops = append(hops, namedHop{"source", status.Source.Hop}, namedHop{"store", status.Store.Hop})
	if status.Pipeline != nil {
		hops = append(hops, namedHop{"pipeline", *status.Pipeline})
	}
	return hops
}

// statusTable has one row per hop: the bridge, its source, store and pipeline, each topic, its clients.
func statusTable(status *bridge.Status) *data.Frame {
	frame := data.NewFrame("",
		data.NewField("hop", nil, []string{}), data.NewField("name", nil, []string{}),
		data.NewField("state", nil, []string{}), data.NewField("message", nil, []string{}),
		data.NewField("lag", nil, []*float64{}), data.NewField("freshness", nil, []*float64{}).SetConfig(&data.FieldConfig{Unit: "s"}),
		data.NewField("last_record", nil, []*time.Time{}), data.NewField("records", nil, []*float64{}),
		data.NewField("dead_letters", nil, []*float64{}))
	row := func(hop, name, state, message string) {
		frame.AppendRow(hop, name, state, message, (*float64)(nil), (*float64)(nil), (*time.Time)(nil), (*float64)(nil), (*float64)(nil))
	}
	ready := "ok"
	if !status.Ready {
		ready = "failing"
	}
	up := time.Duration(status.UptimeMS) * time.Millisecond
	row("bridge", status.Version, ready, "Up for "+span(up.Truncate(time.Second).Milliseconds()))
	names := map[string]string{"source": status.Source.Kind, "store": status.Store.Kind, "pipeline": "embedded"}
	if part := status.Source.Part; part != nil {
		names["source"] = *part
	}
	for _, hop := range hopsOf(status) {
		row(hop.name, names[hop.name], hop.State, hop.Text())
	}
	freshness := map[string]*float64{}
	for _, sample := range samplesOf("freshness", status) {
		freshness[sample.labels["metric"]] = sample.value
	}
	for _, topic := range status.Source.Topics {
		frame.AppendRow("topic", topic.Topic, topic.State, topicMessage(topic), number(topic.Lag), freshness[topic.Metric],
			instantOf(topic.LastRecordMS), number(topic.Records), number(topic.DeadLetters))
	}
	if clients := status.Clients; clients != nil {
		row("clients", "WebSocket", "ok", fmt.Sprintf("connections: %d, subscriptions: %d", clients.Connections, clients.Subscriptions))
	}
	return frame
}

// topicMessage says why the topic is not read, or describes its last unreadable record.
func topicMessage(topic bridge.Topic) string {
	if topic.Reason == nil && topic.LastDeadLetter != nil {
		return topic.LastDeadLetter.Text()
	}
	return textOf(topic.Reason)
}

func statusJSON(status *bridge.Status) json.RawMessage {
	raw, err := json.Marshal(status)
	if err != nil {
		panic(err) // texts and numbers cannot fail
	}
	return raw
}

func scaled(values bridge.Numbers, scale float64) bridge.Numbers {
	for _, value := range values {
		if value != nil {
			*value *= scale
		}
	}
	return values
}

func number(value *int64) *float64 {
	if value == nil {
		return nil
	}
	converted := float64(*value)
	return &converted
}

func truth(value bool) *float64 {
	converted := 0.0
	if value {
		converted = 1
	}
	return &converted
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func instantOf(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	return instant(*ms, 0)
}
