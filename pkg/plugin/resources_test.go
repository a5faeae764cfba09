package plugin

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

func callResource(t *testing.T, instance *Instance, method, path, query string) *backend.CallResourceResponse {
	t.Helper()
	var answer *backend.CallResourceResponse
	err := instance.CallResource(t.Context(), &backend.CallResourceRequest{Method: method, Path: path, URL: path + query},
		backend.CallResourceResponseSenderFunc(func(sent *backend.CallResourceResponse) error { answer = sent; return nil }))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestResources(t *testing.T) {
	fake := bridgetest.New(t)
	serveCatalogue(t, fake)
	var mu sync.Mutex
	asked := ""
	values := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = r.URL.String()
		mu.Unlock()
		_, _ = w.Write([]byte(`{"values":["gold"]}`))
	}
	fake.Route("/api/v1/metrics/m/dimensions/d/values", values)
	fake.Route("/api/v1/metrics/a b/dimensions/é/values", values)
	fake.Refuse(bridge.StatusPath, 401, "unauthenticated", "The token is not known")
	fake.Refuse("/api/v1/metrics/gone/dimensions/d/values", 404, "unknown_metric", "There is no metric \"gone\"")
	fake.Route("/api/v1/metrics/html/dimensions/d/values", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	fake.Route("/api/v1/metrics/big/dimensions/d/values", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`"` + strings.Repeat("x", maxResourceBytes) + `"`))
	})
	instance := instanceOf(t, fixtureContext(fake.URL()))

	cases := []struct {
		method, path, query string
		status              int
		says                string
		asked               string
	}{
		{"GET", "metrics", "", 200, "events_per_minute", ""},
		{"GET", "/metrics/", "?anything=1", 200, "events_per_minute", ""},
		{"GET", "metrics/m/dimensions/d/values", "?from_ms=1&to_ms=2&prefix=g%26o&limit=5&token=x&prefix=z", 200, "gold", "/api/v1/metrics/m/dimensions/d/values?from_ms=1&limit=5&prefix=g%26o&to_ms=2"},
		{"GET", "metrics/a%20b/dimensions/é/values", "", 200, "gold", "/api/v1/metrics/a%20b/dimensions/%C3%A9/values"},
		{"GET", "metrics/gone/dimensions/d/values", "", 404, "unknown_metric", ""},
		{"GET", "metrics/html/dimensions/d/values", "", 502, "not_a_bridge", ""},
		{"GET", "metrics/big/dimensions/d/values", "", 502, "too large", ""},
		{"POST", "metrics", "", 405, "method_not_allowed", ""},
		{"DELETE", "metrics/m", "", 405, "method_not_allowed", ""},
		{"GET", "", "", 404, "not_found", ""},
		{"GET", "query", "", 404, "not_found", ""},
		{"GET", "metrics/m", "", 404, "not_found", ""},
		{"GET", "metrics/../dimensions/d/values", "", 404, "not_found", ""},
		{"GET", "metrics/%2e%2e/dimensions/d/values", "", 404, "not_found", ""},
		{"GET", "metrics/..%2f..%2fingest/dimensions/d/values", "", 404, "not_found", ""},
		{"GET", "metrics//dimensions/d/values", "", 404, "not_found", ""},
		{"GET", "ingest/events", "", 404, "not_found", ""},
		// The last: a rejected token is not tried again for a moment.
		{"GET", "status", "", 403, "unauthenticated", ""},
	}
	for _, test := range cases {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			answer := callResource(t, instance, test.method, test.path, test.query)
			if answer.Status != test.status || !strings.Contains(string(answer.Body), test.says) {
				t.Errorf("status %d: %.200s", answer.Status, answer.Body)
			}
			if !json.Valid(answer.Body) {
				t.Error("the answer is not JSON")
			}
			mu.Lock()
			defer mu.Unlock()
			if test.asked != "" && asked != test.asked {
				t.Errorf("asked %s, want %s", asked, test.asked)
			}
		})
	}
}

func TestInspectingResources(t *testing.T) {
	fake := bridgetest.New(t)
	var mu sync.Mutex
	asked := ""
	for _, path := range []string{bridge.InspectPath, bridge.CheckPath} {
		fake.Route(path, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			asked = r.Method + " " + r.URL.Path + " " + string(body)
			mu.Unlock()
			_, _ = w.Write([]byte(`{"mapping":"version: 1"}`))
		})
	}
	call := func(method, path, role string) *backend.CallResourceResponse {
		context := fixtureContext(fake.URL())
		context.User.Role = role
		var answer *backend.CallResourceResponse
		request := &backend.CallResourceRequest{PluginContext: context, Method: method, Path: path, URL: path, Body: []byte(`{"topic":"orders"}`)}
		err := instanceOf(t, context).CallResource(t.Context(), request,
			backend.CallResourceResponseSenderFunc(func(sent *backend.CallResourceResponse) error { answer = sent; return nil }))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for _, path := range []string{"inspect", "check"} {
		if answer := call("POST", path, "Admin"); answer.Status != 200 || !strings.Contains(string(answer.Body), "version: 1") {
			t.Errorf("%s: status %d: %.200s", path, answer.Status, answer.Body)
		}
		mu.Lock()
		if want := "POST /api/v1/" + path + ` {"topic":"orders"}`; asked != want {
			t.Errorf("asked %s, want %s", asked, want)
		}
		asked = ""
		mu.Unlock()
		for _, role := range []string{"Editor", "Viewer", ""} {
			if answer := call("POST", path, role); answer.Status != 403 {
				t.Errorf("%s as %q: status %d", path, role, answer.Status)
			}
		}
		if answer := call("GET", path, "Admin"); answer.Status != 405 {
			t.Errorf("GET %s: status %d", path, answer.Status)
		}
		mu.Lock()
		if asked != "" {
			t.Errorf("the bridge was asked: %s", asked)
		}
		mu.Unlock()
	}
}
