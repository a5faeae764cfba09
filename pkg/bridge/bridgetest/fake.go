// Package bridgetest has a fake bridge for tests, which can hang, lie, drop and flood.
package bridgetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Message is a JSON object of the WebSocket.
type Message = map[string]any

// Fake is a bridge on a loopback port.
type Fake struct {
	Server *httptest.Server

	mu        sync.Mutex
	routes    map[string]http.HandlerFunc
	onConnect func(*Peer)
	onMessage func(*Peer, Message)
	refuse    http.HandlerFunc
	received  []Message
	upgrades  []http.Header
	peers     map[*Peer]bool
	peerRuns  sync.WaitGroup
}

// Peer is one connection.
type Peer struct {
	Conn   *websocket.Conn
	fake   *Fake
	ctx    context.Context
	cancel context.CancelFunc
}

// New starts a bridge that answers every subscription with an empty snapshot, and has no HTTP routes.
func New(t testing.TB) *Fake {
	t.Helper()
	fake := newFake()
	fake.Server = httptest.NewServer(fake)
	t.Cleanup(fake.Stop)
	return fake
}

// NewTLS is New with a certificate of a test authority.
func NewTLS(t testing.TB) *Fake {
	t.Helper()
	fake := newFake()
	fake.Server = httptest.NewTLSServer(fake)
	t.Cleanup(fake.Stop)
	return fake
}

// NewMutualTLS is NewTLS that lets in only clients with that certificate, which signs itself.
func NewMutualTLS(t testing.TB, client *x509.Certificate) *Fake {
	t.Helper()
	fake := newFake()
	fake.Server = httptest.NewUnstartedServer(fake)
	clients := x509.NewCertPool()
	clients.AddCert(client)
	fake.Server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	fake.Server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients without one are logged there
	fake.Server.StartTLS()
	t.Cleanup(fake.Stop)
	return fake
}

func newFake() *Fake {
	return &Fake{
		routes: map[string]http.HandlerFunc{}, peers: map[*Peer]bool{},
		onMessage: func(peer *Peer, message Message) {
			if message["type"] == "subscribe_metric" {
				peer.Subscribed(message, "epoch-1", nil)
			}
		},
	}
}

// URL of the bridge.
func (f *Fake) URL() string { return f.Server.URL }

// Stop ends all connections and the server.
func (f *Fake) Stop() {
	f.Cut()
	f.Server.CloseClientConnections()
	f.Server.Close()
	f.Cut() // those that came meanwhile
	f.peerRuns.Wait()
}

// Route sets the handler of a path; the last call wins.
func (f *Fake) Route(path string, handler http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.routes[path] = handler
}

// JSON answers a path with a status and a value.
func (f *Fake) JSON(path string, status int, value any) {
	f.Route(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	})
}

// Refuse answers a path with an error of the bridge.
func (f *Fake) Refuse(path string, status int, code, message string) {
	f.JSON(path, status, Message{"error": Message{"code": code, "message": message, "retryable": status >= 500, "details": Message{}}})
}

// RefuseUpgrades answers every WebSocket upgrade with the handler; nil lets them in again.
func (f *Fake) RefuseUpgrades(handler http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = handler
}

// OnConnect is called for each new connection.
func (f *Fake) OnConnect(handler func(*Peer)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onConnect = handler
}

// OnMessage is called for each message of a client, in order for each connection.
func (f *Fake) OnMessage(handler func(*Peer, Message)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onMessage = handler
}

// ServeHTTP serves both protocols.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		f.upgrade(w, r)
		return
	}
	f.mu.Lock()
	handler := f.routes[r.URL.Path]
	f.mu.Unlock()
	if handler == nil {
		http.Error(w, "<html>not here</html>", http.StatusNotFound)
		return
	}
	handler(w, r)
}

func (f *Fake) upgrade(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.upgrades = append(f.upgrades, r.Header.Clone())
	refuse := f.refuse
	f.mu.Unlock()
	f.peerRuns.Add(1) // before the connection leaves the server, which waits for it until then
	defer f.peerRuns.Done()
	if refuse != nil {
		refuse(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	peer := &Peer{Conn: conn, fake: f, ctx: ctx, cancel: cancel}
	f.mu.Lock()
	f.peers[peer] = true
	onConnect := f.onConnect
	f.mu.Unlock()
	if onConnect != nil {
		onConnect(peer)
	}
	peer.run()
}

func (p *Peer) run() {
	defer p.gone()
	for {
		_, text, err := p.Conn.Read(p.ctx)
		if err != nil {
			return
		}
		var message Message
		if json.Unmarshal(text, &message) != nil {
			return
		}
		p.fake.mu.Lock()
		p.fake.received = append(p.fake.received, message)
		handler := p.fake.onMessage
		p.fake.mu.Unlock()
		handler(p, message)
	}
}

func (p *Peer) gone() {
	p.cancel()
	_ = p.Conn.CloseNow()
	p.fake.mu.Lock()
	defer p.fake.mu.Unlock()
	delete(p.fake.peers, p)
}

// Send a message; ignored on a closed connection.
func (p *Peer) Send(message any) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	_ = p.Conn.Write(ctx, websocket.MessageText, text)
}

// SendSlowly sends one message in equal pieces with a pause before each but the first.
func (p *Peer) SendSlowly(message any, pieces int, pause time.Duration) {
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	writer, err := p.Conn.Writer(p.ctx, websocket.MessageText)
	if err != nil {
		return
	}
	size := len(text)/pieces + 1
	for first := 0; first < len(text); first += size {
		if first > 0 {
			select {
			case <-time.After(pause):
			case <-p.ctx.Done():
			}
		}
		if _, err := writer.Write(text[first:min(first+size, len(text))]); err != nil {
			return
		}
	}
	_ = writer.Close()
}

// Close ends the connection with a code, as the bridge does.
func (p *Peer) Close(code websocket.StatusCode, reason string) { _ = p.Conn.Close(code, reason) }

// Cut closes the connection without a close frame.
func (p *Peer) Cut() { p.cancel() }

// Subscribed answers a subscription with a snapshot.
func (p *Peer) Subscribed(asked Message, epoch string, series []Message) {
	if series == nil {
		series = []Message{}
	}
	if asked["events"] == true {
		p.Send(Message{"type": "events_snapshot", "id": asked["id"], "metric": asked["metric"], "from_ms": asked["from_ms"],
			"watermark_ms": 1000, "server_time_ms": 2000, "store_epoch": epoch, "events": []Message{}, "warnings": []Message{}})
		return
	}
	p.Send(Message{"type": "subscribed", "id": asked["id"], "metric": asked["metric"], "measure": "value", "unit": "short",
		"step_ms": 60000, "from_ms": asked["from_ms"], "watermark_ms": 1000, "server_time_ms": 2000, "store_epoch": epoch,
		"series": series, "warnings": []Message{}})
}

// Update sends points of one subscription.
func (p *Peer) Update(id any, seq int, series ...Message) {
	p.Send(Message{"type": "series_update", "id": id, "seq": seq, "watermark_ms": 1000, "server_time_ms": 2000, "series": series})
}

// Heartbeat of the bridge.
func (p *Peer) Heartbeat(epoch string, serverTime int64) {
	p.Send(Message{"type": "heartbeat", "watermark_ms": 1500, "watermarks_ms": Message{}, "server_time_ms": serverTime, "store_epoch": epoch})
}

// Points is one series of a message.
func Points(labels map[string]string, openFrom *int64, points ...[3]float64) Message {
	times, values, revisions := []int64{}, []float64{}, []int64{}
	for _, point := range points {
		times, values, revisions = append(times, int64(point[0])), append(values, point[1]), append(revisions, int64(point[2]))
	}
	message := Message{"labels": labels, "times": times, "values": values, "revisions": revisions}
	if openFrom != nil {
		message["open_from_ms"] = *openFrom
	}
	return message
}

// Peers are the open connections.
func (f *Fake) Peers() []*Peer {
	f.mu.Lock()
	defer f.mu.Unlock()
	peers := make([]*Peer, 0, len(f.peers))
	for peer := range f.peers {
		peers = append(peers, peer)
	}
	return peers
}

// Cut closes every connection without a close frame.
func (f *Fake) Cut() {
	for _, peer := range f.Peers() {
		peer.Cut()
	}
}

// Received are all messages of a type that clients have sent.
func (f *Fake) Received(kind string) []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []Message
	for _, message := range f.received {
		if message["type"] == kind {
			found = append(found, message)
		}
	}
	return found
}

// Upgrades are the headers of all requested WebSocket upgrades.
func (f *Fake) Upgrades() []http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]http.Header(nil), f.upgrades...)
}

// Eventually waits until the condition holds, or fails the test.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}
