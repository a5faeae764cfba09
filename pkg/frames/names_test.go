package frames

import (
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/model"
)

func TestNames(t *testing.T) {
	cases := []struct {
		name    string
		asked   Asked
		measure string
		labels  map[string]string
		want    string
	}{
		{"the metric's title", Asked{Metric: MetricInfo{Title: "Events per minute"}}, "value", nil, "Events per minute"},
		{"with the measure's", Asked{Metric: MetricInfo{Title: "Revenue", MeasureTitle: "Transactions"}}, "n", nil, "Revenue: Transactions"},
		{"without a catalogue", Asked{Query: model.Query{Metric: "m"}}, "n", nil, "m: n"},
		{"one label", Asked{}, "value", map[string]string{"segment": "gold"}, "gold"},
		{"a missing label", Asked{}, "value", map[string]string{"segment": ""}, "(none)"},
		{"more labels, in order", Asked{}, "value", map[string]string{"b": "2", "a": ""}, "a=(none), b=2"},
		{"of an earlier time", Asked{Query: model.Query{TimeShift: time.Hour}}, "value", map[string]string{"segment": "gold"}, "gold, 1h earlier"},
		{"of an earlier time, without labels", Asked{Query: model.Query{TimeShift: 24 * time.Hour}, Metric: MetricInfo{Title: "Events"}}, "value", nil, "Events, 1d earlier"},
		{"an alias says all there is to say", Asked{Query: model.Query{Alias: "yesterday", TimeShift: 24 * time.Hour}}, "value", nil, "yesterday"},
		{"alias", Asked{Query: model.Query{Metric: "m", Stat: "max", Alias: "{{metric}} {{measure}} {{stat}} {{segment}}"}}, "value", map[string]string{"segment": "gold"}, "m value max gold"},
	}
	for _, test := range cases {
		if got := test.asked.name(test.measure, test.labels); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestADimensionDoesNotHideAColumn(t *testing.T) {
	labels := []map[string]string{{"state": "berlin", "city": "x"}, {}}
	fields := labelColumns([]string{"state", "city"}, labels, eventColumns)
	if fields[0].Name != "label_state" || fields[1].Name != "city" || fields[0].At(0) != "berlin" || fields[0].At(1) != "" {
		t.Errorf("columns %s, %s", fields[0].Name, fields[1].Name)
	}
}
