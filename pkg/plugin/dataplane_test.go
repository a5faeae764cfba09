package plugin

import (
	"testing"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// checkDataplane reads frames the way Grafana's alerting does and fails where it would refuse them.
func checkDataplane(t *testing.T, all data.Frames) {
	t.Helper()
	seen := map[string]bool{}
	for _, frame := range all {
		for _, field := range frame.Fields {
			if key := field.Labels.String(); field.Type().Numeric() && all[0].Meta.Type != data.FrameTypeTable {
				if seen[key] {
					t.Errorf("two numbers have the labels {%s}: a rule refuses both", key)
				}
				seen[key] = true
			}
		}
	}
	switch all[0].Meta.Type {
	case data.FrameTypeTimeSeriesMulti:
		reader, err := timeseries.CollectionReaderFromFrames(all)
		if err != nil {
			t.Fatalf("no time series: %v", err)
		}
		read, err := reader.GetCollection(true)
		if err != nil {
			t.Fatalf("not valid time series: %v", err)
		}
		if len(read.RemainderIndices) > 0 {
			t.Errorf("parts of the frames are no time series: %v", read.RemainderIndices)
		}
		if want := withFields(all); len(read.Refs) != want && !read.NoData() {
			t.Errorf("%d series read, want %d", len(read.Refs), want)
		}
	case data.FrameTypeNumericMulti:
		reader, err := numeric.CollectionReaderFromFrames(all)
		if err != nil {
			t.Fatalf("no numbers: %v", err)
		}
		read, err := reader.GetCollection(false) // it checks the types, not the data
		if err != nil {
			t.Fatalf("not valid numbers: %v", err)
		}
		if len(read.RemainderIndices) > 0 {
			t.Errorf("parts of the frames are no numbers: %v", read.RemainderIndices)
		}
		if want := withFields(all); len(read.Refs) != want && !read.NoData() {
			t.Errorf("%d numbers read, want %d", len(read.Refs), want)
		}
	}
}

func withFields(all data.Frames) int {
	count := 0
	for _, frame := range all {
		if len(frame.Fields) > 0 {
			count++
		}
	}
	return count
}
