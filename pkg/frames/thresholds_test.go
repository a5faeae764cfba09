package frames_test

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/frames"
	"github.com/streamkpi/streamkpi/pkg/model"
)

const (
	fromZero = `{"mode":"absolute","steps":[{"value":null,"color":"text"},{"value":80,"color":"red"}]}`
	ofStat   = `{"mode":"absolute","steps":[{"value":null,"color":"green"},{"value":80,"color":"red"}]}`
)

func number(value float64) *float64 { return &value }

// thresholdsIn are those of each field, by its name; empty where it has none.
func thresholdsIn(t *testing.T, all data.Frames) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, frame := range all {
		for _, field := range frame.Fields {
			found[field.Name] = ""
			if field.Config == nil || field.Config.Thresholds == nil {
				continue
			}
			text, err := json.Marshal(field.Config.Thresholds)
			if err != nil {
				t.Fatal(err)
			}
			found[field.Name] = string(text)
		}
	}
	return found
}

func askedWith(kind model.Kind, thresholds ...bridge.Threshold) frames.Asked {
	return frames.Asked{Query: model.Query{Kind: kind, Thresholds: true}, Metric: frames.MetricInfo{Thresholds: thresholds}}
}

func TestThresholdsOfTheMeasureAreInItsValues(t *testing.T) {
	red := bridge.Threshold{Value: number(80), Color: "red"}
	green := bridge.Threshold{Color: "green"}
	head := bridge.Head{Metric: "m", Measure: "value", Unit: "short"}

	points := bridge.PointSeries{Times: []int64{0}, Values: bridge.Numbers{number(1)}}
	series := thresholdsIn(t, frames.FromSeries(askedWith("series", red), &bridge.QueryAnswer{Head: head, Series: []bridge.PointSeries{points}}))
	if series["Value"] != fromZero || series["Time"] != "" {
		t.Errorf("series: %v", series)
	}

	answer := &bridge.SummaryAnswer{Head: head, Series: []bridge.SummarySeries{{Last: number(1), Delta: number(1), Count: 1}}}
	table := thresholdsIn(t, frames.FromSummary(askedWith("summary", green, red), answer))
	if table["last"] != ofStat || table["max"] != ofStat || table["delta"] != "" || table["count"] != "" {
		t.Errorf("summary: %v", table)
	}

	value := 120.0
	events := thresholdsIn(t, frames.FromEvents(askedWith("events", green, red), &bridge.EventsAnswer{Events: []bridge.Event{{Value: &value}}}, "short"))
	if events["value"] != ofStat || events["revision"] != "" {
		t.Errorf("events: %v", events)
	}

	panels := askedWith("series", red)
	panels.Query.Thresholds = false
	unasked := thresholdsIn(t, frames.FromSeries(panels, &bridge.QueryAnswer{Head: head, Series: []bridge.PointSeries{points}}))
	if unasked["Value"] != "" {
		t.Errorf("a panel that did not ask loses its own: %v", unasked)
	}

	none := thresholdsIn(t, frames.FromSeries(askedWith("series"), &bridge.QueryAnswer{Head: head, Series: []bridge.PointSeries{points}}))
	if none["Value"] != "" {
		t.Errorf("without thresholds: %v", none)
	}
}
