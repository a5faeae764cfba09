package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fieldSchema is a field of the query as src/datasource/query.ts declares it.
type fieldSchema struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Choices   []string `json:"choices"`
	Default   any      `json:"default"`
	Variables bool     `json:"variables"`
}

// leftToBridge are the fields whose default the bridge applies.
var leftToBridge = []string{"band", "timeZone", "forSteps"}

func querySchema(t *testing.T) []fieldSchema {
	t.Helper()
	raw, err := os.ReadFile("testdata/query-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var fields []fieldSchema
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// savedWith is a query with one field more, or another value of it.
func savedWith(t *testing.T, field string, value any) json.RawMessage {
	t.Helper()
	return mustJSON(map[string]any{"version": 1, "metric": "m", field: value})
}

func faultOf(t *testing.T, saved json.RawMessage) *Error {
	t.Helper()
	_, err := Parse(saved)
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("%s was parsed: %v", saved, err)
	}
	return fault
}

func TestEveryFieldOfTheSchemaIsRead(t *testing.T) {
	for _, field := range querySchema(t) {
		if fault := faultOf(t, savedWith(t, field.Name, map[string]any{})); fault.Field != field.Name {
			t.Errorf("%s: an object is refused in %q: %s", field.Name, fault.Field, fault.Message)
		}
	}
}

func TestEveryFieldReadIsInTheSchema(t *testing.T) {
	known := map[string]bool{}
	for _, field := range querySchema(t) {
		known[field.Name] = true
	}
	read := regexp.MustCompile(`\br\.(?:text|texts|flag|choice|count|number|band|step|duration|filters)\("(\w+)"`)
	for _, file := range []string{"parse.go", "reader.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := read.FindAllStringSubmatch(string(source), -1)
		if len(found) == 0 {
			t.Errorf("%s reads no field", file)
		}
		for _, match := range found {
			if !known[match[1]] {
				t.Errorf("%s reads %q, which src/datasource/query.ts does not declare", file, match[1])
			}
		}
	}
}

func TestChoicesAreThoseOfTheSchema(t *testing.T) {
	for _, field := range querySchema(t) {
		if field.Choices == nil {
			continue
		}
		value := func(choice string) any {
			if field.Type == "list" {
				return []string{choice}
			}
			return choice
		}
		for _, choice := range field.Choices {
			if _, err := Parse(savedWith(t, field.Name, value(choice))); err != nil {
				t.Errorf("%s %q: %v", field.Name, choice, err)
			}
		}
		_, known, _ := strings.Cut(faultOf(t, savedWith(t, field.Name, value("?"))).Message, "known are ")
		names := strings.Split(strings.TrimSuffix(known, "."), ", ")
		slices.Sort(names)
		if wanted := slices.Sorted(slices.Values(field.Choices)); !slices.Equal(names, wanted) {
			t.Errorf("%s: known are %v, the schema has %v", field.Name, names, wanted)
		}
	}
}

func TestDefaultsAreThoseOfTheSchema(t *testing.T) {
	absent := parse(t, `{"version":1,"metric":"m"}`).ForPanel()
	for _, field := range querySchema(t) {
		if field.Default == nil || slices.Contains(leftToBridge, field.Name) {
			continue
		}
		q := parse(t, string(savedWith(t, field.Name, field.Default))).ForPanel()
		if !reflect.DeepEqual(q, absent) {
			t.Errorf("%s: %v is not what an absent one means: %+v, %+v", field.Name, field.Default, q, absent)
		}
	}
}

func TestVariablesAreRefusedWhereTheBrowserFillsThemIn(t *testing.T) {
	values := map[string]any{
		"string":   "$x",
		"duration": "$x",
		"list":     []string{"$x"},
		"filters":  []Filter{{Dimension: "d", Op: "=", Values: []string{"$x"}}},
	}
	for _, field := range querySchema(t) {
		value, isText := values[field.Type]
		if !isText {
			continue // a number cannot hold a variable
		}
		if !field.Variables && field.Name != "adhocFilters" { // these the dashboard brings
			t.Errorf("%s is text, and the browser does not fill variables in", field.Name)
		}
		fault := faultOf(t, savedWith(t, field.Name, value))
		if !strings.HasPrefix(fault.Message, fmt.Sprintf("The query's %q holds the template variable $x", fault.Field)) {
			t.Errorf("%s: %s", field.Name, fault.Message)
		}
	}
}
