package bridge

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/streamkpi/streamkpi/pkg/model"
	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

// Everything reaches back to the first point that there is.
const Everything time.Duration = math.MaxInt64

// startOf a reach in milliseconds since 1970.
func startOf(reach time.Duration, now time.Time) int64 {
	if reach == Everything {
		return 0
	}
	return now.Add(-reach).UnixMilli()
}

// NoteKind is the kind of a notification of a feed.
type NoteKind int

// The notes.
const (
	Subscribed   NoteKind = iota // the selection is complete and stays so from here on; Series or Events hold the snapshot
	Updated                      // Series or Events are to be upserted
	Resyncing                    // changes may be missing until the next Subscribed
	Heartbeat                    // nothing has changed but the clock and perhaps the watermark
	Reconnecting                 // the connection is lost; it comes back by itself
	Refused                      // the bridge refuses the selection; it is tried again
	Ended                        // nothing will come any more
)

// Note is one notification of a listener.
type Note struct {
	Kind         NoteKind
	Reason       string // of Subscribed, Resyncing and Ended
	Problem      *Error // of Reconnecting and Refused
	Series       []PointSeries
	Events       []Event
	FromMS       int64 // of Subscribed: changes follow from this time on
	WatermarkMS  *int64
	ServerTimeMS int64
	StoreEpoch   string
}

// Listener receives notes in order, from one goroutine at a time, while the feed is locked: it must return at once and
// must not call the feed.
type Listener interface{ Notify(Note) }

// Subscription is one listener's part in a feed.
type Subscription struct {
	feed     *Feed
	listener Listener
	key      string
}

// Close ends the subscription. No notes follow.
func (s *Subscription) Close() {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	up := f.upstreams[s.key]
	if up == nil {
		return
	}
	up.listeners = slices.DeleteFunc(up.listeners, func(other *Subscription) bool { return other == s })
	if len(up.listeners) > 0 {
		return
	}
	f.drop(s.key, up)
	if len(f.upstreams) == 0 && f.link != nil {
		f.watchIdle()
	}
}

// Widen extends the reach of the subscription; a new Subscribed follows if it was shorter.
func (s *Subscription) Widen(reach time.Duration) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if up := s.feed.upstreams[s.key]; up != nil {
		s.feed.widen(up, reach)
	}
}

// Active reports whether the selection is up to date.
func (s *Subscription) Active() bool {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	up := s.feed.upstreams[s.key]
	return up != nil && up.subscribed
}

// upstream is one subscription of the bridge with those who listen to it. The feed's lock guards it.
type upstream struct {
	selection  model.Canonical
	reach      time.Duration // before the moment of asking, so that a new snapshot is never longer than the first
	fromMS     int64         // as last asked
	id         string        // on the present connection; empty where nothing was asked
	subscribed bool
	seq        int64  // of the last update since the last snapshot
	resync     string // reason of a resync that is not over
	before     bool   // it was subscribed once: the next time is a reconnect
	problem    *Error
	head       Note // watermark, clock and epoch as last received
	listeners  []*Subscription
	retry      backoff
	timer      *time.Timer
}

func (u *upstream) notify(note Note) {
	for _, subscription := range u.listeners {
		subscription.listener.Notify(note)
	}
}

// lost resets the id after the connection was lost.
func (u *upstream) lost() {
	u.id, u.subscribed, u.resync = "", false, ""
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
}

// subscribe requests the subscription if connected; with f.mu held.
func (f *Feed) subscribe(up *upstream) {
	if f.link == nil {
		return
	}
	f.unsubscribe(up)
	f.lastID++
	up.id = "s" + strconv.FormatInt(f.lastID, 10)
	up.fromMS = startOf(up.reach, time.Now())
	text, err := subscribeText(up.id, up.selection, up.fromMS)
	if err != nil {
		up.id = ""
		up.problem = &Error{Code: "bad_request", Message: err.Error(), Advice: "Use fewer filter values, or turn live off", Cause: err}
		up.notify(Note{Kind: Refused, Problem: up.problem})
		return
	}
	f.byID[up.id] = up
	f.link.subscribe(up.id, text)
}

// unsubscribe releases the current id. The bridge limits subscriptions, so the old one is released before a new one is
// requested.
func (f *Feed) unsubscribe(up *upstream) {
	if up.id == "" || f.link == nil {
		return
	}
	delete(f.byID, up.id)
	if text, err := unsubscribeText(up.id); err == nil {
		f.link.unsubscribe(up.id, text)
	}
	up.lost()
}

func (f *Feed) drop(key string, up *upstream) {
	delete(f.upstreams, key)
	telemetry.Subscriptions(-1)
	f.unsubscribe(up)
	up.lost()
}

// widen subscribes again when the current subscription does not reach back far enough; with f.mu held.
func (f *Feed) widen(up *upstream, reach time.Duration) {
	up.reach = max(up.reach, reach)
	if startOf(reach, time.Now()) < up.fromMS {
		f.subscribe(up)
	}
}

// retryLater retries a refused selection; with f.mu held.
func (f *Feed) retryLater(up *upstream) {
	var timer *time.Timer
	timer = time.AfterFunc(up.retry.next(), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if up.timer == timer && !f.closed {
			up.timer = nil
			f.subscribe(up)
		}
	})
	up.timer = timer
}
