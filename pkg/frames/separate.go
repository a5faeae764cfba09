package frames

import (
	"sort"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// openName is the field name, as two series with equal names and labels are not valid frames.
const openName = "Open"

// openSuffix marks in the name of a series that its windows are open: in tooltips, which show nothing else of it.
const openSuffix = ", open"

// splitOpen divides a series into its closed and its open windows. What was removed stays with the closed ones.
func splitOpen(series bridge.PointSeries) (closed, open bridge.PointSeries) {
	if series.OpenFromMS == nil {
		return series, bridge.PointSeries{}
	}
	from := *series.OpenFromMS
	at := sort.Search(len(series.Times), func(i int) bool { return series.Times[i] >= from })
	closed, open = series, series
	closed.Times, open.Times = series.Times[:at], series.Times[at:]
	closed.Values, open.Values = series.Values[:at], series.Values[at:]
	if len(series.Revisions) > 0 {
		closed.Revisions, open.Revisions = series.Revisions[:at], series.Revisions[at:]
	}
	open.Removed, open.RemovedRevisions = nil, nil
	return closed, open
}

// styleOpen draws open windows dashed and in the colour of text, as points where one stands alone, and keeps them out of
// legends, whose Last and Min are of closed windows. The browser's live side has the same (open-windows.ts).
func styleOpen(field *data.Field) {
	field.Name = openName
	config := field.Config
	config.DisplayNameFromDS += openSuffix
	config.Color = map[string]any{"mode": "fixed", "fixedColor": "text"}
	config.Custom = map[string]any{
		"lineStyle":  map[string]any{"fill": "dash", "dash": []int{4, 4}},
		"showPoints": "always",
		"hideFrom":   map[string]any{"legend": true, "tooltip": false, "viz": false},
	}
}
