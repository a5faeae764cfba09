package model

import (
	"errors"
	"regexp"
	"strconv"
	"time"
)

var durationPart = regexp.MustCompile(`^(\d+)(ms|s|m|h|d|w)`)

var units = map[string]time.Duration{
	"ms": time.Millisecond,
	"s":  time.Second,
	"m":  time.Minute,
	"h":  time.Hour,
	"d":  24 * time.Hour,
	"w":  7 * 24 * time.Hour,
}

const longest = 3650 * 24 * time.Hour

// ParseDuration parses Grafana durations: 500ms, 30s, 5m, 1h30m, 1d, 2w. The result is positive and at most ten years.
func ParseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, errors.New("which is empty")
	}
	var total time.Duration
	for rest := text; rest != ""; {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, errors.New("which is not a valid duration")
		}
		count, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil || count > int64(longest/units[part[2]]) {
			return 0, errors.New("which is longer than ten years")
		}
		total += time.Duration(count) * units[part[2]]
		if total > longest {
			return 0, errors.New("which is longer than ten years")
		}
		rest = rest[len(part[0]):]
	}
	if total <= 0 {
		return 0, errors.New("which is not above zero")
	}
	return total, nil
}

// FormatDuration writes a duration the way ParseDuration reads it, with its largest two units.
func FormatDuration(duration time.Duration) string {
	names := []string{"d", "h", "m", "s", "ms"}
	text := ""
	parts := 0
	for _, name := range names {
		if count := duration / units[name]; count > 0 && parts < 2 {
			text += strconv.FormatInt(int64(count), 10) + name
			duration -= count * units[name]
			parts++
		}
	}
	if text == "" {
		return "0s"
	}
	return text
}
