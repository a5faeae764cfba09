package frames

import (
	"math"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// ForecastMeta is the forecast metadata of a frame of bands.
type ForecastMeta struct {
	State         string `json:"state"`
	Message       string `json:"message,omitempty"`   // while learning, how much is there and needed
	HaveMS        int64  `json:"have_ms,omitempty"`   // while learning, as in the message
	NeededMS      int64  `json:"needed_ms,omitempty"` // while learning
	TrainedFromMS *int64 `json:"trained_from_ms"`
	Fingerprint   string `json:"fingerprint"`
}

// ReachesAhead reports whether a form of a forecast shows steps that have not closed.
func ReachesAhead(as string) bool {
	return as == "bands" || as == "expected" || as == "lower" || as == "upper"
}

// FromForecast returns the requested form: bands as one frame per series; one column as a time series or the share of
// anomalous steps as a number, also for rules; or the anomalies as a table of events.
func FromForecast(asked Asked, answer *bridge.ForecastAnswer) data.Frames {
	meta := asked.headMeta(answer.Head)
	switch asked.Query.Forecast.As {
	case "bands":
		return asked.finish(bandFrames(asked, answer, meta), "", meta)
	case "anomalies":
		return anomalyTable(asked, answer, meta)
	case "anomalous_share":
		return asked.finish(shareFrames(asked, answer, meta), data.FrameTypeNumericMulti, meta)
	}
	return asked.finish(columnFrames(asked, answer, meta), data.FrameTypeTimeSeriesMulti, meta)
}

func bandFrames(asked Asked, answer *bridge.ForecastAnswer, meta Meta) data.Frames {
	var all data.Frames
	for _, series := range answer.Series {
		if len(series.Times) == 0 {
			continue
		}
		frame := data.NewFrame("", forecastTimes(asked, answer.Head, series.Times))
		name := asked.name(answer.Measure, series.Labels)
		for _, column := range bandColumns(series) {
			field := data.NewField(column.field, labelsOf(series.Labels), []*float64(column.values))
			field.Config = &data.FieldConfig{Unit: answer.Unit, DisplayNameFromDS: name}
			column.style(field.Config, name, len(answer.Series) == 1)
			frame.Fields = append(frame.Fields, field)
		}
		own := meta
		openFrom := series.OpenFromMS
		own.OpenFromMS = shifted(&openFrom, asked.Query.TimeShift)
		own.Forecast = forecastMeta(series.ForecastBasis)
		asked.describe(frame, "", own)
		// Explore draws only frames of two fields as lines by default.
		frame.Meta.PreferredVisualization = data.VisTypeGraph
		all = append(all, frame)
	}
	return all
}

func forecastMeta(basis bridge.ForecastBasis) *ForecastMeta {
	shown := &ForecastMeta{State: basis.State, TrainedFromMS: basis.TrainedFromMS, Fingerprint: basis.Fingerprint}
	if basis.Message != nil {
		shown.Message = *basis.Message
		shown.HaveMS, shown.NeededMS = basis.HaveMS, basis.NeededMS
	}
	return shown
}

func forecastTimes(asked Asked, head bridge.Head, starts []int64) *data.Field {
	times := make([]time.Time, len(starts))
	for i, ms := range starts {
		times[i] = timeOf(ms).Add(asked.Query.TimeShift)
	}
	field := data.NewField(data.TimeSeriesTimeFieldName, nil, times)
	field.Config = &data.FieldConfig{Interval: float64(head.StepMS)}
	return field
}

// columnFrames returns one column of each series, without the steps that have no value.
func columnFrames(asked Asked, answer *bridge.ForecastAnswer, meta Meta) data.Frames {
	var all data.Frames
	as := asked.Query.Forecast.As
	for _, series := range answer.Series {
		values, unit := columnOf(series, as, answer.Unit)
		var starts []int64
		var known []*float64
		for i, value := range values {
			if value != nil {
				starts, known = append(starts, series.Times[i]), append(known, value)
			}
		}
		if len(known) == 0 {
			continue
		}
		field := data.NewField(data.TimeSeriesValueFieldName, labelsOf(series.Labels), known)
		field.Config = &data.FieldConfig{Unit: unit, DisplayNameFromDS: asked.name(answer.Measure, series.Labels)}
		frame := data.NewFrame("", forecastTimes(asked, answer.Head, starts), field)
		asked.describe(frame, data.FrameTypeTimeSeriesMulti, meta)
		all = append(all, frame)
	}
	return all
}

func columnOf(series bridge.ForecastSeries, as, unit string) (bridge.Numbers, string) {
	switch as {
	case "expected":
		return series.Expected, unit
	case "lower":
		return series.Lower, unit
	case "upper":
		return series.Upper, unit
	case "anomalous":
		return anomalousOf(series.Score), "short"
	}
	return series.Score, "short"
}

// isAnomalous: the score's size says so from 1 on, its sign on which side.
func isAnomalous(score *float64) bool { return score != nil && math.Abs(*score) >= 1 }

// anomalousOf is 1 for an anomalous step, 0 for a normal one, nil when unknown.
func anomalousOf(scores bridge.Numbers) bridge.Numbers {
	flags := make(bridge.Numbers, len(scores))
	for i, score := range scores {
		if score == nil {
			continue
		}
		flag := 0.0
		if isAnomalous(score) {
			flag = 1
		}
		flags[i] = &flag
	}
	return flags
}

func shareFrames(asked Asked, answer *bridge.ForecastAnswer, meta Meta) data.Frames {
	var all data.Frames
	for _, series := range answer.Series {
		scored, anomalous := 0, 0
		for _, score := range series.Score {
			if score != nil {
				scored++
			}
			if isAnomalous(score) {
				anomalous++
			}
		}
		if scored == 0 {
			continue
		}
		share := float64(anomalous) / float64(scored)
		frame := numberFrame("anomalous_share", series.Labels, &share, data.FieldConfig{
			Unit: "percentunit", DisplayNameFromDS: asked.name(answer.Measure, series.Labels),
		})
		asked.describe(frame, data.FrameTypeNumericMulti, meta)
		all = append(all, frame)
	}
	return all
}
