package bridge

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/streamkpi/streamkpi/pkg/model"
	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

// Timing of a feed; tests shorten it.
type Timing struct {
	Connect  time.Duration // timeout for opening a connection
	Silence  time.Duration // without any message the connection counts as lost
	Linger   time.Duration // how long a connection without subscriptions is kept
	LeastGap time.Duration // between attempts to connect, growing
	MostGap  time.Duration
	Retry    time.Duration // after a refused subscription, growing
	MostWait time.Duration
}

// DefaultTiming matches the bridge's heartbeat of 4 s. Panels are live again within 20 s after an outage: Connect and
// MostGap together, and MostWait, leave two of them to the browser.
var DefaultTiming = Timing{
	Connect: 8 * time.Second, Silence: 15 * time.Second, Linger: 10 * time.Second,
	LeastGap: 250 * time.Millisecond, MostGap: 10 * time.Second, Retry: time.Second, MostWait: 15 * time.Second,
}

// Feed is the WebSocket connection of a data source instance. It opens with the first subscription, reconnects, and
// closes some time after the last subscription. Equal selections share one subscription of the bridge.
type Feed struct {
	dial   Dialer
	timing Timing
	ctx    context.Context
	cancel context.CancelFunc
	runs   sync.WaitGroup
	// OnMetricChanged is called when the bridge has another definition of a metric: its catalogue is another one. Like
	// a listener, it must return at once and must not call the feed. Set it before the first Subscribe.
	OnMetricChanged func()

	mu        sync.Mutex
	closed    bool
	running   bool
	link      *link // nil while there is no connection
	problem   *Error
	upstreams map[string]*upstream // by selection
	byID      map[string]*upstream // by the id on the present connection
	lastID    int64
	idle      *time.Timer
}

// NewFeed returns a feed that is not connected.
func NewFeed(dial Dialer, timing Timing) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	return &Feed{
		dial: dial, timing: timing, ctx: ctx, cancel: cancel,
		upstreams: map[string]*upstream{}, byID: map[string]*upstream{},
	}
}

// Subscribe notifies the listener of the selection's points within the reach until the subscription is closed.
func (f *Feed) Subscribe(selection model.Canonical, reach time.Duration, listener Listener) *Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	subscription := &Subscription{feed: f, listener: listener, key: selection.Selection()}
	if f.closed {
		listener.Notify(Note{Kind: Ended, Reason: "The data source's settings have changed"})
		return subscription
	}
	up := f.upstreams[subscription.key]
	if up == nil {
		up = &upstream{selection: selection, reach: reach, retry: backoff{least: f.timing.Retry, most: f.timing.MostWait}}
		f.upstreams[subscription.key] = up
		telemetry.Subscriptions(1)
		f.subscribe(up)
	}
	up.listeners = append(up.listeners, subscription)
	f.widen(up, reach)
	f.greet(up, listener)
	f.start()
	return subscription
}

// greet sends a new listener the state of the feed; later notes follow as they arrive.
func (f *Feed) greet(up *upstream, listener Listener) {
	switch {
	case up.subscribed:
		note := up.head
		note.Kind, note.Reason, note.FromMS = Subscribed, "joined", up.fromMS
		listener.Notify(note)
	case f.link == nil && f.problem != nil:
		listener.Notify(Note{Kind: Reconnecting, Problem: f.problem})
	case up.problem != nil:
		listener.Notify(Note{Kind: Refused, Problem: up.problem})
	}
}

// Close ends the connection and notifies every listener; it returns when all goroutines have ended.
func (f *Feed) Close(reason string) {
	f.mu.Lock()
	f.closed = true
	f.stopIdle()
	for key, up := range f.upstreams {
		up.notify(Note{Kind: Ended, Reason: reason})
		f.drop(key, up)
	}
	f.mu.Unlock()
	f.cancel()
	f.runs.Wait()
}

// start the connection's goroutine, unless it runs; with f.mu held.
func (f *Feed) start() {
	f.stopIdle()
	if f.running {
		return
	}
	f.running = true
	f.runs.Add(1)
	go f.run()
}

// run keeps the connection open while there are subscriptions.
func (f *Feed) run() {
	defer f.runs.Done()
	delays := backoff{least: f.timing.LeastGap, most: f.timing.MostGap}
	var rejected *Error // why the token is not accepted
	for {
		served, problem := f.connectOnce()
		switch {
		case problem != nil && problem.Code == codeUnauthenticated:
			rejected = problem
		case problem != nil && problem.Code == codeTooFast && rejected != nil:
			problem = rejected // the limit of wrong tokens would hide the reason
		default:
			rejected = nil
		}
		if served {
			delays.reset()
		}
		if f.stop(problem) {
			return
		}
		telemetry.Reconnecting()
		delay := delays.next()
		if problem != nil && problem.Code == codeTooFast {
			delay = max(delay, f.timing.MostGap/4)
		}
		if rejected != nil {
			delay = max(delay, f.timing.MostGap)
		}
		_ = sleep(f.ctx, delay) // Close cuts it short, and stop sees that
		if f.stop(problem) {
			return
		}
	}
}

// stop ends the run when there are no subscriptions; otherwise it notifies the listeners of the loss.
func (f *Feed) stop(problem *Error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || len(f.upstreams) == 0 {
		f.running = false
		f.problem = nil
		return true
	}
	if problem == nil || f.problem == problem {
		return false
	}
	f.problem = problem
	for _, up := range f.upstreams {
		up.notify(Note{Kind: Reconnecting, Problem: problem})
	}
	return false
}

// connectOnce serves one connection until it ends; served reports whether it answered a subscription.
func (f *Feed) connectOnce() (served bool, problem *Error) {
	// A panic here would end the process, and with it every other data source.
	defer func() {
		if fault := recover(); fault != nil {
			log.DefaultLogger.Error("The live feed failed", "fault", fault, "stack", string(debug.Stack()))
			served, problem = false, pluginFault(fault)
		}
	}()
	link, problem := f.open()
	if problem != nil {
		return false, problem
	}
	defer link.close()
	f.attach(link)
	defer f.detach()
	return link.serve(f)
}

func (f *Feed) open() (*link, *Error) {
	ctx, cancel := context.WithTimeout(f.ctx, f.timing.Connect)
	defer cancel()
	conn, problem := f.dial(ctx)
	if problem != nil {
		return nil, problem
	}
	return newLink(f.ctx, conn, f.timing.Silence), nil
}

// attach makes a new connection the current one and subscribes everything.
func (f *Feed) attach(link *link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	telemetry.Connected()
	f.link = link
	f.problem = nil
	f.byID = map[string]*upstream{}
	for _, up := range f.upstreams {
		f.subscribe(up)
	}
	if len(f.upstreams) == 0 {
		f.watchIdle()
	}
}

func (f *Feed) detach() {
	f.mu.Lock()
	defer f.mu.Unlock()
	telemetry.Disconnected()
	f.link = nil
	f.byID = map[string]*upstream{}
	for _, up := range f.upstreams {
		up.lost()
	}
}

// watchIdle closes the connection after a while without subscriptions; with f.mu held.
func (f *Feed) watchIdle() {
	f.stopIdle()
	f.idle = time.AfterFunc(f.timing.Linger, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.upstreams) == 0 && f.link != nil {
			f.link.cancel()
		}
	})
}

func (f *Feed) stopIdle() {
	if f.idle != nil {
		f.idle.Stop()
		f.idle = nil
	}
}
