package live

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

const (
	// maxBuffered points and events wait for a viewer that does not read; beyond that all are dropped.
	maxBuffered = 20_000
	// maxPerMessage keeps messages far below the queue of a slow browser (4 MB).
	maxPerMessage = 2_000
)

// buffer holds the newest revision of each unsent point and event.
type buffer struct {
	series map[string]*seriesBuffer
	events map[string]bridge.Event
	size   int
}

type seriesBuffer struct {
	labels     map[string]string
	points     map[int64]point
	openFromMS *int64
}

type point struct {
	value    *float64
	revision int64
	removed  bool
}

func newBuffer() buffer {
	return buffer{series: map[string]*seriesBuffer{}, events: map[string]bridge.Event{}}
}

// addSeries adds points that are newer than the buffered ones; false when the limit is exceeded.
func (b *buffer) addSeries(series []bridge.PointSeries) bool {
	for _, part := range series {
		key := keyOf(part.Labels)
		held := b.series[key]
		if held == nil {
			held = &seriesBuffer{labels: part.Labels, points: map[int64]point{}}
			b.series[key] = held
			b.size++
		}
		held.openFromMS = part.OpenFromMS
		for i, at := range part.Times {
			b.put(held, at, point{value: at0(part.Values, i), revision: at0(part.Revisions, i)})
		}
		for i, at := range part.Removed {
			b.put(held, at, point{revision: at0(part.RemovedRevisions, i), removed: true})
		}
		if b.size > maxBuffered {
			return false
		}
	}
	return true
}

func (b *buffer) put(held *seriesBuffer, at int64, newer point) {
	known, there := held.points[at]
	if there && known.revision >= newer.revision {
		return
	}
	if !there {
		b.size++
	}
	held.points[at] = newer
}

// addEvents adds newer events: a higher revision, or the same one resolved. False when the limit is exceeded.
func (b *buffer) addEvents(events []bridge.Event) bool {
	for _, event := range events {
		known, there := b.events[event.ID]
		if there && (known.Revision > event.Revision || known.Revision == event.Revision && event.State != "resolved") {
			continue
		}
		if !there {
			b.size++
		}
		b.events[event.ID] = event
	}
	return b.size <= maxBuffered
}

// take returns and clears the buffer as messages of bounded size, in a fixed order.
func (b *buffer) take() []Message {
	var messages []Message
	var part []Series
	size := 0
	flush := func() {
		if len(part) > 0 {
			messages = append(messages, Message{Type: TypeUpdate, Series: part})
		}
		part, size = nil, 0
	}
	for _, key := range sortedKeys(b.series) {
		for _, piece := range b.series[key].pieces() {
			if size > 0 && size+len(piece.Times)+len(piece.Removed) > maxPerMessage {
				flush()
			}
			part = append(part, piece)
			size += len(piece.Times) + len(piece.Removed) + 1
		}
	}
	flush()
	for chunk := range slices.Chunk(b.sortedEvents(), maxPerMessage) {
		messages = append(messages, Message{Type: TypeUpdate, Events: chunk})
	}
	*b = newBuffer()
	return messages
}

// pieces are the series' points in time order, at most so many together as fit a message.
func (s *seriesBuffer) pieces() []Series {
	times := sortedKeys(s.points)
	var pieces []Series
	for first := 0; first == 0 || first < len(times); first += maxPerMessage {
		piece := Series{Labels: s.labels, OpenFromMS: s.openFromMS, Times: []int64{}, Values: []*float64{}, Revisions: []int64{}}
		for _, at := range times[first:min(first+maxPerMessage, len(times))] {
			held := s.points[at]
			if held.removed {
				piece.Removed = append(piece.Removed, at)
				piece.RemovedRevisions = append(piece.RemovedRevisions, held.revision)
				continue
			}
			piece.Times = append(piece.Times, at)
			piece.Values = append(piece.Values, held.value)
			piece.Revisions = append(piece.Revisions, held.revision)
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

func (b *buffer) sortedEvents() []bridge.Event {
	events := make([]bridge.Event, 0, len(b.events))
	for _, id := range sortedKeys(b.events) {
		events = append(events, b.events[id])
	}
	slices.SortStableFunc(events, func(x, y bridge.Event) int { return cmp.Compare(y.TimeMS, x.TimeMS) })
	return events
}

func keyOf(labels map[string]string) string {
	key, err := json.Marshal(labels) // with its keys in order
	if err != nil {
		panic(err) // a map of texts cannot fail
	}
	return string(key)
}

func sortedKeys[K cmp.Ordered, V any](held map[K]V) []K {
	keys := make([]K, 0, len(held))
	for key := range held {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// at0 is the item, or zero where the bridge sent fewer than it should.
func at0[T any](items []T, i int) T {
	var zero T
	if i >= len(items) {
		return zero
	}
	return items[i]
}
