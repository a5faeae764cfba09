package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
	"github.com/streamkpi/streamkpi/pkg/live"
	"github.com/streamkpi/streamkpi/pkg/model"
)

// viewed is a stream as received by its viewers.
type viewed struct {
	mu       sync.Mutex
	messages []live.Message
	cancel   context.CancelFunc
	ended    chan error
}

func (v *viewed) Send(packet *backend.StreamPacket) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var message live.Message
	if err := json.Unmarshal(packet.Data, &message); err != nil {
		return err
	}
	v.messages = append(v.messages, message)
	return nil
}

func (v *viewed) of(kind string) []live.Message {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []live.Message
	for _, message := range v.messages {
		if message.Type == kind {
			found = append(found, message)
		}
	}
	return found
}

func (v *viewed) count(kind string) int { return len(v.of(kind)) }

func (v *viewed) await(t *testing.T, kind string, count int) {
	t.Helper()
	bridgetest.Eventually(t, fmt.Sprintf("%d messages of type %s", count, kind), func() bool { return v.count(kind) >= count })
}

func canonicalOf(metric string) string {
	return model.Canonical{Metric: metric, Measure: "value", StepMS: 60000, IncludeOpen: true, Mode: model.ModePoints}.Text()
}

func dataOf(query string, fromMS int64) json.RawMessage {
	text, err := json.Marshal(map[string]any{"query": query, "from_ms": fromMS})
	if err != nil {
		panic(err)
	}
	return text
}

func run(t *testing.T, instance *Instance, plugin backend.PluginContext, path string, data json.RawMessage) *viewed {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stream := &viewed{cancel: cancel, ended: make(chan error, 1)}
	go func() {
		stream.ended <- instance.RunStream(ctx, &backend.RunStreamRequest{PluginContext: plugin, Path: path, Data: data}, backend.NewStreamSender(stream))
	}()
	t.Cleanup(cancel)
	return stream
}

func subscribe(t *testing.T, instance *Instance, plugin backend.PluginContext, path string, data json.RawMessage) (backend.SubscribeStreamStatus, live.Message) {
	t.Helper()
	answer, err := instance.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: plugin, Path: path, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	var hello live.Message
	if answer.InitialData != nil {
		if err := json.Unmarshal(answer.InitialData.Data(), &hello); err != nil {
			t.Fatal(err)
		}
	}
	return answer.Status, hello
}

func TestOnlyThePathOfTheQueryIsLetIn(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	query := canonicalOf("m")
	path := instance.channel(plugin).Path(query)
	data := dataOf(query, 0)
	anonymous, elsewhere, renewed := plugin, plugin, plugin
	anonymous.User = nil
	//lint:ignore SA1019 the id that every supported Grafana sends
	elsewhere.OrgID = 2
	saved := *plugin.DataSourceInstanceSettings
	saved.Updated = saved.Updated.Add(time.Second)
	renewed.DataSourceInstanceSettings = &saved
	const ok, missing, denied = backend.SubscribeStreamStatusOK, backend.SubscribeStreamStatusNotFound, backend.SubscribeStreamStatusPermissionDenied
	cases := []struct {
		name   string
		plugin backend.PluginContext
		path   string
		data   json.RawMessage
		want   backend.SubscribeStreamStatus
	}{
		{"the right path", plugin, path, data, ok},
		{"without a start", plugin, path, json.RawMessage(`{"query":` + string(quoted(query)) + `}`), ok},
		{"nobody signed in", anonymous, path, data, denied},
		{"another organisation", elsewhere, path, data, denied},
		{"other settings", renewed, path, data, denied},
		{"another query's path", plugin, instance.channel(plugin).Path(canonicalOf("other")), data, denied},
		{"a forged path", plugin, "v1/0000000000000000000000000000000000000000", data, denied},
		{"no data", plugin, path, nil, missing},
		{"no canonical query", plugin, path, dataOf(`{"metric":"m"}`, 0), missing},
		{"data of text", plugin, path, json.RawMessage(`"x"`), missing},
	}
	for _, test := range cases {
		if status, hello := subscribe(t, instance, test.plugin, test.path, test.data); status != test.want || (status == ok) != (hello.Type == live.TypeHello) {
			t.Errorf("%s: status %d, hello %+v", test.name, status, hello)
		}
	}
	if len(fake.Upgrades()) != 0 {
		t.Error("a mere subscription opened a connection")
	}
	published, err := instance.PublishStream(t.Context(), &backend.PublishStreamRequest{PluginContext: plugin, Path: path, Data: data})
	if err != nil || published.Status != backend.PublishStreamStatusPermissionDenied {
		t.Errorf("publishing: %v, %v", published, err)
	}
}

func quoted(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return raw
}

func TestAStreamFromEndToEnd(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	query := canonicalOf("m")
	path := instance.channel(plugin).Path(query)
	now := time.Now().UnixMilli()
	if _, hello := subscribe(t, instance, plugin, path, dataOf(query, now)); *hello.Active {
		t.Error("the first viewer gets a hello for a running stream")
	}
	stream := run(t, instance, plugin, path, dataOf(query, now))
	stream.await(t, live.TypeGap, 1)
	asked := fake.Received("subscribe_metric")[0]
	fake.Peers()[0].Update(asked["id"], 1, bridgetest.Points(map[string]string{"segment": "gold"}, nil, [3]float64{60000, 0.1, 3}))
	stream.await(t, live.TypeUpdate, 1)
	fake.Peers()[0].Heartbeat("epoch-1", 3000)
	stream.await(t, live.TypeHeartbeat, 1)

	_, hello := subscribe(t, instance, plugin, path, dataOf(query, now-5*3600_000))
	// This viewer reaches back further: by now the fake may have answered for it, at its 2000.
	isKnown := hello.ServerTimeMS == 3000 || hello.ServerTimeMS == 2000
	if !*hello.Active || hello.Stream != stream.messages[0].Stream || !isKnown {
		t.Errorf("the second viewer got hello %+v", hello)
	}
	stream.await(t, live.TypeGap, 2)
	wider := fake.Received("subscribe_metric")[1]
	if reach := float64(now) - wider["from_ms"].(float64); reach < 5.9*3600_000 || reach > 6.1*3600_000 {
		t.Errorf("reaches back %v ms", reach)
	}
	for i, gap := range stream.of(live.TypeGap) {
		if from := fake.Received("subscribe_metric")[i]["from_ms"].(float64); gap.FromMS == nil || float64(*gap.FromMS) != from {
			t.Errorf("gap %d begins at %v, asked from %v on", i, gap.FromMS, from)
		}
	}

	fake.Cut()
	stream.await(t, live.TypeGap, 3)
	stream.cancel()
	if err := <-stream.ended; err != nil {
		t.Errorf("a stream whose viewers have gone ends with %v", err)
	}
	bridgetest.Eventually(t, "the subscription is let go", func() bool { return len(fake.Received("unsubscribe_metric")) >= 2 })
	for i, message := range stream.messages {
		if message.Seq != int64(i+1) || message.Version != 1 {
			t.Errorf("message %d has seq %d", i, message.Seq)
		}
	}
	if len(instance.streams.running) != 0 {
		t.Error("the stream is still known")
	}
}

func TestAWiderViewerBeforeTheStreamBegins(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	query := canonicalOf("m")
	path := instance.channel(plugin).Path(query)
	now := time.Now().UnixMilli()
	subscribe(t, instance, plugin, path, dataOf(query, now))
	subscribe(t, instance, plugin, path, dataOf(query, 1))
	stream := run(t, instance, plugin, path, dataOf(query, now))
	stream.await(t, live.TypeGap, 1)
	if asked := fake.Received("subscribe_metric"); len(asked) != 1 || asked[0]["from_ms"] != 0.0 {
		t.Errorf("asked %v", asked)
	}
}

func TestNewSettingsEndTheStreams(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	query := canonicalOf("m")
	path := instance.channel(plugin).Path(query)
	streams := make([]*viewed, 3)
	for i := range streams {
		streams[i] = run(t, instance, plugin, path, dataOf(query, time.Now().UnixMilli()))
		streams[i].await(t, live.TypeGap, 1)
	}
	instance.Dispose()
	for _, stream := range streams {
		if err := <-stream.ended; err != nil {
			t.Errorf("ended with %v: Grafana would restart it", err)
		}
		if stream.count(live.TypeEnded) != 1 {
			t.Error("the viewers are not notified")
		}
	}
	bridgetest.Eventually(t, "the connection ends", func() bool { return len(fake.Peers()) == 0 })

	saved := *plugin.DataSourceInstanceSettings
	saved.Updated = saved.Updated.Add(time.Second)
	renewed := plugin
	renewed.DataSourceInstanceSettings = &saved
	late := run(t, instanceOf(t, renewed), renewed, path, dataOf(query, 0))
	if err := <-late.ended; err != nil || late.count(live.TypeEnded) != 1 {
		t.Errorf("an old path on new settings: %v", err)
	}
}

func TestAHundredPanelsOpenOneConnection(t *testing.T) {
	fake := bridgetest.New(t)
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	streams := make([]*viewed, 100)
	for i := range streams {
		query := canonicalOf(fmt.Sprintf("metric_%d", i))
		streams[i] = run(t, instance, plugin, instance.channel(plugin).Path(query), dataOf(query, time.Now().UnixMilli()))
	}
	for _, stream := range streams {
		stream.await(t, live.TypeGap, 1)
	}
	if got := len(fake.Upgrades()); got != 1 {
		t.Errorf("%d connections", got)
	}
}

func TestAnUnknownMetricIsToldAndTriedAgain(t *testing.T) {
	fake := bridgetest.New(t)
	fake.OnMessage(func(peer *bridgetest.Peer, asked bridgetest.Message) {
		peer.Send(bridgetest.Message{"type": "error", "id": asked["id"], "code": "unknown_metric", "message": "There is no metric \"m\"", "retryable": false})
	})
	plugin := fixtureContext(fake.URL())
	instance := instanceOf(t, plugin)
	query := canonicalOf("m")
	stream := run(t, instance, plugin, instance.channel(plugin).Path(query), dataOf(query, 0))
	stream.await(t, live.TypeError, 2)
	if first := stream.messages[0]; first.Code != "unknown_metric" || first.Message == "" || first.Retryable == nil {
		t.Errorf("told %+v", first)
	}
}
