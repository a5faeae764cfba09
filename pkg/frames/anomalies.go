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
	var events []bridge.Event
	for _, series := range answer.Series {
		for _, run := range anomalousRuns(series, max(1, asked.Query.Forecast.ForSteps)) {
			events = append(events, anomalyEvent(answer, series, run))
		}
	}
	slices.SortStableFunc(events, func(a, b bridge.Event) int { return cmp.Compare(b.TimeMS, a.TimeMS) })
	meta.OpenFromMS = shifted(oldestOpen(events), asked.Query.TimeShift)
	if learning := learningBasis(answer.Series); learning != nil {
		meta.Forecast = forecastMeta(*learning)
	}
	if limit := asked.Query.Limit; limit > 0 && len(events) > limit {
		events, meta.Truncated = events[:limit], true
	}
	frame := eventTable(asked, events, answer.Unit)
	asked.describe(frame, data.FrameTypeTable, meta)
	return asked.finish(data.Frames{frame}, data.FrameTypeTable, meta)
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

// anomalyEvent is open while the newest closed step belongs to it: it may grow. Its value and message are those of its
// most unusual step.
func anomalyEvent(answer *bridge.ForecastAnswer, series bridge.ForecastSeries, run stepRun) bridge.Event {
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
	return bridge.Event{
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
