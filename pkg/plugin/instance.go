// Package plugin is what Grafana calls: queries, health, resources and streams of one data source instance.
package plugin

import (
	"context"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"github.com/streamkpi/streamkpi/pkg/bridge"
)

// ID of the data source plugin.
const ID = "streamkpi-realtime-datasource"

// Instance serves one data source with one version of its settings.
type Instance struct {
	settings  settings
	faulty    error // what is wrong with the settings; every call says so
	client    *bridge.Client
	catalogue *catalogueCache
	closeIdle func()
}

// NewInstance builds an instance from its settings. Wrong settings are no error here: health and queries tell them.
func NewInstance(ctx context.Context, saved backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	checked, err := readSettings(ctx, saved)
	if err != nil {
		return &Instance{faulty: err}, nil
	}
	var transport *http.Transport
	options := checked.options
	options.ConfigureTransport = func(_ httpclient.Options, used *http.Transport) { transport = used }
	httpClient, err := httpclient.New(options)
	if err != nil {
		return &Instance{faulty: wrong("The connection settings cannot be used: "+err.Error(), "Check TLS and proxy in the data source settings")}, nil
	}
	client := bridge.NewClient(httpClient, checked.address, checked.token)
	return &Instance{
		settings:  checked,
		client:    client,
		catalogue: newCatalogueCache(client.Catalogue),
		closeIdle: transport.CloseIdleConnections,
	}, nil
}

// Dispose ends what the instance has running: Grafana calls it when the settings have changed.
func (i *Instance) Dispose() {
	if i.faulty != nil {
		return
	}
	i.closeIdle()
}
