package live

import (
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// ladder are the spans that a stream reaches back: a few, so that viewers with slightly different ranges share one.
var ladder = []time.Duration{
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// moment is what may pass between a browser's reading of its clock and the request's arrival: a range that was six hours
// long then is still six hours, not twelve.
const moment = 5 * time.Second

// ReachBack is how far before now a stream must reach for a viewer's range: rounded up to the ladder, or
// bridge.Everything beyond it. It moves with the clock, as the starts of most ranges do.
func ReachBack(fromMS int64, now time.Time) time.Duration {
	for _, reach := range ladder {
		if fromMS >= now.Add(-reach-moment).UnixMilli() {
			return max(reach, now.Sub(time.UnixMilli(fromMS)))
		}
	}
	return bridge.Everything
}
