package plugin

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
	"github.com/streamkpi/streamkpi/pkg/frames"
	"github.com/streamkpi/streamkpi/pkg/model"
)

// update writes the current output of the backend to the fixtures: go test ./pkg/plugin -run Fixtures -update
var update = flag.Bool("update", false, "rewrite the fixtures")

const fixtureFolder = "../../tests/fixtures/plugin"

// asked are the circumstances of a fixture's query.
type asked struct {
	FromMS        int64 `json:"from_ms"`
	ToMS          int64 `json:"to_ms"`
	MaxDataPoints int64 `json:"max_data_points"`
	Rule          bool  `json:"rule,omitempty"`
}

// queryFixture is the expected result of a saved query, shared with the browser's tests.
type queryFixture struct {
	About         string          `json:"about"`
	Asked         asked           `json:"asked"`
	Saved         json.RawMessage `json:"saved"`
	AnswerStepMS  int64           `json:"answer_step_ms,omitempty"` // the step that the bridge takes; default one minute
	Call          string          `json:"call,omitempty"`
	BridgeRequest json.RawMessage `json:"bridge_request"` // body of the call; null for GET, or where nothing is asked
	Canonical     *string         `json:"canonical"`      // null where there is no live stream
	LiveMode      string          `json:"live_mode,omitempty"`
	Notices       []string        `json:"notices,omitempty"`
	Error         *string         `json:"error"`
}

// frameFixture is the expected conversion of a bridge's answer, shared with the browser's tests.
type frameFixture struct {
	About  string            `json:"about"`
	Asked  asked             `json:"asked"`
	Saved  json.RawMessage   `json:"saved"`
	Answer json.RawMessage   `json:"answer"`
	Frames []json.RawMessage `json:"frames"`
}

// fixtureContext is the same everywhere, so that paths of live channels are, too.
func fixtureContext(address string) backend.PluginContext {
	return backend.PluginContext{
		//lint:ignore SA1019 the id that every supported Grafana sends
		OrgID: 1, PluginID: ID, User: &backend.User{Login: "viewer"},
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: 1, UID: "fixture", Name: "StreamKPI", Type: ID, URL: address, Updated: time.UnixMilli(1_700_000_000_000),
			DecryptedSecureJSONData: map[string]string{"token": "fixture"},
		},
	}
}

func instanceOf(t testing.TB, plugin backend.PluginContext) *Instance {
	t.Helper()
	made, err := NewInstance(t.Context(), *plugin.DataSourceInstanceSettings)
	if err != nil {
		t.Fatal(err)
	}
	instance, ok := made.(*Instance)
	if !ok {
		t.Fatalf("an instance of %T", made)
	}
	t.Cleanup(instance.Dispose)
	return instance
}

func ask(t testing.TB, instance *Instance, plugin backend.PluginContext, with asked, saved json.RawMessage) backend.DataResponse {
	t.Helper()
	request := &backend.QueryDataRequest{PluginContext: plugin, Headers: map[string]string{}, Queries: []backend.DataQuery{{
		RefID: "A", MaxDataPoints: with.MaxDataPoints, JSON: saved,
		TimeRange: backend.TimeRange{From: time.UnixMilli(with.FromMS), To: time.UnixMilli(with.ToMS)},
	}}}
	if with.Rule {
		request.Headers["FromAlert"] = "true"
	}
	answer, err := instance.QueryData(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Responses["A"]
}

func serveCatalogue(t testing.TB, fake *bridgetest.Fake) {
	t.Helper()
	catalogue, err := os.ReadFile(filepath.Join(fixtureFolder, "catalogue.json"))
	if err != nil {
		t.Fatal(err)
	}
	fake.Route(bridge.CataloguePath, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(catalogue) })
}

var dataPaths = []string{
	bridge.QueryPath, bridge.SummaryPath, bridge.EventsPath, bridge.ForecastPath, bridge.BacktestPath, bridge.StatusPath,
	"/api/v1/status/history",
}

func eachFixture[F any](t *testing.T, folder string, check func(t *testing.T, fixture *F)) {
	files, err := filepath.Glob(filepath.Join(fixtureFolder, folder, "*.json"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d fixtures in %s: %v", len(files), folder, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var fixture F
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&fixture); err != nil {
				t.Fatal(err)
			}
			wanted := string(text)
			check(t, &fixture)
			got := indented(t, fixture)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !sameJSON(t, got, wanted) {
				t.Errorf("got\n%s\nwant\n%s", got, wanted)
			}
		})
	}
}

func indented(t testing.TB, value any) string {
	t.Helper()
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var left, right any
	if err := json.Unmarshal([]byte(a), &left); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &right); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(left, right)
}

func TestQueryFixtures(t *testing.T) {
	eachFixture(t, "queries", func(t *testing.T, fixture *queryFixture) {
		fake := bridgetest.New(t)
		serveCatalogue(t, fake)
		fixture.Call, fixture.BridgeRequest = "", json.RawMessage("null")
		for _, path := range dataPaths {
			fake.Route(path, func(w http.ResponseWriter, r *http.Request) {
				fixture.Call = r.Method + " " + r.URL.String()
				answerEmpty(t, w, r, fixture)
			})
		}
		plugin := fixtureContext(fake.URL())
		response := ask(t, instanceOf(t, plugin), plugin, fixture.Asked, fixture.Saved)
		fixture.Error, fixture.Canonical, fixture.LiveMode, fixture.Notices = nil, nil, "", nil
		if response.Error != nil {
			text := response.Error.Error()
			fixture.Error = &text
			if response.ErrorSource != backend.ErrorSourceDownstream || response.Status != backend.StatusBadRequest {
				t.Errorf("a query's fault has source %s and status %d", response.ErrorSource, response.Status)
			}
			return
		}
		first := response.Frames[0]
		for _, notice := range first.Meta.Notices {
			fixture.Notices = append(fixture.Notices, notice.Text)
		}
		if told := metaOf(t, first).Live; told != nil {
			fixture.LiveMode = string(told.Mode)
			if told.Query != "" {
				fixture.Canonical = &told.Query
				checkChannel(t, plugin, told)
			}
		}
	})
}

func checkChannel(t *testing.T, plugin backend.PluginContext, told *frames.Live) {
	t.Helper()
	if _, err := model.ParseCanonical(told.Query); err != nil {
		t.Errorf("the canonical query is not read back: %v", err)
	}
	saved := plugin.DataSourceInstanceSettings
	channel := model.Channel{OrgID: 1, UID: saved.UID, Updated: saved.Updated, Token: "fixture"}
	if told.Path != channel.Path(told.Query) {
		t.Errorf("path %s", told.Path)
	}
}

// answerEmpty answers as a bridge without a point in the range, and keeps what was asked.
func answerEmpty(t *testing.T, w http.ResponseWriter, r *http.Request, fixture *queryFixture) {
	asked := struct {
		Measure string `json:"measure"`
	}{}
	if r.Method == http.MethodPost {
		var body json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		fixture.BridgeRequest = body
		if err := json.Unmarshal(body, &asked); err != nil {
			t.Error(err)
		}
	}
	step := fixture.AnswerStepMS
	if step == 0 {
		step = 60_000
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"measure": asked.Measure, "step_ms": step, "series": []any{}, "events": []any{}, "server_time_ms": 1, "store_epoch": "epoch-1",
		"api_version": "v1",
	})
}

func metaOf(t testing.TB, frame *data.Frame) frames.Meta {
	t.Helper()
	custom, ok := frame.Meta.Custom.(frames.Custom)
	if !ok {
		t.Fatalf("the frame has no metadata of ours: %v", frame.Meta.Custom)
	}
	return custom.StreamKPI
}

func TestFrameFixtures(t *testing.T) {
	eachFixture(t, "frames", func(t *testing.T, fixture *frameFixture) {
		fake := bridgetest.New(t)
		serveCatalogue(t, fake)
		for _, path := range dataPaths {
			fake.Route(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(fixture.Answer) })
		}
		plugin := fixtureContext(fake.URL())
		response := ask(t, instanceOf(t, plugin), plugin, fixture.Asked, fixture.Saved)
		if response.Error != nil {
			t.Fatal(response.Error)
		}
		fixture.Frames = nil
		for _, frame := range response.Frames {
			text, err := data.FrameToJSON(frame, data.IncludeAll)
			if err != nil {
				t.Fatal(err)
			}
			fixture.Frames = append(fixture.Frames, text)
			if _, err := frame.MarshalArrow(); err != nil {
				t.Errorf("the frame cannot be sent: %v", err)
			}
		}
		// Rules and expressions never get series of open windows, whose labels are those of the closed ones.
		checkDataplane(t, slices.DeleteFunc(response.Frames, func(frame *data.Frame) bool { return metaOf(t, frame).OpenWindows }))
	})
}
