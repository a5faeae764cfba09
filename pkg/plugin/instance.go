// Package plugin implements the data source backend: queries, health, resources and streams of one instance.
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
	faulty    error // what is wrong with the settings; every call says so, and the rest is nil
	client    *bridge.Client
	dial      bridge.Dialer
	feed      *bridge.Feed
	streams   *streams
	catalogue *catalogueCache
	closeIdle func()
}

var (
	_ backend.QueryDataHandler      = (*Instance)(nil)
	_ backend.CheckHealthHandler    = (*Instance)(nil)
	_ backend.CallResourceHandler   = (*Instance)(nil)
	_ backend.StreamHandler         = (*Instance)(nil)
	_ instancemgmt.InstanceDisposer = (*Instance)(nil)
)

// NewInstance returns an instance. Invalid settings are not an error here: health checks and queries report them.
func NewInstance(ctx context.Context, saved backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	checked, err := readSettings(ctx, saved)
	if err != nil {
		return &Instance{faulty: err}, nil
	}
	calls, closeCalls, err := newHTTPClient(checked.options)
	if err != nil {
		return &Instance{faulty: unusable(err)}, nil
	}
	// The SDK's middlewares wrap response bodies, which breaks upgraded connections.
	bare := checked.options
	bare.Middlewares = []httpclient.Middleware{}
	upgrades, closeUpgrades, err := newHTTPClient(bare)
	if err != nil {
		return &Instance{faulty: unusable(err)}, nil
	}
	client := bridge.NewClient(calls, checked.address, checked.token)
	dial := bridge.NewDialer(upgrades, checked.address, checked.token, checked.options.Header)
	feed := bridge.NewFeed(dial, bridge.DefaultTiming)
	catalogue := newCatalogueCache(client.Catalogue)
	feed.OnMetricChanged = catalogue.forget
	return &Instance{
		settings:  checked,
		client:    client,
		dial:      dial,
		feed:      feed,
		streams:   newStreams(),
		catalogue: catalogue,
		closeIdle: func() { closeCalls(); closeUpgrades() },
	}, nil
}

// newHTTPClient returns a client with the TLS, proxy and timeout of the settings, and a function that closes its idle
// connections.
func newHTTPClient(options httpclient.Options) (*http.Client, func(), error) {
	var transport *http.Transport
	options.ConfigureTransport = func(_ httpclient.Options, used *http.Transport) { transport = used }
	client, err := httpclient.New(options)
	if err != nil {
		return nil, nil, err
	}
	return client, transport.CloseIdleConnections, nil
}

func unusable(err error) error {
	return wrong("The connection settings cannot be used: "+err.Error(), "Check TLS and proxy in the data source settings")
}

// Dispose stops the instance: Grafana calls it when the settings have changed.
func (i *Instance) Dispose() {
	if i.faulty != nil {
		return
	}
	i.feed.Close(settingsChanged)
	i.closeIdle()
}
