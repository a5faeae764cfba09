package frames

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// anomalyTable has the columns of a table of events, so that annotations and the alert list read it: one row for each
// run of anomalous steps, the newest first.
func anomalyTable(asked Asked, answer *bridge.ForecastAnswer, meta Meta) data.Frames {
	var anomalies []anomaly
	for _, series := range answer.Series {
		for _, run := range anomalousRuns(series, max(1, asked.Query.Forecast.ForSteps)) {
			anomalies = append(anomalies, anomalyOf(answer, series, run))
		}
	}
	slices.SortStableFunc(anomalies, func(a, b anomaly) int { return cmp.Compare(b.event.TimeMS, a.event.TimeMS) })
	meta.OpenFromMS = shifted(oldestOpen(eventsOf(anomalies)), asked.Query.TimeShift)
	if learning := learningBasis(answer.Series); learning != nil {
		meta.Forecast = forecastMeta(*learning)
	}
	if limit := asked.Query.Limit; limit > 0 && len(anomalies) > limit {
		anomalies, meta.Truncated = anomalies[:limit], true
	}
	frame := eventTable(asked, eventsOf(anomalies), answer.Unit)
	frame.Fields = append(frame.Fields, expectedColumns(anomalies, answer.Unit)...)
	asked.describe(frame, data.FrameTypeTable, meta)
	return asked.finish(data.Frames{frame}, data.FrameTypeTable, meta)
}

// anomaly is an event with what was expected of its most unusual step.
type anomaly struct {
	event                  bridge.Event
	expected, lower, upper *float64
}

func eventsOf(anomalies []anomaly) []bridge.Event {
	events := make([]bridge.Event, len(anomalies))
	for i, one := range anomalies {
		events[i] = one.event
	}
	return events
}

// expectedColumns hold the numbers of the messages, from which src/datasource/anomaly-texts.ts makes them in the user's
// language.
func expectedColumns(anomalies []anomaly, unit string) []*data.Field {
	columns := []struct {
		name string
		of   func(anomaly) *float64
	}{
		{"expected", func(a anomaly) *float64 { return a.expected }},
		{"lower", func(a anomaly) *float64 { return a.lower }},
		{"upper", func(a anomaly) *float64 { return a.upper }},
	}
	fields := make([]*data.Field, len(columns))
	for i, column := range columns {
		values := make([]*float64, len(anomalies))
		for row, one := range anomalies {
			values[row] = column.of(one)
		}
		fields[i] = data.NewField(column.name, nil, values)
		fields[i].Config = &data.FieldConfig{Unit: unit}
	}
	return fields
}

// learningBasis returns the basis of the first series when all series are still learning, so that the absence of
// anomalies means nothing.
func learningBasis(all []bridge.ForecastSeries) *bridge.ForecastBasis {
	for _, series := range all {
		if !series.Learning() {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all[0].ForecastBasis
}

// stepRun is a run of steps: rows [from, to) of a series.
type stepRun struct{ from, to int }

// anomalousRuns returns the runs of at least `least` steps that lie on one side of the band.
func anomalousRuns(series bridge.ForecastSeries, least int) []stepRun {
	var runs []stepRun
	for row := 0; row < len(series.Score); {
		end := row
		for end < len(series.Score) && isAnomalous(series.Score[end]) && *series.Score[end] > 0 == (*series.Score[row] > 0) {
			end++
		}
		if end-row >= least {
			runs = append(runs, stepRun{row, end})
		}
		row = max(end, row+1)
	}
	return runs
}

// anomalyOf returns an event that is open while the newest closed step belongs to it: it may grow. Its value and message
// are those of its most unusual step.
func anomalyOf(answer *bridge.ForecastAnswer, series bridge.ForecastSeries, run stepRun) anomaly {
	peak := run.from
	for row := run.from; row < run.to; row++ {
		if math.Abs(*series.Score[row]) > math.Abs(*series.Score[peak]) {
			peak = row
		}
	}
	endMS := series.Times[run.to-1] + answer.StepMS
	state := "resolved"
	if endMS >= series.OpenFromMS {
		state = "open"
	}
	event := bridge.Event{
		ID:          strings.Join([]string{answer.Metric, answer.Measure, labelKey(series.Labels), strconv.FormatInt(series.Times[run.from], 10)}, " "),
		TimeMS:      series.Times[run.from],
		EndMS:       endMS,
		FirstSeenMS: series.Times[run.from] + answer.StepMS,
		UpdatedMS:   endMS,
		Severity:    "warning",
		Message:     anomalyMessage(series, peak),
		Labels:      series.Labels,
		Value:       series.Actual[peak],
		Revision:    int64(run.to - run.from),
		State:       state,
	}
	return anomaly{event, series.Expected[peak], series.Lower[peak], series.Upper[peak]}
}

func anomalyMessage(series bridge.ForecastSeries, row int) string {
	side := "Lower"
	if *series.Score[row] > 0 {
		side = "Higher"
	}
	return fmt.Sprintf("%s than expected: %s, where %s (%s to %s) was expected",
		side, numberText(series.Actual[row]), numberText(series.Expected[row]), numberText(series.Lower[row]), numberText(series.Upper[row]))
}

// numberText has four significant digits, and all of a whole number up to a million.
func numberText(value *float64) string {
	if value == nil {
		return "nothing"
	}
	if math.Abs(*value) >= 1000 && math.Abs(*value) < 1e6 {
		return strconv.FormatFloat(*value, 'f', 0, 64)
	}
	return strconv.FormatFloat(*value, 'g', 4, 64)
}
