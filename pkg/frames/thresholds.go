package frames

import (
	"math"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// baseColor is that of values below all thresholds, where the metrics file names none.
const baseColor = "text"

// valueConfig is the config of a measure's values. Thresholds are in it only when asked for: Grafana takes those of a
// frame before the panel's own, and only the panel's overrides before them.
func (a Asked) valueConfig(unit, name string) *data.FieldConfig {
	config := &data.FieldConfig{Unit: unit, DisplayNameFromDS: name}
	if a.Query.Thresholds {
		config.Thresholds = thresholdsOf(a.Metric.Thresholds)
	}
	return config
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
