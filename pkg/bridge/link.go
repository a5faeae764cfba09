package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// codeTooFast is the bridge's code for too many messages: the next connection waits longer.
const codeTooFast = "rate_limited"

// maxSnapshotBytes is beyond the largest snapshot of a million points.
const maxSnapshotBytes = 256 << 20

// queued is a message about one subscription that has not been sent yet.
type queued struct {
	id   string // of a subscribe message; empty for others
	text []byte
}

// link is one connection with its queue of messages: at most one subscribe per wanted subscription, and one unsubscribe
// per subscription that was requested.
type link struct {
	conn    *websocket.Conn
	silence time.Duration
	ctx     context.Context
	cancel  context.CancelFunc

	mu    sync.Mutex
	queue []queued
	ready chan struct{}
	stuck error // why the writer gave up
}

func newLink(ctx context.Context, conn *websocket.Conn, silence time.Duration) *link {
	conn.SetReadLimit(maxSnapshotBytes)
	own, cancel := context.WithCancel(ctx)
	return &link{conn: conn, silence: silence, ctx: own, cancel: cancel, ready: make(chan struct{}, 1)}
}

// subscribe queues a subscribe message; it never blocks.
func (l *link) subscribe(id string, text []byte) { l.enqueue(queued{id: id, text: text}) }

// unsubscribe cancels a subscription: when its message is still queued, neither is sent.
func (l *link) unsubscribe(id string, text []byte) {
	l.mu.Lock()
	waiting := slices.IndexFunc(l.queue, func(other queued) bool { return other.id == id })
	if waiting >= 0 {
		l.queue = slices.Delete(l.queue, waiting, waiting+1)
	}
	l.mu.Unlock()
	if waiting < 0 {
		l.enqueue(queued{text: text})
	}
}

func (l *link) enqueue(message queued) {
	l.mu.Lock()
	l.queue = append(l.queue, message)
	l.mu.Unlock()
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// next dequeues the oldest message; false when empty.
func (l *link) next() (queued, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return queued{}, false
	}
	oldest := l.queue[0]
	l.queue = slices.Delete(l.queue, 0, 1)
	return oldest, true
}

func (l *link) close() {
	l.cancel()
	_ = l.conn.CloseNow() // the peer may not read: a closing handshake would wait for it
}

// serve reads until the connection ends. served reports whether a subscription was answered; a nil problem means that
// this side has closed it.
func (l *link) serve(f *Feed) (served bool, problem *Error) {
	var writer sync.WaitGroup
	writer.Go(l.write)
	defer writer.Wait()
	defer l.cancel()
	var refusal *Error // what the bridge said before it closed
	for {
		message, err := l.read()
		if err != nil {
			return served, l.ended(err, refusal)
		}
		if message.Type == "error" && message.ID == "" {
			refusal = refused(message)
			if message.Code == codeTooFast {
				return served, refusal
			}
			continue
		}
		refusal = nil
		if f.handle(message) {
			served = true
		}
	}
}

// read receives one message. The connection counts as lost when nothing at all arrives for the silence, however long
// a whole message takes: a large snapshot over a slow line is not a lost connection.
func (l *link) read() (*serverMessage, error) {
	ctx, cancel := context.WithCancelCause(l.ctx)
	defer cancel(nil)
	timer := time.AfterFunc(l.silence, func() { cancel(errSilent) })
	defer timer.Stop()
	text, err := l.readText(ctx, timer)
	if err != nil {
		if errors.Is(context.Cause(ctx), errSilent) {
			return nil, errSilent
		}
		return nil, err
	}
	var message serverMessage
	if err := json.Unmarshal(text, &message); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoMessage, err)
	}
	return &message, nil
}

func (l *link) readText(ctx context.Context, silence *time.Timer) ([]byte, error) {
	_, reader, err := l.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&progressReader{from: reader, onProgress: func() { silence.Reset(l.silence) }})
}

// progressReader reports each read that returned data.
type progressReader struct {
	from       io.Reader
	onProgress func()
}

func (p *progressReader) Read(into []byte) (int, error) {
	n, err := p.from.Read(into)
	if n > 0 {
		p.onProgress()
	}
	return n, err
}

var (
	errSilent    = errors.New("the bridge has sent nothing for too long")
	errNoMessage = errors.New("received something other than a message of a bridge")
)

// write sends queued messages within the bridge's rate limit.
func (l *link) write() {
	pace := newPacer()
	for {
		select {
		case <-l.ready:
		case <-l.ctx.Done():
			return
		}
		for message, found := l.next(); found; message, found = l.next() {
			if err := l.writeOne(message.text); err != nil {
				l.giveUp(err)
				return
			}
			if pace.wait(l.ctx) != nil {
				return
			}
		}
	}
}

func (l *link) writeOne(text []byte) error {
	ctx, cancel := context.WithTimeout(l.ctx, l.silence)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, text)
}

// giveUp ends the connection from the writer's side; the reader reports why.
func (l *link) giveUp(err error) {
	if l.ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	l.stuck = err
	l.mu.Unlock()
	l.cancel()
}

func (l *link) writerGaveUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stuck != nil
}

// ended returns why a connection ended; nil when this side has closed it.
func (l *link) ended(err error, refusal *Error) *Error {
	if refusal != nil {
		return refusal
	}
	problem := &Error{Code: CodeUnreachable, Retryable: true, Cause: err, Message: "The connection to the bridge was lost"}
	switch status := websocket.CloseStatus(err); {
	case errors.Is(err, errSilent):
		problem.Code = CodeTimeout
		problem.Message = fmt.Sprintf("The bridge has sent nothing for %d s", int(l.silence.Seconds()))
	case errors.Is(err, errNoMessage):
		problem.Code = CodeNotABridge
		problem.Message = "The bridge sent an unreadable message"
		problem.Advice = "Check that bridge and plugin are of the same version"
	case status == websocket.StatusGoingAway:
		problem.Message = "The bridge is restarting"
	case status == 4401:
		problem.Code, problem.Message, problem.Advice = "unauthenticated", "The bridge does not accept the token", advice["unauthenticated"]
	case status == 4403:
		problem.Code, problem.Message, problem.Advice = "forbidden", "The bridge refuses this token or host", advice["forbidden"]
	case status == 4408:
		problem.Message = "The bridge ended the connection because this side read too slowly"
	case status == 4429:
		problem.Code, problem.Message, problem.Advice = codeTooFast, "The bridge has too many connections or messages", advice["rate_limited"]
	case status == websocket.StatusMessageTooBig:
		problem.Code, problem.Message, problem.Advice = CodeTooLarge, "A message was too large", "Choose a shorter time range or fewer series"
	case l.ctx.Err() != nil && !l.writerGaveUp():
		return nil
	}
	return problem
}

func refused(message *serverMessage) *Error {
	return &Error{Code: message.Code, Message: "The bridge refused: " + message.Message, Advice: advice[message.Code], Retryable: message.Retryable}
}
