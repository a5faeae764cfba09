package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

const (
	defaultTimeout = 30 * time.Second
	longestTimeout = 10 * time.Minute
)

// settings of one data source, checked.
type settings struct {
	address string // http or https, without a slash at the end
	token   string
	options httpclient.Options
}

// readSettings validates the saved settings. Its errors are *bridge.Error.
func readSettings(ctx context.Context, saved backend.DataSourceInstanceSettings) (settings, error) {
	address, err := readAddress(saved.URL)
	if err != nil {
		return settings{}, err
	}
	timeout, err := readTimeout(saved.JSONData)
	if err != nil {
		return settings{}, err
	}
	options, err := saved.HTTPClientOptions(ctx)
	if err != nil {
		return settings{}, wrong("The data source settings cannot be read: "+err.Error(), "Save them again")
	}
	options.Timeouts.Timeout = timeout
	if _, err := httpclient.GetTLSConfig(options); err != nil {
		return settings{}, wrong("The TLS settings cannot be used: "+err.Error(), "Paste certificates and key in PEM form, complete with their BEGIN and END lines")
	}
	token := strings.TrimSpace(saved.DecryptedSecureJSONData["token"])
	if strings.ContainsAny(token, "\r\n\t ") {
		return settings{}, wrong("The token holds spaces or line breaks", "Paste the token alone, without the word Bearer")
	}
	return settings{address: address, token: token, options: options}, nil
}

func readAddress(saved string) (string, error) {
	text := strings.TrimSpace(saved)
	if text == "" {
		return "", wrong("The data source has no URL", "Enter the bridge's address, e.g. http://127.0.0.1:8765")
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Opaque != "" {
		return "", wrong(fmt.Sprintf("The URL %q is not an address", text), "Write it complete, e.g. http://127.0.0.1:8765")
	}
	switch parsed.Scheme {
	case "http", "https":
	case "ws", "wss":
		parsed.Scheme = strings.Replace(parsed.Scheme, "ws", "http", 1)
	default:
		return "", wrong(fmt.Sprintf("The URL begins with %s://", parsed.Scheme), "Begin it with http:// or https://")
	}
	if parsed.User != nil {
		return "", wrong("The URL holds a user name", "Remove it; save the bridge's token in the field below")
	}
	parsed.RawQuery, parsed.Fragment = "", ""
	return strings.TrimRight(parsed.String(), "/"), nil
}

func readTimeout(jsonData json.RawMessage) (time.Duration, error) {
	var saved struct {
		Timeout any `json:"timeout"`
	}
	if len(jsonData) > 0 {
		if err := json.Unmarshal(jsonData, &saved); err != nil {
			return 0, wrong("The data source settings are not a JSON object", "Save them again")
		}
	}
	seconds, isNumber := saved.Timeout.(float64)
	if saved.Timeout == nil || saved.Timeout == "" || seconds == 0 && isNumber {
		return defaultTimeout, nil
	}
	timeout := time.Duration(seconds * float64(time.Second))
	if !isNumber || timeout < time.Second || timeout > longestTimeout {
		return 0, wrong("The timeout is not valid", fmt.Sprintf("Enter seconds, from 1 to %d", int(longestTimeout.Seconds())))
	}
	return timeout, nil
}

func wrong(message, advice string) *bridge.Error {
	return &bridge.Error{Code: bridge.CodeSettings, Message: message, Advice: advice}
}
