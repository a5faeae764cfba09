package plugin

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// CheckHealth says whether data comes, and if not, which hop on the way is broken.
func (i *Instance) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if i.faulty != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: i.faulty.Error()}, nil
	}
	status, err := i.client.Status(ctx)
	if err != nil {
		return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: err.Error()}, nil
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: fmt.Sprintf("Connected to StreamKPI bridge %s.", status.Version)}, nil
}
