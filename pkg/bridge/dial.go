package bridge

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// Dialer opens WebSocket connections to a bridge.
type Dialer func(ctx context.Context) (*websocket.Conn, *Error)

// NewDialer returns a Dialer. The HTTP client must not wrap response bodies, as an upgraded one is written to.
func NewDialer(httpClient *http.Client, address, token string, header http.Header) Dialer {
	httpClient = withoutRedirects(httpClient)
	return func(ctx context.Context) (*websocket.Conn, *Error) {
		asked := header.Clone()
		if asked == nil {
			asked = http.Header{}
		}
		if token != "" {
			asked.Set("Authorization", "Bearer "+token)
		}
		conn, response, err := websocket.Dial(ctx, address+"/", &websocket.DialOptions{HTTPClient: httpClient, HTTPHeader: asked})
		if err == nil {
			return conn, nil
		}
		if response == nil {
			return nil, unreached(address, err)
		}
		return nil, noUpgrade(address, response, err)
	}
}

// noUpgrade returns the error of a response without a WebSocket upgrade.
func noUpgrade(address string, response *http.Response, err error) *Error {
	var body []byte
	if response.Body != nil {
		body, _ = io.ReadAll(io.LimitReader(response.Body, maxErrorBytes))
	}
	if failure := refusal(address, response, body); failure.Code != CodeNotABridge || isRedirect(response) {
		return failure
	}
	return &Error{
		Code:      CodeNotABridge,
		Message:   fmt.Sprintf("The server at %s rejected the WebSocket upgrade (HTTP status %d)", address, response.StatusCode),
		Advice:    "Check the URL in the data source settings; a proxy in front of the bridge must forward WebSocket upgrades",
		Status:    response.StatusCode,
		Retryable: true,
		Cause:     err,
	}
}
