package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// codeTooFast is the bridge's word for too many messages: the next connection waits longer.
const codeTooFast = "rate_limited"

// maxSnapshotBytes is beyond the largest snapshot of a million points.
const maxSnapshotBytes = 256 << 20

// link is one connection with what waits to be sent on it.
type link struct {
	conn    *websocket.Conn
	silence time.Duration
	ctx     context.Context
	cancel  context.CancelFunc

	mu    sync.Mutex
	queue [][]byte
	ready chan struct{}
	stuck error // why the writer gave up
}

func newLink(ctx context.Context, conn *websocket.Conn, silence time.Duration) *link {
	conn.SetReadLimit(maxSnapshotBytes)
	own, cancel := context.WithCancel(ctx)
	return &link{conn: conn, silence: silence, ctx: own, cancel: cancel, ready: make(chan struct{}, 1)}
}

// send queues a message; it never blocks. The queue holds at most a few messages for each subscription.
func (l *link) send(text []byte) {
	l.mu.Lock()
	l.queue = append(l.queue, text)
	l.mu.Unlock()
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

func (l *link) close() {
	l.cancel()
	_ = l.conn.CloseNow() // the peer may not read: a closing handshake would wait for it
}

// serve reads until the connection ends. served tells whether a subscription was answered; a nil problem means that
// this side has ended it.
func (l *link) serve(f *Feed) (served bool, problem *Error) {
	var writer sync.WaitGroup
	writer.Go(l.write)
	defer writer.Wait()
	defer l.cancel()
	var told *Error // what the bridge said before it closed
	for {
		message, err := l.read()
		if err != nil {
			return served, l.ended(err, told)
		}
		if message.Type == "error" && message.ID == "" {
			told = refused(message)
			if message.Code == codeTooFast {
				return served, told
			}
			continue
		}
		told = nil
		if f.handle(message) {
			served = true
		}
	}
}

func (l *link) read() (*serverMessage, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.silence)
	defer cancel()
	_, text, err := l.conn.Read(ctx)
	if err != nil {
		if l.ctx.Err() == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
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

var (
	errSilent    = errors.New("the bridge has sent nothing for too long")
	errNoMessage = errors.New("what came is no message of a bridge")
)

// write sends what is queued, no faster than the bridge allows.
func (l *link) write() {
	pace := newPacer()
	for {
		select {
		case <-l.ready:
		case <-l.ctx.Done():
			return
		}
		for {
			l.mu.Lock()
			batch := l.queue
			l.queue = nil
			l.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			for _, text := range batch {
				if pace.wait(l.ctx) != nil {
					return
				}
				if err := l.writeOne(text); err != nil {
					l.giveUp(err)
					return
				}
			}
		}
	}
}

func (l *link) writeOne(text []byte) error {
	ctx, cancel := context.WithTimeout(l.ctx, l.silence)
	defer cancel()
	return l.conn.Write(ctx, websocket.MessageText, text)
}

// giveUp ends the connection from the writer's side; the reader tells why.
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

// ended says why a connection is over; nil where this side has ended it.
func (l *link) ended(err error, told *Error) *Error {
	if told != nil {
		return told
	}
	problem := &Error{Code: CodeUnreachable, Retryable: true, Cause: err, Message: "The connection to the bridge was lost"}
	switch status := websocket.CloseStatus(err); {
	case errors.Is(err, errSilent):
		problem.Code = CodeTimeout
		problem.Message = fmt.Sprintf("The bridge has sent nothing for %s", l.silence)
	case errors.Is(err, errNoMessage):
		problem.Code = CodeNotABridge
		problem.Message = "What the bridge sent cannot be read"
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
