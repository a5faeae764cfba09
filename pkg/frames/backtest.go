package frames

import (
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

var backtestColumns = []string{"state", "steps", "mase", "coverage", "interval_score", "alarms_per_day", "alarms"}

// FromBacktest returns a table with one row per series.
func FromBacktest(asked Asked, answer *bridge.BacktestAnswer) data.Frames {
	count := len(answer.Series)
	labels := make([]map[string]string, count)
	states := make([]string, count)
	steps, alarms := make([]int64, count), make([]int64, count)
	perDay := make([]float64, count)
	errors, coverages, intervalScores := make([]*float64, count), make([]*float64, count), make([]*float64, count)
	for row, series := range answer.Series {
		labels[row], states[row] = series.Labels, series.State
		steps[row], alarms[row], perDay[row] = series.Steps, series.AlarmCount, series.AlarmsPerDay
		errors[row], coverages[row], intervalScores[row] = series.MASE, series.Coverage, series.IntervalScore
	}
	frame := data.NewFrame("", labelColumns(asked.dimensions(labels), labels, backtestColumns)...)
	frame.Fields = append(frame.Fields,
		data.NewField("state", nil, states),
		data.NewField("steps", nil, steps),
		data.NewField("mase", nil, errors),
		data.NewField("coverage", nil, coverages).SetConfig(&data.FieldConfig{Unit: "percentunit"}),
		data.NewField("interval_score", nil, intervalScores),
		data.NewField("alarms_per_day", nil, perDay),
		data.NewField("alarms", nil, alarms))
	meta := asked.headMeta(answer.Head)
	asked.describe(frame, data.FrameTypeTable, meta)
	return asked.finish(data.Frames{frame}, data.FrameTypeTable, meta)
}
