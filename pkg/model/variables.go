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

// filterValue is the path of one.
var filterValue = regexp.MustCompile(`^(filters|adhocFilters)\[\d+\]\.values\[`)

// textFields are those whose texts are not names: what the browser has filled in there may look like a variable.
var textFields = []string{"filters", "adhocFilters", "alias"}

// refuseVariables refuses template variables that nobody has filled in: only a dashboard in a browser does so. In the
// queries that it has filled in it has refused unknown variables: what looks like one in a text is a value that a
// variable or a filter of the dashboard has brought.
func (r *reader) refuseVariables(field string) {
	var value any
	if r.interpolated && slices.Contains(textFields, field) || json.Unmarshal(r.fields[field], &value) != nil {
		return
	}
	if path, found := findVariable(field, value); found != "" {
		r.fail(path, "The query's %q holds the template variable %s, which nothing has filled in: "+
			"alert rules and public dashboards have no dashboard variables. Put the value itself there.%s", path, found, asPattern(path, found))
	}
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
