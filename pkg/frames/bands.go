package frames

import (
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// Names of a band's fields; src/panel/reading/forecast-source.ts reads them. The first is data.TimeSeriesValueFieldName.
const (
	expectedName = "Expected"
	lowerName    = "Lower"
	upperName    = "Upper"
	scoreName    = "Score"
)

const (
	lowerSuffix = ", lower"
	bandOpacity = 15
)

type bandColumn struct {
	field  string
	values bridge.Numbers
	style  func(config *data.FieldConfig, series string, alone bool)
}

// bandColumns draw by themselves on the time series panel: the values as the panel draws all, what was expected dashed,
// the band as an area. Score is for tables and cards.
func bandColumns(series bridge.ForecastSeries) []bandColumn {
	return []bandColumn{
		{data.TimeSeriesValueFieldName, series.Actual, func(*data.FieldConfig, string, bool) {}},
		{expectedName, series.Expected, styleExpected},
		{lowerName, series.Lower, styleLower},
		{upperName, series.Upper, styleUpper},
		{scoreName, series.Score, styleScore},
	}
}

func styleExpected(config *data.FieldConfig, series string, alone bool) {
	config.DisplayNameFromDS = series + ", expected"
	config.Color = textColour
	config.Custom = map[string]any{
		"drawStyle":   "line",
		"lineStyle":   map[string]any{"fill": "dash", "dash": []int{6, 4}},
		"lineWidth":   1,
		"fillOpacity": 0,
		"showPoints":  "never",
		"stacking":    notStacked,
		"hideFrom":    map[string]any{"legend": !alone, "tooltip": false, "viz": false},
	}
}

func styleLower(config *data.FieldConfig, series string, _ bool) {
	config.DisplayNameFromDS = series + lowerSuffix
	config.Color = textColour
	config.Custom = edge()
}

func styleUpper(config *data.FieldConfig, series string, _ bool) {
	config.DisplayNameFromDS = series + ", upper"
	config.Color = textColour
	custom := edge()
	custom["fillBelowTo"] = series + lowerSuffix
	custom["fillOpacity"] = bandOpacity
	config.Custom = custom
}

func styleScore(config *data.FieldConfig, series string, _ bool) {
	config.Unit = "short"
	config.DisplayNameFromDS = series + ", score"
	config.Custom = map[string]any{
		"stacking": notStacked,
		"hideFrom": map[string]any{"legend": true, "tooltip": true, "viz": true},
	}
}

var (
	textColour = map[string]any{"mode": "fixed", "fixedColor": "text"}
	notStacked = map[string]any{"mode": "none"}
)

// edge of a band: no line of its own, and no entry in the legend.
func edge() map[string]any {
	return map[string]any{
		"drawStyle":    "line",
		"lineWidth":    0,
		"fillOpacity":  0,
		"gradientMode": "none",
		"showPoints":   "never",
		"stacking":     notStacked,
		"hideFrom":     map[string]any{"legend": true, "tooltip": false, "viz": false},
	}
}
