package model

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// variable matches $name, ${name}, ${name:format} and [[name]]. A `$` at the end of a pattern, before another
// operator, or after a backslash is none.
var variable = regexp.MustCompile(`(^|[^\\])(\$[A-Za-z_]\w*|\$\{[A-Za-z_][^}]*\}|\[\[[A-Za-z_][\w.:]*\]\])`)

// variableFields are those in which the browser fills in template variables.
var variableFields = []string{
	"kind", "metric", "measure", "filters", "adhocFilters", "groupBy", "overTime", "fill", "step", "openWindows", "stat",
	"eventsAs", "severities", "eventState", "statusAs", "statusOver", "timeShift", "alias", "forecastAs", "seasons",
	"timeZone", "holidays", "direction", "horizon",
}

// filterValue is the path of one.
var filterValue = regexp.MustCompile(`^(filters|adhocFilters)\[\d+\]\.values\[`)

// textFields are those whose texts are not names: what the browser has filled in there may look like a variable.
var textFields = []string{"filters", "adhocFilters", "alias"}

// noVariables refuses template variables that nobody has filled in: only a dashboard in a browser does so. In the
// queries that it has filled in it has refused variables that there are not: what looks like one in a text is what a
// variable or a filter of the dashboard has brought. A field of a former name it does not know.
func noVariables(saved map[string]json.RawMessage, interpolated bool) error {
	for _, field := range variableFields {
		var value any
		if interpolated && slices.Contains(textFields, field) || json.Unmarshal(saved[field], &value) != nil {
			continue
		}
		if path, found := findVariable(field, value); found != "" {
			return fault(path, "The query's %q holds the template variable %s, which nothing has filled in: "+
				"alert rules and public dashboards have no dashboard variables. Put the value itself there.%s", path, found, asPattern(path, found))
		}
	}
	return nil
}

// asPattern says how to filter by a value that is really spelled like a variable.
func asPattern(path, found string) string {
	if !filterValue.MatchString(path) {
		return ""
	}
	// A variable of that name would be filled in after a backslash, but not here.
	literal := strings.ReplaceAll(regexp.QuoteMeta(found), `\$`, "[$]")
	return fmt.Sprintf(" If the value is really spelled so, use =~ and write %s.", literal)
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
