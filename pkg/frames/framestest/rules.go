// Package framestest reads frames as Grafana's alerting and its SQL expressions do, for tests.
package framestest

import (
	"fmt"
	"strings"
	"time"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/reader"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Value is a frame as converted by server-side expressions: a series, or one number.
type Value struct {
	Labels data.Labels
	Times  []time.Time // nil: a number
	Values []*float64  // one where it is a number; nil: null
}

// ReadAsRule returns the values of one query's frames as the expressions of a rule read them; none for no data. The
// error says why a rule would refuse them, or would silently drop something.
func ReadAsRule(all data.Frames) ([]Value, error) {
	if _, err := reader.CanReadBasedOnMeta(all); err != nil {
		return nil, fmt.Errorf("the type of the frames: %w", err)
	}
	var values []Value
	var err error
	kind := all[0].Meta.Type
	switch kind {
	case data.FrameTypeTimeSeriesMulti:
		values, err = readSeries(all)
	case data.FrameTypeNumericMulti:
		values, err = readNumbers(all)
	default:
		err = fmt.Errorf("frames of type %s are not what rules are to get", kind)
	}
	if err != nil {
		return nil, err
	}
	if len(values) == 0 && len(all) == 1 && len(all[0].Fields) == 0 {
		return nil, nil
	}
	if len(values) != len(all) {
		return nil, fmt.Errorf("%d frames come to %d values", len(all), len(values))
	}
	return values, unambiguous(values)
}

// ReadAsSQL returns why Grafana's SQL expressions would refuse one query's frames; nil when they accept them. They turn
// numbers and series into rows with their labels as columns, and take anything else only as one frame without labels.
func ReadAsSQL(all data.Frames) error {
	first := all[0]
	switch first.Meta.Type {
	case data.FrameTypeTimeSeriesMulti, data.FrameTypeNumericMulti:
		_, err := ReadAsRule(all)
		return err
	}
	if len(all) > 1 {
		return fmt.Errorf("%d frames of type %q are not one table", len(all), first.Meta.Type)
	}
	for _, field := range first.Fields {
		if len(field.Labels) > 0 {
			return fmt.Errorf("a table's column %q has labels", field.Name)
		}
	}
	return nil
}

func readSeries(all data.Frames) ([]Value, error) {
	frames, err := timeseries.CollectionReaderFromFrames(all)
	if err != nil {
		return nil, fmt.Errorf("no time series: %w", err)
	}
	read, err := frames.GetCollection(true)
	if err != nil {
		return nil, fmt.Errorf("not valid time series: %w", err)
	}
	if read.Warning != nil || len(read.RemainderIndices) > 0 {
		return nil, fmt.Errorf("not all of it is time series: %v, warning %v", read.RemainderIndices, read.Warning)
	}
	var values []Value
	for _, ref := range read.Refs {
		if ref.ValueField == nil {
			continue // no data
		}
		value := Value{Labels: ref.GetLabels(), Times: []time.Time{}}
		count, err := ref.Len()
		if err != nil {
			return nil, err
		}
		for i := range count {
			at, number, err := ref.NullableFloat64Point(i)
			if err != nil {
				return nil, err
			}
			value.Times, value.Values = append(value.Times, at), append(value.Values, number)
		}
		values = append(values, value)
	}
	return values, nil
}

func readNumbers(all data.Frames) ([]Value, error) {
	frames, err := numeric.CollectionReaderFromFrames(all)
	if err != nil {
		return nil, fmt.Errorf("no numbers: %w", err)
	}
	read, err := frames.GetCollection(false) // true is not implemented there: what it would check follows
	if err != nil {
		return nil, fmt.Errorf("not valid numbers: %w", err)
	}
	if read.Warning != nil || len(read.RemainderIndices) > 0 {
		return nil, fmt.Errorf("not all of it is numbers: %v, warning %v", read.RemainderIndices, read.Warning)
	}
	for _, frame := range all {
		if len(frame.Fields) > 1 {
			return nil, fmt.Errorf("a number's frame has %d fields: only the first number would be taken", len(frame.Fields))
		}
	}
	var values []Value
	for _, ref := range read.Refs {
		number, empty, err := ref.NullableFloat64Value()
		if err != nil {
			return nil, err
		}
		if empty {
			return nil, fmt.Errorf("the number of {%s} has %d rows", ref.GetLabels(), ref.ValueField.Len())
		}
		values = append(values, Value{Labels: ref.GetLabels(), Values: []*float64{number}})
	}
	return values, nil
}

func unambiguous(values []Value) error {
	seen := map[string]bool{}
	var twice []string
	for _, value := range values {
		key := value.Labels.String()
		if seen[key] {
			twice = append(twice, "{"+key+"}")
		}
		seen[key] = true
	}
	if len(twice) > 0 {
		return fmt.Errorf("labels that two values have, so that a rule refuses both: %s", strings.Join(twice, ", "))
	}
	return nil
}
