package model

import (
	"encoding/json"
)

// formerNames are those of the bridge's own API. Rules and dashboards that were written by hand before the query had
// a version use them.
var formerNames = map[string]string{
	"metric_name":  "metric",
	"group_by":     "groupBy",
	"over_time":    "overTime",
	"time_shift":   "timeShift",
	"adHocFilters": "adhocFilters",
}

// migrate converts saved JSON of any known version to the current form. Unknown fields are kept: Grafana adds its own.
func migrate(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var saved map[string]json.RawMessage
	if err := json.Unmarshal(raw, &saved); err != nil || saved == nil {
		return nil, fault("", "The saved query is not a JSON object. Open the query in its editor and save it again.")
	}
	version, err := versionOf(saved)
	if err != nil {
		return nil, err
	}
	if version < 1 {
		migrateUnversioned(saved)
	}
	return saved, nil
}

func versionOf(saved map[string]json.RawMessage) (int, error) {
	raw, ok := saved["version"]
	if !ok || string(raw) == "null" {
		return 0, nil
	}
	var version int
	if err := json.Unmarshal(raw, &version); err != nil || version < 0 {
		return 0, fault("version", "The query's \"version\" must be a whole number, not %s.", excerpt(raw))
	}
	if version > Version {
		return 0, fault("version", "The query was saved by a newer version of the StreamKPI plugin (query version %d; this one knows %d). Update the plugin.", version, Version)
	}
	return version, nil
}

func migrateUnversioned(saved map[string]json.RawMessage) {
	for former, name := range formerNames {
		raw, there := saved[former]
		if _, taken := saved[name]; there && !taken {
			saved[name] = raw
		}
		if there {
			delete(saved, former)
		}
	}
	kindFromQueryType(saved)
	if _, taken := saved["step"]; !taken {
		stepFromMilliseconds(saved)
	}
	if raw, there := saved["groupBy"]; there {
		saved["groupBy"] = listOf(raw)
	}
	for _, field := range []string{"filters", "adhocFilters"} {
		if raw, there := saved[field]; there {
			saved[field] = migrateFilters(raw)
		}
	}
}

// kindFromQueryType uses Grafana's queryType if it is one of our kinds.
func kindFromQueryType(saved map[string]json.RawMessage) {
	var queryType string
	if _, taken := saved["kind"]; taken || json.Unmarshal(saved["queryType"], &queryType) != nil {
		return
	}
	for _, kind := range kinds {
		if kind == queryType {
			saved["kind"] = saved["queryType"]
		}
	}
}

func stepFromMilliseconds(saved map[string]json.RawMessage) {
	var milliseconds json.Number
	if json.Unmarshal(saved["step_ms"], &milliseconds) == nil && milliseconds != "" {
		saved["step"] = mustJSON(milliseconds.String() + "ms")
	}
}

func migrateFilters(raw json.RawMessage) json.RawMessage {
	var filters []map[string]json.RawMessage
	if json.Unmarshal(raw, &filters) != nil {
		return raw
	}
	for _, filter := range filters {
		rename(filter, "key", "dimension")
		rename(filter, "operator", "op")
		if value, there := filter["value"]; there {
			if _, taken := filter["values"]; !taken {
				filter["values"] = listOf(value)
			}
		}
		var op string
		if json.Unmarshal(filter["op"], &op) == nil {
			filter["op"] = mustJSON(operatorOf(op))
		}
	}
	return mustJSON(filters)
}

// operatorOf knows the names that Grafana's ad-hoc filters give to "one of" and "not one of".
func operatorOf(op string) string {
	switch op {
	case "==", "=|":
		return "="
	case "!=|", "<>":
		return "!="
	}
	return op
}

func rename(fields map[string]json.RawMessage, former, name string) {
	if _, taken := fields[name]; taken {
		return
	}
	if raw, there := fields[former]; there {
		fields[name] = raw
	}
}

// listOf is the text as a list of one; everything else as it is.
func listOf(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) != nil || string(raw) == "null" {
		return raw
	}
	return mustJSON([]string{text})
}

// mustJSON writes texts, and maps and lists of them, which cannot fail.
func mustJSON(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return raw
}
