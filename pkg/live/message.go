// Package live converts notes of a feed to messages of one live stream: batched, only the newest of each point, within
// a bounded buffer.
package live

import (
	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// Version of the messages; src/datasource/live reads them.
const Version = 1

// Types of messages.
const (
	TypeHello     = "hello"     // first answer to a subscription: Active reports whether the stream runs already
	TypeUpdate    = "update"    // Series or Events to upsert
	TypeChanged   = "changed"   // ask again; at most once a second
	TypeGap       = "gap"       // something may have been missed: ask history again
	TypeHeartbeat = "heartbeat" // the clock, and perhaps the watermark
	TypeState     = "state"     // State is connected or reconnecting; the latter is repeated until it is over
	TypeError     = "error"     // the bridge refuses the selection; the stream tries again, and repeats it until it is over
	TypeEnded     = "ended"     // nothing will come any more: query again for a new path
)

// The states of a stream.
const (
	StateConnected    = "connected"
	StateReconnecting = "reconnecting"
)

// Message is one JSON message of a stream. Seq begins at 1 for each stream id and has no gaps.
type Message struct {
	Version      int            `json:"v"`
	Stream       string         `json:"stream,omitempty"` // id of one run of the stream
	Seq          int64          `json:"seq,omitempty"`    // from 1 for each stream id; a hello has none
	Type         string         `json:"type"`
	WatermarkMS  *int64         `json:"watermark_ms"`
	ServerTimeMS int64          `json:"server_time_ms"` // 0 before the bridge has said anything
	StoreEpoch   string         `json:"store_epoch"`
	Series       []Series       `json:"series,omitempty"`    // of an update
	Events       []bridge.Event `json:"events,omitempty"`    // of an update
	Reason       string         `json:"reason,omitempty"`    // of a gap, and of the end
	FromMS       *int64         `json:"from_ms,omitempty"`   // of a gap: changes follow from this time on, 0 is all; absent: as before
	State        string         `json:"state,omitempty"`     // connected or reconnecting
	Message      string         `json:"message,omitempty"`   // a sentence, with a state or an error
	Code         string         `json:"code,omitempty"`      // of an error
	Retryable    *bool          `json:"retryable,omitempty"` // of an error
	Active       *bool          `json:"active,omitempty"`    // of a hello: the stream has been running before
}

// Series is a part of one series: points to upsert, and times of points that were removed.
type Series struct {
	Labels           map[string]string `json:"labels"`
	Times            []int64           `json:"times"`
	Values           []*float64        `json:"values"`
	Revisions        []int64           `json:"revisions"`
	Removed          []int64           `json:"removed,omitempty"`           // times of points to take out
	RemovedRevisions []int64           `json:"removed_revisions,omitempty"` // in the same order
	OpenFromMS       *int64            `json:"open_from_ms,omitempty"`      // absent: nothing of the series is open
}
