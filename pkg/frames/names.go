package frames

import (
	"strings"

	"github.com/streamkpi/streamkpi/pkg/model"
)

const noLabel = "(none)"

// name of a series: the alias, else its labels, else what the metric is called; beside a time shift also how much
// earlier, so that it differs from the current series.
func (a Asked) name(measure string, labels map[string]string) string {
	if a.Query.Alias != "" {
		words := map[string]string{"metric": a.Query.Metric, "measure": measure, "stat": a.Query.Stat}
		return model.Render(a.Query.Alias, labels, words)
	}
	name := a.seriesName(measure, labels)
	if a.Query.TimeShift > 0 {
		name += ", " + model.FormatDuration(a.Query.TimeShift) + " earlier"
	}
	return name
}

func (a Asked) seriesName(measure string, labels map[string]string) string {
	names := sortedNames(labels)
	switch len(names) {
	case 0:
		return a.title(measure)
	case 1:
		return shown(labels[names[0]])
	}
	parts := make([]string, 0, len(names))
	for _, name := range names {
		parts = append(parts, name+"="+shown(labels[name]))
	}
	return strings.Join(parts, ", ")
}

func (a Asked) title(measure string) string {
	title := a.Metric.Title
	if title == "" {
		title = a.Query.Metric
	}
	if a.Metric.MeasureTitle != "" {
		return title + ": " + a.Metric.MeasureTitle
	}
	if a.Metric.Title == "" && measure != "" && measure != "value" {
		return title + ": " + measure
	}
	return title
}

func shown(value string) string {
	if value == "" {
		return noLabel
	}
	return value
}
