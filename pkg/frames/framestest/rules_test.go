package framestest

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

func frame(kind data.FrameType, fields ...*data.Field) *data.Frame {
	made := data.NewFrame("", fields...)
	return made.SetMeta(&data.FrameMeta{Type: kind, TypeVersion: data.FrameTypeVersion{0, 1}})
}

func number(label string, values ...float64) *data.Field {
	return data.NewField("value", data.Labels{"segment": label}, values)
}

func times(minutes ...int) *data.Field {
	at := []time.Time{}
	for _, minute := range minutes {
		at = append(at, time.UnixMilli(int64(minute)*60_000))
	}
	return data.NewField("Time", nil, at)
}

func TestWhatARuleRefuses(t *testing.T) {
	numbers, series := data.FrameTypeNumericMulti, data.FrameTypeTimeSeriesMulti
	cases := []struct {
		name string
		all  data.Frames
		says string // empty: it is read
	}{
		{"numbers", data.Frames{frame(numbers, number("a", 1)), frame(numbers, number("b", 1))}, ""},
		{"series", data.Frames{frame(series, times(1, 2), number("a", 1, 2))}, ""},
		{"no numbers", data.Frames{frame(numbers)}, ""},
		{"no series", data.Frames{frame(series)}, ""},
		{"one label twice", data.Frames{frame(numbers, number("a", 1)), frame(numbers, number("a", 2))}, "two values have"},
		{"two rows", data.Frames{frame(numbers, number("a", 1, 2))}, "2 rows"},
		{"a second number", data.Frames{frame(numbers, number("a", 1), number("b", 2))}, "2 fields"},
		{"no type", data.Frames{data.NewFrame("", number("a", 1))}, "type"},
		{"a table", data.Frames{frame(data.FrameTypeTable, number("a", 1))}, "type"},
		{"times that go back", data.Frames{frame(series, times(2, 1), number("a", 1, 2))}, "not valid"},
		{"a frame without fields among others", data.Frames{frame(numbers, number("a", 1)), frame(numbers)}, "come to"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadAsRule(test.all)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

func TestWhatSQLRefuses(t *testing.T) {
	plain := func(rows ...float64) *data.Field { return data.NewField("value", nil, rows) }
	table := frame(data.FrameTypeTable, plain(1, 2))
	cases := []struct {
		name string
		all  data.Frames
		says string // empty: it makes a table of them
	}{
		{"series", data.Frames{frame(data.FrameTypeTimeSeriesMulti, times(1), number("a", 1))}, ""},
		{"numbers", data.Frames{frame(data.FrameTypeNumericMulti, number("a", 1)), frame(data.FrameTypeNumericMulti, number("b", 1))}, ""},
		{"a table", data.Frames{table}, ""},
		{"two tables", data.Frames{table, table}, "2 frames"},
		{"a table with labels", data.Frames{frame(data.FrameTypeTable, number("a", 1))}, "has labels"},
		{"one label twice", data.Frames{frame(data.FrameTypeNumericMulti, number("a", 1)), frame(data.FrameTypeNumericMulti, number("a", 2))}, "two values have"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			err := ReadAsSQL(test.all)
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
