package bridge

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

// A redirect to another port of the same host is one to another program: net/http would send it the token.
func TestRedirectsAreNamedAndNotFollowed(t *testing.T) {
	var reached atomic.Int64
	elsewhere := bridgetest.New(t)
	elsewhere.Server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			fake := bridgetest.New(t)
			target := strings.Replace(elsewhere.URL(), "//", "//user:hunter2@", 1) + "/login?ticket=hunter2"
			redirect := func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", target)
				w.WriteHeader(status)
				_, _ = w.Write([]byte(`{"a":"JSON body"}`))
			}
			for _, path := range []string{QueryPath, CataloguePath, ReadyPath, InspectPath} {
				fake.Route(path, redirect)
			}
			fake.RefuseUpgrades(redirect)
			client := clientOf(t, fake.URL(), nil)
			calls := map[string]func() error{
				"POST":     func() error { _, err := client.Query(t.Context(), QueryRequest{}); return err },
				"GET":      func() error { _, err := client.Catalogue(t.Context()); return err },
				"no token": func() error { _, err := client.Ready(t.Context()); return err },
				"resource": func() error { _, _, err := client.ForwardPost(t.Context(), InspectPath, []byte(`{}`)); return err },
				"WebSocket": func() error {
					_, problem := NewDialer(client.http, fake.URL(), "secret", nil)(t.Context())
					return problem
				},
			}
			for name, call := range calls {
				failure := mustFail(t, call())
				text := failure.Error()
				if failure.Code != CodeNotABridge || !strings.Contains(text, "redirects to "+elsewhere.URL()+" (HTTP status") {
					t.Errorf("%s: code %q: %s", name, failure.Code, text)
				}
				if strings.Contains(fmt.Sprint(text, failure.Cause), "hunter2") {
					t.Errorf("%s: credentials of the target in %s, %v", name, text, failure.Cause)
				}
			}
		})
	}
	if reached.Load() != 0 {
		t.Errorf("%d calls to where a redirect led", reached.Load())
	}
}

func TestOtherJSONIsNotAnAnswerWithoutData(t *testing.T) {
	fake := bridgetest.New(t)
	var body atomic.Value
	for _, path := range []string{QueryPath, SummaryPath, EventsPath, ForecastPath, BacktestPath, CataloguePath, StatusPath, statusHistoryPath} {
		fake.Route(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body.Load().(string))) })
	}
	client := clientOf(t, fake.URL(), nil)
	calls := map[string]func() error{
		"query":     func() error { _, err := client.Query(t.Context(), QueryRequest{}); return err },
		"summary":   func() error { _, err := client.Summary(t.Context(), SummaryRequest{}); return err },
		"events":    func() error { _, err := client.Events(t.Context(), EventsRequest{}); return err },
		"forecast":  func() error { _, err := client.Forecast(t.Context(), ForecastRequest{}); return err },
		"backtest":  func() error { _, err := client.Backtest(t.Context(), ForecastRequest{}); return err },
		"catalogue": func() error { _, err := client.Catalogue(t.Context()); return err },
		"status":    func() error { _, err := client.Status(t.Context()); return err },
		"history":   func() error { _, err := client.StatusHistory(t.Context(), StatusHistoryPath(0, 1, 0)); return err },
	}
	for _, text := range []string{`{}`, `null`, `{"status":"ok"}`, `[]`, `"hello"`, ``} {
		body.Store(text)
		for name, call := range calls {
			if failure := mustFail(t, call()); failure.Code != CodeNotABridge {
				t.Errorf("%s answered with %q: code %q: %s", name, text, failure.Code, failure)
			}
		}
	}
}

func TestHostileAnswersEndInTimeWithASentence(t *testing.T) {
	raw := func(answer string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer func() { _ = conn.Close() }()
					_, _ = conn.Read(make([]byte, 64<<10))
					_, _ = conn.Write([]byte(answer))
				}()
			}
		}()
		return "http://" + listener.Addr().String()
	}
	endless := bridgetest.New(t)
	endless.Route(CataloguePath, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
	})
	bomb := bridgetest.New(t)
	bomb.Route(CataloguePath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.CopyN(packed, spaces{}, 2*maxNamesBytes)
		_ = packed.Close()
	})
	head := "HTTP/1.1 200 OK\r\n"
	client := func(address string, limit time.Duration) *Client {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		return NewClient(&http.Client{Transport: transport, Timeout: limit}, address, "secret")
	}
	if _, err := client(endless.URL(), time.Second).Catalogue(t.Context()); mustFail(t, err).Code != CodeTimeout {
		t.Errorf("a body without an end: %v", err)
	}
	cases := []struct{ name, address, code, says string }{
		{"a gzip bomb", bomb.URL(), CodeTooLarge, "larger than 32 MiB"},
		{"bytes that are not gzip", raw(head + "Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot gzip data"), CodeUnreachable, "is damaged: gzip: invalid header"},
		{"chunks that are none", raw(head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), CodeUnreachable, "is damaged: "},
		{"another protocol", raw("-ERR unknown command\r\n"), CodeNotABridge, "does not speak HTTP"},
		{"headers without an end", raw(head + strings.Repeat("A: b\r\n", 3<<20)), CodeUnreachable, "cannot be reached"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := client(test.address, time.Minute).Catalogue(t.Context())
			failure := mustFail(t, err)
			if failure.Code != test.code || !strings.Contains(failure.Error(), test.says) {
				t.Errorf("code %q: %s", failure.Code, failure)
			}
			if strings.Contains(fmt.Sprint(failure, failure.Cause), "secret") {
				t.Errorf("the token is in %s", failure)
			}
		})
	}
}

// spaces reads as spaces without an end, which are valid between the parts of JSON.
type spaces struct{}

func (spaces) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = ' '
	}
	return len(into), nil
}
