import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import type { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import type { SeriesStore, StoreListener } from '../../backend-bridge/src/domain/store';
import type { Telemetry } from '../../backend-bridge/src/domain/telemetry';
import type { LiveHub, LiveHubOptions } from '../../backend-bridge/src/live/hub';
import { createLmdbStore } from '../../backend-bridge/src/lmdb/lmdb-store';
import type { BudgetLimits } from '../../backend-bridge/src/server/budgets';
import type { WebSocketFace } from '../../backend-bridge/src/server/websocket';
import type { WebSocketOptions } from '../../backend-bridge/src/server/websocket-dependencies';
import { faultLog, serveStore } from '../support/fed-bridge/serve-store';
import { metricOf, measureOf, MINUTE } from '../support/sample-metrics';
import type { WsOptions } from '../support/ws-client';
import { TestClient } from './websocket-client';
import { Feed } from '../support/fed-bridge/feed';
import { writeTokens, type TokenEntry } from '../support/fed-bridge/tokens';

/** A bridge's live side for real: LMDB, the query engine, the hub and the WebSocket on an HTTP server. */

const dimension = (name: string): Metric['dimensions'][number] => ({ name, title: name, description: '' });

export const EVENTS = metricOf({
  name: 'events_per_minute',
  topic: 'events',
  dimensions: [dimension('segment')],
  measures: [measureOf('value'), measureOf('spread', { combine: 'none', optional: true })],
});
export const REVENUE = metricOf({
  name: 'revenue_per_minute',
  topic: 'revenue',
  dimensions: [dimension('segment'), dimension('site')],
  measures: [measureOf('value', { overTime: 'sum' }), measureOf('transaction_count')],
});
export const ALERTS = metricOf({
  name: 'high_activity_alert',
  topic: 'alerts',
  kind: 'event',
  dimensions: [dimension('user_id')],
  measures: [measureOf('value', { combine: 'max' })],
  event: { severity: 'warning', message: 'High activity detected for user {user_id}: {value} events' },
});
export const SESSIONS = metricOf({
  name: 'visits',
  topic: 'visits',
  window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 30_000 },
  dimensions: [dimension('user_id')],
  measures: [measureOf('value')],
});
export const METRICS = [EVENTS, REVENUE, ALERTS, SESSIONS];

export interface LiveBridge {
  readonly url: string;
  readonly store: SeriesStore;
  readonly engine: QueryEngine;
  readonly hub: LiveHub;
  readonly face: WebSocketFace;
  readonly feeder: Feed;
  /** What listens to the store, to tell it of gaps and epochs. */
  readonly listeners: Set<StoreListener>;
  /** Reading waits for this before and after; tests replace it. */
  readonly slow: {
    before: (metric: Metric) => Promise<void>;
    after: () => Promise<void>;
    /** In place of the store's. */
    epoch?: () => string;
  };
  /** Counts of what telemetry was told. */
  readonly told: Map<string, number>;
  readonly faults: string[];
  setTokens(tokens: readonly TokenEntry[]): void;
  /** A client that is dropped when the bridge closes. */
  connect(options?: WsOptions): Promise<TestClient>;
  /** Fails when the log or a client has noted a fault. */
  close(): Promise<void>;
}

export interface LiveBridgeOptions {
  readonly metrics?: readonly Metric[];
  readonly tokens?: readonly TokenEntry[];
  readonly options?: Partial<WebSocketOptions>;
  readonly limits?: Partial<BudgetLimits>;
  readonly hub?: LiveHubOptions;
}

export async function startLiveBridge(given: LiveBridgeOptions = {}): Promise<LiveBridge> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-live-'));
  const metrics = given.metrics ?? METRICS;
  const faults: string[] = [];
  const log = faultLog(faults);
  const told = new Map<string, number>();
  const telemetry = new Proxy({} as Telemetry, {
    get: (_, name: string) => () => told.set(name, (told.get(name) ?? 0) + 1),
  });
  const clock = Date.now;
  const real = createLmdbStore({ path: join(folder, 'store') }, metrics, { log, telemetry, clock });
  await real.start();
  const listeners = new Set<StoreListener>();
  const slow: LiveBridge['slow'] = { before: async () => {}, after: async () => {} };
  const store: SeriesStore = new Proxy(real, {
    get(target, name: keyof SeriesStore) {
      if (name === 'subscribe') {
        return (listener: StoreListener) => {
          listeners.add(listener);
          return target.subscribe(listener);
        };
      }
      if (name === 'read') {
        return async (...args: Parameters<SeriesStore['read']>) => {
          await slow.before(args[0]);
          const found = await target.read(...args);
          await slow.after();
          return found;
        };
      }
      if (name === 'epoch' && slow.epoch !== undefined) return slow.epoch;
      const value = target[name];
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  const tokensFile = join(folder, 'tokens.json');
  if (given.tokens) writeTokens(tokensFile, given.tokens);
  const served = await serveStore(store, {
    metrics,
    clock,
    port: 0,
    tokensFile: given.tokens ? tokensFile : null,
    maxSeries: 1_000,
    allowedOrigins: ['https://grafana.example.org'],
    telemetry,
    status: () => ({ ready: true, failing: null, topics: [] }),
    faults,
    ...(given.limits && { limits: given.limits }),
    ...(given.hub && { live: given.hub }),
    ...(given.options && { webSocket: given.options }),
  });
  const { engine, hub, face } = served;
  const url = `${served.url.replace('http', 'ws')}/`;
  const clients: TestClient[] = [];
  return {
    url,
    store,
    engine,
    hub,
    face,
    feeder: new Feed(() => real),
    listeners,
    slow,
    told,
    faults,
    setTokens: (tokens) => writeTokens(tokensFile, tokens),
    connect: async (options) => {
      const client = await TestClient.open(url, options);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.drop();
      await served.stop();
      await real.close();
      rmSync(folder, { recursive: true, force: true });
      expect([...clients.flatMap((client) => client.faults), ...faults]).toEqual([]);
    },
  };
}
