package live

import "time"

// ladder are the spans that a stream reaches back: a few, so that viewers with slightly different ranges share one.
var ladder = []time.Duration{
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// moment is what may pass between a browser's reading of its clock and the request's arrival: a range that was six hours
// long then is still six hours, not twelve.
const moment = 5 * time.Second

// ReachBack rounds the start of a viewer's range down to the ladder; past its end it is 0, which is everything.
func ReachBack(fromMS int64, now time.Time) int64 {
	for _, reach := range ladder {
		start := now.Add(-reach)
		if fromMS >= start.Add(-moment).UnixMilli() {
			return min(fromMS, start.UnixMilli())
		}
	}
	return 0
}
