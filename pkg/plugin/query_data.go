package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/model"
	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

// parallelQueries of one request.
const parallelQueries = 4

// QueryData answers the queries of one request side by side. Each has its own error.
func (i *Instance) QueryData(ctx context.Context, request *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	by := readerOf(request)
	return concurrent.QueryData(ctx, request, func(ctx context.Context, query concurrent.Query) backend.DataResponse {
		return i.answerSafely(ctx, query.PluginContext, query.DataQuery, by)
	}, parallelQueries)
}

// reader is what a request's answers are for. Rules and expressions get closed windows at the window's own step, so that
// they do not depend on the width of a panel.
type reader string

const (
	panel      reader = "panel"
	expression reader = "expression"
	rule       reader = "rule"
)

// readerOf: the queries of a rule come by way of Grafana's expressions, too.
func readerOf(request *backend.QueryDataRequest) reader {
	switch {
	case request.Headers["FromAlert"] == "true" || request.GetHTTPHeader("FromAlert") == "true":
		return rule
	case request.GetHTTPHeader("X-Grafana-From-Expr") == "true":
		return expression
	}
	return panel
}

func (i *Instance) answerSafely(ctx context.Context, plugin backend.PluginContext, query backend.DataQuery, by reader) (response backend.DataResponse) {
	kind := model.Kind("unknown")
	defer func() {
		if fault := recover(); fault != nil {
			backend.Logger.FromContext(ctx).Error("A query failed in the plugin", "refId", query.RefID, "fault", fault, "stack", string(debug.Stack()))
			response = backend.ErrDataResponseWithSource(backend.StatusInternal, backend.ErrorSourcePlugin,
				fmt.Sprintf("The StreamKPI plugin failed on this query: %v. See Grafana's log, and please report it.", fault))
		}
		outcome := "ok"
		if response.Error != nil {
			outcome = string(response.ErrorSource) + "_error"
		}
		telemetry.Query(string(kind), outcome)
	}()
	if i.faulty != nil {
		return failed(i.faulty)
	}
	parsed, err := model.Parse(query.JSON)
	if err != nil {
		return failed(err)
	}
	kind = parsed.Kind
	ask := question{query: parsed.ForPanel(), request: query, plugin: plugin, rule: by != panel}
	switch by {
	case rule:
		ask.query = parsed.ForRule()
	case expression:
		ask.query = parsed.ForExpression()
	case panel:
	}
	return i.answer(ctx, ask)
}

// question is one query with the circumstances it is asked in.
type question struct {
	query   model.Query
	request backend.DataQuery
	plugin  backend.PluginContext
	rule    bool // or an expression
}

func (i *Instance) answer(ctx context.Context, ask question) backend.DataResponse {
	var err error
	var response backend.DataResponse
	switch ask.query.Kind {
	case model.Series:
		response.Frames, err = i.series(ctx, ask)
	case model.Summary:
		response.Frames, err = i.summary(ctx, ask)
	case model.Events:
		response.Frames, err = i.events(ctx, ask)
	case model.Status:
		response.Frames, err = i.status(ctx, ask)
	case model.Forecast:
		response.Frames, err = i.forecast(ctx, ask)
	}
	if err != nil {
		return failed(err)
	}
	response.Status = backend.StatusOK
	return response
}

// failed converts an error to a response with status and error source: errors of query and bridge are downstream, all
// others are the plugin's.
func failed(err error) backend.DataResponse {
	var query *model.Error
	var refusal *bridge.Error
	switch {
	case errors.As(err, &query):
		return backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, query.Error())
	case errors.As(err, &refusal):
		return backend.ErrDataResponseWithSource(statusOf(refusal), backend.ErrorSourceDownstream, refusal.Error())
	case errors.Is(err, context.Canceled):
		return backend.ErrDataResponseWithSource(backend.Status(499), backend.ErrorSourceDownstream, "The query was cancelled.")
	case errors.Is(err, context.DeadlineExceeded):
		return backend.ErrDataResponseWithSource(backend.StatusTimeout, backend.ErrorSourceDownstream, "The query took too long.")
	}
	return backend.ErrDataResponseWithSource(backend.StatusInternal, backend.ErrorSourcePlugin, err.Error())
}

func statusOf(refusal *bridge.Error) backend.Status {
	switch refusal.Code {
	case bridge.CodeTimeout:
		return backend.StatusTimeout
	case bridge.CodeCancelled:
		return backend.Status(499)
	case bridge.CodeSettings:
		return backend.StatusBadRequest
	case bridge.CodeUnreachable, bridge.CodeTLS, bridge.CodeNotABridge, bridge.CodeTooLarge:
		return backend.StatusBadGateway
	}
	if refusal.Status >= http.StatusBadRequest {
		return backend.Status(refusal.Status)
	}
	return backend.StatusBadGateway
}
