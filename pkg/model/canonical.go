package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mode is the content of a live stream: points, events, or only that something has changed.
type Mode string

// The modes of a live stream; answers of ModePoll have none.
const (
	ModePoints  Mode = "points"
	ModeEvents  Mode = "events"
	ModeChanged Mode = "changed"
	ModePoll    Mode = "poll"
)

// Canonical is the canonical form of a live query, shared by equal queries. Never contains the range.
type Canonical struct {
	Metric      string      `json:"metric"`
	Measure     string      `json:"measure,omitempty"`
	Filters     []Filter    `json:"filters,omitempty"`
	GroupBy     *[]string   `json:"group_by,omitempty"` // nil: every series; empty: all combined
	StepMS      int64       `json:"step_ms,omitempty"`
	OverTime    string      `json:"over_time,omitempty"`
	IncludeOpen bool        `json:"include_open"`
	Events      bool        `json:"events,omitempty"`
	Forecast    *Forecasted `json:"forecast,omitempty"` // nil: points
	Mode        Mode        `json:"mode"`
}

// Forecasted has the options of a forecast subscription, without the horizon: steps ahead change together with the
// closed ones.
type Forecasted struct {
	Fill      string   `json:"fill,omitempty"`
	Interval  float64  `json:"interval,omitempty"`
	Seasons   string   `json:"seasons,omitempty"`
	TimeZone  string   `json:"time_zone,omitempty"`
	Holidays  []string `json:"holidays,omitempty"`
	HorizonMS int64    `json:"horizon_ms"`
}

// CanonicalOf is the query with the measure and the step that the bridge took.
func CanonicalOf(q Query, measure string, stepMS int64, mode Mode) Canonical {
	c := Canonical{Metric: q.Metric, Filters: sortedFilters(q.AllFilters()), Mode: mode, IncludeOpen: q.IncludeOpen()}
	if q.Kind == Events {
		c.Events = true
		c.IncludeOpen = true
		return c
	}
	c.Measure = measure
	c.StepMS = stepMS
	c.OverTime = q.OverTime
	if q.Kind == Forecast {
		c.Forecast = forecasted(q)
		c.IncludeOpen = false
	}
	if q.Grouped {
		names := slices.Clone(q.GroupBy)
		slices.Sort(names)
		if names == nil {
			names = []string{}
		}
		c.GroupBy = &names
	}
	return c
}

// forecasted omits options that only affect the scores.
func forecasted(q Query) *Forecasted {
	options := q.Forecast
	holidays := slices.Clone(options.Holidays)
	slices.Sort(holidays)
	made := &Forecasted{Interval: options.Band, TimeZone: options.TimeZone, Holidays: slices.Compact(holidays)}
	if q.Fill == "zero" {
		made.Fill = q.Fill
	}
	if options.Seasons != "auto" {
		made.Seasons = options.Seasons
	}
	return made
}

func sortedFilters(filters []Filter) []Filter {
	sorted := make([]Filter, 0, len(filters))
	for _, filter := range filters {
		values := slices.Clone(filter.Values)
		slices.Sort(values)
		sorted = append(sorted, Filter{Dimension: filter.Dimension, Op: filter.Op, Values: slices.Compact(values)})
	}
	slices.SortFunc(sorted, func(a, b Filter) int {
		if order := strings.Compare(a.Dimension, b.Dimension); order != 0 {
			return order
		}
		if order := strings.Compare(a.Op, b.Op); order != 0 {
			return order
		}
		return slices.Compare(a.Values, b.Values)
	})
	return slices.CompactFunc(sorted, func(a, b Filter) bool {
		return a.Dimension == b.Dimension && a.Op == b.Op && slices.Equal(a.Values, b.Values)
	})
}

// Text is the canonical JSON: equal queries have equal bytes.
func (c Canonical) Text() string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		panic(err) // texts, numbers and lists of them cannot fail
	}
	return strings.TrimSuffix(buffer.String(), "\n")
}

// Selection identifies what is read from the bridge, independent of the mode: streams of different modes share it.
func (c Canonical) Selection() string {
	c.Mode = ""
	return c.Text()
}

// ParseCanonical reads what Text wrote and refuses every other form of the same query.
func ParseCanonical(text string) (Canonical, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var c Canonical
	if err := decoder.Decode(&c); err != nil {
		return Canonical{}, fmt.Errorf("the live query is not a canonical query: %w", err)
	}
	if c.Metric == "" || !slices.Contains([]Mode{ModePoints, ModeEvents, ModeChanged}, c.Mode) || c.Text() != text {
		return Canonical{}, fmt.Errorf("the live query is not in its canonical form")
	}
	return c, nil
}

// Channel identifies the data source instance that a live path belongs to.
type Channel struct {
	OrgID   int64
	UID     string
	Updated time.Time // when the settings were saved: new settings give new paths
	Token   string    // only its hash is used
}

const pathDigits = 40

// Path of the live channel for a canonical query. It cannot be made without the instance's settings, so that
// nobody subscribes to what no query has answered, and a path never serves two instances or organisations.
func (ch Channel) Path(canonical string) string {
	token := sha256.Sum256([]byte(ch.Token))
	parts := []string{
		strconv.FormatInt(ch.OrgID, 10),
		ch.UID,
		strconv.FormatInt(ch.Updated.UnixMilli(), 10),
		hex.EncodeToString(token[:]),
		canonical,
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "v1/" + hex.EncodeToString(sum[:])[:pathDigits]
}
