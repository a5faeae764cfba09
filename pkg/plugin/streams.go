package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
	"github.com/streamkpi/streamkpi/pkg/live"
	"github.com/streamkpi/streamkpi/pkg/model"
	"github.com/streamkpi/streamkpi/pkg/telemetry"
)

const settingsChanged = "The data source's settings have changed"

// viewer is the data that a browser sends with its subscription. It suffices to restart the stream after a restart of
// this process.
type viewer struct {
	Query  string `json:"query"`   // the canonical query, as in the answer's metadata
	FromMS *int64 `json:"from_ms"` // start of the viewer's range
}

func readViewer(raw json.RawMessage) (viewer, model.Canonical, error) {
	var sent viewer
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(&sent); err != nil {
		return viewer{}, model.Canonical{}, fmt.Errorf("the subscription has no data: %w", err)
	}
	canonical, err := model.ParseCanonical(sent.Query)
	return sent, canonical, err
}

func (v viewer) reachBack(now time.Time) time.Duration {
	from := now.Add(-time.Hour).UnixMilli()
	if v.FromMS != nil {
		from = *v.FromMS
	}
	return live.ReachBack(from, now)
}

// SubscribeStream accepts a viewer whose path matches its query on this instance. So nobody reads what no query has
// answered, and no first viewer decides what the others see.
func (i *Instance) SubscribeStream(_ context.Context, request *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	denied := &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusPermissionDenied}
	if request.PluginContext.User == nil {
		return denied, nil
	}
	sent, _, err := readViewer(request.Data)
	if err != nil || i.faulty != nil {
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	if i.channel(request.PluginContext).Path(sent.Query) != request.Path {
		return denied, nil
	}
	hello, err := json.Marshal(i.streams.join(request.Path, sent.reachBack(time.Now())))
	if err != nil {
		return nil, err
	}
	first, err := backend.NewInitialData(hello)
	if err != nil {
		return nil, err
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK, InitialData: first}, nil
}

// PublishStream refuses: nothing is written through Grafana.
func (i *Instance) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends changes to the viewers of one path until the last one leaves or the settings change.
func (i *Instance) RunStream(ctx context.Context, request *backend.RunStreamRequest, sender *backend.StreamSender) error {
	sent, canonical, err := readViewer(request.Data)
	if err != nil {
		return backend.DownstreamError(err)
	}
	stream := live.NewStream(canonical.Mode)
	telemetry.StreamStarted()
	defer telemetry.StreamEnded()
	if i.faulty != nil || i.channel(request.PluginContext).Path(sent.Query) != request.Path {
		stream.Notify(bridge.Note{Kind: bridge.Ended, Reason: settingsChanged})
		return stream.Run(ctx, sender.SendJSON)
	}
	leave := i.streams.begin(i.feed, request.Path, canonical, sent.reachBack(time.Now()), stream)
	defer leave()
	err = stream.Run(ctx, sender.SendJSON)
	if err != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// streams are the running streams of an instance by path. A path may run twice for a moment, when Grafana restarts it.
type streams struct {
	mu      sync.Mutex
	running map[string][]*running
	wanted  map[string]want
}

type running struct {
	stream       *live.Stream
	subscription *bridge.Subscription
}

// want records the reach of a viewer whose stream has not started yet.
type want struct {
	reach time.Duration
	at    time.Time
}

// wantedAge is the time after which a stream that has not started will not.
const wantedAge = time.Minute

func newStreams() *streams {
	return &streams{running: map[string][]*running{}, wanted: map[string]want{}}
}

// join extends the running stream of the path to the reach of one more viewer, and returns its state.
func (s *streams) join(path string, reach time.Duration) live.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetOld(time.Now())
	if known, there := s.wanted[path]; !there || reach > known.reach {
		s.wanted[path] = want{reach: reach, at: time.Now()}
	}
	running := s.running[path]
	if len(running) == 0 {
		active := false
		return live.Message{Version: live.Version, Type: live.TypeHello, Active: &active}
	}
	for _, one := range running {
		one.subscription.Widen(reach)
	}
	return running[0].stream.Hello(true)
}

func (s *streams) forgetOld(now time.Time) {
	for path, known := range s.wanted {
		if now.Sub(known.at) > wantedAge {
			delete(s.wanted, path)
		}
	}
}

// begin subscribes a stream; the returned function ends it.
func (s *streams) begin(feed *bridge.Feed, path string, canonical model.Canonical, reach time.Duration, stream *live.Stream) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, there := s.wanted[path]; there {
		reach = max(reach, known.reach)
		delete(s.wanted, path)
	}
	one := &running{stream: stream, subscription: feed.Subscribe(canonical, reach, stream)}
	s.running[path] = append(s.running[path], one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		one.subscription.Close()
		s.running[path] = slices.DeleteFunc(s.running[path], func(other *running) bool { return other == one })
		if len(s.running[path]) == 0 {
			delete(s.running, path)
		}
	}
}
