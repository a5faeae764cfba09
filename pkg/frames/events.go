package frames

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// FromEvents returns the events as a table, which annotations also read, as a count, or as the newest value of each
// label set. Expects events newest first, already filtered.
func FromEvents(asked Asked, answer *bridge.EventsAnswer, unit string) data.Frames {
	meta := asked.meta()
	meta.Measure, meta.MeasureTitle = "", ""
	meta.WatermarkMS = answer.WatermarkMS
	meta.AsOfMS = answer.ServerTimeMS
	meta.StoreEpoch = answer.StoreEpoch
	meta.OpenFromMS = shifted(oldestOpen(answer.Events), asked.Query.TimeShift)
	var all data.Frames
	frameType := data.FrameTypeNumericMulti
	switch asked.Query.EventsAs {
	case "count":
		all = eventCounts(asked, answer.Events)
	case "value":
		all = eventValues(asked, answer.Events, unit)
	default:
		frameType = data.FrameTypeTable
		all = data.Frames{eventTable(asked, answer.Events, unit)}
	}
	for _, frame := range all {
		asked.describe(frame, frameType, meta)
	}
	return asked.finish(all, frameType, meta)
}

func oldestOpen(events []bridge.Event) *int64 {
	var oldest *int64
	for _, event := range events {
		if event.State == "open" && (oldest == nil || event.TimeMS < *oldest) {
			at := event.TimeMS
			oldest = &at
		}
	}
	return oldest
}

var eventColumns = []string{
	"time", "timeEnd", "title", "text", "tags", "id", "severity", "state", "value", "first_seen", "updated", "revision",
}

func eventTable(asked Asked, events []bridge.Event, unit string) *data.Frame {
	count := len(events)
	times, ends := make([]time.Time, count), make([]time.Time, count)
	firstSeen, updated := make([]time.Time, count), make([]time.Time, count)
	texts := map[string][]string{}
	for _, name := range []string{"title", "text", "tags", "id", "severity", "state"} {
		texts[name] = make([]string, count)
	}
	values, revisions := make([]*float64, count), make([]float64, count)
	labels := make([]map[string]string, count)
	shift := asked.Query.TimeShift
	for row, event := range events {
		times[row], ends[row] = timeOf(event.TimeMS).Add(shift), timeOf(event.EndMS).Add(shift)
		firstSeen[row], updated[row] = timeOf(event.FirstSeenMS), timeOf(event.UpdatedMS)
		texts["title"][row] = asked.eventTitle(event)
		texts["text"][row] = event.Message
		texts["tags"][row] = tagsOf(event)
		texts["id"][row] = event.ID
		texts["severity"][row] = event.Severity
		texts["state"][row] = event.State
		values[row], revisions[row] = event.Value, float64(event.Revision)
		labels[row] = event.Labels
	}
	frame := data.NewFrame("",
		data.NewField("time", nil, times), data.NewField("timeEnd", nil, ends),
		data.NewField("title", nil, texts["title"]), data.NewField("text", nil, texts["text"]),
		data.NewField("tags", nil, texts["tags"]), data.NewField("id", nil, texts["id"]),
		data.NewField("severity", nil, texts["severity"]), data.NewField("state", nil, texts["state"]),
		data.NewField("value", nil, values).SetConfig(asked.valueConfig(unit, "")),
		data.NewField("first_seen", nil, firstSeen), data.NewField("updated", nil, updated),
		data.NewField("revision", nil, revisions))
	ungrouped := asked
	ungrouped.Query.Grouped = false
	frame.Fields = append(frame.Fields, labelColumns(ungrouped.dimensions(labels), labels, eventColumns)...)
	return frame
}

func (a Asked) eventTitle(event bridge.Event) string {
	if a.Query.Alias != "" {
		return a.name("", event.Labels)
	}
	return a.title("")
}

// tagsOf is the comma-separated text that Grafana's annotations split into tags.
func tagsOf(event bridge.Event) string {
	tags := []string{event.Severity, event.State}
	for _, name := range sortedNames(event.Labels) {
		tags = append(tags, strings.ReplaceAll(name+":"+event.Labels[name], ",", " "))
	}
	return strings.Join(tags, ",")
}

// eventCounts is one number for each group; without groups the total, which is 0 when there is none.
func eventCounts(asked Asked, events []bridge.Event) data.Frames {
	total := 0.0
	if !asked.Query.Grouped || len(asked.Query.GroupBy) == 0 {
		total = float64(len(events))
		return data.Frames{numberFrame("count", nil, &total, data.FieldConfig{Unit: "short", DisplayNameFromDS: asked.name("", nil)})}
	}
	counts := map[string]*float64{}
	var all data.Frames
	for _, event := range events {
		labels := asked.group(event.Labels)
		key := labelKey(labels)
		if counts[key] == nil {
			counts[key] = new(float64)
			all = append(all, numberFrame("count", labels, counts[key], data.FieldConfig{Unit: "short", DisplayNameFromDS: asked.name("", labels)}))
		}
		*counts[key]++
	}
	return all
}

func eventValues(asked Asked, events []bridge.Event, unit string) data.Frames {
	seen := map[string]bool{}
	var all data.Frames
	for _, event := range events {
		labels := asked.group(event.Labels)
		if key := labelKey(labels); !seen[key] {
			seen[key] = true
			all = append(all, numberFrame("value", labels, event.Value, *asked.valueConfig(unit, asked.name("", labels))))
		}
	}
	return all
}

// group returns the labels of an event that the query keeps.
func (a Asked) group(labels map[string]string) map[string]string {
	if !a.Query.Grouped {
		return labels
	}
	kept := make(map[string]string, len(a.Query.GroupBy))
	for _, name := range a.Query.GroupBy {
		kept[name] = labels[name]
	}
	return kept
}

// labelKey is the same for equal labels.
func labelKey(labels map[string]string) string {
	key, err := json.Marshal(labels) // with its keys in order
	if err != nil {
		panic(err) // a map of texts cannot fail
	}
	return string(key)
}

func sortedNames(labels map[string]string) []string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
