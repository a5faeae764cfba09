package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
	"github.com/streamkpi/streamkpi/pkg/model"
)

const now = int64(1_800_000_000_000)

func pointsOf(segment string, points ...[3]int64) bridge.PointSeries {
	series := bridge.PointSeries{Labels: map[string]string{"segment": segment}}
	for _, point := range points {
		value := float64(point[1])
		series.Times, series.Values, series.Revisions = append(series.Times, point[0]), append(series.Values, &value), append(series.Revisions, point[2])
	}
	return series
}

func removed(segment string, at, revision int64) bridge.PointSeries {
	return bridge.PointSeries{Labels: map[string]string{"segment": segment}, Removed: []int64{at}, RemovedRevisions: []int64{revision}}
}

func note(kind bridge.NoteKind, epoch string, series ...bridge.PointSeries) bridge.Note {
	watermark := now - 1
	return bridge.Note{Kind: kind, Reason: "reason", WatermarkMS: &watermark, ServerTimeMS: now, StoreEpoch: epoch, Series: series}
}

func types(messages []Message) string {
	text := ""
	for _, message := range messages {
		text += message.Type + " "
	}
	return text
}

func TestTheNewestRevisionOfEachPointIsSent(t *testing.T) {
	stream := NewStream(model.ModePoints)
	open := now
	last := pointsOf("gold", [3]int64{now, 5, 5}, [3]int64{now + 60000, 1, 1})
	last.OpenFromMS = &open
	for _, series := range []bridge.PointSeries{
		pointsOf("gold", [3]int64{now, 1, 1}), pointsOf("gold", [3]int64{now, 4, 4}), pointsOf("gold", [3]int64{now, 3, 3}),
		pointsOf("gold", [3]int64{now - 60000, 7, 2}), removed("gold", now-60000, 3), removed("gold", now, 2), last,
	} {
		stream.Notify(note(bridge.Updated, "e", series))
	}
	messages, _, _ := stream.take(time.Now())
	if types(messages) != "update " {
		t.Fatalf("sent %s", types(messages))
	}
	text, err := json.Marshal(messages[0].Series)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`[{"labels":{"segment":"gold"},"times":[%d,%d],"values":[5,1],"revisions":[5,1],"removed":[%d],"removed_revisions":[3],"open_from_ms":%d}]`,
		now, now+60000, now-60000, now)
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if messages[0].Seq != 1 || *messages[0].WatermarkMS != now-1 || messages[0].ServerTimeMS != now || messages[0].StoreEpoch != "e" {
		t.Errorf("head %+v", messages[0])
	}
	if messages, _, _ = stream.take(time.Now()); len(messages) != 0 {
		t.Errorf("sent again: %s", types(messages))
	}
}

func TestWhatEachNoteBecomes(t *testing.T) {
	problem := &bridge.Error{Code: "unknown_metric", Message: "There is no such metric"}
	cases := []struct {
		mode model.Mode
		note bridge.Note
		want string
	}{
		{model.ModePoints, note(bridge.Subscribed, "e"), "state gap "},
		{model.ModePoints, note(bridge.Subscribed, "e", pointsOf("a", [3]int64{now - 1000, 1, 1})), "state update gap "},
		{model.ModePoints, note(bridge.Subscribed, "e", pointsOf("a", [3]int64{now - 2*3600_000, 1, 1})), "state gap "},
		{model.ModeChanged, note(bridge.Subscribed, "e", pointsOf("a", [3]int64{now, 1, 1})), "state gap "},
		{model.ModeChanged, note(bridge.Updated, "e", pointsOf("a", [3]int64{now, 1, 1})), "changed "},
		{model.ModePoints, note(bridge.Heartbeat, "e"), "heartbeat "},
		{model.ModePoints, bridge.Note{Kind: bridge.Resyncing, Reason: "store_gap"}, "state "},
		{model.ModePoints, bridge.Note{Kind: bridge.Reconnecting, Problem: problem}, "state "},
		{model.ModePoints, bridge.Note{Kind: bridge.Refused, Problem: problem}, "error "},
		{model.ModePoints, bridge.Note{Kind: bridge.Ended, Reason: "settings"}, "ended "},
		{model.ModeEvents, bridge.Note{Kind: bridge.Updated, ServerTimeMS: now, Events: []bridge.Event{{ID: "1"}}}, "update "},
	}
	for _, test := range cases {
		stream := NewStream(test.mode)
		stream.Notify(test.note)
		if messages, _, _ := stream.take(time.Now()); types(messages) != test.want {
			t.Errorf("%+v: %s, want %s", test.note.Kind, types(messages), test.want)
		}
	}
}

func TestWhyThereIsNoConnectionIsRepeatedUntilThereIsOne(t *testing.T) {
	problem := &bridge.Error{Code: "unknown_metric", Message: "There is no such metric"}
	for _, test := range []struct {
		note bridge.Note
		want string
	}{
		{bridge.Note{Kind: bridge.Reconnecting, Problem: problem}, "state "},
		{bridge.Note{Kind: bridge.Refused, Problem: problem}, "error "},
		{bridge.Note{Kind: bridge.Resyncing, Reason: "store_gap"}, "state "},
	} {
		stream, at := NewStream(model.ModePoints), time.Now()
		stream.Notify(test.note)
		first, _, later := stream.take(at)
		if early, _, _ := stream.take(at.Add(later - time.Millisecond)); len(early) != 0 || later > 5*time.Second {
			t.Errorf("sent again too early or too late: %s, due after %s", types(early), later)
		}
		for range 3 {
			at = at.Add(later)
			again, _, next := stream.take(at)
			if types(again) != test.want || again[0].Message != first[0].Message || next != later {
				t.Fatalf("sent %s, due again after %s; want %s", types(again), next, test.want)
			}
		}
		stream.Notify(note(bridge.Subscribed, "e"))
		if _, _, later = stream.take(at); later != 0 {
			t.Errorf("due after %s although all is well", later)
		}
		if messages, _, _ := stream.take(at.Add(time.Hour)); len(messages) != 0 {
			t.Errorf("sent %s although all is well", types(messages))
		}
	}
}

func TestARunRepeatsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream, out := NewStream(model.ModePoints), &sent{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- stream.Run(ctx, out.send) }()
		stream.Notify(bridge.Note{Kind: bridge.Reconnecting, Problem: &bridge.Error{Message: "No bridge listens"}})
		time.Sleep(time.Minute)
		if told := len(out.all()); told < 12 || told > 13 {
			t.Errorf("sent %d times in a minute", told)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestALargeSnapshotIsLeftToHistory(t *testing.T) {
	stream := NewStream(model.ModePoints)
	series := bridge.PointSeries{}
	for i := range int64(snapshotSize + 1) {
		series.Times, series.Values, series.Revisions = append(series.Times, now-i), append(series.Values, nil), append(series.Revisions, 1)
	}
	stream.Notify(note(bridge.Subscribed, "e", series))
	if messages, _, _ := stream.take(time.Now()); types(messages) != "state gap " {
		t.Errorf("sent %s", types(messages))
	}
}

func TestChangedIsToldOnceASecond(t *testing.T) {
	stream := NewStream(model.ModeChanged)
	at := time.Now()
	told := 0
	for tick := range 30 { // three seconds of ten updates each
		stream.Notify(note(bridge.Updated, "e", pointsOf("a", [3]int64{now, 1, 1})))
		messages, _, later := stream.take(at.Add(time.Duration(tick) * 100 * time.Millisecond))
		told += len(messages)
		if len(messages) == 0 && later <= 0 {
			t.Fatal("a change waits without a time to be sent")
		}
	}
	if told != 3 {
		t.Errorf("sent %d times in three seconds", told)
	}
}

func TestAnotherEpochForgetsWhatWaits(t *testing.T) {
	stream := NewStream(model.ModePoints)
	stream.Notify(note(bridge.Updated, "old", pointsOf("a", [3]int64{now, 1, 50})))
	stream.Notify(note(bridge.Heartbeat, "new"))
	stream.Notify(note(bridge.Updated, "", pointsOf("a", [3]int64{now, 2, 1})))
	messages, _, _ := stream.take(time.Now())
	if types(messages) != "update gap " {
		t.Fatalf("sent %s", types(messages))
	}
	if update := messages[0]; update.StoreEpoch != "new" || update.Series[0].Revisions[0] != 1 {
		t.Errorf("sent %+v", update)
	}
}

func TestAFloodIsLetGoAndSaid(t *testing.T) {
	stream := NewStream(model.ModePoints)
	for i := range int64(maxBuffered + 10) {
		stream.Notify(note(bridge.Updated, "e", pointsOf("a", [3]int64{i, 1, 1})))
	}
	if held := stream.buffer.size; held > maxBuffered {
		t.Errorf("%d points wait", held)
	}
	messages, _, _ := stream.take(time.Now())
	gaps := 0
	for _, message := range messages {
		if message.Type == TypeGap {
			gaps++
			if message.Reason != "overflow" {
				t.Errorf("reason %q", message.Reason)
			}
		}
	}
	if gaps != 1 {
		t.Errorf("%d gaps sent", gaps)
	}
}

func TestMessagesAreSmallAndComplete(t *testing.T) {
	stream := NewStream(model.ModePoints)
	var points [][3]int64
	for i := range int64(3*maxPerMessage + 1) {
		points = append(points, [3]int64{i, i, 1})
	}
	stream.Notify(note(bridge.Updated, "e", pointsOf("long", points...), pointsOf("short", [3]int64{1, 1, 1})))
	messages, _, _ := stream.take(time.Now())
	next, seq := int64(0), int64(0)
	for _, message := range messages {
		seq++
		if message.Seq != seq {
			t.Errorf("seq %d, want %d", message.Seq, seq)
		}
		size := 0
		for _, series := range message.Series {
			size += len(series.Times)
			if series.Labels["segment"] != "long" {
				continue
			}
			for _, at := range series.Times {
				if at != next {
					t.Fatalf("point %d, want %d", at, next)
				}
				next++
			}
		}
		if size > maxPerMessage {
			t.Errorf("%d points in one message", size)
		}
	}
	if next != 3*maxPerMessage+1 {
		t.Errorf("%d points sent", next)
	}
}

func TestEventsAreReplacedByRevisionAndState(t *testing.T) {
	stream := NewStream(model.ModeEvents)
	for _, event := range []bridge.Event{
		{ID: "a", Revision: 2, State: "open", TimeMS: 1}, {ID: "a", Revision: 1, State: "open", Message: "older"},
		{ID: "a", Revision: 2, State: "resolved", TimeMS: 1}, {ID: "b", Revision: 1, State: "open", TimeMS: 5},
	} {
		stream.Notify(bridge.Note{Kind: bridge.Updated, ServerTimeMS: now, Events: []bridge.Event{event}})
	}
	messages, _, _ := stream.take(time.Now())
	events := messages[0].Events
	if len(events) != 2 || events[0].ID != "b" || events[1].State != "resolved" || events[1].Revision != 2 {
		t.Errorf("sent %+v", events)
	}
}

// sent records what a stream sends, and can be slow.
type sent struct {
	mu       sync.Mutex
	messages []Message
	delay    time.Duration
	err      error
}

func (s *sent) send(text []byte) error {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	var message Message
	if err := json.Unmarshal(text, &message); err != nil {
		return err
	}
	s.messages = append(s.messages, message)
	return s.err
}

func (s *sent) all() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

func TestASlowViewerGetsTheLastValueAndNoGapInTheNumbers(t *testing.T) {
	stream := NewStream(model.ModePoints)
	out := &sent{delay: 150 * time.Millisecond}
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(t.Context(), out.send) }()
	for i := range int64(2000) {
		stream.Notify(note(bridge.Updated, "e", pointsOf("a", [3]int64{now, i, i + 1})))
		if i%100 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	stream.Notify(bridge.Note{Kind: bridge.Ended, Reason: "settings"})
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	messages := out.all()
	if len(messages) > 10 {
		t.Errorf("%d messages for a slow viewer", len(messages))
	}
	revision := int64(0)
	for i, message := range messages {
		if message.Seq != int64(i+1) || message.Stream != messages[0].Stream {
			t.Errorf("message %d has seq %d of %s", i, message.Seq, message.Stream)
		}
		for _, series := range message.Series {
			if series.Revisions[0] <= revision {
				t.Errorf("revision %d after %d", series.Revisions[0], revision)
			}
			revision = series.Revisions[0]
		}
	}
	if revision != 2000 || messages[len(messages)-1].Type != TypeEnded {
		t.Errorf("ended at revision %d with %s", revision, messages[len(messages)-1].Type)
	}
}

func TestARunEndsWithItsContextAndWithItsViewer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	stream, out := NewStream(model.ModePoints), &sent{}
	go func() { ended <- stream.Run(ctx, out.send) }()
	stream.Notify(note(bridge.Heartbeat, "e"))
	bridgetest.Eventually(t, "a heartbeat", func() bool { return len(out.all()) == 1 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("a cancelled run fails: %v", err)
	}
	broken := &sent{err: errors.New("gone")}
	other := NewStream(model.ModePoints)
	other.Notify(note(bridge.Heartbeat, "e"))
	if err := other.Run(t.Context(), broken.send); err == nil {
		t.Error("a run whose viewer has gone does not say so")
	}
}

func TestReachBack(t *testing.T) {
	at := time.UnixMilli(now)
	for ago, reach := range map[time.Duration]time.Duration{
		0: time.Hour, -time.Hour: time.Hour, 59 * time.Minute: time.Hour, time.Hour: time.Hour, 61 * time.Minute: 3 * time.Hour, 25 * time.Hour: 48 * time.Hour,
	} {
		if got := ReachBack(at.Add(-ago).UnixMilli(), at); got != reach {
			t.Errorf("%s reaches back %s", ago, got)
		}
	}
	ago := 6*time.Hour + 40*time.Millisecond
	if got := ReachBack(at.Add(-ago).UnixMilli(), at); got != ago {
		t.Errorf("six hours ago, as read 40 ms earlier: got %s, want %s", got, ago)
	}
	for _, long := range []int64{at.AddDate(-1, 0, 0).UnixMilli(), 0, math.MinInt64} {
		if got := ReachBack(long, at); got != bridge.Everything {
			t.Errorf("%d reaches back %s", long, got)
		}
	}
	if got := ReachBack(math.MaxInt64, at); got != time.Hour {
		t.Errorf("the future reaches back %s", got)
	}
}
