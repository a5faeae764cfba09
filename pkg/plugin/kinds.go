package plugin

import (
	"cmp"
	"context"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/frames"
	"github.com/streamkpi/streamkpi/pkg/model"
)

func (i *Instance) summary(ctx context.Context, ask question) (data.Frames, error) {
	prepared, err := i.prepare(ctx, &ask)
	if err != nil {
		return nil, err
	}
	request := summaryRequest(ask.query, prepared.span, prepared.measure)
	answer, err := i.client.Summary(ctx, request)
	if err != nil {
		return nil, err
	}
	return frames.FromSummary(frames.Asked{
		Query:    ask.query,
		Executed: executed(bridge.SummaryPath, request),
		Notices:  append(prepared.notices, frames.WarningNotices(warningsOf(ask.query.Stat, answer.Warnings))...),
		Live:     i.live(ask, answer.Measure, answer.StepMS, model.ModeChanged),
		Metric:   prepared.info,
	}, answer), nil
}

// warningsOf leaves out warnings about other statistics than the one that is shown; an empty stat shows all.
func warningsOf(stat string, warnings []bridge.Warning) []bridge.Warning {
	return slices.DeleteFunc(slices.Clone(warnings), func(warning bridge.Warning) bool {
		return stat != "" && len(warning.Stats) > 0 && !slices.Contains(warning.Stats, stat)
	})
}

func (i *Instance) events(ctx context.Context, ask question) (data.Frames, error) {
	prepared, err := i.prepare(ctx, &ask)
	if err != nil {
		return nil, err
	}
	request := eventsRequest(ask.query, prepared.span)
	answer, err := i.client.Events(ctx, request)
	if err != nil {
		return nil, err
	}
	notices := append(prepared.notices, frames.WarningNotices(answer.Warnings)...)
	if request.Limit == mostEvents && len(answer.Events) == mostEvents {
		notices = append(notices, frames.EventsCutNotice(mostEvents))
	}
	isFull := len(answer.Events) >= cmp.Or(request.Limit, unaskedEvents)
	wanted, isCut := wantedEvents(ask.query, answer.Events)
	answer.Events = wanted
	mode := model.ModeEvents
	if ask.query.EventsAs != "table" {
		mode = model.ModeChanged
	}
	return frames.FromEvents(frames.Asked{
		Query:     ask.query,
		Executed:  executed(bridge.EventsPath, request),
		Notices:   notices,
		Live:      i.live(ask, "", 0, mode),
		Metric:    prepared.info,
		Truncated: isFull || isCut,
	}, answer, prepared.unit), nil
}

// wantedEvents returns the events that match the query's conditions, up to its limit, and whether it cut some. Events
// of open windows are omitted when open windows are, unless the query selects a state by name.
func wantedEvents(q model.Query, events []bridge.Event) ([]bridge.Event, bool) {
	state := q.EventState
	if state == "all" && !q.IncludeOpen() {
		state = "resolved"
	}
	kept := slices.DeleteFunc(slices.Clone(events), func(event bridge.Event) bool {
		return state != "all" && event.State != state ||
			len(q.Severities) > 0 && !slices.Contains(q.Severities, event.Severity)
	})
	if q.Limit > 0 && len(kept) > q.Limit && q.EventsAs == "table" {
		return kept[:q.Limit], true
	}
	return kept, false
}

func (i *Instance) status(ctx context.Context, ask question) (data.Frames, error) {
	asked := frames.Asked{Query: ask.query, Executed: executed(bridge.StatusPath, nil)}
	overRange := ask.query.StatusOver == "range" && ask.query.StatusAs != "table"
	if !ask.rule && ask.query.Live {
		poll := statusPoll
		if overRange {
			poll = historyPoll
		}
		asked.Live = &frames.Live{Mode: model.ModePoll, PollMS: poll.Milliseconds()}
	}
	if overRange {
		return i.statusHistory(ctx, ask, asked)
	}
	status, err := i.client.Status(ctx)
	if err != nil {
		return nil, err
	}
	return frames.FromStatus(asked, status), nil
}

func (i *Instance) statusHistory(ctx context.Context, ask question, asked frames.Asked) (data.Frames, error) {
	if ask.query.StatusAs == "ready" {
		return nil, &model.Error{Field: "statusOver", Message: "The bridge does not record whether it was ready. Choose \"now\", or another number of the status."}
	}
	span, err := spanOf(ask.request.TimeRange, ask.query.TimeShift)
	if err != nil {
		return nil, err
	}
	points := ask.request.MaxDataPoints
	if ask.rule {
		points = 0
	}
	path := bridge.StatusHistoryPath(span.fromMS, span.toMS, max(points, 0))
	asked.Executed = executed(path, nil)
	history, err := i.client.StatusHistory(ctx, path)
	if err != nil {
		return nil, i.olderBridge(ctx, err, "status_history", "record its status over time")
	}
	return frames.FromStatusHistory(asked, history), nil
}

// olderBridge returns an error that names an outdated bridge when a call failed for that reason.
func (i *Instance) olderBridge(ctx context.Context, failure error, capability, ability string) error {
	if status, err := i.client.Status(ctx); err == nil && !status.Can(capability) {
		return &bridge.Error{
			Code:    "older_bridge",
			Message: "The bridge (version " + status.Version + ") is too old to " + ability,
			Advice:  "Update the bridge",
			Cause:   failure,
		}
	}
	return failure
}
