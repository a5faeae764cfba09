package bridge

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff returns growing delays with jitter, so that many clients do not reconnect at the same moment.
type backoff struct {
	least, most time.Duration
	tries       int
}

func (b *backoff) next() time.Duration {
	delay := b.least
	for range b.tries {
		delay = min(2*delay, b.most)
	}
	if delay < b.most {
		b.tries++
	}
	return max(b.least, delay/2+rand.N(delay/2+1))
}

func (b *backoff) reset() { b.tries = 0 }

// pacer limits messages to the bridge's rate of 50 per second with bursts of 200.
type pacer struct {
	left float64
	at   time.Time
}

const (
	paceBurst     = 150
	pacePerSecond = 40
)

func newPacer() *pacer { return &pacer{left: paceBurst, at: time.Now()} }

// wait until one more message may be sent.
func (p *pacer) wait(ctx context.Context) error {
	now := time.Now()
	p.left = min(paceBurst, p.left+now.Sub(p.at).Seconds()*pacePerSecond)
	p.at = now
	p.left--
	if p.left >= 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Duration(-p.left/pacePerSecond*float64(time.Second)))
}

func sleep(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
