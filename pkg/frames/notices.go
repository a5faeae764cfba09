package frames

import (
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/model"
)

// WarningNotices converts the bridge's warnings to panel notices.
func WarningNotices(warnings []bridge.Warning) []data.Notice {
	var notices []data.Notice
	for _, warning := range warnings {
		switch warning.Code {
		case "series_truncated":
			notices = append(notices, notice(data.NoticeSeverityWarning, "Only %d of %d series are shown. Filter or group to see all of them.", warning.Kept, warning.Total))
		case "step_adjusted":
			notices = append(notices, notice(data.NoticeSeverityInfo, "The step of %s does not fit the metric's windows; %s is used.", span(warning.AskedMS), span(warning.TakenMS)))
		default:
			notices = append(notices, notice(data.NoticeSeverityWarning, "%s (%s)", warning.Message, warning.Code))
		}
	}
	return notices
}

// Truncated reports whether the answer omits series.
func Truncated(warnings []bridge.Warning) bool {
	for _, warning := range warnings {
		if warning.Code == "series_truncated" {
			return true
		}
	}
	return false
}

// DownsampledNotice says that each point combines several windows.
func DownsampledNotice(stepMS, windowMS int64) []data.Notice {
	if windowMS <= 0 || stepMS <= windowMS {
		return nil
	}
	return []data.Notice{notice(data.NoticeSeverityInfo, "Each point stands for %s; a window is %s.", span(stepMS), span(windowMS))}
}

// EventsCutNotice says that there may be more events than were counted.
func EventsCutNotice(most int) data.Notice {
	return notice(data.NoticeSeverityWarning, "Only the newest %d events of the range are read. Choose a shorter range or filter.", most)
}

// LearningNotice says which series have no band yet, and why.
func LearningNotice(all []bridge.ForecastSeries) []data.Notice {
	count, message := 0, ""
	for _, series := range all {
		if series.Learning() {
			count++
			if message == "" && series.Message != nil {
				message = *series.Message
			}
		}
	}
	switch count {
	case 0:
		return nil
	case 1:
		return []data.Notice{notice(data.NoticeSeverityInfo, "%s", message)}
	}
	return []data.Notice{notice(data.NoticeSeverityInfo, "%d series have no band yet. %s", count, message)}
}

// SkippedFilterNotice says that a dashboard's filter does not apply.
func SkippedFilterNotice(dimension, metric string) data.Notice {
	return notice(data.NoticeSeverityWarning, "The dashboard's filter on %q is left out: %s has no such dimension.", dimension, metric)
}

func notice(severity data.NoticeSeverity, format string, args ...any) data.Notice {
	return data.Notice{Severity: severity, Text: fmt.Sprintf(format, args...)}
}

func span(ms int64) string { return model.FormatDuration(time.Duration(ms) * time.Millisecond) }
