package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

var lastHour = asked{FromMS: 1_700_000_000_000, ToMS: 1_700_003_600_000, MaxDataPoints: 100}

func TestEachQueryHasItsOwnError(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	var catalogues, now, most atomic.Int64
	catalogue := fake.Server.Config.Handler
	fake.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == bridge.CataloguePath {
			catalogues.Add(1)
			time.Sleep(20 * time.Millisecond)
		}
		catalogue.ServeHTTP(w, r)
	})
	fake.Route(bridge.QueryPath, func(w http.ResponseWriter, r *http.Request) {
		at := now.Add(1)
		defer now.Add(-1)
		for known := most.Load(); at > known && !most.CompareAndSwap(known, at); known = most.Load() {
		}
		time.Sleep(10 * time.Millisecond)
		var body bridge.QueryRequest
		_ = json.NewDecoder(r.Body).Decode(&body)
		if body.Measure == "broken" {
			w.WriteHeader(422)
			_, _ = w.Write([]byte(`{"error":{"code":"unknown_measure","message":"There is no measure \"broken\"","retryable":false}}`))
			return
		}
		_, _ = w.Write([]byte(`{"measure":"value","step_ms":60000,"series":[{"labels":{},"times":[1700000040000],"values":[1]}]}`))
	})
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	request := &backend.QueryDataRequest{PluginContext: plugin}
	for i := range 20 {
		saved := `{"metric":"events_per_minute"}`
		switch i {
		case 3:
			saved = `{"metric":"events_per_minute","measure":"broken"}`
		case 5:
			saved = `{}`
		}
		request.Queries = append(request.Queries, backend.DataQuery{
			RefID: fmt.Sprintf("Q%d", i), JSON: json.RawMessage(saved),
			TimeRange: backend.TimeRange{From: time.UnixMilli(lastHour.FromMS), To: time.UnixMilli(lastHour.ToMS)},
		})
	}
	answer, err := instance.QueryData(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	for ref, response := range answer.Responses {
		status := backend.StatusOK
		switch ref {
		case "Q3":
			status = 422
		case "Q5":
			status = backend.StatusBadRequest
		}
		if response.Status != status || (response.Error != nil) != (status != backend.StatusOK) {
			t.Errorf("%s: status %d, %v", ref, response.Status, response.Error)
		}
		if response.Error != nil && response.ErrorSource != backend.ErrorSourceDownstream {
			t.Errorf("%s: source %s", ref, response.ErrorSource)
		}
	}
	if len(answer.Responses) != 20 || most.Load() > parallelQueries || most.Load() < 2 {
		t.Errorf("%d answers, %d at once", len(answer.Responses), most.Load())
	}
	if catalogues.Load() != 1 {
		t.Errorf("the catalogue was asked for %d times", catalogues.Load())
	}
}

func TestAnUnreachableBridgeIsAnErrorAndNeverNoData(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	fake.Route(bridge.QueryPath, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"step_ms":60000,"series":[]}`)) })
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	rule := lastHour
	rule.Rule = true
	saved := json.RawMessage(`{"metric":"events_per_minute"}`)
	if response := ask(t, instance, plugin, rule, saved); response.Error != nil || len(response.Frames) != 1 || len(response.Frames[0].Fields) != 0 {
		t.Fatalf("a range without points: %v, %v", response.Frames, response.Error)
	}
	fake.Stop()
	response := ask(t, instance, plugin, rule, saved)
	if response.Error == nil || response.ErrorSource != backend.ErrorSourceDownstream || response.Status != backend.StatusBadGateway || len(response.Frames) != 0 {
		t.Fatalf("without a bridge: %+v", response)
	}
}

func TestAWarningAboutOtherStatisticsIsNotShownBesideOne(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	fake.Route(bridge.SummaryPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"measure":"value","step_ms":60000,"series":[{"labels":{},"last":1,"last_time_ms":1700000040000,"count":1}],
			"warnings":[{"code":"range_not_kept","message":"Only windows know.","stats":["min","max"]},{"code":"range_not_kept","message":"It begins later."}]}`))
	})
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	for stat, want := range map[string]int{``: 2, `,"stat":"min"`: 2, `,"stat":"last"`: 1} {
		saved := json.RawMessage(`{"kind":"summary","metric":"events_per_minute","groupBy":[]` + stat + `}`)
		response := ask(t, instance, plugin, lastHour, saved)
		if response.Error != nil || len(response.Frames) != 1 || response.Frames[0].Meta == nil {
			t.Fatalf("%q: %v, %v", stat, response.Frames, response.Error)
		}
		if notices := response.Frames[0].Meta.Notices; len(notices) != want {
			t.Errorf("%q: %v", stat, notices)
		}
	}
}

func TestAKnownCatalogueServesWhileTheBridgeGivesNone(t *testing.T) {
	var fails atomic.Bool
	cache := newCatalogueCache(func(context.Context) (*bridge.Catalogue, error) {
		if fails.Load() {
			return nil, &bridge.Error{Code: bridge.CodeUnreachable, Message: "gone"}
		}
		return &bridge.Catalogue{Metrics: []bridge.Metric{{Name: "m", Title: "M"}}}, nil
	})
	if _, known, err := cache.metric(t.Context(), "m"); !known || err != nil {
		t.Fatal(known, err)
	}
	fails.Store(true)
	cache.at = time.Now().Add(-time.Hour)
	if metric, known, err := cache.metric(t.Context(), "m"); !known || metric.Title != "M" || err != nil {
		t.Errorf("%v, %v", known, err)
	}
	empty := newCatalogueCache(cache.fetch)
	if _, _, err := empty.metric(t.Context(), "m"); err == nil {
		t.Error("no catalogue was ever known, and no error was returned")
	}
}

func TestAnImpatientCallerDoesNotFailTheOthers(t *testing.T) {
	asked, answer := make(chan struct{}, 2), make(chan struct{})
	cache := newCatalogueCache(func(ctx context.Context) (*bridge.Catalogue, error) {
		asked <- struct{}{}
		select {
		case <-answer:
			return &bridge.Catalogue{Metrics: []bridge.Metric{{Name: "m"}}}, nil
		case <-ctx.Done():
			return nil, &bridge.Error{Code: bridge.CodeCancelled, Cause: ctx.Err()}
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, _, err := cache.metric(ctx, "m"); first <- err }()
	<-asked
	go func() { _, _, err := cache.metric(t.Context(), "m"); second <- err }()
	cancel()
	if err := <-first; err == nil {
		t.Error("the cancelled caller got an answer")
	}
	close(answer)
	if err := <-second; err != nil {
		t.Errorf("the other caller: %v", err)
	}
}

func TestAFaultInTheCatalogueCallFailsThoseThatWaitAndNobodyLater(t *testing.T) {
	var calls atomic.Int64
	joined := make(chan struct{})
	cache := newCatalogueCache(func(context.Context) (*bridge.Catalogue, error) {
		if calls.Add(1) == 1 {
			<-joined
			panic("a fault in the call")
		}
		return &bridge.Catalogue{Metrics: []bridge.Metric{{Name: "m"}}}, nil
	})
	const callers = 5
	failures := make(chan error, callers)
	for range callers {
		go func() {
			defer func() {
				if fault := recover(); fault != nil {
					failures <- fmt.Errorf("a caller panicked: %v", fault)
				}
			}()
			_, _, err := cache.metric(t.Context(), "m")
			failures <- err
		}()
	}
	time.Sleep(20 * time.Millisecond) // most of them wait for the first
	close(joined)
	for range callers {
		select {
		case err := <-failures:
			if err != nil && !strings.Contains(err.Error(), "a fault in the call") {
				t.Errorf("%v", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a caller waits for ever")
		}
	}
	if _, known, err := cache.metric(t.Context(), "m"); !known || err != nil {
		t.Errorf("later: %v, %v", known, err)
	}
}

func TestWhoReads(t *testing.T) {
	for name, headers := range map[reader]map[string]string{
		rule: {"FromAlert": "true", "http_X-Grafana-From-Expr": "true"}, expression: {"http_X-Grafana-From-Expr": "true"}, panel: {"http_X-Panel-Id": "1"},
	} {
		if got := readerOf(&backend.QueryDataRequest{Headers: headers}); got != name {
			t.Errorf("the reader is %s, not %s", got, name)
		}
	}
}

func TestAReversedRange(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	response := ask(t, instanceOf(t, plugin), plugin, asked{FromMS: 2, ToMS: 1}, json.RawMessage(`{"metric":"m"}`))
	if response.Error == nil || !strings.Contains(response.Error.Error(), "ends before it begins") {
		t.Errorf("%v", response.Error)
	}
}

func TestAnOlderBridgeWithoutStatusHistory(t *testing.T) {
	fake := bridgetest.New(t)
	fake.Refuse("/api/v1/status/history", 404, "not_found", "There is nothing here")
	fake.JSON(bridge.StatusPath, 200, healthyStatus(nil))
	plugin := fixtureContext(fake.URL())
	response := ask(t, instanceOf(t, plugin), plugin, lastHour, json.RawMessage(`{"kind":"status","statusAs":"lag","statusOver":"range"}`))
	if response.Error == nil || !strings.Contains(response.Error.Error(), "version 1.2.3) is too old to record its status over time. Update the bridge.") {
		t.Errorf("%v", response.Error)
	}
}

func TestALongFilterListPolls(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	fake.Route(bridge.QueryPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"measure":"value","step_ms":60000,"series":[]}`))
	})
	values := make([]string, 1000)
	for i := range values {
		values[i] = strings.Repeat("v", 60) + fmt.Sprint(i)
	}
	saved, err := json.Marshal(map[string]any{"version": 1, "metric": "events_per_minute", "filters": []any{map[string]any{"dimension": "segment", "op": "=", "values": values}}})
	if err != nil {
		t.Fatal(err)
	}
	plugin := fixtureContext(fake.URL())
	response := ask(t, instanceOf(t, plugin), plugin, lastHour, saved)
	if response.Error != nil {
		t.Fatal(response.Error)
	}
	if told := metaOf(t, response.Frames[0]).Live; told.Mode != "poll" || told.Path != "" || told.PollMS != 60000 {
		t.Errorf("live %+v", told)
	}
}

func TestAWrongClockIsARowOfTheStatusTable(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	plugin := fixtureContext(fake.URL())
	firstHop := func(state string) string {
		fake.JSON(bridge.StatusPath, 200, healthyStatus(object{"clock": object{"state": state, "message": "It is wrong", "skewed_bridges": []any{}}}))
		response := ask(t, instanceOf(t, plugin), plugin, lastHour, json.RawMessage(`{"kind":"status"}`))
		if response.Error != nil {
			t.Fatal(response.Error)
		}
		hop, _ := response.Frames[0].FieldByName("hop")
		return hop.At(1).(string) // after the bridge's own row
	}
	if hop := firstHop("failing"); hop != "clock" {
		t.Errorf("a wrong clock: the first hop is %q", hop)
	}
	if hop := firstHop("ok"); hop != "source" {
		t.Errorf("a right clock: the first hop is %q", hop)
	}
}
