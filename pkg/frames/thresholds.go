package frames

import (
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// baseColor is that of values below all thresholds, where the metrics file names none.
const baseColor = "text"

// valueConfig is the config of a measure's values. Grafana takes it before the panel's own defaults, and the panel's
// overrides before it.
func (a Asked) valueConfig(unit, name string) *data.FieldConfig {
	return &data.FieldConfig{Unit: unit, DisplayNameFromDS: name, Thresholds: thresholdsOf(a.Metric.Thresholds)}
}

// thresholdsOf returns nil for none. Grafana takes the first step for all lower values, whatever its value.
func thresholdsOf(thresholds []bridge.Threshold) *data.ThresholdsConfig {
	if len(thresholds) == 0 {
		return nil
	}
	var steps []data.Threshold
	if thresholds[0].Value != nil {
		steps = append(steps, data.NewThreshold(math.Inf(-1), baseColor, ""))
	}
	for _, threshold := range thresholds {
		from := math.Inf(-1)
		if threshold.Value != nil {
			from = *threshold.Value
		}
		steps = append(steps, data.NewThreshold(from, threshold.Color, ""))
	}
	return &data.ThresholdsConfig{Mode: data.ThresholdsModeAbsolute, Steps: steps}
}
