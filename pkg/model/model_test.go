package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, saved string) Query {
	t.Helper()
	q, err := Parse(json.RawMessage(saved))
	if err != nil {
		t.Fatalf("%s: %v", saved, err)
	}
	return q
}

func TestDefaults(t *testing.T) {
	q := parse(t, `{"metric":"m","refId":"A","datasource":{"uid":"x"},"hide":false,"intervalMs":1000}`)
	if q.Kind != Series || q.Fill != "none" || q.Open != "auto" || !q.Live || q.Grouped || q.Step.Mode != StepAuto || q.EventState != "all" || q.StatusOver != "now" {
		t.Errorf("defaults %+v", q)
	}
	for saved, include := range map[string]bool{
		`{"metric":"m"}`:                                          true,
		`{"metric":"m","kind":"summary"}`:                         false,
		`{"metric":"m","kind":"events"}`:                          true,
		`{"metric":"m","kind":"summary","openWindows":"include"}`: true,
		`{"metric":"m","openWindows":"exclude"}`:                  false,
	} {
		if got := parse(t, saved).ForPanel().IncludeOpen(); got != include {
			t.Errorf("%s: open windows %t for panels", saved, got)
		}
	}
}

func TestRules(t *testing.T) {
	rule := parse(t, `{"metric":"m","withRevisions":true}`).ForRule()
	if rule.IncludeOpen() || rule.Live || rule.Revisions || rule.Step.Mode != StepWindow || rule.Stat != "last" || rule.EventsAs != "count" || rule.StatusAs != "ready" {
		t.Errorf("a rule reads %+v", rule)
	}
	if table := parse(t, `{"metric":"m","eventsAs":"table","statusAs":"table"}`).ForRule(); table.EventsAs != "count" || table.StatusAs != "ready" {
		t.Errorf("a rule reads a table: %+v", table)
	}
	named := parse(t, `{"metric":"m","openWindows":"include","step":"5m","stat":"avg","eventsAs":"value","statusAs":"lag"}`).ForRule()
	if !named.IncludeOpen() || named.Step != (Step{StepFixed, 5 * time.Minute}) || named.Stat != "avg" || named.EventsAs != "value" || named.StatusAs != "lag" {
		t.Errorf("a rule does not take what the query names: %+v", named)
	}
}

func TestExpressionsOfAPanel(t *testing.T) {
	unset := parse(t, `{"metric":"m"}`)
	if got, rule := unset.ForExpression(), unset.ForRule(); !reflect.DeepEqual(got, rule) {
		t.Errorf("without a form an expression reads %+v, a rule %+v", got, rule)
	}
	named := parse(t, `{"metric":"m","eventsAs":"table","statusAs":"table"}`).ForExpression()
	if named.EventsAs != "table" || named.StatusAs != "table" || named.IncludeOpen() || named.Live {
		t.Errorf("an expression does not read the tables that the query names: %+v", named)
	}
	for _, form := range []string{"anomalies", "backtest", "expected"} {
		q := parse(t, `{"metric":"m","kind":"forecast","forecastAs":"`+form+`"}`)
		if got := q.ForExpression().Forecast.As; got != form {
			t.Errorf("an expression reads %s of a forecast as %s", form, got)
		}
	}
}

func TestFaultsNameTheField(t *testing.T) {
	cases := map[string]struct{ saved, field, says string }{
		"no object":             {`[1]`, "", "not a JSON object"},
		"no JSON":               {`{`, "", "not a JSON object"},
		"null":                  {`null`, "", "not a JSON object"},
		"no metric":             {`{}`, "metric", "names no metric"},
		"blank metric":          {`{"metric":"  "}`, "metric", "names no metric"},
		"metric of a number":    {`{"metric":5}`, "metric", "must be text"},
		"long metric":           {`{"metric":"` + strings.Repeat("m", 201) + `"}`, "metric", "200 characters"},
		"unknown kind":          {`{"metric":"m","kind":"graph"}`, "kind", "series, summary, events, status"},
		"newer version":         {`{"metric":"m","version":2}`, "version", "newer version of the StreamKPI plugin"},
		"odd version":           {`{"metric":"m","version":"one"}`, "version", "whole number"},
		"unknown operator":      {`{"version":1,"metric":"m","filters":[{"dimension":"d","op":"<","values":["1"]}]}`, "filters[0]", `operator "<"`},
		"filters of text":       {`{"metric":"m","filters":"d=1"}`, "filters", "list of filters"},
		"a filter of text":      {`{"version":1,"metric":"m","filters":["d=1"]}`, "filters[0]", "a dimension, an operator"},
		"no step":               {`{"metric":"m","step":"5 minutes"}`, "step", "not a valid duration"},
		"zero step":             {`{"metric":"m","step":"0s"}`, "step", "not above zero"},
		"endless step":          {`{"metric":"m","step":"99999999999d"}`, "step", "ten years"},
		"negative shift":        {`{"metric":"m","timeShift":"-1h"}`, "timeShift", "not a valid duration"},
		"band of everything":    {`{"metric":"m","band":1}`, "band", "from 0.5 to 0.999"},
		"band of nothing":       {`{"metric":"m","band":0}`, "band", "from 0.5 to 0.999"},
		"odd limit":             {`{"metric":"m","limit":1.5}`, "limit", "whole number from 1 to 10000"},
		"limit of text":         {`{"metric":"m","limit":"ten"}`, "limit", "a number"},
		"unknown severity":      {`{"metric":"m","severities":["fatal"]}`, "severities", "info, warning, critical"},
		"group without a name":  {`{"metric":"m","groupBy":[""]}`, "groupBy", "without a name"},
		"live of text":          {`{"metric":"m","live":"yes"}`, "live", "true or false"},
		"variable":              {`{"metric":"$metric"}`, "metric", "$metric"},
		"variable in a value":   {`{"version":1,"metric":"m","filters":[{"dimension":"d","op":"=","values":["a","${seg:csv}"]}]}`, "filters[0].values[1]", "${seg:csv}"},
		"old form of variables": {`{"metric":"m","groupBy":["[[dimension]]"]}`, "groupBy[0]", "[[dimension]]"},
		"variable in the step":  {`{"metric":"m","step":"$__interval"}`, "step", "$__interval"},
		"variable in a pattern": {`{"metric":"m","filters":[{"dimension":"d","op":"=~","values":["^a.*$x"]}]}`, "filters[0].values[0]", "$x"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(json.RawMessage(test.saved))
			var told *Error
			if !errors.As(err, &told) {
				t.Fatalf("got %v", err)
			}
			if told.Field != test.field || !strings.Contains(told.Message, test.says) {
				t.Errorf("field %q: %s; want %q and %q", told.Field, told.Message, test.field, test.says)
			}
		})
	}
}

func TestPatternsMayHoldDollars(t *testing.T) {
	for _, pattern := range []string{`^gold$`, `a$|b$`, `\$price`, `(a$)`, `[[:alpha:]]+`, `5$`} {
		saved, err := json.Marshal(map[string]any{"version": 1, "metric": "m", "filters": []Filter{{Dimension: "d", Op: "=~", Values: []string{pattern}}}})
		if err != nil {
			t.Fatal(err)
		}
		if q := parse(t, string(saved)); q.Filters[0].Values[0] != pattern {
			t.Errorf("%q became %q", pattern, q.Filters[0].Values[0])
		}
	}
}

func TestWhatTheBrowserFilledInMayLookLikeAVariable(t *testing.T) {
	const filled = `{"version":1,"metric":"m","alias":"US$rate","filters":[{"dimension":"d","op":"=","values":["$root","a$b","[[x]]"]}],
		"adhocFilters":[{"dimension":"d","op":"!=","values":["${x}"]}]%s}`
	q := parse(t, fmt.Sprintf(filled, `,"interpolated":true`))
	if q.Alias != "US$rate" || !slices.Equal(q.Filters[0].Values, []string{"$root", "a$b", "[[x]]"}) || q.Adhoc[0].Values[0] != "${x}" {
		t.Errorf("read as %+v", q)
	}
	for _, flag := range []string{"", `,"interpolated":false`, `,"interpolated":null`} {
		if _, err := Parse(json.RawMessage(fmt.Sprintf(filled, flag))); err == nil || !strings.Contains(err.Error(), "$root") {
			t.Errorf("with %q: %v", flag, err)
		}
	}
	// Names of the bridge's API are read here only.
	if _, err := Parse(json.RawMessage(`{"metric_name":"$metric","interpolated":true}`)); err == nil || !strings.Contains(err.Error(), "$metric") {
		t.Errorf("a variable that the browser does not fill in: %v", err)
	}
	plain := parse(t, `{"version":1,"metric":"m","filters":[{"dimension":"d","op":"=","values":["a"]}]}`)
	told := parse(t, `{"version":1,"metric":"m","filters":[{"dimension":"d","op":"=","values":["a"]}],"interpolated":true}`)
	if one, other := CanonicalOf(plain, "value", 60000, ModePoints).Text(), CanonicalOf(told, "value", 60000, ModePoints).Text(); one != other {
		t.Errorf("the live stream depends on who filled the query in: %s, %s", one, other)
	}
}

func TestARefusedValueIsSaidTogetherWithItsPattern(t *testing.T) {
	for value, pattern := range map[string]string{"$root": "[$]root", "a$b": "[$]b", "${x.y}": `[$]\{x\.y\}`, "[[x]]": `\[\[x\]\]`} {
		saved := func(op, value string) json.RawMessage {
			raw, err := json.Marshal(map[string]any{"version": 1, "metric": "m", "filters": []Filter{{Dimension: "d", Op: op, Values: []string{value}}}})
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		if _, err := Parse(saved("=", value)); err == nil || !strings.HasSuffix(err.Error(), "use =~ and write "+pattern+".") {
			t.Errorf("%s: %v", value, err)
		}
		if _, err := Parse(saved("=~", pattern)); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestUnfinishedFiltersAreNone(t *testing.T) {
	q := parse(t, `{"version":1,"metric":"m","filters":[{"dimension":"","op":"=","values":["a"]},{"dimension":"d","op":"=","values":[]},{"dimension":"d","values":[""]}]}`)
	if len(q.Filters) != 1 || q.Filters[0].Op != "=" {
		t.Errorf("filters %+v", q.Filters)
	}
}

func TestQueriesWithoutAVersionAreMigrated(t *testing.T) {
	q := parse(t, `{"queryType":"summary","metric_name":"m","group_by":"segment","over_time":"max","step_ms":300000,
		"filters":[{"key":"segment","operator":"=|","value":"gold"},{"dimension":"d","op":"!=|","values":["a","b"]}],
		"adHocFilters":[{"key":"region","operator":"=","value":"eu"}]}`)
	if q.Kind != Summary || q.Metric != "m" || q.OverTime != "max" || !q.Grouped || q.GroupBy[0] != "segment" || q.Step != (Step{StepFixed, 5 * time.Minute}) {
		t.Errorf("migrated to %+v", q)
	}
	if f := q.Filters; len(f) != 2 || f[0].Dimension != "segment" || f[0].Op != "=" || f[0].Values[0] != "gold" || f[1].Op != "!=" {
		t.Errorf("filters %+v", f)
	}
	if len(q.Adhoc) != 1 || q.Adhoc[0].Dimension != "region" {
		t.Errorf("ad-hoc filters %+v", q.Adhoc)
	}
	if current := parse(t, `{"version":1,"metric":"m","group_by":["x"]}`); current.Grouped {
		t.Error("former names count in a query of this version")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"500ms": 500 * time.Millisecond, "30s": 30 * time.Second, "1h30m": 90 * time.Minute, "1d": 24 * time.Hour, "2w": 336 * time.Hour} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[time.Duration]string{0: "0s", 90 * time.Minute: "1h30m", 5 * time.Minute: "5m", 49 * time.Hour: "2d1h", 1500 * time.Millisecond: "1s500ms"} {
		if got := FormatDuration(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestAlias(t *testing.T) {
	labels := map[string]string{"segment": "gold", "metric": "label"}
	words := map[string]string{"metric": "m", "measure": "value"}
	for alias, want := range map[string]string{
		"{{segment}} of {{ measure }}": "gold of value", "{{metric}}": "label", "{{unknown}}|": "|", "{segment}": "{segment}", "plain": "plain",
	} {
		if got := Render(alias, labels, words); got != want {
			t.Errorf("%q: %q, want %q", alias, got, want)
		}
	}
}

func TestEqualQueriesHaveOneCanonicalForm(t *testing.T) {
	first := parse(t, `{"version":1,"metric":"m","groupBy":["b","a","b"],"alias":"x","filters":[
		{"dimension":"b","op":"=","values":["2","1","2"]},{"dimension":"a","op":"=~","values":["<&>"]}]}`)
	second := parse(t, `{"version":1,"metric":"m","groupBy":["a","b"],"fill":"none","filters":[{"dimension":"a","op":"=~","values":["<&>"]}],
		"adhocFilters":[{"dimension":"b","op":"=","values":["1","2"]}]}`)
	want := `{"metric":"m","measure":"value","filters":[{"dimension":"a","op":"=~","values":["<&>"]},{"dimension":"b","op":"=","values":["1","2"]}],"group_by":["a","b"],"step_ms":60000,"include_open":true,"mode":"points"}`
	for _, q := range []Query{first, second} {
		if got := CanonicalOf(q, "value", 60000, ModePoints).Text(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	read, err := ParseCanonical(want)
	if err != nil || read.Text() != want {
		t.Errorf("read back as %s, %v", read.Text(), err)
	}
	all := CanonicalOf(parse(t, `{"metric":"m"}`), "value", 60000, ModePoints)
	one := CanonicalOf(parse(t, `{"metric":"m","groupBy":[]}`), "value", 60000, ModePoints)
	if all.Text() == one.Text() {
		t.Error("every series and all in one look alike")
	}
	changed := all
	changed.Mode = ModeChanged
	if all.Selection() != changed.Selection() || all.Selection() == one.Selection() {
		t.Error("the selection depends on the mode, or not on the grouping")
	}
}

func TestOtherFormsOfACanonicalQueryAreRefused(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `null`, `{"metric":"m","include_open":true,"mode":"poll"}`, `{"include_open":true,"metric":"m","mode":"points"}`,
		`{"metric":"m","include_open":true,"mode":"points"} `, `{"metric":"m","include_open":true,"mode":"points","from_ms":1}`,
		`{"metric":"m","include_open":true,"mode":"points"}{}`,
	} {
		if _, err := ParseCanonical(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestPathsDifferByAllThatMakesAnInstance(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	base := Channel{OrgID: 1, UID: "uid", Updated: at, Token: "t"}
	const query = `{"metric":"m","include_open":true,"mode":"points"}`
	seen := map[string]string{base.Path(query): "the first"}
	for name, path := range map[string]string{
		"organisation": Channel{2, "uid", at, "t"}.Path(query), "uid": Channel{1, "uid2", at, "t"}.Path(query),
		"settings": Channel{1, "uid", at.Add(time.Millisecond), "t"}.Path(query), "token": Channel{1, "uid", at, "u"}.Path(query),
		"query": base.Path(query + " "),
	} {
		if other, there := seen[path]; there {
			t.Errorf("%s: the same path as %s", name, other)
		}
		seen[path] = name
		if len(path) != len("v1/")+40 || !strings.HasPrefix(path, "v1/") {
			t.Errorf("path %q", path)
		}
	}
	if base.Path(query) != (Channel{1, "uid", at.UTC(), "t"}).Path(query) {
		t.Error("the time zone of the settings matters")
	}
}
