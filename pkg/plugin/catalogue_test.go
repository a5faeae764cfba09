package plugin

import (
	"context"
	"testing"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

func titleOf(t *testing.T, cache *catalogueCache) string {
	t.Helper()
	metric, known, err := cache.metric(context.Background(), "m")
	if err != nil || !known {
		t.Fatalf("known %v, error %v", known, err)
	}
	return metric.Title
}

func TestCatalogueIsReadAgainOnceItIsForgotten(t *testing.T) {
	title, calls := "old", 0
	fetch := func(context.Context) (*bridge.Catalogue, error) {
		calls++
		return &bridge.Catalogue{Metrics: []bridge.Metric{{Name: "m", Title: title}}}, nil
	}
	cache := newCatalogueCache(fetch)
	titleOf(t, cache)
	title = "new"
	if got := titleOf(t, cache); got != "old" || calls != 1 {
		t.Errorf("%q after %d calls, want the cached one", got, calls)
	}
	cache.forget()
	if got := titleOf(t, cache); got != "new" || calls != 2 {
		t.Errorf("%q after %d calls, want the new one", got, calls)
	}
}

func TestCatalogueThatWasAskedForBeforeItWasForgottenIsOld(t *testing.T) {
	var cache *catalogueCache
	titles := []string{"old", "new"}
	cache = newCatalogueCache(func(context.Context) (*bridge.Catalogue, error) {
		title := titles[0]
		titles = titles[1:]
		if title == "old" {
			cache.forget() // while the answer is on its way
		}
		return &bridge.Catalogue{Metrics: []bridge.Metric{{Name: "m", Title: title}}}, nil
	})
	if got := titleOf(t, cache); got != "old" {
		t.Errorf("%q", got)
	}
	if got := titleOf(t, cache); got != "new" {
		t.Errorf("%q, want the new one", got)
	}
}
