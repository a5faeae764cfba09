// Package frames converts answers of the bridge to data frames. It makes no requests.
package frames

import (
	"encoding/json"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/model"
)

// Meta is the metadata of every frame in meta.custom.streamkpi, read by src/frames/frame-meta.ts. The browser's live
// code overwrites the state.
type Meta struct {
	Version          int             `json:"version"`
	Kind             model.Kind      `json:"kind"`
	State            string          `json:"state"`
	WatermarkMS      *int64          `json:"watermark_ms"`
	OpenFromMS       *int64          `json:"open_from_ms"`
	AsOfMS           int64           `json:"as_of_ms"`
	Metric           string          `json:"metric,omitempty"`
	Measure          string          `json:"measure,omitempty"`
	MeasureTitle     string          `json:"measure_title,omitempty"` // absent for the default measure
	Title            string          `json:"title,omitempty"`
	WindowMS         int64           `json:"window_ms,omitempty"`
	GraceMS          int64           `json:"grace_ms,omitempty"`
	StepMS           int64           `json:"step_ms,omitempty"`
	StoreEpoch       string          `json:"store_epoch,omitempty"`
	TimeShiftMS      int64           `json:"time_shift_ms,omitempty"`
	Live             *Live           `json:"live,omitempty"`
	Truncated        bool            `json:"truncated,omitempty"`    // of events: the range may have more than came
	OpenWindows      bool            `json:"open_windows,omitempty"` // of a frame with the open windows of its series only
	Revisions        []int64         `json:"revisions,omitempty"`
	Removed          []int64         `json:"removed,omitempty"`
	RemovedRevisions []int64         `json:"removed_revisions,omitempty"`
	Status           json.RawMessage `json:"status,omitempty"`
	Forecast         *ForecastMeta   `json:"forecast,omitempty"` // of a frame of bands; of anomalies while every series learns
}

// Live is how an answer is kept up to date.
type Live struct {
	Mode   model.Mode `json:"mode"`
	Path   string     `json:"path,omitempty"`
	Query  string     `json:"query,omitempty"`
	PollMS int64      `json:"poll_ms,omitempty"`
}

const metaVersion = 1

// stateStatic marks an answer without live updates.
const stateStatic = "static"

// Custom is what Grafana carries for the data source in a frame's metadata.
type Custom struct {
	StreamKPI Meta `json:"streamkpi"`
}

// Asked is shared by the frames of one answer: the query and the metric.
type Asked struct {
	Query    model.Query
	Executed string // the call to the bridge, for the query inspector
	Notices  []data.Notice
	Live     *Live
	Metric   MetricInfo
	// Truncated reports that an answer of events may be incomplete.
	Truncated bool
}

// MetricInfo is the catalogue entry of the metric; zero when unknown.
type MetricInfo struct {
	Title        string
	MeasureTitle string // empty for the default measure
	WindowMS     int64
	GraceMS      int64
	Dimensions   []string
	Thresholds   []bridge.Threshold // of the measure
}

func (a Asked) meta() Meta {
	return Meta{
		Version:      metaVersion,
		Kind:         a.Query.Kind,
		State:        stateStatic,
		Metric:       a.Query.Metric,
		Measure:      a.Query.Measure,
		MeasureTitle: a.Metric.MeasureTitle,
		Title:        a.Metric.Title,
		WindowMS:     a.Metric.WindowMS,
		GraceMS:      a.Metric.GraceMS,
		TimeShiftMS:  a.Query.TimeShift.Milliseconds(),
		Live:         a.Live,
		Truncated:    a.Truncated,
	}
}

// longestRepeated is the longest call that each frame carries; a longer one, with many filter values, is only on the
// first frame, so that a thousand series do not repeat it.
const longestRepeated = 4 << 10

// describe sets a frame's type and metadata.
func (a Asked) describe(frame *data.Frame, frameType data.FrameType, meta Meta) {
	frame.Meta = &data.FrameMeta{
		Type:   frameType,
		Custom: Custom{StreamKPI: meta},
	}
	if len(a.Executed) <= longestRepeated {
		frame.Meta.ExecutedQueryString = a.Executed
	}
	if frameType == data.FrameTypeTimeSeriesMulti || frameType == data.FrameTypeNumericMulti {
		frame.Meta.TypeVersion = data.FrameTypeVersion{0, 1}
	}
}

// finish sets the notices on the first frame only, so that a panel shows each once. An answer without frames gets an
// empty one of the type: alert rules see no data, panels the metadata.
func (a Asked) finish(all data.Frames, frameType data.FrameType, meta Meta) data.Frames {
	if len(all) == 0 {
		frame := data.NewFrame("")
		a.describe(frame, frameType, meta)
		all = data.Frames{frame}
	}
	all[0].Meta.ExecutedQueryString = a.Executed
	all[0].Meta.Notices = a.Notices
	return all
}
