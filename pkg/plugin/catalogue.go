package plugin

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"golang.org/x/sync/singleflight"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

const (
	catalogueAge = 30 * time.Second
	// unknownAge is how long a metric is reported as unknown before the catalogue is read again.
	unknownAge = 2 * time.Second
)

// catalogueCache keeps the bridge's catalogue for a while; callers at the same time share one call.
type catalogueCache struct {
	fetch func(context.Context) (*bridge.Catalogue, error)
	calls singleflight.Group

	mu    sync.Mutex
	known *bridge.Catalogue
	at    time.Time
	// forgotten counts calls of forget: what was asked for before the last one is old.
	forgotten int
}

func newCatalogueCache(fetch func(context.Context) (*bridge.Catalogue, error)) *catalogueCache {
	return &catalogueCache{fetch: fetch}
}

// metric returns the catalogue entry of a metric; false when unknown.
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

// get returns a catalogue not older than maxAge. If the bridge does not respond, an older one is used: the query that
// follows reports what is wrong with the bridge.
func (c *catalogueCache) get(ctx context.Context, maxAge time.Duration) (*bridge.Catalogue, error) {
	if known := c.youngerThan(maxAge); known != nil {
		return known, nil
	}
	// The call belongs to all who wait for it, so it outlives the caller that began it.
	shared := context.WithoutCancel(ctx)
	call := c.calls.DoChan("", func() (any, error) { return nil, c.refresh(shared) })
	select {
	case result := <-call:
		return c.latest(result.Err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *catalogueCache) youngerThan(maxAge time.Duration) *bridge.Catalogue {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || time.Since(c.at) > maxAge {
		return nil
	}
	return c.known
}

// refresh runs on its own goroutine, where a panic would end the process.
func (c *catalogueCache) refresh(ctx context.Context) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			backend.Logger.FromContext(ctx).Error("Reading the catalogue failed in the plugin", "fault", fault, "stack", string(debug.Stack()))
			err = fmt.Errorf("the StreamKPI plugin failed while it read the catalogue: %v", fault)
		}
	}()
	forgotten := c.forgottenTimes()
	fetched, err := c.fetch(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.at = fetched, time.Now()
	if forgotten != c.forgotten {
		c.at = time.Time{}
	}
	return nil
}

func (c *catalogueCache) forgottenTimes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten
}

// forget makes the next caller ask the bridge again; until it answers, the old catalogue serves.
func (c *catalogueCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = time.Time{}
	c.forgotten++
}

// latest returns the newest known catalogue, or the error when there is none.
func (c *catalogueCache) latest(err error) (*bridge.Catalogue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		return nil, err
	}
	return c.known, nil
}
