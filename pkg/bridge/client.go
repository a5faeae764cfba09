package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

const (
	maxAnswerBytes = 256 << 20
	// maxNamesBytes bounds answers without points: a few KB for each metric or dimension value.
	maxNamesBytes = 32 << 20
	maxErrorBytes = 64 << 10
	// concurrentCalls is below the half of the bridge's places that one token may use.
	concurrentCalls = 16
)

// Client makes HTTP calls to one bridge.
type Client struct {
	http    *http.Client
	address string // without a slash at the end
	token   string
	places  chan struct{}

	rejected rejection
}

// NewClient returns a client. TLS, proxy and timeout are those of the HTTP client; the token may be empty.
func NewClient(httpClient *http.Client, address, token string) *Client {
	return &Client{
		http: withoutRedirects(httpClient), address: strings.TrimRight(address, "/"), token: token,
		places: make(chan struct{}, concurrentCalls), rejected: rejection{now: time.Now},
	}
}

// withoutRedirects returns a client that returns redirects as they are. A bridge does not redirect, and whoever does
// must not pass the token, which is also sent to other ports of a host, or Grafana's own headers on to others.
func withoutRedirects(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Address of the bridge.
func (c *Client) Address() string { return c.address }

// Query returns the points of a metric.
func (c *Client) Query(ctx context.Context, request QueryRequest) (*QueryAnswer, error) {
	var answer QueryAnswer
	return &answer, c.post(ctx, QueryPath, request, &answer)
}

// Summary returns the last value and the statistics of a metric.
func (c *Client) Summary(ctx context.Context, request SummaryRequest) (*SummaryAnswer, error) {
	var answer SummaryAnswer
	return &answer, c.post(ctx, SummaryPath, request, &answer)
}

// Events returns events.
func (c *Client) Events(ctx context.Context, request EventsRequest) (*EventsAnswer, error) {
	var answer EventsAnswer
	return &answer, c.post(ctx, EventsPath, request, &answer)
}

// Forecast returns the expected value of each step, and the steps ahead.
func (c *Client) Forecast(ctx context.Context, request ForecastRequest) (*ForecastAnswer, error) {
	var answer ForecastAnswer
	return &answer, c.post(ctx, ForecastPath, request, &answer)
}

// Backtest returns the accuracy of the forecasts of a range.
func (c *Client) Backtest(ctx context.Context, request ForecastRequest) (*BacktestAnswer, error) {
	var answer BacktestAnswer
	return &answer, c.post(ctx, BacktestPath, request, &answer)
}

// Catalogue returns the metrics and capabilities of the bridge.
func (c *Client) Catalogue(ctx context.Context) (*Catalogue, error) {
	var answer Catalogue
	return &answer, c.get(ctx, CataloguePath, &answer)
}

// Status returns the state of every hop.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	var answer Status
	return &answer, c.get(ctx, StatusPath, &answer)
}

// StatusHistory returns the recorded status at a StatusHistoryPath.
func (c *Client) StatusHistory(ctx context.Context, path string) (*StatusHistory, error) {
	var answer StatusHistory
	return &answer, c.get(ctx, path, &answer)
}

// Ready returns the readiness of the bridge, without a token. A bridge that is not ready is not an error.
func (c *Client) Ready(ctx context.Context) (Readiness, error) {
	var answer Readiness
	response, body, err := c.send(ctx, http.MethodGet, ReadyPath, nil)
	if err != nil {
		return answer, err
	}
	if json.Unmarshal(body, &answer) != nil || answer.Status == "" {
		return answer, refusal(c.address, response, body)
	}
	return answer, nil
}

// Paths of the bridge's calls.
const (
	QueryPath     = "/api/v1/query"
	SummaryPath   = "/api/v1/summary"
	EventsPath    = "/api/v1/events/query"
	ForecastPath  = "/api/v1/forecast"
	BacktestPath  = "/api/v1/backtest"
	CataloguePath = "/api/v1/metrics"
	StatusPath    = "/api/v1/status"
	ReadyPath     = "/readyz"
	InspectPath   = "/api/v1/inspect"
	CheckPath     = "/api/v1/check"

	statusHistoryPath = "/api/v1/status/history"
)

// StatusHistoryPath is the path of the recorded status of a range; maxPoints 0 returns every sample.
func StatusHistoryPath(fromMS, toMS, maxPoints int64) string {
	query := url.Values{"from_ms": {strconv.FormatInt(fromMS, 10)}, "to_ms": {strconv.FormatInt(toMS, 10)}}
	if maxPoints > 0 {
		query.Set("max_points", strconv.FormatInt(maxPoints, 10))
	}
	return statusHistoryPath + "?" + query.Encode()
}

// DimensionValuesPath is the path of a dimension's values; both names may contain any characters.
func DimensionValuesPath(metric, dimension string) string {
	return CataloguePath + "/" + url.PathEscape(metric) + "/dimensions/" + url.PathEscape(dimension) + "/values"
}

// Forward makes a GET call and returns status and body unchanged, up to a size limit.
func (c *Client) Forward(ctx context.Context, path string, query url.Values) (int, []byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.forward(ctx, http.MethodGet, path, nil)
}

// ForwardPost makes a POST call with a JSON body and returns status and body unchanged, up to the response limit.
func (c *Client) ForwardPost(ctx context.Context, path string, payload []byte) (int, []byte, error) {
	return c.forward(ctx, http.MethodPost, path, payload)
}

func (c *Client) forward(ctx context.Context, method, path string, payload []byte) (int, []byte, error) {
	response, body, err := c.send(ctx, method, path, payload)
	if err != nil {
		return 0, nil, err
	}
	if isRedirect(response) || !json.Valid(body) {
		return 0, nil, notABridge(c.address, response)
	}
	return response.StatusCode, body, nil
}

// answer is the body of a successful call. complete reports whether it has the part that every such body has: other
// JSON, such as an empty object, must not pass for an answer without data.
type answer interface{ complete() bool }

func (c *Client) get(ctx context.Context, path string, into answer) error {
	response, body, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return c.read(path, response, body, into)
}

func (c *Client) post(ctx context.Context, path string, request any, into answer) error {
	payload, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	response, body, err := c.send(ctx, http.MethodPost, path, payload)
	if err != nil {
		return err
	}
	return c.read(path, response, body, into)
}

func (c *Client) read(path string, response *http.Response, body []byte, into answer) error {
	if response.StatusCode >= http.StatusMultipleChoices {
		return refusal(c.address, response, body)
	}
	if err := json.Unmarshal(body, into); err != nil && json.Valid(body) {
		return c.unreadable(path, err)
	} else if err != nil || !into.complete() {
		return notABridge(c.address, response)
	}
	return nil
}

func (c *Client) unreadable(path string, err error) *Error {
	return &Error{
		Code:    CodeNotABridge,
		Message: fmt.Sprintf("The response of %s%s is not that of a StreamKPI bridge", c.address, path),
		Advice:  "Check the URL in the data source settings, and that bridge and plugin are of the same version",
		Cause:   err,
	}
}

// send makes one call and reads the whole response.
func (c *Client) send(ctx context.Context, method, path string, payload []byte) (*http.Response, []byte, error) {
	needsToken := path != ReadyPath
	if reason := c.rejected.recent(); needsToken && reason != nil {
		return nil, nil, reason
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return nil, nil, unreached(c.address, ctx.Err())
	}
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, bytes.NewReader(payload))
	if err != nil {
		return nil, nil, &Error{Code: CodeSettings, Message: "The data source's URL is not valid", Advice: "Correct it in the data source settings", Cause: err}
	}
	c.authorise(request.Header)
	request.Header.Set("Accept", "application/json")
	if payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	// All calls are idempotent: one is repeated when the bridge has just closed its keep-alive connection.
	request.Header["Idempotency-Key"] = nil
	started := time.Now()
	response, err := c.http.Do(request)
	telemetry.BridgeRequest(routeOf(path), outcomeOf(response, err), time.Since(started))
	if err != nil {
		return nil, nil, unreached(c.address, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := readBounded(response, maxBytesOf(path))
	if err != nil {
		var failure *Error
		if errors.As(err, &failure) {
			return nil, nil, failure
		}
		return nil, nil, unreached(c.address, err)
	}
	if needsToken {
		if reason := c.rejected.note(c.address, response, body); reason != nil {
			return nil, nil, reason
		}
	}
	return response, body, nil
}

func (c *Client) authorise(header http.Header) {
	if c.token != "" {
		header.Set("Authorization", "Bearer "+c.token)
	}
}

// maxBytesOf returns the largest answer to a call.
func maxBytesOf(path string) int64 {
	switch path, _, _ := strings.Cut(path, "?"); path {
	case QueryPath, SummaryPath, EventsPath, ForecastPath, BacktestPath, statusHistoryPath:
		return maxAnswerBytes
	}
	return maxNamesBytes
}

// readBounded reads a body, unpacked, up to the limit.
func readBounded(response *http.Response, limit int64) ([]byte, error) {
	if response.StatusCode >= http.StatusBadRequest {
		limit = maxErrorBytes
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit && response.StatusCode < http.StatusBadRequest {
		return nil, &Error{
			Code:    CodeTooLarge,
			Message: fmt.Sprintf("The bridge's answer is larger than %d MiB", limit>>20),
			Advice:  "Choose a shorter time range, a longer step, or fewer series",
		}
	}
	return body, nil
}

// routeOf is the path without user-defined names, for the metrics.
func routeOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if strings.HasPrefix(path, CataloguePath+"/") {
		return "dimension_values"
	}
	return strings.TrimPrefix(strings.TrimPrefix(path, "/api/v1"), "/")
}

func outcomeOf(response *http.Response, err error) string {
	switch {
	case err != nil:
		return "unreachable"
	case response.StatusCode >= http.StatusInternalServerError:
		return "failed"
	case response.StatusCode >= http.StatusBadRequest:
		return "refused"
	}
	return "ok"
}
