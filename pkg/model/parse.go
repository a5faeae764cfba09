package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Error is an error in the query, as a sentence that its author can act on.
type Error struct {
	Field   string // the path in the saved JSON, e.g. filters[0].values
	Message string
}

func (e *Error) Error() string { return e.Message }

func fault(field, format string, args ...any) *Error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

var (
	kinds       = []string{"series", "summary", "events", "status", "forecast"}
	operators   = []string{"=", "!=", "=~", "!~"}
	overTimes   = []string{"", "avg", "sum", "min", "max", "last"}
	fills       = []string{"none", "zero", "null"}
	openChoices = []string{"auto", "include", "exclude", "separate"}
	stats       = []string{"", "last", "previous", "delta", "min", "max", "avg", "sum", "count"}
	eventForms  = []string{"", "table", "count", "value"}
	severities  = []string{"info", "warning", "critical"}
	eventStates = []string{"all", "open", "resolved"}
	statusForms = []string{"", "table", "ready", "freshness", "lag", "dead_letters", "records", "clients"}
	statusOvers = []string{"now", "range"}
	seasons     = []string{"auto", "day", "week"}
	directions  = []string{"up", "down", "both"}
	forecastAs  = []string{"", "bands", "score", "expected", "lower", "upper", "anomalous", "anomalous_share", "anomalies", "backtest"}
)

const (
	maxFilters = 50
	maxValues  = 1000
	maxLimit   = 10_000
	maxName    = 200
	maxSteps   = 10_000
	minBand    = 0.5 // the bridge's limits of an interval
	maxBand    = 0.999
)

// Parse parses a saved query of any version up to this one, with defaults and validation. Every error is an *Error.
func Parse(raw json.RawMessage) (Query, error) {
	saved, err := migrate(raw)
	if err != nil {
		return Query{}, err
	}
	r := reader{fields: saved}
	r.interpolated = r.flag("interpolated", false)
	q := Query{
		Kind:       Kind(r.choice("kind", "series", kinds)),
		Metric:     r.text("metric"),
		Measure:    r.text("measure"),
		Filters:    r.filters("filters"),
		Adhoc:      r.filters("adhocFilters"),
		Grouped:    r.has("groupBy"),
		GroupBy:    distinct(r.texts("groupBy")),
		OverTime:   r.choice("overTime", "", overTimes),
		Fill:       r.choice("fill", "none", fills),
		Step:       r.step("step"),
		Open:       r.choice("openWindows", "auto", openChoices),
		Stat:       r.choice("stat", "", stats),
		EventsAs:   r.choice("eventsAs", "", eventForms),
		Severities: r.texts("severities"),
		EventState: r.choice("eventState", "all", eventStates),
		Limit:      r.count("limit", maxLimit),
		StatusAs:   r.choice("statusAs", "", statusForms),
		StatusOver: r.choice("statusOver", "now", statusOvers),
		TimeShift:  r.duration("timeShift"),
		Alias:      r.text("alias"),
		Thresholds: r.flag("metricThresholds", false),
		Live:       r.flag("live", true),
		Revisions:  r.flag("withRevisions", false),
		Forecast:   r.forecast(),
	}
	for _, severity := range q.Severities {
		if !slices.Contains(severities, severity) {
			r.fail("severities", "The query's \"severities\" hold %q; known are %s.", severity, strings.Join(severities, ", "))
		}
	}
	if r.err != nil {
		return Query{}, r.err
	}
	return q, check(q)
}

func check(q Query) error {
	if q.Kind == Status {
		return nil
	}
	if q.Metric == "" {
		return fault("metric", "The query names no metric. Choose one in the query editor.")
	}
	if len(q.Metric) > maxName {
		return fault("metric", "The metric's name is longer than %d characters.", maxName)
	}
	for _, name := range q.GroupBy {
		if name == "" {
			return fault("groupBy", "The query groups by a dimension without a name. Choose one or remove it.")
		}
	}
	if n := len(q.Filters) + len(q.Adhoc); n > maxFilters {
		return fault("filters", "The query has %d filters; the bridge takes %d. Remove some, or give one filter several values.", n, maxFilters)
	}
	return nil
}

func distinct(names []string) []string {
	seen := make(map[string]bool, len(names))
	var kept []string
	for _, name := range names {
		if !seen[name] {
			kept = append(kept, name)
		}
		seen[name] = true
	}
	return kept
}
