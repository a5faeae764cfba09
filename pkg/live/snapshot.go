package live

import "github.com/streamkpi/streamkpi/pkg/bridge"

// youngPoints are the parts of the series from a time on, and how many points they have.
func youngPoints(series []bridge.PointSeries, since int64) (young []bridge.PointSeries, points int) {
	for _, part := range series {
		kept := bridge.PointSeries{Labels: part.Labels, OpenFromMS: part.OpenFromMS}
		for i, at := range part.Times {
			if at >= since {
				kept.Times = append(kept.Times, at)
				kept.Values = append(kept.Values, at0(part.Values, i))
				kept.Revisions = append(kept.Revisions, at0(part.Revisions, i))
			}
		}
		for i, at := range part.Removed {
			if at >= since {
				kept.Removed = append(kept.Removed, at)
				kept.RemovedRevisions = append(kept.RemovedRevisions, at0(part.RemovedRevisions, i))
			}
		}
		if count := len(kept.Times) + len(kept.Removed); count > 0 {
			young = append(young, kept)
			points += count
		}
	}
	return young, points
}

func youngEvents(events []bridge.Event, since int64) []bridge.Event {
	var young []bridge.Event
	for _, event := range events {
		if event.TimeMS >= since {
			young = append(young, event)
		}
	}
	return young
}
