package bridge

import (
	"fmt"
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

// halfASecond is a silence that a slow transfer outlasts as a whole, with room for a busy machine between two pieces.
const halfASecond = 500 * time.Millisecond

// snapshotOf answers a subscription with so many points.
func snapshotOf(asked message, count int) message {
	points := make([][3]float64, count)
	for i := range points {
		points[i] = [3]float64{float64(i) * 60000, float64(i), 1}
	}
	return message{
		"type": "subscribed", "id": asked["id"], "metric": asked["metric"], "step_ms": 60000, "watermark_ms": 1000,
		"server_time_ms": 2000, "store_epoch": "epoch-1", "series": []message{bridgetest.Points(nil, nil, points...)},
	}
}

func TestASnapshotThatTakesLongerThanTheSilenceIsReceived(t *testing.T) {
	fake := bridgetest.New(t)
	timing := fast
	timing.Silence = halfASecond
	feed := feedOf(t, fake, timing)
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		if asked["type"] == "subscribe_metric" {
			peer.SendSlowly(snapshotOf(asked, 5_000), 10, halfASecond/5)
		}
	})
	received := &recorder{}
	feed.Subscribe(points("m"), time.Hour, received)
	received.await(t, "the whole snapshot", Subscribed, 1)
	if got := len(received.last(Subscribed).Series[0].Times); got != 5_000 {
		t.Errorf("%d points, want 5000", got)
	}
	if got := len(fake.Upgrades()); got != 1 {
		t.Errorf("%d connections, want 1: a slow snapshot is not a lost one", got)
	}
}

func TestASnapshotThatStopsHalfWayCountsAsLost(t *testing.T) {
	fake := bridgetest.New(t)
	timing := fast
	timing.Silence = halfASecond / 5
	feed := feedOf(t, fake, timing)
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		if asked["type"] == "subscribe_metric" {
			peer.SendSlowly(snapshotOf(asked, 5_000), 2, time.Minute)
		}
	})
	received := &recorder{}
	feed.Subscribe(points("m"), time.Hour, received)
	received.await(t, "the silence is noticed", Reconnecting, 1)
	if got := received.last(Reconnecting).Problem.Code; got != CodeTimeout {
		t.Errorf("code %q, want %q", got, CodeTimeout)
	}
}

func TestSubscriptionsThatCameAndWentDoNotDelayTheNext(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	kept := &recorder{}
	feed.Subscribe(points("kept"), time.Hour, kept)
	kept.await(t, "subscribed", Subscribed, 1)
	// At the pace of the bridge's limit these messages would take more than a minute.
	for i := range 2_000 {
		feed.Subscribe(points(fmt.Sprintf("metric_%d", i)), time.Hour, &recorder{}).Close()
	}
	next := &recorder{}
	feed.Subscribe(points("next"), time.Hour, next)
	next.await(t, "the next one", Subscribed, 1)
}

// faultyListener fails on the first note of a kind.
type faultyListener struct {
	recorder
	on NoteKind
}

func (f *faultyListener) Notify(note Note) {
	f.recorder.Notify(note)
	if note.Kind == f.on && f.count(f.on) == 1 {
		panic("a fault of the listener")
	}
}

func TestAFaultInAListenerEndsNeitherTheProcessNorTheFeed(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	faulty, other := &faultyListener{on: Subscribed}, &recorder{}
	feed.Subscribe(points("a"), time.Hour, faulty)
	feed.Subscribe(points("b"), time.Hour, other)
	faulty.await(t, "the faulty one is subscribed again", Subscribed, 2)
	other.await(t, "the other one is subscribed", Subscribed, 1)
	if got := faulty.last(Reconnecting).Problem; got == nil || got.Code != CodePlugin {
		t.Errorf("reason %v, want the code %q", got, CodePlugin)
	}
}
