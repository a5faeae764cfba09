package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

const (
	catalogueAge = 30 * time.Second
	// unknownAge: a metric that the catalogue does not know may have just been added.
	unknownAge = 2 * time.Second
)

// catalogueCache keeps the bridge's catalogue for a while; callers at the same time share one call.
type catalogueCache struct {
	fetch func(context.Context) (*bridge.Catalogue, error)

	mu      sync.Mutex
	known   *bridge.Catalogue
	at      time.Time
	pending *catalogueCall
}

type catalogueCall struct {
	done chan struct{}
	err  error // set before done is closed
}

func newCatalogueCache(fetch func(context.Context) (*bridge.Catalogue, error)) *catalogueCache {
	return &catalogueCache{fetch: fetch}
}

// metric gives what the catalogue says of a metric; false where it does not know it.
func (c *catalogueCache) metric(ctx context.Context, name string) (bridge.Metric, bool, error) {
	catalogue, err := c.get(ctx, catalogueAge)
	if err != nil {
		return bridge.Metric{}, false, err
	}
	metric, known := catalogue.Metric(name)
	if known {
		return metric, true, nil
	}
	if catalogue, err = c.get(ctx, unknownAge); err != nil {
		return bridge.Metric{}, false, err
	}
	metric, known = catalogue.Metric(name)
	return metric, known, nil
}

// get gives a catalogue not older than asked. Where the bridge does not give one, an older one serves: the query
// that follows tells what is wrong with the bridge.
func (c *catalogueCache) get(ctx context.Context, maxAge time.Duration) (*bridge.Catalogue, error) {
	for {
		c.mu.Lock()
		if c.known != nil && time.Since(c.at) <= maxAge {
			defer c.mu.Unlock()
			return c.known, nil
		}
		call := c.pending
		if call == nil {
			call = &catalogueCall{done: make(chan struct{})}
			c.pending = call
			c.mu.Unlock()
			return c.ask(ctx, call)
		}
		c.mu.Unlock()
		select {
		case <-call.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if call.err != nil && !cancelled(call.err) {
			return c.older(call.err)
		}
	}
}

func (c *catalogueCache) ask(ctx context.Context, call *catalogueCall) (*bridge.Catalogue, error) {
	fetched, err := c.fetch(ctx)
	c.mu.Lock()
	c.pending = nil
	if err == nil {
		c.known, c.at = fetched, time.Now()
	}
	c.mu.Unlock()
	call.err = err
	close(call.done)
	if err != nil {
		return c.older(err)
	}
	return fetched, nil
}

func (c *catalogueCache) older(err error) (*bridge.Catalogue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		return nil, err
	}
	return c.known, nil
}

// cancelled: the caller that asked has gone, which says nothing of the bridge.
func cancelled(err error) bool {
	var told *bridge.Error
	return errors.As(err, &told) && told.Code == bridge.CodeCancelled
}
