package plugin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/frames"
	"github.com/streamkpi/streamkpi/pkg/model"
)

const (
	// mostHorizon is the bridge's limit.
	mostHorizon = 14 * 24 * time.Hour
	// unclosed is how far behind the clock the first open step begins at most while records come: steps are up to a day long.
	unclosed = 2 * 24 * time.Hour
)

// forecast answers every form of a forecast from the bridge's answer to one request, so that bands, cards, annotations
// and rules have the same numbers.
func (i *Instance) forecast(ctx context.Context, ask question) (data.Frames, error) {
	prepared, err := i.prepare(ctx, &ask)
	if err != nil {
		return nil, err
	}
	request := forecastRequest(ask.query, prepared)
	if ask.query.Forecast.As == "backtest" {
		return i.backtest(ctx, ask, prepared, request)
	}
	horizon := horizonOf(ask, prepared.span, time.Now()).Milliseconds()
	request.HorizonMS = &horizon
	answer, err := i.client.Forecast(ctx, request)
	if err != nil {
		return nil, i.withoutForecasts(ctx, err, "forecast")
	}
	if ask.query.Forecast.Horizon == nil {
		cutAt(answer, prepared.span.toMS)
	}
	notices := append(prepared.notices, frames.WarningNotices(answer.Warnings)...)
	return frames.FromForecast(frames.Asked{
		Query:    ask.query,
		Executed: executed(bridge.ForecastPath, request),
		Notices:  append(notices, frames.LearningNotice(answer.Series)...),
		Live:     i.live(ask, answer.Measure, answer.StepMS, model.ModeChanged),
		Metric:   prepared.info,
	}, answer), nil
}

func (i *Instance) backtest(ctx context.Context, ask question, prepared prepared, request bridge.ForecastRequest) (data.Frames, error) {
	request.ForSteps = ask.query.Forecast.ForSteps
	answer, err := i.client.Backtest(ctx, request)
	if err != nil {
		return nil, i.withoutForecasts(ctx, err, "backtest")
	}
	return frames.FromBacktest(frames.Asked{
		Query:    ask.query,
		Executed: executed(bridge.BacktestPath, request),
		Notices:  append(prepared.notices, frames.WarningNotices(answer.Warnings)...),
		Metric:   prepared.info,
	}, answer), nil
}

// withoutForecasts says that the bridge has no forecasts yet, where that is so.
func (i *Instance) withoutForecasts(ctx context.Context, err error, capability string) error {
	var refusal *bridge.Error
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return i.olderBridge(ctx, err, capability, "make forecasts")
	}
	return err
}

// forecastRequest never depends on the width of a panel: forecasts of different steps are different forecasts.
func forecastRequest(q model.Query, prepared prepared) bridge.ForecastRequest {
	options := q.Forecast
	request := bridge.ForecastRequest{
		Metric:    q.Metric,
		Measure:   prepared.measure,
		FromMS:    prepared.span.fromMS,
		ToMS:      prepared.span.toMS,
		Filters:   q.AllFilters(),
		GroupBy:   groupBy(q),
		OverTime:  q.OverTime,
		Interval:  options.Band,
		Seasons:   options.Seasons,
		TimeZone:  options.TimeZone,
		Holidays:  options.Holidays,
		Direction: options.Direction,
		MinChange: options.MinChange,
	}
	if q.Fill == "zero" {
		request.Fill = q.Fill
	}
	switch q.Step.Mode {
	case model.StepFixed:
		request.StepMS = q.Step.Duration.Milliseconds()
	case model.StepWindow:
		request.StepMS = prepared.info.WindowMS
	case model.StepAuto: // the bridge takes the shortest step of which two weeks are kept
	}
	return request
}

// horizonOf is the requested horizon from the first open step on: as in the query, else to the end of the range. Only
// bands and what is expected reach ahead of the closed steps, and in a rule nothing does.
func horizonOf(ask question, asked span, now time.Time) time.Duration {
	options := ask.query.Forecast
	if ask.rule || !frames.ReachesAhead(options.As) {
		return 0
	}
	if options.Horizon != nil {
		return *options.Horizon
	}
	shownAhead := max(0, time.UnixMilli(asked.toMS).Sub(now)) + unclosed
	return min(shownAhead, time.Duration(asked.toMS-asked.fromMS)*time.Millisecond, mostHorizon)
}

// cutAt removes steps after the end of the range, which no panel shows.
func cutAt(answer *bridge.ForecastAnswer, toMS int64) {
	for i := range answer.Series {
		series := &answer.Series[i]
		count := len(series.Times)
		for count > 0 && series.Times[count-1] >= toMS {
			count--
		}
		series.Times = series.Times[:count]
		for _, column := range []*bridge.Numbers{&series.Actual, &series.Expected, &series.Lower, &series.Upper, &series.Score} {
			*column = (*column)[:min(count, len(*column))]
		}
	}
}
