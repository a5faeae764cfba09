package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/streamkpi/streamkpi/pkg/model"
)

// subscribeMessage requests a live selection.
type subscribeMessage struct {
	Type        string            `json:"type"`
	ID          string            `json:"id"`
	Metric      string            `json:"metric"`
	Measure     string            `json:"measure,omitempty"`
	Filters     []model.Filter    `json:"filters,omitempty"`
	GroupBy     *[]string         `json:"group_by,omitempty"`
	StepMS      int64             `json:"step_ms,omitempty"`
	OverTime    string            `json:"over_time,omitempty"`
	IncludeOpen *bool             `json:"include_open,omitempty"`
	FromMS      int64             `json:"from_ms"`
	Events      bool              `json:"events,omitempty"`
	Forecast    *model.Forecasted `json:"forecast,omitempty"`
}

type unsubscribeMessage struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// maxMessageBytes is the bridge's default limit for a client's message; a longer one would end the connection.
const maxMessageBytes = 64 << 10

func subscribeText(id string, selection model.Canonical, fromMS int64) ([]byte, error) {
	message := subscribeMessage{
		Type: "subscribe_metric", ID: id, Metric: selection.Metric, Filters: selection.Filters, FromMS: fromMS, Events: selection.Events,
	}
	if !selection.Events {
		message.Measure = selection.Measure
		message.GroupBy = selection.GroupBy
		message.StepMS = selection.StepMS
		message.OverTime = selection.OverTime
		message.Forecast = selection.Forecast
	}
	if !selection.Events && selection.Forecast == nil {
		message.IncludeOpen = &selection.IncludeOpen
	}
	text, err := textOf(message)
	if err != nil {
		return nil, err
	}
	if len(text) > maxMessageBytes {
		return nil, fmt.Errorf("the live query has more than %d KiB", maxMessageBytes>>10)
	}
	return text, nil
}

func unsubscribeText(id string) ([]byte, error) {
	return textOf(unsubscribeMessage{Type: "unsubscribe_metric", ID: id})
}

func textOf(message any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(message); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// serverMessage is any message of the bridge; which fields it has depends on the type. Messages of the original
// protocol, and types that came later, are read for their type only.
type serverMessage struct {
	Type         string            `json:"type"`
	ID           string            `json:"id"`
	Seq          int64             `json:"seq"`
	Reason       string            `json:"reason"`
	Code         string            `json:"code"`
	Message      string            `json:"message"`
	Retryable    bool              `json:"retryable"`
	WatermarkMS  *int64            `json:"watermark_ms"`
	WatermarksMS map[string]*int64 `json:"watermarks_ms"`
	ServerTimeMS int64             `json:"server_time_ms"`
	StoreEpoch   string            `json:"store_epoch"`
	Series       []PointSeries     `json:"series"`
	Events       []Event           `json:"events"`
}
