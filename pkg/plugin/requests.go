package plugin

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/model"
)

const (
	mostPoints = 10_000_000
	latestMS   = 8_640_000_000_000_000
)

// span is the range of a query in the bridge's terms: window starts in [from, to).
type span struct{ fromMS, toMS int64 }

func spanOf(shown backend.TimeRange, shift time.Duration) (span, error) {
	asked := span{shown.From.Add(-shift).UnixMilli(), shown.To.Add(-shift).UnixMilli()}
	asked.fromMS = min(max(asked.fromMS, 0), latestMS)
	asked.toMS = min(max(asked.toMS, 0), latestMS)
	if asked.fromMS > asked.toMS {
		return span{}, &model.Error{Field: "range", Message: "The time range ends before it begins. Correct it in the time picker or in the rule."}
	}
	return asked, nil
}

func seriesRequest(q model.Query, asked span, measure string, maxDataPoints int64) bridge.QueryRequest {
	request := bridge.QueryRequest{
		Metric:           q.Metric,
		Measure:          measure,
		FromMS:           asked.fromMS,
		ToMS:             asked.toMS,
		Filters:          q.AllFilters(),
		GroupBy:          groupBy(q),
		OverTime:         q.OverTime,
		Fill:             q.Fill,
		IncludeOpen:      q.IncludeOpen(),
		IncludeRevisions: q.Revisions,
	}
	switch q.Step.Mode {
	case model.StepFixed:
		request.StepMS = q.Step.Duration.Milliseconds()
	case model.StepAuto:
		if maxDataPoints > 0 {
			request.MaxPoints = min(maxDataPoints, mostPoints)
		}
	case model.StepWindow: // without step and points the bridge gives every window
	}
	return request
}

func summaryRequest(q model.Query, asked span, measure string) bridge.SummaryRequest {
	return bridge.SummaryRequest{
		Metric:      q.Metric,
		Measure:     measure,
		FromMS:      asked.fromMS,
		ToMS:        asked.toMS,
		Filters:     q.AllFilters(),
		GroupBy:     groupBy(q),
		IncludeOpen: q.IncludeOpen(),
	}
}

const mostEvents = 10_000

// unaskedEvents come where no limit is asked for: the bridge's default, as backend-bridge/api/openapi.yaml has it.
const unaskedEvents = 1_000

// eventsRequest asks for as many as the bridge gives where the answer is still to be filtered or counted.
func eventsRequest(q model.Query, asked span) bridge.EventsRequest {
	limit := q.Limit
	if q.EventsAs != "table" || len(q.Severities) > 0 || q.EventState != "all" || !q.IncludeOpen() {
		limit = mostEvents
	}
	return bridge.EventsRequest{Metric: q.Metric, FromMS: asked.fromMS, ToMS: asked.toMS, Filters: q.AllFilters(), Limit: limit}
}

// groupBy is nil for separate series; empty combines all.
func groupBy(q model.Query) *[]string {
	if !q.Grouped {
		return nil
	}
	names := slices.Clone(q.GroupBy)
	if names == nil {
		names = []string{}
	}
	return &names
}

// executed is the call as the query inspector shows it.
func executed(path string, body any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	method := "POST"
	if body == nil {
		method = "GET"
	}
	call := struct {
		Call string `json:"call"`
		Body any    `json:"body,omitempty"`
	}{method + " " + path, body}
	if err := encoder.Encode(call); err != nil {
		return call.Call
	}
	return buffer.String()
}
