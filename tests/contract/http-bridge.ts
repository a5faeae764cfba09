import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequestError } from '../../backend-bridge/src/domain/errors';
import type { ReloadStatus } from '../../backend-bridge/src/domain/reload-status';
import type { Ingest, Source, SourceStatus } from '../../backend-bridge/src/domain/source';
import { StatusHistory } from '../../backend-bridge/src/domain/status-history';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import { createBudgets, type BudgetLimits } from '../../backend-bridge/src/server/budgets';
import type { HttpDependencies, HttpEngine } from '../../backend-bridge/src/server/http-dependencies';
import { createHttpServer } from '../../backend-bridge/src/server/http-server';
import { createAccess, type AccessOptions } from '../../backend-bridge/src/server/tokens';
import { call, type Answer, type CallOptions } from './http-answers';
import { faultLog } from '../support/fed-bridge/serve-store';
import { writeTokens, type TokenEntry } from '../support/fed-bridge/tokens';

/** The HTTP server of a bridge on a free port, with the engine and the store that the test gives. */

export interface Bridge {
  readonly url: string;
  readonly ingested: unknown[];
  /** What the log was told at level error. */
  readonly faults: string[];
  readonly source: { status: SourceStatus; reload: ReloadStatus };
  readonly history: StatusHistory;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  post(path: string, body: unknown, token?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface BridgeOptions {
  readonly engine: HttpEngine;
  readonly store: SeriesStore;
  /** Absent: whoever asks for a forecast has found a fault. */
  readonly forecasts?: HttpDependencies['forecasts'];
  readonly inspector?: HttpDependencies['inspector'];
  readonly sourceKind?: 'kafka' | 'embedded';
  /** Absent: no tokens. */
  readonly tokens?: readonly TokenEntry[];
  readonly access?: Partial<AccessOptions>;
  readonly options?: Partial<HttpDependencies['options']>;
  readonly limits?: Partial<BudgetLimits>;
  /** Absent: the clock is right, and so are the others'. */
  readonly clockState?: HttpDependencies['clockState'];
}

/** Takes events that have a user_id, as the pipeline would say it. */
function recordingIngest(ingested: unknown[]): Ingest {
  return {
    events: async (events, tenant) => {
      if (tenant.length > 0) ingested.push({ tenant });
      const rejected = events.flatMap((event, index) =>
        typeof event === 'object' && event !== null && 'user_id' in event
          ? []
          : [{ index, reason: 'no user_id' }],
      );
      ingested.push(...events);
      return { accepted: events.length - rejected.length, rejected };
    },
    profile: async (userId, profile, tenant) => {
      if (tenant.length > 0) ingested.push({ tenant });
      if (!(profile as Record<string, unknown>).segment)
        throw new RequestError('bad_request', 'segment is missing');
      ingested.push([userId, profile]);
    },
  };
}

export const READY: SourceStatus = {
  ready: true,
  failing: null,
  topics: [
    {
      topic: 'events_per_minute_by_segment',
      metric: 'events_per_minute',
      state: 'reading',
      reason: null,
      partitions: [{ partition: 0, owned: true, position: 7, end: 9, lag: 2 }],
      lastRecordMs: 1_700_000_000_000,
      records: 7,
      deadLetters: 1,
      deadLettersByReason: new Map([['bad_time', 1]]),
      lastDeadLetter: {
        reason: 'bad_time',
        message: 'window start at is 1700000000, which looks like seconds; say `unit: s`',
        timeMs: 1_700_000_001_000,
        metric: 'events_per_minute',
        partition: 0,
        offset: 6,
      },
    },
  ],
};

const TAKEN: ReloadStatus = { successful: true, lastSuccessMs: 1_700_000_000_000, message: null };

function noForecasts(): never {
  throw new Error('this bridge was started without forecasts');
}

const noInspector: HttpDependencies['inspector'] = {
  inspect: () => Promise.reject(new Error('this bridge was started without an inspector')),
  check: () => Promise.reject(new Error('this bridge was started without an inspector')),
};

export async function startBridge(given: BridgeOptions): Promise<Bridge> {
  const faults: string[] = [];
  const log = faultLog(faults);
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-http-'));
  const tokensFile = join(folder, 'tokens.json');
  if (given.tokens) writeTokens(tokensFile, given.tokens);
  const access = createAccess({
    ...(given.tokens ? { tokensFile } : {}),
    allowedOrigins: ['https://grafana.example.org'],
    allowedHosts: ['bridge.example.org'],
    boundHost: '127.0.0.1',
    log,
    ...given.access,
  });
  const state = { status: READY, reload: TAKEN };
  const kind = given.sourceKind ?? 'embedded';
  const source: Source = {
    kind,
    start: async () => {},
    stop: async () => {},
    storeLost: () => {},
    checkMappings: () => {},
    useMappings: async () => {},
    status: () => state.status,
  };
  const ingested: unknown[] = [];
  const history = new StatusHistory(given.engine.catalogue([]).metrics.length, Date.now());
  const server = createHttpServer({
    options: {
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 200_000,
      maxIngestEvents: 100,
      headerTimeoutMs: 10_000,
      ...given.options,
    },
    engine: given.engine,
    store: given.store,
    forecasts: given.forecasts ?? { forecast: noForecasts, backtest: noForecasts },
    inspector: given.inspector ?? noInspector,
    ingest: kind === 'kafka' ? null : recordingIngest(ingested),
    source,
    access,
    budgets: createBudgets(given.limits),
    metricsText: async () => '# TYPE streamkpi_clients gauge\nstreamkpi_clients 3\n',
    version: '0.0.0-test',
    log,
    clock: Date.now,
    clockState: given.clockState ?? { fault: () => null, skewedBridges: () => [] },
    configReload: () => state.reload,
    clients: () => ({ connections: 3, subscriptions: 2, queuedBytes: 1 }),
    history,
  });
  const { url } = await server.listen();
  return {
    url,
    ingested,
    faults,
    source: state,
    history,
    call: (method, path, options) => call(url, method, path, options),
    post: (path, body, token) => call(url, 'POST', path, { body, ...(token === undefined ? {} : { token }) }),
    close: async () => {
      await server.close();
      access.close();
      rmSync(folder, { recursive: true });
    },
  };
}
