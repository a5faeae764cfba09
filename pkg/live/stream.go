package live

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/model"
	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

const (
	batchEvery   = 100 * time.Millisecond
	changedEvery = time.Second
	repeatEvery  = 5 * time.Second // far below the silence after which a browser believes no stream any more
	snapshotAge  = time.Hour
	snapshotSize = 5_000
)

// Stream batches the notes of a feed. It is a bridge.Listener.
type Stream struct {
	id   string
	mode model.Mode

	mu        sync.Mutex
	wake      chan struct{}
	head      bridge.Note // watermark, clock and epoch as last received
	buffer    buffer
	state     *Message
	refusal   *Message
	down      *Message // why nothing is kept up to date; nil while all is well
	gap       string
	fromMS    *int64 // changes follow from this time on; nil when unchanged
	changed   bool
	heartbeat bool
	ended     *string
	seq       int64

	changedAt time.Time // only of the goroutine that runs, as is downAt
	downAt    time.Time // when down was last sent
}

// NewStream returns a stream with its own id.
func NewStream(mode model.Mode) *Stream {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	return &Stream{id: hex.EncodeToString(random), mode: mode, buffer: newBuffer(), wake: make(chan struct{}, 1)}
}

// Run sends batches until the context is done, sending fails, or the feed has ended; then it returns nil.
func (s *Stream) Run(ctx context.Context, send func([]byte) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		select {
		case <-s.wake:
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		messages, ended, later := s.take(time.Now())
		for _, message := range messages {
			text, err := json.Marshal(message)
			if err != nil {
				return fmt.Errorf("write a live message: %w", err)
			}
			if err := send(text); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("send a live message: %w", err)
			}
			telemetry.LiveMessage(message.Type)
		}
		if ended {
			return nil
		}
		if later > 0 {
			timer.Reset(later)
		}
		if pause(ctx, batchEvery) != nil {
			return nil
		}
	}
}

// Notify adds a note; it never blocks.
func (s *Stream) Notify(note bridge.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeHead(note)
	switch note.Kind {
	case bridge.Subscribed:
		s.setState(StateConnected, "")
		s.refusal, s.down = nil, nil
		s.gap, s.fromMS = note.Reason, &note.FromMS
		s.addSnapshot(note)
	case bridge.Updated:
		s.add(note.Series, note.Events)
	case bridge.Resyncing:
		s.setState(StateReconnecting, "The bridge is resending the stream ("+note.Reason+").")
	case bridge.Heartbeat:
		s.heartbeat = true
	case bridge.Reconnecting:
		s.setState(StateReconnecting, note.Problem.Error())
	case bridge.Refused:
		s.refusal = &Message{Type: TypeError, Code: note.Problem.Code, Message: note.Problem.Error(), Retryable: &note.Problem.Retryable}
		s.down = s.refusal
	case bridge.Ended:
		s.ended = &note.Reason
	}
	s.wakeUp()
}

func (s *Stream) takeHead(note bridge.Note) {
	if note.ServerTimeMS == 0 {
		return
	}
	if s.head.StoreEpoch != "" && note.StoreEpoch != "" && s.head.StoreEpoch != note.StoreEpoch {
		s.buffer = newBuffer() // its revisions mean nothing any more
		s.gap = "store_epoch"
	}
	epoch := note.StoreEpoch
	if epoch == "" {
		epoch = s.head.StoreEpoch
	}
	s.head = bridge.Note{WatermarkMS: note.WatermarkMS, ServerTimeMS: note.ServerTimeMS, StoreEpoch: epoch}
}

func (s *Stream) setState(state, message string) {
	s.state = &Message{Type: TypeState, State: state, Message: message}
	s.down = s.state
}

// addSnapshot keeps only recent points of small snapshots: the gap sent with it makes every viewer read history.
func (s *Stream) addSnapshot(note bridge.Note) {
	if s.mode == model.ModeChanged {
		return
	}
	since := note.ServerTimeMS - snapshotAge.Milliseconds()
	series, points := youngPoints(note.Series, since)
	events := youngEvents(note.Events, since)
	if points+len(events) <= snapshotSize {
		s.add(series, events)
	}
}

func (s *Stream) add(series []bridge.PointSeries, events []bridge.Event) {
	if s.mode == model.ModeChanged {
		s.changed = true
		return
	}
	fits := s.buffer.addSeries(series)
	if !s.buffer.addEvents(events) || !fits {
		s.buffer = newBuffer()
		s.gap = "overflow"
		telemetry.Dropped()
	}
}

func (s *Stream) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns the messages that are due; later is the time until the next one.
func (s *Stream) take(now time.Time) (messages []Message, ended bool, later time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != nil {
		messages = append(messages, *s.state)
	}
	messages = append(messages, s.buffer.take()...)
	if s.changed {
		if later = changedEvery - now.Sub(s.changedAt); later <= 0 {
			messages = append(messages, Message{Type: TypeChanged})
			s.changed, s.changedAt = false, now
		}
	}
	if s.gap != "" {
		messages = append(messages, Message{Type: TypeGap, Reason: s.gap, FromMS: s.fromMS})
	}
	if s.refusal != nil {
		messages = append(messages, *s.refusal)
	}
	if s.down != nil {
		if s.state != nil || s.refusal != nil {
			s.downAt = now
		} else if now.Sub(s.downAt) >= repeatEvery {
			messages = append(messages, *s.down)
			s.downAt = now
		}
		if due := repeatEvery - now.Sub(s.downAt); later <= 0 || due < later {
			later = due
		}
	}
	if s.heartbeat && len(messages) == 0 {
		messages = append(messages, Message{Type: TypeHeartbeat})
	}
	if s.ended != nil {
		messages = append(messages, Message{Type: TypeEnded, Reason: *s.ended})
	}
	s.state, s.refusal, s.gap, s.fromMS, s.heartbeat = nil, nil, "", nil, false
	for i := range messages {
		s.sign(&messages[i])
	}
	return messages, s.ended != nil, later
}

func (s *Stream) sign(message *Message) {
	s.seq++
	message.Version, message.Stream, message.Seq = Version, s.id, s.seq
	message.WatermarkMS, message.ServerTimeMS, message.StoreEpoch = s.head.WatermarkMS, s.head.ServerTimeMS, s.head.StoreEpoch
}

// Hello is the first message for one more viewer. Active: the stream runs already, so that this viewer may have missed
// something between its query and now. The bridge's state is not in it: state changes before the viewer's first message
// do not reach the viewer, who would keep the state of the hello for ever.
func (s *Stream) Hello(active bool) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Message{
		Version: Version, Type: TypeHello, Stream: s.id, Active: &active,
		WatermarkMS: s.head.WatermarkMS, ServerTimeMS: s.head.ServerTimeMS, StoreEpoch: s.head.StoreEpoch,
	}
}

func pause(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
