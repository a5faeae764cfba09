package plugin

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/frames"
	"github.com/streamkpi/streamkpi/pkg/model"
)

func (i *Instance) series(ctx context.Context, ask question) (data.Frames, error) {
	prepared, err := i.prepare(ctx, &ask)
	if err != nil {
		return nil, err
	}
	request := seriesRequest(ask.query, prepared.span, prepared.measure, ask.request.MaxDataPoints)
	answer, err := i.client.Query(ctx, request)
	if err != nil {
		return nil, err
	}
	mode := model.ModePoints
	if ask.query.Fill != "none" || frames.Truncated(answer.Warnings) {
		mode = model.ModeChanged
	}
	notices := append(prepared.notices, frames.WarningNotices(answer.Warnings)...)
	return frames.FromSeries(frames.Asked{
		Query:    ask.query,
		Executed: executed(bridge.QueryPath, request),
		Notices:  append(notices, frames.DownsampledNotice(answer.StepMS, prepared.info.WindowMS)...),
		Live:     i.live(ask, answer.Measure, answer.StepMS, mode),
		Metric:   prepared.info,
	}, answer), nil
}

// prepared holds the common inputs of every query on a metric.
type prepared struct {
	span    span
	measure string
	unit    string // of the measure, as the catalogue has it
	info    frames.MetricInfo
	notices []data.Notice
}

// prepare reads the catalogue: the default measure, titles, and which of the dashboard's filters apply. Others are
// removed from the query.
func (i *Instance) prepare(ctx context.Context, ask *question) (prepared, error) {
	asked, err := spanOf(ask.request.TimeRange, ask.query.TimeShift)
	if err != nil {
		return prepared{}, err
	}
	metric, known, err := i.catalogue.metric(ctx, ask.query.Metric)
	if err != nil {
		return prepared{}, err
	}
	found := prepared{span: asked, measure: ask.query.Measure}
	if !known {
		return found, nil // the bridge's refusal says it best
	}
	if found.measure == "" {
		found.measure = metric.DefaultMeasure
	}
	found.info = infoOf(metric, found.measure)
	found.unit = metric.Measure(found.measure).Unit
	ask.query.Adhoc, found.notices = applicable(ask.query.Adhoc, metric)
	return found, nil
}

func applicable(adhoc []model.Filter, metric bridge.Metric) (kept []model.Filter, notices []data.Notice) {
	for _, filter := range adhoc {
		if metric.HasDimension(filter.Dimension) {
			kept = append(kept, filter)
		} else {
			notices = append(notices, frames.SkippedFilterNotice(filter.Dimension, metric.Name))
		}
	}
	return kept, notices
}

func infoOf(metric bridge.Metric, measure string) frames.MetricInfo {
	info := frames.MetricInfo{Title: metric.Title, WindowMS: metric.Window.SizeMS, GraceMS: metric.Window.GraceMS}
	info.Thresholds = metric.Measure(measure).Thresholds
	if measure != metric.DefaultMeasure {
		info.MeasureTitle = metric.MeasureTitle(measure)
	}
	for _, dimension := range metric.Dimensions {
		info.Dimensions = append(info.Dimensions, dimension.Name)
	}
	return info
}

const (
	shiftedPoll = 10 * time.Second
	statusPoll  = 5 * time.Second
	// historyPoll: the bridge records its status every ten seconds.
	historyPoll = 10 * time.Second
	// longestCanonical leaves room within the bridge's limit for a client's message (64 KiB).
	longestCanonical = 48 << 10
)

// live returns how the answer is kept up to date; nil when it must not be.
func (i *Instance) live(ask question, measure string, stepMS int64, mode model.Mode) *frames.Live {
	if ask.rule || !ask.query.Live {
		return nil
	}
	poll := &frames.Live{Mode: model.ModePoll, PollMS: max(stepMS, shiftedPoll.Milliseconds())}
	if ask.query.TimeShift > 0 {
		return poll
	}
	text := model.CanonicalOf(ask.query, measure, stepMS, mode).Text()
	if len(text) > longestCanonical {
		return poll
	}
	return &frames.Live{Mode: mode, Query: text, Path: i.channel(ask.plugin).Path(text)}
}

// channel is the instance as live paths name it.
func (i *Instance) channel(plugin backend.PluginContext) model.Channel {
	channel := model.Channel{OrgID: plugin.OrgID, Token: i.settings.token} //lint:ignore SA1019 the id that every supported Grafana sends
	if saved := plugin.DataSourceInstanceSettings; saved != nil {
		channel.UID, channel.Updated = saved.UID, saved.Updated
	}
	return channel
}
