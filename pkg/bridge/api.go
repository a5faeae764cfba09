// Package bridge is the client of the StreamKPI bridge: HTTP calls and one WebSocket connection that many live streams
// share. Its types are those of backend-bridge/api/openapi.yaml and websocket.yaml; a test holds them together.
package bridge

import (
	"cmp"
	"slices"

	"github.com/streamkpi/streamkpi/pkg/model"
)

// QueryRequest is the body of POST /api/v1/query.
type QueryRequest struct {
	Metric           string         `json:"metric"`
	Measure          string         `json:"measure,omitempty"`
	FromMS           int64          `json:"from_ms"`
	ToMS             int64          `json:"to_ms"`
	Filters          []model.Filter `json:"filters,omitempty"`
	GroupBy          *[]string      `json:"group_by,omitempty"`
	StepMS           int64          `json:"step_ms,omitempty"`
	MaxPoints        int64          `json:"max_points,omitempty"`
	OverTime         string         `json:"over_time,omitempty"`
	Fill             string         `json:"fill,omitempty"`
	IncludeOpen      bool           `json:"include_open"`
	IncludeRevisions bool           `json:"include_revisions,omitempty"`
}

// SummaryRequest is the body of POST /api/v1/summary.
type SummaryRequest struct {
	Metric      string         `json:"metric"`
	Measure     string         `json:"measure,omitempty"`
	FromMS      int64          `json:"from_ms"`
	ToMS        int64          `json:"to_ms"`
	Filters     []model.Filter `json:"filters,omitempty"`
	GroupBy     *[]string      `json:"group_by,omitempty"`
	IncludeOpen bool           `json:"include_open"`
}

// EventsRequest is the body of POST /api/v1/events/query.
type EventsRequest struct {
	Metric  string         `json:"metric"`
	FromMS  int64          `json:"from_ms"`
	ToMS    int64          `json:"to_ms"`
	Filters []model.Filter `json:"filters,omitempty"`
	Limit   int            `json:"limit,omitempty"`
}

// ForecastRequest is the body of POST /api/v1/forecast, and without HorizonMS of POST /api/v1/backtest, which also has
// ForSteps.
type ForecastRequest struct {
	Metric    string         `json:"metric"`
	Measure   string         `json:"measure,omitempty"`
	FromMS    int64          `json:"from_ms"`
	ToMS      int64          `json:"to_ms"`
	Filters   []model.Filter `json:"filters,omitempty"`
	GroupBy   *[]string      `json:"group_by,omitempty"`
	StepMS    int64          `json:"step_ms,omitempty"`
	OverTime  string         `json:"over_time,omitempty"`
	Fill      string         `json:"fill,omitempty"`
	Interval  float64        `json:"interval,omitempty"`
	Seasons   string         `json:"seasons,omitempty"`
	TimeZone  string         `json:"time_zone,omitempty"`
	Holidays  []string       `json:"holidays,omitempty"`
	Direction string         `json:"direction,omitempty"`
	MinChange float64        `json:"min_change,omitempty"`
	HorizonMS *int64         `json:"horizon_ms,omitempty"`
	ForSteps  int            `json:"for_steps,omitempty"`
}

// Warning is a caveat on the numbers of an answer.
type Warning struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Kept    int64    `json:"kept,omitempty"`     // of series_truncated
	Total   int64    `json:"total,omitempty"`    // of series_truncated
	AskedMS int64    `json:"asked_ms,omitempty"` // of step_adjusted
	TakenMS int64    `json:"taken_ms,omitempty"` // of step_adjusted
	Stats   []string `json:"stats,omitempty"`    // of a summary's range_not_kept; absent: it is about all of them
}

// Head has the fields shared by all answers on one measure of one metric.
type Head struct {
	Metric       string    `json:"metric"`
	Measure      string    `json:"measure"`
	Unit         string    `json:"unit"`
	StepMS       int64     `json:"step_ms"`
	WatermarkMS  *int64    `json:"watermark_ms"`
	ServerTimeMS int64     `json:"server_time_ms"`
	StoreEpoch   string    `json:"store_epoch"`
	Warnings     []Warning `json:"warnings"`
}

// QueryAnswer holds the points of each series.
type QueryAnswer struct {
	Head
	Series []PointSeries `json:"series"`
}

func (a *QueryAnswer) complete() bool { return a.Series != nil }

// PointSeries is one series with its points; Values and Revisions go with Times. A nil value is NaN, infinity or a
// filled gap.
type PointSeries struct {
	Labels           map[string]string `json:"labels"`
	Times            []int64           `json:"times"`
	Values           Numbers           `json:"values"`
	Revisions        []int64           `json:"revisions,omitempty"`
	Removed          []int64           `json:"removed,omitempty"`
	RemovedRevisions []int64           `json:"removed_revisions,omitempty"`
	OpenFromMS       *int64            `json:"open_from_ms,omitempty"`
}

// SummaryAnswer holds one entry for each series.
type SummaryAnswer struct {
	Head
	Series []SummarySeries `json:"series"`
}

func (a *SummaryAnswer) complete() bool { return a.Series != nil }

// SummarySeries is the last value, the change and the statistics of one series over the range.
type SummarySeries struct {
	Labels     map[string]string `json:"labels"`
	Last       *float64          `json:"last"`
	LastTimeMS int64             `json:"last_time_ms"`
	Previous   *float64          `json:"previous"`
	Delta      *float64          `json:"delta"`
	Min        *float64          `json:"min"`
	Max        *float64          `json:"max"`
	Avg        *float64          `json:"avg"`
	Sum        *float64          `json:"sum"`
	Count      float64           `json:"count"`
	UpdatedMS  int64             `json:"updated_ms"`
	Open       bool              `json:"open"` // the newest window may still change
	Stale      bool              `json:"stale"`
}

// ForecastAnswer holds the expected value of each step, and the steps ahead.
type ForecastAnswer struct {
	Head
	Interval       float64          `json:"interval"`
	TimeZone       string           `json:"time_zone"`
	ClosedBeforeMS *int64           `json:"closed_before_ms"`
	Series         []ForecastSeries `json:"series"`
}

func (a *ForecastAnswer) complete() bool { return a.Series != nil }

// ForecastBasis describes the data that a forecast of a series is based on.
type ForecastBasis struct {
	Labels        map[string]string `json:"labels"`
	State         string            `json:"state"`
	Message       *string           `json:"message"` // while learning, how much is there and needed
	HaveMS        int64             `json:"have_ms"`
	NeededMS      int64             `json:"needed_ms"`
	TrainedFromMS *int64            `json:"trained_from_ms"`
	Seasons       []string          `json:"seasons"`
	Fingerprint   string            `json:"fingerprint"`
}

// Learning reports whether there is too little data for a band.
func (b ForecastBasis) Learning() bool { return b.State == "learning" }

// ForecastSeries is one series; every column has an entry for each of Times, nil where nothing is known.
type ForecastSeries struct {
	ForecastBasis
	Times      []int64 `json:"times"`
	Actual     Numbers `json:"actual"`
	Expected   Numbers `json:"expected"`
	Lower      Numbers `json:"lower"`
	Upper      Numbers `json:"upper"`
	Score      Numbers `json:"score"`
	OpenFromMS int64   `json:"open_from_ms"` // steps from here on have not closed
}

// BacktestAnswer holds the accuracy of the forecasts of a range.
type BacktestAnswer struct {
	Head
	ClosedBeforeMS *int64           `json:"closed_before_ms"`
	Series         []BacktestSeries `json:"series"`
}

func (a *BacktestAnswer) complete() bool { return a.Series != nil }

// BacktestSeries is the accuracy of one series; figures are nil when no step had a value and a band.
type BacktestSeries struct {
	ForecastBasis
	Steps         int64    `json:"steps"`
	MASE          *float64 `json:"mase"`
	Coverage      *float64 `json:"coverage"` // 0 to 1
	IntervalScore *float64 `json:"interval_score"`
	AlarmsPerDay  float64  `json:"alarms_per_day"`
	AlarmCount    int64    `json:"alarm_count"`
}

// EventsAnswer holds events, the newest first.
type EventsAnswer struct {
	Metric       string    `json:"metric"`
	WatermarkMS  *int64    `json:"watermark_ms"`
	ServerTimeMS int64     `json:"server_time_ms"`
	StoreEpoch   string    `json:"store_epoch"`
	Events       []Event   `json:"events"`
	Warnings     []Warning `json:"warnings"`
}

func (a *EventsAnswer) complete() bool { return a.Events != nil }

// Event is one window of one series of an event metric.
type Event struct {
	ID          string            `json:"id"`
	TimeMS      int64             `json:"time_ms"`
	EndMS       int64             `json:"end_ms"`
	FirstSeenMS int64             `json:"first_seen_ms"`
	UpdatedMS   int64             `json:"updated_ms"`
	Severity    string            `json:"severity"`
	Message     string            `json:"message"`
	Labels      map[string]string `json:"labels"`
	Value       *float64          `json:"value"`
	Revision    int64             `json:"revision"`
	State       string            `json:"state"`
}

// Catalogue lists the metrics and capabilities of the bridge.
type Catalogue struct {
	ServerTimeMS int64    `json:"server_time_ms"`
	StoreEpoch   string   `json:"store_epoch"`
	Metrics      []Metric `json:"metrics"`
}

func (c *Catalogue) complete() bool { return c.Metrics != nil }

// Metric is one entry of the catalogue.
type Metric struct {
	Name           string      `json:"name"`
	Title          string      `json:"title"`
	Kind           string      `json:"kind"`
	Window         Window      `json:"window"`
	Dimensions     []Dimension `json:"dimensions"`
	DefaultMeasure string      `json:"default_measure"`
	Measures       []Measure   `json:"measures"`
}

// Window is the shape of a metric's windows.
type Window struct {
	Type      string `json:"type"`
	SizeMS    int64  `json:"size_ms"`
	AdvanceMS int64  `json:"advance_ms"`
	GapMS     int64  `json:"gap_ms"`
	GraceMS   int64  `json:"grace_ms"`
}

// Dimension is a label of a metric.
type Dimension struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// Measure is a number of a metric.
type Measure struct {
	Name       string      `json:"name"`
	Title      string      `json:"title"`
	Unit       string      `json:"unit"`
	Thresholds []Threshold `json:"thresholds"`
}

// Threshold is the colour of a measure's values from Value on; nil is the colour of lower ones.
type Threshold struct {
	Value *float64 `json:"value"`
	Color string   `json:"color"`
}

// Metric finds one by name.
func (c *Catalogue) Metric(name string) (Metric, bool) {
	for _, metric := range c.Metrics {
		if metric.Name == name {
			return metric, true
		}
	}
	return Metric{}, false
}

// HasDimension reports whether the metric has a dimension of that name.
func (m Metric) HasDimension(name string) bool {
	for _, dimension := range m.Dimensions {
		if dimension.Name == name {
			return true
		}
	}
	return false
}

// MeasureTitle is the measure's title, or its name.
func (m Metric) MeasureTitle(name string) string {
	return cmp.Or(m.Measure(name).Title, name)
}

// Measure finds one by name; zero where the metric has none of that name.
func (m Metric) Measure(name string) Measure {
	for _, measure := range m.Measures {
		if measure.Name == name {
			return measure
		}
	}
	return Measure{}
}

// Hop is the state of one hop between the stream and this plugin.
type Hop struct {
	State   string  `json:"state"`
	Message *string `json:"message"`
}

// Failing reports whether the hop is failing.
func (h Hop) Failing() bool { return h.State != "ok" }

// Text is the hop's message, empty where it has none.
func (h Hop) Text() string {
	if h.Message == nil {
		return ""
	}
	return *h.Message
}

// Status is the state of the bridge and of every hop behind it.
type Status struct {
	APIVersion   string   `json:"api_version"`
	Capabilities []string `json:"capabilities"`
	ServerTimeMS int64    `json:"server_time_ms"`
	Version      string   `json:"version"`
	UptimeMS     int64    `json:"uptime_ms"`
	StoreEpoch   string   `json:"store_epoch"`
	Ready        bool     `json:"ready"`
	Source       Source   `json:"source"`
	Store        struct {
		Hop
		Kind string `json:"kind"`
	} `json:"store"`
	Clock    *Clock            `json:"clock,omitempty"` // nil where an older bridge answers
	Pipeline *Hop              `json:"pipeline"`
	Clients  *Clients          `json:"clients"`
	Metrics  []MetricFreshness `json:"metrics"`
}

func (s *Status) complete() bool { return s.APIVersion != "" }

// Clock is whether the clocks of the bridge, of its store and of other bridges agree.
type Clock struct {
	Hop
	SkewedBridges []SkewedBridge `json:"skewed_bridges"`
}

// SkewedBridge is another bridge whose clock differs from Redis's.
type SkewedBridge struct {
	Bridge  string `json:"bridge"`
	AheadMS int64  `json:"ahead_ms"` // negative: behind
}

// Can reports whether the bridge has a capability that was added after the first version.
func (s *Status) Can(capability string) bool { return slices.Contains(s.Capabilities, capability) }

// StatusHistory is the recorded status of the bridge.
type StatusHistory struct {
	StepMS       int64           `json:"step_ms"`
	ServerTimeMS int64           `json:"server_time_ms"`
	StartedMS    int64           `json:"started_ms"`
	RetentionMS  int64           `json:"retention_ms"`
	Series       []HistorySeries `json:"series"`
}

func (h *StatusHistory) complete() bool { return h.Series != nil }

// HistorySeries is one number of the status over time.
type HistorySeries struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Times  []int64           `json:"times"`
	Values Numbers           `json:"values"`
}

// Source is the state of the bridge's source.
type Source struct {
	Hop
	Kind string  `json:"kind"`
	Part *string `json:"hop"` // which part fails, e.g. kafka or schema_registry
	// Topics are those of the metrics that the token may see.
	Topics []Topic `json:"topics"`
}

// Topic is the reading of one topic for one metric; nil where the token may not know.
type Topic struct {
	Topic        string  `json:"topic"`
	Metric       string  `json:"metric"`
	State        string  `json:"state"`
	Reason       *string `json:"reason"`
	Lag          *int64  `json:"lag"`
	LastRecordMS *int64  `json:"last_record_ms"`
	WatermarkMS  *int64  `json:"watermark_ms"`
	Records      *int64  `json:"records"`
	DeadLetters  *int64  `json:"dead_letters"`
	// LastDeadLetter is nil where there was none; also of a bridge that does not report it yet.
	LastDeadLetter *DeadLetter `json:"last_dead_letter,omitempty"`
}

// DeadLetter is the last record of a topic that the bridge could not read.
type DeadLetter struct {
	Reason  string `json:"reason"`
	Message string `json:"message"` // what to correct
	TimeMS  int64  `json:"time_ms"`
}

// Text returns a sentence with the reason why the record could not be read.
func (d *DeadLetter) Text() string { return "Last dead letter (" + d.Reason + "): " + d.Message }

// Clients are the WebSocket connections of the bridge.
type Clients struct {
	Connections   int64 `json:"connections"`
	Subscriptions int64 `json:"subscriptions"`
	QueuedBytes   int64 `json:"queued_bytes"`
}

// MetricFreshness is the watermark and freshness of a metric.
type MetricFreshness struct {
	Metric      string `json:"metric"`
	WatermarkMS *int64 `json:"watermark_ms"`
	FreshnessMS *int64 `json:"freshness_ms"`
}

// Readiness is the answer of GET /readyz.
type Readiness struct {
	Status  string `json:"status"`
	Hop     string `json:"hop"`
	Message string `json:"message"`
}
