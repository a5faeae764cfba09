package bridge

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
	"github.com/streamkpi/streamkpi/pkg/model"
)

type message = bridgetest.Message

// fast is DefaultTiming for tests.
var fast = Timing{
	Connect: 2 * time.Second, Silence: 2 * time.Second, Linger: 150 * time.Millisecond,
	LeastGap: 5 * time.Millisecond, MostGap: 40 * time.Millisecond, Retry: 20 * time.Millisecond, MostWait: 100 * time.Millisecond,
}

// recorder is a listener that records notes.
type recorder struct {
	mu    sync.Mutex
	notes []Note
}

func (r *recorder) Notify(note Note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, note)
}

func (r *recorder) kinds() []NoteKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	kinds := make([]NoteKind, 0, len(r.notes))
	for _, note := range r.notes {
		kinds = append(kinds, note.Kind)
	}
	return kinds
}

func (r *recorder) count(kind NoteKind) int {
	count := 0
	for _, notes := range r.kinds() {
		if notes == kind {
			count++
		}
	}
	return count
}

func (r *recorder) last(kind NoteKind) Note {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, note := range slices.Backward(r.notes) {
		if note.Kind == kind {
			return note
		}
	}
	return Note{}
}

func (r *recorder) await(t *testing.T, what string, kind NoteKind, count int) {
	t.Helper()
	bridgetest.Eventually(t, fmt.Sprintf("%s (%v)", what, r.kinds()), func() bool { return r.count(kind) >= count })
}

func feedOf(t *testing.T, fake *bridgetest.Fake, timing Timing) *Feed {
	t.Helper()
	transport := &http.Transport{}
	feed := NewFeed(NewDialer(&http.Client{Transport: transport}, fake.URL(), "secret", nil), timing)
	t.Cleanup(func() {
		feed.Close("the test is over")
		transport.CloseIdleConnections()
	})
	return feed
}

// subscribed is a feed with one subscription that the fake bridge has answered.
func subscribed(t *testing.T) (*bridgetest.Fake, *Feed, *recorder) {
	t.Helper()
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	notes := &recorder{}
	feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "subscribed", Subscribed, 1)
	return fake, feed, notes
}

func points(metric string) model.Canonical {
	return model.Canonical{Metric: metric, Measure: "value", StepMS: 60000, IncludeOpen: true, Mode: model.ModePoints}
}

func TestManyStreamsShareOneConnection(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	recorders := make([]*recorder, 120)
	for i := range recorders {
		recorders[i] = &recorder{}
		feed.Subscribe(points(fmt.Sprintf("metric_%d", i%100)), time.Hour, recorders[i])
	}
	for i, each := range recorders {
		each.await(t, fmt.Sprintf("stream %d is subscribed", i), Subscribed, 1)
	}
	if got := len(fake.Peers()); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
	if got := len(fake.Received("subscribe_metric")); got != 100 {
		t.Errorf("%d subscriptions at the bridge, want 100: equal selections share one", got)
	}
	if got := fake.Upgrades()[0].Get("Authorization"); got != "Bearer secret" {
		t.Errorf("Authorization %q", got)
	}
}

func TestModesOfOneSelectionShareOneSubscription(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	first, second := &recorder{}, &recorder{}
	feed.Subscribe(points("m"), time.Hour, first)
	first.await(t, "subscribed", Subscribed, 1)
	changed := points("m")
	changed.Mode = model.ModeChanged
	feed.Subscribe(changed, time.Minute, second)
	second.await(t, "the second is complete at once", Subscribed, 1)
	if got := second.last(Subscribed).Reason; got != "joined" {
		t.Errorf("reason %q, want joined", got)
	}
	if got := len(fake.Received("subscribe_metric")); got != 1 {
		t.Errorf("%d subscriptions, want 1", got)
	}
}

func TestClosedSubscriptionsAreFreedAndTheConnectionEnds(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	notes := &recorder{}
	subscription := feed.Subscribe(points("m"), time.Hour, notes)
	shared := feed.Subscribe(points("m"), time.Hour, &recorder{})
	notes.await(t, "subscribed", Subscribed, 1)
	subscription.Close()
	subscription.Close()
	if !shared.Active() {
		t.Error("the other listener's subscription ended too")
	}
	shared.Close()
	bridgetest.Eventually(t, "unsubscribe_metric", func() bool { return len(fake.Received("unsubscribe_metric")) == 1 })
	bridgetest.Eventually(t, "the connection ends", func() bool { return len(fake.Peers()) == 0 })
	again := &recorder{}
	feed.Subscribe(points("m"), time.Hour, again)
	again.await(t, "a new connection serves a new stream", Subscribed, 1)
}

func TestAStreamWithinTheLingerKeepsTheConnection(t *testing.T) {
	fake := bridgetest.New(t)
	timing := fast
	timing.Linger = time.Minute
	feed := feedOf(t, fake, timing)
	for range 3 {
		notes := &recorder{}
		subscription := feed.Subscribe(points("m"), time.Hour, notes)
		notes.await(t, "subscribed", Subscribed, 1)
		subscription.Close()
	}
	if got := len(fake.Upgrades()); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestACutConnectionComesBack(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	notes := &recorder{}
	subscription := feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "subscribed", Subscribed, 1)
	fake.Cut()
	notes.await(t, "loss", Reconnecting, 1)
	notes.await(t, "subscribed again", Subscribed, 2)
	if got := notes.last(Subscribed).Reason; got != "reconnected" {
		t.Errorf("reason %q, want reconnected", got)
	}
	if !subscription.Active() {
		t.Error("not active after it came back")
	}
	if notes.last(Reconnecting).Problem == nil {
		t.Error("the loss has no reason")
	}
}

// reachOf returns the requested reach of a subscription.
func reachOf(asked message) time.Duration {
	return time.Since(time.UnixMilli(int64(asked["from_ms"].(float64))))
}

func TestWhatIsAskedAgainReachesBackFromThen(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	hour, all := &recorder{}, &recorder{}
	feed.Subscribe(points("hour"), time.Hour, hour)
	feed.Subscribe(points("all"), Everything, all)
	hour.await(t, "subscribed", Subscribed, 1)
	time.Sleep(300 * time.Millisecond)
	fake.Cut()
	hour.await(t, "subscribed again", Subscribed, 2)
	all.await(t, "all subscribed again", Subscribed, 2)
	starts := map[any][]float64{}
	for _, asked := range fake.Received("subscribe_metric") {
		starts[asked["metric"]] = append(starts[asked["metric"]], asked["from_ms"].(float64))
	}
	if of := starts["hour"]; len(of) != 2 || of[1]-of[0] < 250 {
		t.Errorf("an hour was asked from %v, the second time later", of)
	}
	if of := starts["all"]; !slices.Equal(of, []float64{0, 0}) {
		t.Errorf("everything was asked from %v", of)
	}
}

func TestASilentBridgeCountsAsLost(t *testing.T) {
	fake := bridgetest.New(t)
	timing := fast
	timing.Silence = 100 * time.Millisecond
	feed := feedOf(t, fake, timing)
	notes := &recorder{}
	feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "the silence is noticed", Reconnecting, 1)
	if got := notes.last(Reconnecting).Problem.Code; got != CodeTimeout {
		t.Errorf("code %q, want %q", got, CodeTimeout)
	}
	notes.await(t, "it comes back", Subscribed, 2)
}

func TestUpdatesAndHeartbeatsReachTheirStream(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		if asked["type"] != "subscribe_metric" {
			return
		}
		peer.Send(message{"type": "current_state", "data": message{}, "timestamp": "2026-01-01T00:00:00.000Z"})
		peer.Send(message{"type": "of_the_future", "id": asked["id"], "values": "text"})
		peer.Subscribed(asked, "epoch-1", nil)
		peer.Update(asked["id"], 1, bridgetest.Points(map[string]string{"m": asked["metric"].(string)}, nil, [3]float64{60000, 1.5, 3}))
		peer.Update("foreign", 1, bridgetest.Points(nil, nil, [3]float64{1, 1, 1}))
		peer.Send(message{"type": "heartbeat", "watermark_ms": nil, "watermarks_ms": message{"a": 77}, "server_time_ms": 99, "store_epoch": "epoch-2"})
	})
	a, b := &recorder{}, &recorder{}
	feed.Subscribe(points("a"), time.Hour, a)
	feed.Subscribe(points("b"), time.Hour, b)
	for name, notes := range map[string]*recorder{"a": a, "b": b} {
		notes.await(t, "heartbeat of "+name, Heartbeat, 1)
		notes.await(t, "update of "+name, Updated, 1)
		if notes.count(Updated) != 1 {
			t.Errorf("%s received %d updates", name, notes.count(Updated))
		}
		update := notes.last(Updated)
		if update.Series[0].Labels["m"] != name || *update.Series[0].Values[0] != 1.5 || update.Series[0].Revisions[0] != 3 {
			t.Errorf("%s received %+v", name, update.Series)
		}
		if update.StoreEpoch != "epoch-1" {
			t.Errorf("epoch %q of an update", update.StoreEpoch)
		}
	}
	if beat := a.last(Heartbeat); *beat.WatermarkMS != 77 || beat.ServerTimeMS != 99 || beat.StoreEpoch != "epoch-2" {
		t.Errorf("heartbeat %+v", beat)
	}
	if b.last(Heartbeat).WatermarkMS != nil {
		t.Error("b has a watermark that is not its own")
	}
}

func TestResync(t *testing.T) {
	fake, _, notes := subscribed(t)
	asked := fake.Received("subscribe_metric")[0]
	peer := fake.Peers()[0]
	peer.Send(message{"type": "resync", "id": asked["id"], "reason": "store_gap"})
	peer.Subscribed(asked, "epoch-2", nil)
	notes.await(t, "subscribed again", Subscribed, 2)
	if got := notes.kinds(); !slices.Equal(got, []NoteKind{Subscribed, Resyncing, Subscribed}) {
		t.Errorf("notes %v", got)
	}
	if last := notes.last(Subscribed); last.Reason != "resync: store_gap" || last.StoreEpoch != "epoch-2" {
		t.Errorf("notes %+v", last)
	}
}

func TestAChangedMetricIsNoted(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	var changes atomic.Int32
	feed.OnMetricChanged = func() { changes.Add(1) }
	notes := &recorder{}
	feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "subscribed", Subscribed, 1)
	asked := fake.Received("subscribe_metric")[0]
	peer := fake.Peers()[0]
	for i, reason := range []string{"store_gap", "metric_changed"} {
		peer.Send(message{"type": "resync", "id": asked["id"], "reason": reason})
		peer.Subscribed(asked, "epoch-1", nil)
		notes.await(t, "subscribed again", Subscribed, i+2)
		if got := int(changes.Load()); got != i {
			t.Errorf("%d changes after %s, want %d", got, reason, i)
		}
	}
	if last := notes.last(Subscribed); last.Reason != "resync: metric_changed" {
		t.Errorf("notes %+v", last)
	}
}

func TestAMissedUpdateIsRepaired(t *testing.T) {
	fake, _, notes := subscribed(t)
	asked := fake.Received("subscribe_metric")[0]
	peer := fake.Peers()[0]
	point := bridgetest.Points(nil, nil, [3]float64{60000, 1, 1})
	peer.Update(asked["id"], 1, point)
	peer.Update(asked["id"], 2, point)
	peer.Update(asked["id"], 4, point)
	notes.await(t, "a fresh snapshot", Subscribed, 2)
	want := []NoteKind{Subscribed, Updated, Updated, Updated, Resyncing, Subscribed}
	if got := notes.kinds(); !slices.Equal(got, want) {
		t.Errorf("notes %v, want %v", got, want)
	}
	if got := notes.last(Subscribed).Reason; got != "resync: missed_update" {
		t.Errorf("reason %q", got)
	}
	if again := fake.Received("subscribe_metric"); len(again) != 2 || again[1]["id"] == asked["id"] {
		t.Errorf("asked %v", again)
	}
}

func TestARefusedSelectionWaitsAndTriesAgain(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	var mu sync.Mutex
	tries := map[any]int{}
	fake.OnMessage(func(peer *bridgetest.Peer, asked message) {
		if asked["type"] != "subscribe_metric" {
			return
		}
		mu.Lock()
		tries[asked["metric"]]++
		known := asked["metric"] == "known" || tries["late"] > 3
		mu.Unlock()
		if known {
			peer.Subscribed(asked, "epoch-1", nil)
		} else {
			peer.Send(message{"type": "error", "id": asked["id"], "code": "unknown_metric", "message": "There is no metric \"late\"", "retryable": false})
		}
	})
	late, known := &recorder{}, &recorder{}
	feed.Subscribe(points("late"), time.Hour, late)
	feed.Subscribe(points("known"), time.Hour, known)
	known.await(t, "the other stream is not held up", Subscribed, 1)
	late.await(t, "it is there at last", Subscribed, 1)
	if got := late.count(Refused); got != 3 {
		t.Errorf("received %d refusals, want 3", got)
	}
	if got := late.last(Refused).Problem.Code; got != "unknown_metric" {
		t.Errorf("code %q", got)
	}
	if len(fake.Upgrades()) != 1 {
		t.Error("a refusal cost the connection")
	}
}

func TestAWiderViewerIsAskedForOnce(t *testing.T) {
	fake := bridgetest.New(t)
	feed := feedOf(t, fake, fast)
	notes := &recorder{}
	subscription := feed.Subscribe(points("m"), 3*time.Hour, notes)
	notes.await(t, "subscribed", Subscribed, 1)
	subscription.Widen(time.Hour)
	subscription.Widen(6 * time.Hour)
	subscription.Widen(6 * time.Hour)
	notes.await(t, "subscribed from further back", Subscribed, 2)
	asked := fake.Received("subscribe_metric")
	if len(asked) != 2 || reachOf(asked[1]).Round(time.Minute) != 6*time.Hour {
		t.Errorf("asked %v", asked)
	}
	if gone := fake.Received("unsubscribe_metric"); len(gone) != 1 || gone[0]["id"] != asked[0]["id"] {
		t.Errorf("let go %v", gone)
	}
}

func TestCloseTellsEveryListenerAndLeavesNothing(t *testing.T) {
	fake, feed, notes := subscribed(t)
	feed.Close("settings")
	if notes.count(Ended) != 1 || notes.last(Ended).Reason != "settings" {
		t.Errorf("notes %v", notes.kinds())
	}
	after := &recorder{}
	feed.Subscribe(points("m"), time.Hour, after)
	if after.count(Ended) != 1 {
		t.Error("a stream on a closed feed is not notes so")
	}
	bridgetest.Eventually(t, "the connection ends", func() bool { return len(fake.Peers()) == 0 })
}

func TestCloseWhileTheBridgeIsAway(t *testing.T) {
	fake := bridgetest.New(t)
	fake.RefuseUpgrades(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusNotFound) })
	timing := fast
	timing.LeastGap, timing.MostGap = time.Minute, time.Minute
	feed := feedOf(t, fake, timing)
	notes := &recorder{}
	feed.Subscribe(points("m"), time.Hour, notes)
	notes.await(t, "it says why", Reconnecting, 1)
	late := &recorder{}
	feed.Subscribe(points("other"), time.Hour, late)
	if late.count(Reconnecting) != 1 {
		t.Error("a stream that comes meanwhile is not notes")
	}
	started := time.Now()
	feed.Close("settings")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("closing took %s", took)
	}
}
