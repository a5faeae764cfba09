// Package model is the saved query: its JSON, defaults, migration, validation and canonical form. It knows nothing
// of Grafana's frames, nor of the network.
package model

import (
	"slices"
	"time"
)

// Version of the saved query that this backend writes and understands.
const Version = 1

// Kind is the type of a query.
type Kind string

// The kinds of queries.
const (
	Series   Kind = "series"
	Summary  Kind = "summary"
	Events   Kind = "events"
	Status   Kind = "status"
	Forecast Kind = "forecast"
)

// Filter is a condition on one dimension. `=` any of the values, `!=` none of them, `=~` and `!~` the same with RE2
// patterns matched in full.
type Filter struct {
	Dimension string   `json:"dimension"`
	Op        string   `json:"op"`
	Values    []string `json:"values"`
}

// StepMode selects how the step is determined.
type StepMode int

// The step modes.
const (
	// StepAuto derives it from the width of the panel; rules use the window.
	StepAuto StepMode = iota
	// StepWindow is one window per point.
	StepWindow
	// StepFixed is a duration that the query names.
	StepFixed
)

// Step is the distance between points.
type Step struct {
	Mode     StepMode
	Duration time.Duration // of StepFixed
}

// Query is a saved query with defaults: every field is valid.
type Query struct {
	Kind       Kind
	Metric     string
	Measure    string // empty: the metric's default
	Filters    []Filter
	Adhoc      []Filter
	Grouped    bool // GroupBy is to be used; otherwise every series stands alone
	GroupBy    []string
	OverTime   string // empty: the measure's own rule
	Fill       string // none, zero, null
	Step       Step
	Open       string // auto, include, exclude, separate
	Stat       string // empty: the table
	EventsAs   string // table, count, value; empty: by purpose
	Severities []string
	EventState string // all, open, resolved
	Limit      int    // 0: the bridge's default
	StatusAs   string // table, ready, ...; empty: by purpose
	StatusOver string // now, range
	TimeShift  time.Duration
	Alias      string
	Thresholds bool // the frames have those of the metrics file, which beat the panel's own
	Live       bool
	Revisions  bool
	Forecast   ForecastOptions // of the kind Forecast
}

// ForecastOptions are the options of a forecast and the requested form.
type ForecastOptions struct {
	As        string         // bands, score, expected, lower, upper, anomalous, anomalous_share, anomalies, backtest; empty: by purpose
	Band      float64        // share of the steps that it should hold; 0: the bridge's default
	Seasons   string         // auto, day, week
	TimeZone  string         // empty: UTC
	Holidays  []string       // local dates
	Direction string         // up, down, both
	MinChange float64        // in the unit of the measure
	Horizon   *time.Duration // nil: to the end of the range
	ForSteps  int            // anomalous steps in a row that count; 0: one
}

// ForExpression is the query as an expression of a panel reads it: as an alert rule does, but a table that the query
// names stays one, for SQL.
func (q Query) ForExpression() Query {
	read := q.ForRule()
	if q.EventsAs == "table" {
		read.EventsAs = q.EventsAs
	}
	if q.StatusAs == "table" {
		read.StatusAs = q.StatusAs
	}
	if q.Forecast.As == "anomalies" || q.Forecast.As == "backtest" {
		read.Forecast.As = q.Forecast.As
	}
	return read
}

// ForRule is the query as an alert rule reads it: numbers of closed windows, no table, nothing live.
func (q Query) ForRule() Query {
	q.Live = false
	q.Revisions = false
	if q.Open == "auto" || q.SeparatesOpen() {
		q.Open = "exclude" // two series with the same labels are ambiguous in a rule
	}
	if q.Step.Mode == StepAuto && q.Kind != Forecast { // forecasts have one step by default, for panels too
		q.Step = Step{Mode: StepWindow}
	}
	if q.Stat == "" {
		q.Stat = "last"
	}
	if q.EventsAs == "" || q.EventsAs == "table" {
		q.EventsAs = "count"
	}
	if q.StatusAs == "" || q.StatusAs == "table" {
		q.StatusAs = "ready"
	}
	if slices.Contains([]string{"", "bands", "anomalies", "backtest"}, q.Forecast.As) {
		q.Forecast.As = "score"
	}
	return q
}

// ForPanel is the query as a panel, Explore or a public dashboard reads it.
func (q Query) ForPanel() Query {
	if q.EventsAs == "" {
		q.EventsAs = "table"
	}
	if q.StatusAs == "" {
		q.StatusAs = "table"
	}
	if q.Forecast.As == "" {
		q.Forecast.As = "bands"
	}
	return q
}

// IncludeOpen reports whether open windows are requested.
func (q Query) IncludeOpen() bool {
	if q.Open == "auto" || q.Open == "separate" {
		return q.Kind != Summary
	}
	return q.Open == "include"
}

// SeparatesOpen reports whether the open windows of each series are a separate series.
func (q Query) SeparatesOpen() bool { return q.Kind == Series && q.Open == "separate" }

// AllFilters are the query's own and those that the dashboard adds.
func (q Query) AllFilters() []Filter {
	return append(append([]Filter(nil), q.Filters...), q.Adhoc...)
}
