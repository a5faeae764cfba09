package model

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
)

// variable matches $name, ${name}, ${name:format} and [[name]]. A `$` at the end of a pattern, before another
// operator, or after a backslash is none.
var variable = regexp.MustCompile(`(^|[^\\])(\$[A-Za-z_]\w*|\$\{[A-Za-z_][^}]*\}|\[\[[A-Za-z_][\w.:]*\]\])`)

// interpolated are the fields in which the browser fills in template variables.
var interpolated = []string{
	"kind", "metric", "measure", "filters", "adhocFilters", "groupBy", "overTime", "fill", "step", "openWindows", "stat",
	"eventsAs", "severities", "eventState", "statusAs", "statusOver", "timeShift", "alias",
}

// noVariables refuses template variables that nobody has filled in: only a dashboard in a browser does so.
func noVariables(saved map[string]json.RawMessage) error {
	for _, field := range interpolated {
		var value any
		if json.Unmarshal(saved[field], &value) != nil {
			continue
		}
		if path, found := findVariable(field, value); found != "" {
			return fault(path, "The query's %q holds the template variable %s, which nothing has filled in: "+
				"alert rules and public dashboards have no dashboard variables. Put the value itself there.", path, found)
		}
	}
	return nil
}

func findVariable(path string, value any) (where, found string) {
	switch typed := value.(type) {
	case string:
		if match := variable.FindStringSubmatch(typed); match != nil {
			return path, match[2]
		}
	case []any:
		for i, item := range typed {
			if where, found := findVariable(fmt.Sprintf("%s[%d]", path, i), item); found != "" {
				return where, found
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(typed) {
			if where, found := findVariable(path+"."+key, typed[key]); found != "" {
				return where, found
			}
		}
	}
	return "", ""
}

func sortedKeys(fields map[string]any) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
