package frames

import (
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// FromSeries returns one frame per series: the time field and one numeric field with labels. When the query separates
// open windows, they are an additional frame per series.
func FromSeries(asked Asked, answer *bridge.QueryAnswer) data.Frames {
	shift := asked.Query.TimeShift
	meta := asked.headMeta(answer.Head)
	frameOf := func(series bridge.PointSeries, open bool) *data.Frame {
		frame := pointFrame(asked, answer.Head, series)
		own := meta
		own.OpenFromMS = shifted(series.OpenFromMS, shift)
		own.OpenWindows = open
		own.Revisions = series.Revisions
		own.Removed = shiftedTimes(series.Removed, shift)
		own.RemovedRevisions = series.RemovedRevisions
		if open {
			styleOpen(frame.Fields[1])
		}
		asked.describe(frame, data.FrameTypeTimeSeriesMulti, own)
		return frame
	}
	var all, allOpen data.Frames
	for _, series := range answer.Series {
		closed, open := series, bridge.PointSeries{}
		if asked.Query.SeparatesOpen() {
			closed, open = splitOpen(series)
		}
		if len(closed.Times) > 0 || len(closed.Removed) > 0 {
			all = append(all, frameOf(closed, false))
		}
		if len(open.Times) > 0 {
			allOpen = append(allOpen, frameOf(open, true))
		}
	}
	// At the end, so that the colours of the others do not change when a window opens.
	return asked.finish(append(all, allOpen...), data.FrameTypeTimeSeriesMulti, meta)
}

// headMeta is the metadata that all frames of an answer on one measure share.
func (a Asked) headMeta(head bridge.Head) Meta {
	meta := a.meta()
	meta.Measure = head.Measure
	meta.WatermarkMS = head.WatermarkMS
	meta.AsOfMS = head.ServerTimeMS
	meta.StepMS = head.StepMS
	meta.StoreEpoch = head.StoreEpoch
	return meta
}

func pointFrame(asked Asked, head bridge.Head, series bridge.PointSeries) *data.Frame {
	times := make([]time.Time, len(series.Times))
	for i, ms := range series.Times {
		times[i] = timeOf(ms).Add(asked.Query.TimeShift)
	}
	timeField := data.NewField(data.TimeSeriesTimeFieldName, nil, times)
	if head.StepMS > 0 {
		timeField.Config = &data.FieldConfig{Interval: float64(head.StepMS)}
	}
	valueField := data.NewField(data.TimeSeriesValueFieldName, labelsOf(series.Labels), []*float64(series.Values))
	valueField.Config = asked.valueConfig(head.Unit, asked.name(head.Measure, series.Labels))
	return data.NewFrame("", timeField, valueField)
}

func labelsOf(labels map[string]string) data.Labels {
	if len(labels) == 0 {
		return nil
	}
	return data.Labels(labels)
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func shifted(ms *int64, shift time.Duration) *int64 {
	if ms == nil {
		return nil
	}
	moved := *ms + shift.Milliseconds()
	return &moved
}

func shiftedTimes(times []int64, shift time.Duration) []int64 {
	if shift == 0 {
		return times
	}
	moved := make([]int64, len(times))
	for i, ms := range times {
		moved[i] = ms + shift.Milliseconds()
	}
	return moved
}
