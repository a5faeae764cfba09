package frames

import (
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// FromSummary returns the table, or with a statistic one number per series.
func FromSummary(asked Asked, answer *bridge.SummaryAnswer) data.Frames {
	if asked.Query.Stat != "" {
		return statFrames(asked, answer)
	}
	meta := asked.headMeta(answer.Head)
	meta.OpenFromMS = shifted(oldestOpenWindow(answer.Series), asked.Query.TimeShift)
	frame := summaryTable(asked, answer)
	asked.describe(frame, data.FrameTypeTable, meta)
	return asked.finish(data.Frames{frame}, data.FrameTypeTable, meta)
}

func statFrames(asked Asked, answer *bridge.SummaryAnswer) data.Frames {
	meta := asked.headMeta(answer.Head)
	var all data.Frames
	for _, series := range answer.Series {
		config := asked.statConfig(asked.Query.Stat, answer.Unit)
		config.DisplayNameFromDS = asked.name(answer.Measure, series.Labels)
		frame := numberFrame(asked.Query.Stat, series.Labels, statOf(series, asked.Query.Stat), *config)
		own := meta
		own.OpenFromMS = shifted(oldestOpenWindow([]bridge.SummarySeries{series}), asked.Query.TimeShift)
		asked.describe(frame, data.FrameTypeNumericMulti, own)
		all = append(all, frame)
	}
	return asked.finish(all, data.FrameTypeNumericMulti, meta)
}

// oldestOpenWindow is the earliest of the newest windows that may still change; nil when all are final.
func oldestOpenWindow(all []bridge.SummarySeries) *int64 {
	var oldest *int64
	for _, series := range all {
		if series.Open && (oldest == nil || series.LastTimeMS < *oldest) {
			oldest = &series.LastTimeMS
		}
	}
	return oldest
}

// numberFrame is one number with its labels, as in numeric-multi.
func numberFrame(name string, labels map[string]string, value *float64, config data.FieldConfig) *data.Frame {
	field := data.NewField(name, labelsOf(labels), []*float64{value})
	field.Config = &config
	return data.NewFrame("", field)
}

// statConfig is the config of a statistic: a number of windows has neither the measure's unit nor its thresholds, a
// difference has no thresholds.
func (a Asked) statConfig(stat, unit string) *data.FieldConfig {
	switch stat {
	case "count":
		return &data.FieldConfig{Unit: "short"}
	case "delta":
		return &data.FieldConfig{Unit: unit}
	}
	return a.valueConfig(unit, "")
}

func statOf(series bridge.SummarySeries, stat string) *float64 {
	switch stat {
	case "previous":
		return series.Previous
	case "delta":
		return series.Delta
	case "min":
		return series.Min
	case "max":
		return series.Max
	case "avg":
		return series.Avg
	case "sum":
		return series.Sum
	case "count":
		return &series.Count
	}
	return series.Last
}

var summaryColumns = []string{
	"metric", "measure", "last_time", "last", "previous", "delta", "min", "max", "avg", "sum", "count", "updated", "open", "stale",
}

func summaryTable(asked Asked, answer *bridge.SummaryAnswer) *data.Frame {
	count := len(answer.Series)
	labels := make([]map[string]string, count)
	metrics, measures := make([]string, count), make([]string, count)
	lastTimes, updated := make([]*time.Time, count), make([]*time.Time, count)
	open, stale := make([]bool, count), make([]bool, count)
	stats := []string{"last", "previous", "delta", "min", "max", "avg", "sum", "count"}
	numbers := make([][]*float64, len(stats))
	for i := range stats {
		numbers[i] = make([]*float64, count)
	}
	shift := asked.Query.TimeShift
	for row, series := range answer.Series {
		labels[row] = series.Labels
		metrics[row], measures[row] = answer.Metric, answer.Measure
		lastTimes[row] = instant(series.LastTimeMS, shift)
		updated[row] = instant(series.UpdatedMS, 0)
		open[row], stale[row] = series.Open, series.Stale
		for i, stat := range stats {
			numbers[i][row] = statOf(series, stat)
		}
	}
	frame := data.NewFrame("")
	frame.Fields = append(frame.Fields, labelColumns(asked.dimensions(labels), labels, summaryColumns)...)
	frame.Fields = append(frame.Fields,
		data.NewField("metric", nil, metrics), data.NewField("measure", nil, measures), data.NewField("last_time", nil, lastTimes))
	for i, stat := range stats {
		field := data.NewField(stat, nil, numbers[i])
		if stat != "count" {
			field.Config = asked.statConfig(stat, answer.Unit)
		}
		frame.Fields = append(frame.Fields, field)
	}
	frame.Fields = append(frame.Fields,
		data.NewField("updated", nil, updated), data.NewField("open", nil, open), data.NewField("stale", nil, stale))
	return frame
}

func instant(ms int64, shift time.Duration) *time.Time {
	if ms == 0 {
		return nil
	}
	at := timeOf(ms).Add(shift)
	return &at
}

// dimensions are the columns of a table: those grouped by, else the metric's, else those that the labels show.
func (a Asked) dimensions(labels []map[string]string) []string {
	if a.Query.Grouped {
		return a.Query.GroupBy
	}
	if len(a.Metric.Dimensions) > 0 {
		return a.Metric.Dimensions
	}
	seen := map[string]bool{}
	var names []string
	for _, set := range labels {
		for name := range set {
			if !seen[name] {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	slices.Sort(names)
	return names
}

// labelColumns are text columns, one per dimension; a name that the table already has gets a prefix.
func labelColumns(dimensions []string, labels []map[string]string, taken []string) []*data.Field {
	fields := make([]*data.Field, 0, len(dimensions))
	for _, dimension := range dimensions {
		values := make([]string, len(labels))
		for row, set := range labels {
			values[row] = set[dimension]
		}
		name := dimension
		if slices.Contains(taken, name) {
			name = "label_" + name
		}
		fields = append(fields, data.NewField(name, nil, values))
	}
	return fields
}
