import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { SourceStatus } from '../../../backend-bridge/src/domain/source';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import type { WebSocketFace } from '../../../backend-bridge/src/server/websocket';
import { freePort } from '../free-port';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy';
import { FED_METRICS } from './fed-metrics';
import { Feed, type FedPoint } from './feed';
import { faultLog, serveStore, type ServedStore, type Slow } from './serve-store';
import { silentTelemetry } from '../silent';
import { writeTokens, type TokenEntry } from './tokens';

/**
 * A bridge with a real store, the real query engine and the real servers on one port, into which a test writes
 * records by itself: revisions, late ones, tombstones, which the embedded pipeline never writes.
 */
export interface FedBridge {
  /** Clients reach it through a wire that can be cut. */
  readonly url: string;
  readonly wire: TcpProxy;
  readonly metrics: readonly Metric[];
  readonly slow: Slow;
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

export interface FedBridgeOptions {
  readonly metrics?: readonly Metric[];
  readonly tokens?: readonly TokenEntry[];
  readonly maxSeries?: number;
  /** Wall time, in milliseconds; default the system's. */
  readonly clock?: Clock;
}

const SOURCE: SourceStatus = { ready: true, failing: null, topics: [] };

interface Running extends ServedStore {
  readonly store: SeriesStore;
}

export async function startFedBridge(options: FedBridgeOptions = {}): Promise<FedBridge> {
  const metrics = options.metrics ?? FED_METRICS;
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-fed-'));
  const port = await freePort();
  const wire = await startTcpProxy(() => port);
  const faults: string[] = [];
  const tokensFile = join(folder, 'tokens.json');
  if (options.tokens) writeTokens(tokensFile, options.tokens);
  const slow: FedBridge['slow'] = { before: async () => {}, after: async () => {} };
  const source = { status: SOURCE };
  const open = async (): Promise<Running> => {
    const { clock = Date.now } = options;
    const tools = { log: faultLog(faults), telemetry: silentTelemetry, clock };
    const store = createLmdbStore({ path: join(folder, 'store') }, metrics, tools);
    await store.start();
    const served = await serveStore(store, {
      metrics,
      clock,
      port,
      tokensFile: options.tokens ? tokensFile : null,
      maxSeries: options.maxSeries ?? 1_000,
      slow,
      status: () => source.status,
      faults,
    });
    const stop = async (): Promise<void> => {
      await served.stop();
      await store.close();
    };
    return { ...served, store, stop };
  };
  let running: Running | null = await open();
  const now = (): Running => {
    if (running === null) throw new Error('the bridge is stopped');
    return running;
  };
  const feed = new Feed(() => now().store, options.clock);
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
    setTokens: (tokens) => writeTokens(tokensFile, tokens),
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
