package bridge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/streamkpi/streamkpi/pkg/bridge/bridgetest"
)

func clientOf(t *testing.T, address string, config *tls.Config) *Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	// Long enough for a busy machine that checks a certificate, short enough to wait for one that hangs.
	return NewClient(&http.Client{Transport: transport, Timeout: 3 * time.Second}, address, "secret")
}

func mustFail(t *testing.T, err error) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return failure
}

func TestFailuresSayWhatToDo(t *testing.T) {
	plain, secure := bridgetest.New(t), bridgetest.NewTLS(t)
	hanging := bridgetest.New(t)
	hanging.Route(QueryPath, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is a disconnect of the client detected
		<-r.Context().Done()
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused := closed.Addr().String()
	_ = closed.Close()
	answering := func(status int, body string) string {
		fake := bridgetest.New(t)
		fake.Route(QueryPath, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
		return fake.URL()
	}
	dropping := bridgetest.New(t)
	dropping.Route(QueryPath, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	cutting := bridgetest.New(t)
	cutting.Route(QueryPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"metric":`))
	})
	roots := x509.NewCertPool()
	roots.AddCert(secure.Server.Certificate())

	cases := []struct {
		name    string
		address string
		config  *tls.Config
		code    string
		status  int
		says    []string
	}{
		{"nobody listens", "http://" + unused, nil, CodeUnreachable, 0, []string{"No bridge listens at http://" + unused, "Start the bridge"}},
		{"unknown host", "http://bridge.invalid", nil, CodeUnreachable, 0, []string{`host "bridge.invalid" is not known`, "URL"}},
		{"hangs", hanging.URL(), nil, CodeTimeout, 0, []string{"did not answer in time", "timeout in the data source settings"}},
		{"drops the connection", dropping.URL(), nil, CodeUnreachable, 0, []string{"closed the connection", "https://"}},
		{"cuts its answer", cutting.URL(), nil, CodeUnreachable, 0, []string{"closed the connection"}},
		{"TLS asked of a plain port", strings.Replace(plain.URL(), "http", "https", 1), nil, CodeTLS, 0, []string{"does not speak TLS", "http://"}},
		{"plain asked of a TLS port", strings.Replace(secure.URL(), "https", "http", 1), nil, CodeTLS, 400, []string{"TLS", "https://"}},
		{"unknown authority", secure.URL(), nil, CodeTLS, 0, []string{"unknown authority", `"Add self-signed certificate"`}},
		{"certificate of another host", secure.URL(), &tls.Config{RootCAs: roots, ServerName: "elsewhere"}, CodeTLS, 0, []string{"not for this host", "server name"}},
		{"certificate expired", secure.URL(), &tls.Config{RootCAs: roots, Time: func() time.Time { return time.Now().AddDate(100, 0, 0) }}, CodeTLS, 0, []string{"expired", "clocks"}},
		{"HTML", answering(200, "<html>Welcome</html>"), nil, CodeNotABridge, 200, []string{"No StreamKPI bridge found", "URL"}},
		{"HTML, not found", answering(404, "<html>404</html>"), nil, CodeNotABridge, 404, []string{"No StreamKPI bridge found", "404"}},
		{"a proxy without its bridge", answering(502, "bad gateway"), nil, CodeUnreachable, 502, []string{"does not reach the bridge behind it"}},
		{"a proxy with a login", answering(401, "who are you"), nil, CodeNotABridge, 401, []string{"in front of the bridge", "proxy"}},
		{"JSON of something else", answering(200, `{"series":"none"}`), nil, CodeNotABridge, 0, []string{"is not that of a StreamKPI bridge", "same version"}},
		{"token refused", answering(401, `{"error":{"code":"unauthenticated","message":"The token is not known","retryable":false,"details":{}}}`), nil,
			"unauthenticated", 401, []string{"The token is not known", "(unauthenticated)", "Save a valid token in the data source settings"}},
		{"unknown metric", answering(404, `{"error":{"code":"unknown_metric","message":"There is no metric \"x\".","retryable":false}}`), nil,
			"unknown_metric", 404, []string{`There is no metric "x" (unknown_metric).`, "Choose another metric"}},
		{"a code of the future", answering(422, `{"error":{"code":"moon_phase","message":"Not today","retryable":true}}`), nil,
			"moon_phase", 422, []string{"Not today (moon_phase)."}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, err := clientOf(t, test.address, test.config).Query(t.Context(), QueryRequest{Metric: "m"})
			failure := mustFail(t, err)
			if failure.Code != test.code || failure.Status != test.status {
				t.Errorf("code %q, status %d; want %q, %d: %s", failure.Code, failure.Status, test.code, test.status, failure)
			}
			for _, words := range test.says {
				if !strings.Contains(failure.Error(), words) {
					t.Errorf("%q lacks %q", failure.Error(), words)
				}
			}
		})
	}
}

// inside is what only programs say: kinds of calls, names of packages.
var inside = regexp.MustCompile(`dial tcp|connect:|x509:|tls:|->`)

func TestFailuresOfTheNetworkAreSentences(t *testing.T) {
	to := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8765}
	dialled := func(cause error) error {
		return &url.Error{Op: "Post", URL: "http://192.0.2.1:8765/api/v1/query", Err: &net.OpError{Op: "dial", Net: "tcp", Addr: to, Err: cause}}
	}
	badge := &x509.Certificate{}
	cases := map[string]struct {
		err  error
		code string
		says []string
	}{
		"no route to the host":    {dialled(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), CodeUnreachable, []string{"Host unreachable: no route to the bridge at http://192.0.2.1:8765.", "firewalls"}},
		"no route to the network": {dialled(os.NewSyscallError("connect", syscall.ENETUNREACH)), CodeUnreachable, []string{"Host unreachable: no route to the bridge at", "network"}},
		"within a WebSocket's dial": {fmt.Errorf("failed to WebSocket dial: %w", dialled(os.NewSyscallError("connect", syscall.EHOSTUNREACH))),
			CodeUnreachable, []string{"Host unreachable: no route to the bridge at"}},
		"forbidden by the system": {dialled(os.NewSyscallError("connect", syscall.EACCES)), CodeUnreachable, []string{"cannot be reached: permission denied.", "Check that it runs"}},
		"behind a proxy": {dialled(&net.OpError{Op: "socks connect", Net: "tcp", Source: to, Addr: to, Err: errors.New("general SOCKS server failure")}),
			CodeUnreachable, []string{"cannot be reached: general SOCKS server failure."}},
		"a certificate that may not sign": {dialled(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: badge, Reason: x509.NotAuthorizedToSign}}),
			CodeTLS, []string{"is not valid: certificate is not authorized to sign other certificates."}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			failure := unreached("http://192.0.2.1:8765", test.err)
			if failure.Code != test.code || inside.MatchString(failure.Error()) {
				t.Errorf("code %q: %s", failure.Code, failure)
			}
			for _, words := range test.says {
				if !strings.Contains(failure.Error(), words) {
					t.Errorf("%q lacks %q", failure.Error(), words)
				}
			}
		})
	}
}

func TestACancelledCallIsNoFaultOfTheBridge(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := clientOf(t, bridgetest.New(t).URL(), nil).Query(ctx, QueryRequest{})
	if failure := mustFail(t, err); failure.Code != CodeCancelled {
		t.Errorf("code %q", failure.Code)
	}
}

func TestCallsAtOnceAreBounded(t *testing.T) {
	fake := bridgetest.New(t)
	var now, most atomic.Int64
	fake.Route(QueryPath, func(w http.ResponseWriter, _ *http.Request) {
		at := now.Add(1)
		for known := most.Load(); at > known && !most.CompareAndSwap(known, at); known = most.Load() {
		}
		time.Sleep(10 * time.Millisecond)
		now.Add(-1)
		_, _ = w.Write([]byte(`{"series":[]}`))
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := NewClient(&http.Client{Transport: transport}, fake.URL(), "")
	failures := make(chan error, 100)
	for range 100 {
		go func() {
			_, err := client.Query(t.Context(), QueryRequest{})
			failures <- err
		}()
	}
	for range 100 {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > concurrentCalls {
		t.Errorf("%d calls at once, want at most %d", most.Load(), concurrentCalls)
	}
}

func TestRequestsCarryTheTokenAndTheirBody(t *testing.T) {
	fake := bridgetest.New(t)
	var header http.Header
	var body map[string]any
	fake.Route(QueryPath, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		_ = json.NewDecoder(r.Body).Decode(&body)
		_, _ = w.Write([]byte(`{"metric":"m","series":[{"labels":{"a":"b"},"times":[1,2],"values":[0.1,null]}]}`))
	})
	empty := []string{}
	answer, err := clientOf(t, fake.URL(), nil).Query(t.Context(), QueryRequest{Metric: "m", FromMS: 1, ToMS: 2, GroupBy: &empty})
	if err != nil {
		t.Fatal(err)
	}
	if header.Get("Authorization") != "Bearer secret" || header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", header)
	}
	if _, there := header["Idempotency-Key"]; there {
		t.Error("the idempotency key is sent")
	}
	want := `map[from_ms:1 group_by:[] include_open:false metric:m to_ms:2]`
	if got := fmt.Sprint(body); got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if values := answer.Series[0].Values; *values[0] != 0.1 || values[1] != nil {
		t.Errorf("values %v", values)
	}
}

func TestNumbersKeepTheirBits(t *testing.T) {
	for _, text := range []string{"[]", "[ ]", "[0]", "[-0]", " [ 1 , null ,2 ] ", "[0.1,371.06999999999994,1.7976931348623157e308,5e-324,-1E7,9007199254740993]"} {
		var fast Numbers
		var plain []*float64
		if err := json.Unmarshal([]byte(text), &fast); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := json.Unmarshal([]byte(text), &plain); err != nil {
			t.Fatal(err)
		}
		if len(fast) != len(plain) {
			t.Fatalf("%s: %d numbers, want %d", text, len(fast), len(plain))
		}
		for i := range plain {
			if (fast[i] == nil) != (plain[i] == nil) || fast[i] != nil && math.Float64bits(*fast[i]) != math.Float64bits(*plain[i]) {
				t.Errorf("%s: number %d differs", text, i)
			}
		}
	}
	for _, text := range []string{`"1"`, `{}`, `["1"]`, `[[1]]`, `[true]`} {
		var numbers Numbers
		if err := json.Unmarshal([]byte(text), &numbers); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestPathsKeepNamesTogether(t *testing.T) {
	got := DimensionValuesPath("a/b", "../c d?e")
	if want := "/api/v1/metrics/a%2Fb/dimensions/..%2Fc%20d%3Fe/values"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestARejectedTokenStaysTheReasonAndIsTriedLessOften(t *testing.T) {
	fake := bridgetest.New(t)
	var calls atomic.Int64
	var status atomic.Int64
	status.Store(http.StatusUnauthorized)
	fake.Route(CataloguePath, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		switch status.Load() {
		case http.StatusOK:
			_, _ = w.Write([]byte(`{"metrics":[]}`))
		case http.StatusUnauthorized:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":{"code":"unauthenticated","message":"This token is not known","retryable":false}}`))
		default:
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"error":{"code":"rate_limited","message":"Too many wrong tokens","retryable":true}}`))
		}
	})
	client := NewClient(&http.Client{}, fake.URL(), "withdrawn")
	now := time.Now()
	client.rejected.now = func() time.Time { return now }
	fails := func(what string) {
		t.Helper()
		var failure *Error
		if _, err := client.Catalogue(t.Context()); !errors.As(err, &failure) || failure.Code != "unauthenticated" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 10 {
		fails("the token is withdrawn")
	}
	if got := calls.Load(); got != 1 {
		t.Errorf("%d calls with a rejected token at once, want 1", got)
	}
	now = now.Add(rejectionAge)
	status.Store(http.StatusTooManyRequests)
	fails("the bridge limits the rate")
	now = now.Add(rejectionAge)
	status.Store(http.StatusOK)
	if _, err := client.Catalogue(t.Context()); err != nil {
		t.Errorf("the token is accepted again: %v", err)
	}
	status.Store(http.StatusTooManyRequests)
	var failure *Error
	if _, err := client.Catalogue(t.Context()); !errors.As(err, &failure) || failure.Code != codeTooFast {
		t.Errorf("a limit of its own: %v", err)
	}
}
