package live

import "time"

// ladder are the spans that a stream reaches back: a few, so that viewers with slightly different ranges share one.
var ladder = []time.Duration{
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// ReachBack rounds the start of a viewer's range down to the ladder; past its end it is 0, which is everything.
func ReachBack(fromMS int64, now time.Time) int64 {
	for _, reach := range ladder {
		if start := now.Add(-reach).UnixMilli(); fromMS >= start {
			return start
		}
	}
	return 0
}
