package bridge

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// schema is as much of JSON Schema as names the properties.
type schema struct {
	Ref        string             `yaml:"$ref"`
	AllOf      []schema           `yaml:"allOf"`
	OneOf      []schema           `yaml:"oneOf"`
	Properties map[string]*schema `yaml:"properties"`
	Items      *schema            `yaml:"items"`
	Enum       []string           `yaml:"enum"`
}

// UnmarshalYAML takes `true` for the schema of anything.
func (s *schema) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	type plain schema
	return node.Decode((*plain)(s))
}

type document struct {
	Components struct {
		Schemas map[string]*schema `yaml:"schemas"`
	} `yaml:"components"`
}

func read(t *testing.T, name string) document {
	t.Helper()
	text, err := os.ReadFile("../../backend-bridge/api/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var found document
	if err := yaml.Unmarshal(text, &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// properties of a schema, those of its parts included.
func (d document) properties(s *schema) map[string]*schema {
	found := map[string]*schema{}
	if s == nil {
		return found
	}
	if s.Ref != "" {
		return d.properties(d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]])
	}
	for _, part := range append(slices.Clone(s.AllOf), s.OneOf...) {
		for name, property := range d.properties(&part) {
			found[name] = property
		}
	}
	for name, property := range s.Properties {
		found[name] = property
	}
	return found
}

// checkFields fails where a Go type has a JSON field that the contract does not know, at any depth.
func (d document) checkFields(t *testing.T, where string, goType reflect.Type, s *schema) {
	t.Helper()
	for goType.Kind() == reflect.Pointer || goType.Kind() == reflect.Slice && s != nil {
		if goType.Kind() == reflect.Slice {
			if resolved := d.resolve(s); resolved != nil {
				s = resolved.Items
			}
		}
		goType = goType.Elem()
	}
	if goType.Kind() != reflect.Struct {
		return
	}
	known := d.properties(s)
	if len(known) == 0 {
		t.Errorf("%s: the contract has no properties for it", where)
	}
	for _, field := range reflect.VisibleFields(goType) {
		if field.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		property, there := known[name]
		if !there && !slices.Contains(warningExtras, name) {
			t.Errorf("%s: the contract does not know %q", where, name)
			continue
		}
		if there {
			d.checkFields(t, where+"."+name, field.Type, property)
		}
	}
}

// checkRequest is checkFields for a body that two calls share; except is the field of the other one.
func (d document) checkRequest(t *testing.T, name string, sample any, except string) {
	t.Helper()
	own := *d.Components.Schemas[name]
	own.Properties = maps.Clone(own.Properties)
	if own.Properties[except] != nil {
		t.Errorf("%s has %q itself", name, except)
	}
	own.Properties[except] = &schema{}
	d.checkFields(t, name, reflect.TypeOf(sample), &own)
}

func (d document) resolve(s *schema) *schema {
	if s != nil && s.Ref != "" {
		return d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}

// warningExtras are named in the description of Warning.code only.
var warningExtras = []string{"kept", "total", "asked_ms", "taken_ms", "stats"}

func TestTypesFollowTheContract(t *testing.T) {
	http := read(t, "openapi.yaml")
	for name, sample := range map[string]any{
		"QueryRequest": QueryRequest{}, "SummaryRequest": SummaryRequest{}, "EventsRequest": EventsRequest{},
		"ForecastAnswer": ForecastAnswer{}, "BacktestAnswer": BacktestAnswer{},
		"QueryAnswer": QueryAnswer{}, "SummaryAnswer": SummaryAnswer{}, "EventsAnswer": EventsAnswer{},
		"CatalogueAnswer": Catalogue{}, "StatusAnswer": Status{}, "StatusHistoryAnswer": StatusHistory{}, "NotReadyAnswer": Readiness{},
	} {
		http.checkFields(t, name, reflect.TypeOf(sample), http.Components.Schemas[name])
	}
	http.checkRequest(t, "ForecastRequest", ForecastRequest{}, "for_steps")
	http.checkRequest(t, "BacktestRequest", ForecastRequest{}, "horizon_ms")
	webSocket := read(t, "websocket.yaml")
	for name, sample := range map[string]any{"SubscribeSelection": subscribeMessage{}, "UnsubscribeMetric": unsubscribeMessage{}} {
		webSocket.checkFields(t, name, reflect.TypeOf(sample), webSocket.Components.Schemas[name])
	}
	documented := map[string]bool{}
	for _, name := range []string{"Subscribed", "SeriesUpdate", "EventsSnapshot", "EventsUpdate", "ForecastSnapshot", "ForecastUpdate", "Resync", "Heartbeat", "Error"} {
		for property := range webSocket.properties(webSocket.Components.Schemas[name]) {
			documented[property] = true
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[serverMessage]()) {
		if name := field.Tag.Get("json"); !documented[name] {
			t.Errorf("no message of the bridge has %q", name)
		}
	}
}

func TestAdviceIsForCodesThatExist(t *testing.T) {
	codes := read(t, "openapi.yaml").Components.Schemas["ErrorCode"].Enum
	for code := range advice {
		if !slices.Contains(codes, code) {
			t.Errorf("the contract has no code %q", code)
		}
	}
}
