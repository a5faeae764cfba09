import { LiveChannelScope, type LiveChannelAddress } from '@grafana/data';
import { config, getGrafanaLiveSrv, type GrafanaLiveSrv } from '@grafana/runtime';
import { t } from '../locales/translate';
import { LiveHub } from './live/live-hub';
import { systemClock, type LiveTransport, type PageVisibility } from './live/ports';

/** Grafana's page as the live engine needs it. */

// Grafana leaves it unset in places without Live, whatever its type says.
const liveService = (): GrafanaLiveSrv | undefined => getGrafanaLiveSrv();

const grafanaLive: LiveTransport = {
  unavailable: () =>
    !config.liveEnabled || liveService() === undefined
      ? t('live.off', 'Grafana Live is switched off on this Grafana.')
      : undefined,
  subscribe: ({ uid, path, query, fromMs }) => {
    // Grafana 12.4 calls the address's second part `stream`, those before it `namespace`.
    const address: LiveChannelAddress & { readonly namespace: string } = {
      scope: LiveChannelScope.DataSource,
      stream: uid,
      namespace: uid,
      path,
      data: { query, from_ms: fromMs },
    };
    return getGrafanaLiveSrv().getStream<unknown>(address);
  },
};

const browserTab: PageVisibility = {
  isVisible: () => document.visibilityState !== 'hidden',
  onChange: (listener) => {
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  },
};

let hub: LiveHub | undefined;

/** One for all data sources and panels of the page. */
export function pageHub(): LiveHub {
  hub ??= new LiveHub({ clock: systemClock, page: browserTab, transport: grafanaLive });
  return hub;
}
