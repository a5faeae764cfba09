package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// maxResourceBytes of an answer to the editors; 10,000 values of 4 KiB do not fit, and no editor shows them.
const maxResourceBytes = 8 << 20

// CallResource answers the editors (the catalogue, values of dimensions, the status) and the page that connects a topic.
// Nothing else is passed on.
func (i *Instance) CallResource(ctx context.Context, request *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	status, body := i.resource(ctx, request)
	return sender.Send(&backend.CallResourceResponse{
		Status: status,
		Headers: map[string][]string{
			"Content-Type":           {"application/json"},
			"X-Content-Type-Options": {"nosniff"},
			"Cache-Control":          {"no-store"},
		},
		Body: body,
	})
}

func (i *Instance) resource(ctx context.Context, request *backend.CallResourceRequest) (int, []byte) {
	if i.faulty != nil {
		return refuse(http.StatusBadRequest, bridge.CodeSettings, i.faulty.Error(), false)
	}
	code, body, err := 0, []byte(nil), error(nil)
	if path, known := inspectingPath(request.Path); known {
		if request.Method != http.MethodPost {
			return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "This resource takes POST only.", false)
		}
		// Everybody who sees a dashboard may call resources; a topic's records are for administrators.
		if user := request.PluginContext.User; user == nil || user.Role != administrator {
			return refuse(http.StatusForbidden, "forbidden", "Only a Grafana administrator can look at topics.", false)
		}
		code, body, err = i.client.ForwardPost(ctx, path, request.Body)
	} else {
		if request.Method != http.MethodGet {
			return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "This resource can only be read (GET).", false)
		}
		path, known := bridgePath(request.Path)
		if !known {
			return refuse(http.StatusNotFound, "not_found", "There is no such resource. There are metrics, metrics/{metric}/dimensions/{dimension}/values, status, inspect and check.", false)
		}
		query, fault := passedOn(request.URL, path)
		if fault != nil {
			return refuse(http.StatusBadRequest, "bad_request", fault.Error(), false)
		}
		code, body, err = i.client.Forward(ctx, path, query)
	}
	var refusal *bridge.Error
	if errors.As(err, &refusal) {
		return refuse(shownStatus(int(statusOf(refusal))), refusal.Code, refusal.Error(), refusal.Retryable)
	}
	if err != nil {
		return refuse(http.StatusInternalServerError, "internal", err.Error(), false)
	}
	if len(body) > maxResourceBytes {
		return refuse(http.StatusBadGateway, bridge.CodeTooLarge, "The bridge's answer is too large for an editor. Ask with a prefix or a smaller limit.", false)
	}
	return shownStatus(code), body
}

// shownStatus is the bridge's status as the browser may see it: 401 would mean that its Grafana session is over.
func shownStatus(code int) int {
	if code == http.StatusUnauthorized {
		return http.StatusForbidden
	}
	return code
}

// administrator is the role of a Grafana organisation's administrators.
const administrator = "Admin"

// inspectingPath gives the bridge's path for the resources of the page that connects a topic.
func inspectingPath(resource string) (string, bool) {
	switch strings.Trim(resource, "/") {
	case "inspect":
		return bridge.InspectPath, true
	case "check":
		return bridge.CheckPath, true
	}
	return "", false
}

// bridgePath returns the bridge's path for a resource. Path segments may arrive decoded or escaped; they are escaped
// again, so that no name reaches another path.
func bridgePath(resource string) (string, bool) {
	parts := strings.Split(strings.Trim(resource, "/"), "/")
	switch {
	case len(parts) == 1 && parts[0] == "metrics":
		return bridge.CataloguePath, true
	case len(parts) == 1 && parts[0] == "status":
		return bridge.StatusPath, true
	case len(parts) == 5 && parts[0] == "metrics" && parts[2] == "dimensions" && parts[4] == "values":
		metric, dimension := decoded(parts[1]), decoded(parts[3])
		if isName(metric) && isName(dimension) {
			return bridge.DimensionValuesPath(metric, dimension), true
		}
	}
	return "", false
}

func decoded(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// isName rejects names that an intermediate server might resolve as a parent path, or truncate.
func isName(part string) bool {
	return part != "" && part != "." && part != ".." && !strings.ContainsAny(part, "/\\\x00")
}

var passedParameters = []string{"from_ms", "to_ms", "prefix", "limit"}

// passedOn returns the known parameters of a request for values; other resources have none.
func passedOn(rawURL, path string) (url.Values, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("the request's address cannot be read")
	}
	passed := url.Values{}
	if path == bridge.CataloguePath || path == bridge.StatusPath {
		return passed, nil
	}
	asked, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return nil, errors.New("the request's parameters cannot be read")
	}
	for name, values := range asked {
		if slices.Contains(passedParameters, name) && len(values) > 0 && values[0] != "" {
			passed.Set(name, values[0])
		}
	}
	return passed, nil
}

// refuse writes an error in the bridge's format.
func refuse(status int, code, message string, retryable bool) (int, []byte) {
	body, err := json.Marshal(map[string]any{
		"error": map[string]any{"code": code, "message": message, "retryable": retryable, "details": map[string]any{}},
	})
	if err != nil {
		return http.StatusInternalServerError, []byte(`{}`)
	}
	return status, body
}
