import { LiveChannelScope } from '@grafana/data';
import { LiveHub } from '../../../src/datasource/live/live-hub';
import type { Clock, LiveTransport } from '../../../src/datasource/live/ports';
import type { DataSources } from '../plugin-host/data-sources';
import type { LiveSession } from '../plugin-host/live-session';
import { VIEWER, type PluginContext } from '../plugin-host/plugin-context';
import type { PluginHost } from '../plugin-host/plugin-host';
import { QueryRunner } from '../plugin-host/query-runner';
import { alwaysVisible } from './quick-clock';

/** A browser page with one data source: what its panels share. */
export interface LivePage {
  readonly uid: string;
  readonly session: LiveSession;
  readonly hub: LiveHub;
  readonly runner: QueryRunner;
  context(): PluginContext;
}

export interface PageSurroundings {
  readonly host: PluginHost;
  readonly sources: DataSources;
  readonly session: LiveSession;
  readonly clock: Clock;
}

/** The data source must have been saved in organisation 1. */
export function openPage(uid: string, { host, sources, session, clock }: PageSurroundings): LivePage {
  const context = (): PluginContext => sources.contextOf(1, uid, VIEWER)!;
  const hub = new LiveHub({ clock, page: alwaysVisible, transport: transportOver(session) });
  return { uid, session, hub, runner: new QueryRunner(host, context), context };
}

/** As the data source itself addresses Grafana's channels. */
function transportOver(session: LiveSession): LiveTransport {
  return {
    unavailable: () => undefined,
    subscribe: ({ uid: stream, path, query, fromMs }) => {
      const address = { scope: LiveChannelScope.DataSource, stream, namespace: stream, path };
      return session.getStream({ ...address, data: { query, from_ms: fromMs } });
    },
  };
}
