import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { Source, SourceStatus } from '../../../backend-bridge/src/domain/source';
import { StatusHistory } from '../../../backend-bridge/src/domain/status-history';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Log, Telemetry } from '../../../backend-bridge/src/domain/telemetry';
import { createLiveHub } from '../../../backend-bridge/src/live/hub';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import type { HttpEngine } from '../../../backend-bridge/src/server/http-dependencies';
import { createBudgets } from '../../../backend-bridge/src/server/budgets';
import { createHttpServer } from '../../../backend-bridge/src/server/http-server';
import { createAccess, hashToken } from '../../../backend-bridge/src/server/tokens';
import { attachWebSocket, type WebSocketFace } from '../../../backend-bridge/src/server/websocket';
import { freePort } from '../free-port';
import { inlineForecasts } from '../inline-fits';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy';
import { FED_METRICS } from './fed-metrics';
import { Feed, type FedPoint } from './feed';

/**
 * A bridge with a real store, the real query engine and the real servers on one port, into which a test writes
 * records by itself: revisions, late ones, tombstones, which the embedded pipeline never writes.
 */
export interface FedBridge {
  /** Clients reach it through a wire that can be cut. */
  readonly url: string;
  readonly wire: TcpProxy;
  readonly metrics: readonly Metric[];
  /** Waited for around each history answer: `before` it is read, or `after`, when it holds what was then. */
  readonly slow: { before: () => Promise<void>; after: () => Promise<void> };
  /** What /status tells of the source. */
  readonly source: { status: SourceStatus };
  /** What the log was told at level error. */
  readonly faults: readonly string[];
  store(): SeriesStore;
  engine(): QueryEngine;
  clients(): ReturnType<WebSocketFace['counts']>;
  write(metric: Metric, points: readonly FedPoint[], maxEventMs?: number | null): Promise<void>;
  /** Replaces the tokens file; entries have `token` in place of its hash. */
  setTokens(tokens: readonly TokenEntry[]): void;
  /** Ends at once, as a killed process does; nobody listens then. */
  stop(): Promise<void>;
  /** The same port and folder. */
  start(): Promise<void>;
  /** As after the folder was lost: another store epoch, no points, revisions from 1. Only while it is stopped. */
  loseStore(): void;
  close(): Promise<void>;
}

export type TokenEntry = { readonly token: string } & Readonly<Record<string, unknown>>;

export interface FedBridgeOptions {
  readonly metrics?: readonly Metric[];
  readonly tokens?: readonly TokenEntry[];
  readonly maxSeries?: number;
}

const SOURCE: SourceStatus = { ready: true, failing: null, topics: [] };

interface Running {
  readonly store: SeriesStore;
  readonly engine: QueryEngine;
  readonly face: WebSocketFace;
  stop(): Promise<void>;
}

export async function startFedBridge(options: FedBridgeOptions = {}): Promise<FedBridge> {
  const metrics = options.metrics ?? FED_METRICS;
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-fed-'));
  const port = await freePort();
  const wire = await startTcpProxy(() => port);
  const faults: string[] = [];
  const tokensFile = join(folder, 'tokens.json');
  const setTokens: FedBridge['setTokens'] = (tokens) => {
    const entries = tokens.map(({ token, ...rest }) => ({ ...rest, sha256: hashToken(token) }));
    writeFileSync(tokensFile, JSON.stringify({ tokens: entries }));
  };
  if (options.tokens) setTokens(options.tokens);
  const slow: FedBridge['slow'] = { before: async () => {}, after: async () => {} };
  const source = { status: SOURCE };
  const open = (): Promise<Running> =>
    run({
      metrics,
      port,
      storePath: join(folder, 'store'),
      tokensFile: options.tokens ? tokensFile : null,
      maxSeries: options.maxSeries ?? 1_000,
      slow,
      status: () => source.status,
      faults,
    });
  let running: Running | null = await open();
  const now = (): Running => {
    if (running === null) throw new Error('the bridge is stopped');
    return running;
  };
  const feed = new Feed(() => now().store);
  const stop = async (): Promise<void> => {
    const stopping = running;
    running = null;
    await stopping?.stop();
  };
  return {
    url: `http://127.0.0.1:${wire.port}`,
    wire,
    metrics,
    slow,
    source,
    faults,
    store: () => now().store,
    engine: () => now().engine,
    clients: () => now().face.counts(),
    write: (metric, points, maxEventMs) => feed.write(metric, points, maxEventMs),
    setTokens,
    stop,
    start: async () => {
      running ??= await open();
      feed.reopened();
    },
    loseStore: () => {
      if (running !== null) throw new Error('the store is in use');
      rmSync(join(folder, 'store'), { recursive: true });
    },
    close: async () => {
      await stop();
      await wire.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface RunOptions {
  readonly metrics: readonly Metric[];
  readonly port: number;
  readonly storePath: string;
  readonly tokensFile: string | null;
  readonly maxSeries: number;
  readonly slow: FedBridge['slow'];
  readonly status: () => SourceStatus;
  readonly faults: string[];
}

/** Composes a bridge in the order of its own composition root. */
async function run(options: RunOptions): Promise<Running> {
  const { metrics, faults } = options;
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields, message) =>
      void faults.push(`${message} ${(fields as { err?: Error }).err?.stack ?? JSON.stringify(fields)}`),
  };
  const telemetry = new Proxy({}, { get: () => () => undefined }) as Telemetry;
  const clock = Date.now;
  const access = createAccess({
    ...(options.tokensFile === null ? {} : { tokensFile: options.tokensFile }),
    allowedOrigins: [],
    allowedHosts: [],
    boundHost: '127.0.0.1',
    log,
    pollMs: 50,
  });
  const store = createLmdbStore({ path: options.storePath }, metrics, { log, telemetry, clock });
  await store.start();
  const limits = {
    maxSeries: options.maxSeries,
    maxPoints: 1_000_000,
    maxScanPoints: 5_000_000,
    staleWindows: 2,
  };
  const engine = new QueryEngine(metrics, store, limits, clock, () => nextTurn());
  const forecasts = inlineForecasts(engine, clock, store);
  const budgets = createBudgets();
  const { memory, turns } = budgets;
  const hub = createLiveHub({
    engine,
    store,
    metrics,
    memory,
    turns,
    log,
    telemetry,
    clock,
    options: { jitterMs: 20 },
  });
  await hub.start();
  const source: Source = {
    kind: 'embedded',
    start: async () => {},
    stop: async () => {},
    status: options.status,
    storeLost: () => {},
  };
  const http = createHttpServer({
    options: {
      host: '127.0.0.1',
      port: options.port,
      maxBodyBytes: 1_048_576,
      maxIngestEvents: 100,
      headerTimeoutMs: 10_000,
    },
    engine: slowed(engine, options.slow),
    forecasts,
    ingest: null,
    source,
    store,
    access,
    budgets,
    metricsText: async () => '',
    version: '0.0.0-test',
    log,
    clock,
    clockState: { fault: () => null, skewedBridges: () => [] },
    clients: () => face.counts(),
    history: new StatusHistory(metrics.length, clock()),
  });
  const face = attachWebSocket(http.server, {
    hub,
    engine,
    forecasts,
    store,
    access,
    budgets,
    log,
    telemetry,
    clock,
  });
  const sockets = new Set<Socket>();
  http.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await http.listen();
  return {
    store,
    engine,
    face,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await face.close(0);
      hub.close();
      await http.close();
      access.close();
      await store.close();
    },
  };
}

/** History answers that take as long as a test wants; what is live is told in time. */
function slowed(engine: QueryEngine, slow: FedBridge['slow']): HttpEngine {
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
