import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { RequestError } from '../../../backend-bridge/src/domain/errors';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { Forecasts } from '../../../backend-bridge/src/domain/forecasting';
import type { Source, SourceStatus } from '../../../backend-bridge/src/domain/source';
import { StatusHistory } from '../../../backend-bridge/src/domain/status-history';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock, Log, Telemetry } from '../../../backend-bridge/src/domain/telemetry';
import type { LiveHub, LiveHubOptions } from '../../../backend-bridge/src/live/hub';
import type { HttpEngine } from '../../../backend-bridge/src/server/http-dependencies';
import { createBudgets, type BudgetLimits } from '../../../backend-bridge/src/server/budgets';
import { createAccess } from '../../../backend-bridge/src/server/tokens';
import type { WebSocketFace } from '../../../backend-bridge/src/server/websocket';
import type { WebSocketOptions } from '../../../backend-bridge/src/server/websocket-dependencies';
import { createServing } from '../../../backend-bridge/src/serving';
import { inlineForecasts } from '../inline-fits';
import { silentLog, silentTelemetry } from '../silent';

/** Waited for around each history answer: `before` it is read, or `after`, when it holds what was then. */
export interface Slow {
  before: () => Promise<void>;
  after: () => Promise<void>;
}

export interface ServeOptions {
  readonly metrics: readonly Metric[];
  readonly clock: Clock;
  /** 0: a free one. */
  readonly port: number;
  readonly tokensFile: string | null;
  readonly maxSeries: number;
  /** Absent: answers come as fast as they can. */
  readonly slow?: Slow;
  readonly allowedOrigins?: readonly string[];
  readonly telemetry?: Telemetry;
  readonly limits?: Partial<BudgetLimits>;
  readonly live?: LiveHubOptions;
  readonly webSocket?: Partial<WebSocketOptions>;
  readonly status: () => SourceStatus;
  /** What the log was told at level error. */
  readonly faults: string[];
  /** Absent: made within this thread, and what was read is cached. */
  readonly forecasts?: (engine: QueryEngine) => Forecasts;
}

export interface ServedStore {
  readonly engine: QueryEngine;
  readonly hub: LiveHub;
  readonly face: WebSocketFace;
  readonly url: string;
  /** Ends at once, as a killed process does; the store stays open. */
  stop(): Promise<void>;
}

export function faultLog(faults: string[]): Log {
  return {
    ...silentLog,
    error: (fields, message) =>
      void faults.push(`${message} ${(fields as { err?: Error }).err?.stack ?? JSON.stringify(fields)}`),
  };
}

/** This bridge has no Kafka. */
const noTopics = {
  inspect: () => Promise.reject(new RequestError('not_inspectable', 'This bridge reads no Kafka')),
  check: () => Promise.resolve({ faults: [], outcomes: [] }),
};

/** A query engine over a store, served as the composition root serves it. */
export async function serveStore(store: SeriesStore, options: ServeOptions): Promise<ServedStore> {
  const { metrics, faults, clock, telemetry = silentTelemetry } = options;
  const log = faultLog(faults);
  const access = createAccess({
    ...(options.tokensFile === null ? {} : { tokensFile: options.tokensFile }),
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: [],
    boundHost: '127.0.0.1',
    log,
    pollMs: 50,
  });
  const limits = {
    maxSeries: options.maxSeries,
    maxPoints: 1_000_000,
    maxScanPoints: 5_000_000,
    staleWindows: 2,
  };
  const engine = new QueryEngine(metrics, store, limits, clock, () => nextTurn());
  const source: Source = {
    kind: 'embedded',
    start: async () => {},
    stop: async () => {},
    status: options.status,
    storeLost: () => {},
    checkMappings: () => {},
    useMappings: async () => {},
  };
  const {
    hub,
    http,
    sockets: face,
  } = createServing({
    engine,
    ...(options.slow && { httpEngine: slowed(engine, options.slow) }),
    forecasts: options.forecasts?.(engine) ?? inlineForecasts(engine, clock, store),
    metrics,
    inspector: noTopics,
    ingest: null,
    source,
    store,
    access,
    budgets: createBudgets(options.limits),
    metricsText: async () => '',
    version: '0.0.0-test',
    log,
    telemetry,
    clock,
    clockState: { fault: () => null, skewedBridges: () => [] },
    history: new StatusHistory(metrics.length, clock()),
    configReload: () => ({ successful: true, lastSuccessMs: clock(), message: null }),
    options: {
      http: {
        host: '127.0.0.1',
        port: options.port,
        maxBodyBytes: 1_048_576,
        maxIngestEvents: 100,
        headerTimeoutMs: 10_000,
      },
      live: { jitterMs: 20, ...options.live },
      ...(options.webSocket && { webSocket: options.webSocket }),
    },
  });
  await hub.start();
  const sockets = new Set<Socket>();
  http.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const { url } = await http.listen();
  return {
    engine,
    hub,
    face,
    url,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await face.close(0);
      hub.close();
      await http.close();
      access.close();
    },
  };
}

/** History answers that take as long as a test wants; live updates are not delayed. */
function slowed(engine: QueryEngine, slow: Slow): HttpEngine {
  const held = async <T>(answer: () => Promise<T>): Promise<T> => {
    await slow.before();
    const found = await answer();
    await slow.after();
    return found;
  };
  return {
    catalogue: (tenant) => engine.catalogue(tenant),
    dimensionValues: (...asked) => engine.dimensionValues(...asked),
    query: (...asked) => held(() => engine.query(...asked)),
    summary: (...asked) => held(() => engine.summary(...asked)),
    events: (...asked) => held(() => engine.events(...asked)),
  };
}
