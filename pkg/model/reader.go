package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// reader extracts typed values from saved JSON. It keeps the first error; later calls return zero values.
type reader struct {
	fields       map[string]json.RawMessage
	interpolated bool // the browser has filled the variables in
	err          error
}

func (r *reader) fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = fault(field, format, args...)
	}
}

// has reports whether the field is present; null counts as absent.
func (r *reader) has(field string) bool {
	raw, ok := r.fields[field]
	return ok && string(raw) != "null"
}

func (r *reader) read(field, wanted string, into any) {
	if !r.has(field) {
		return
	}
	if err := json.Unmarshal(r.fields[field], into); err != nil {
		r.fail(field, "The query's %q must be %s, not %s.", field, wanted, excerpt(r.fields[field]))
	}
}

func (r *reader) text(field string) string {
	var value string
	r.refuseVariables(field)
	r.read(field, "text", &value)
	return strings.TrimSpace(value)
}

func (r *reader) texts(field string) []string {
	var values []string
	r.refuseVariables(field)
	r.read(field, "a list of texts", &values)
	return values
}

func (r *reader) flag(field string, byDefault bool) bool {
	value := byDefault
	r.read(field, "true or false", &value)
	return value
}

func (r *reader) choice(field, byDefault string, choices []string) string {
	value := r.text(field)
	if value == "" {
		return byDefault
	}
	if !slices.Contains(choices, value) {
		known := slices.DeleteFunc(slices.Clone(choices), func(choice string) bool { return choice == "" })
		r.fail(field, "The query's %q is %q; known are %s.", field, value, strings.Join(known, ", "))
	}
	return value
}

func (r *reader) count(field string, most int) int {
	if !r.has(field) {
		return 0
	}
	var value float64
	r.read(field, "a number", &value)
	if value != float64(int(value)) || value < 1 || value > float64(most) {
		r.fail(field, "The query's %q must be a whole number from 1 to %d.", field, most)
	}
	return int(value)
}

// number is 0 where there is none.
func (r *reader) number(field string) float64 {
	var value float64
	r.read(field, "a number", &value)
	return value
}

// band is a share of the steps, 0 where there is none: the bridge calls it interval, and the query editor a band.
func (r *reader) band(field string) float64 {
	share := r.number(field)
	if r.has(field) && (share < minBand || share > maxBand) {
		r.fail(field, "The query's %q is %v; it must be a number from %v to %v.", field, share, minBand, maxBand)
	}
	return share
}

func (r *reader) forecast() ForecastOptions {
	options := ForecastOptions{
		As:        r.choice("forecastAs", "", forecastAs),
		Band:      r.band("band"),
		Seasons:   r.choice("seasons", "auto", seasons),
		TimeZone:  r.text("timeZone"),
		Holidays:  r.texts("holidays"),
		Direction: r.choice("direction", "both", directions),
		MinChange: r.number("minChange"),
		ForSteps:  r.count("forSteps", maxSteps),
	}
	if r.text("horizon") != "" {
		horizon := r.duration("horizon")
		options.Horizon = &horizon
	}
	return options
}

func (r *reader) step(field string) Step {
	value := r.text(field)
	switch value {
	case "", "auto":
		return Step{Mode: StepAuto}
	case "window":
		return Step{Mode: StepWindow}
	}
	return Step{Mode: StepFixed, Duration: r.positive(field, value)}
}

func (r *reader) duration(field string) time.Duration {
	value := r.text(field)
	if value == "" || value == "0" {
		return 0
	}
	return r.positive(field, value)
}

func (r *reader) positive(field, value string) time.Duration {
	duration, err := ParseDuration(value)
	if err != nil {
		r.fail(field, "The query's %q is %q, %s. Write a duration such as 30s, 5m, 1h or 1d.", field, value, err)
	}
	return duration
}

func (r *reader) filters(field string) []Filter {
	var items []json.RawMessage
	r.refuseVariables(field)
	r.read(field, "a list of filters", &items)
	var filters []Filter
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", field, i)
		if filter, ok := r.filter(path, item); ok {
			filters = append(filters, filter)
		}
	}
	return filters
}

// filter reads one condition; one that is not filled in yet (no dimension, or no value) is dropped.
func (r *reader) filter(path string, item json.RawMessage) (Filter, bool) {
	var filter Filter
	if err := json.Unmarshal(item, &filter); err != nil {
		r.fail(path, "The query's %q must have a dimension, an operator and a list of values, not %s.", path, excerpt(item))
		return Filter{}, false
	}
	if filter.Dimension == "" || len(filter.Values) == 0 {
		return Filter{}, false
	}
	if filter.Op == "" {
		filter.Op = "="
	}
	if !slices.Contains(operators, filter.Op) {
		r.fail(path, "The filter on %q has the operator %q; known are %s.", filter.Dimension, filter.Op, strings.Join(operators, ", "))
	}
	if len(filter.Values) > maxValues {
		r.fail(path, "The filter on %q has %d values; the bridge takes %d. Use a pattern (=~) instead.", filter.Dimension, len(filter.Values), maxValues)
	}
	return filter, true
}

func excerpt(raw json.RawMessage) string {
	const longest = 60
	if len(raw) > longest {
		return string(raw[:longest]) + "..."
	}
	return string(raw)
}
