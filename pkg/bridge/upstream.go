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

// NoteKind is what a feed tells its listeners.
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

// Note is one thing that a listener is told.
type Note struct {
	Kind         NoteKind
	Reason       string // of Subscribed, Resyncing and Ended
	Problem      *Error // of Reconnecting and Refused
	Series       []PointSeries
	Events       []Event
	FromMS       int64 // of Subscribed: what changes is told from this time on
	WatermarkMS  *int64
	ServerTimeMS int64
	StoreEpoch   string
}

// Listener is told in order, by one goroutine at a time, while the feed is locked: it must return at once and must
// not call the feed.
type Listener interface{ Notify(Note) }

// Subscription is one listener's part in a feed.
type Subscription struct {
	feed     *Feed
	listener Listener
	key      string
}

// Close ends it. Nothing is told afterwards.
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

// Widen makes the subscription reach back so far; a fresh Subscribed follows where it did not.
func (s *Subscription) Widen(reach time.Duration) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	if up := s.feed.upstreams[s.key]; up != nil {
		s.feed.widen(up, reach)
	}
}

// Active tells whether the bridge keeps the selection up to date now.
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
	head       Note // watermark, clock and epoch as last told
	listeners  []*Subscription
	retry      backoff
	timer      *time.Timer
}

func (u *upstream) notify(note Note) {
	for _, subscription := range u.listeners {
		subscription.listener.Notify(note)
	}
}

// lost: the connection is gone, and with it the id.
func (u *upstream) lost() {
	u.id, u.subscribed, u.resync = "", false, ""
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
}

// subscribe asks the bridge, where there is a connection; with f.mu held.
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

// unsubscribe lets the present id go. The bridge counts subscriptions, so the old one goes before a new one comes.
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

// widen asks anew where what was asked does not reach back so far by now; with f.mu held.
func (f *Feed) widen(up *upstream, reach time.Duration) {
	up.reach = max(up.reach, reach)
	if startOf(reach, time.Now()) < up.fromMS {
		f.subscribe(up)
	}
}

// retryLater asks again for a selection that was refused; with f.mu held.
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
