import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metric } from '../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import { createLmdbStore } from '../../backend-bridge/src/lmdb/lmdb-store';
import { createRedisStore } from '../../backend-bridge/src/redis/redis-store';
import { startRedis } from '../support/redis';
import { silentLog, silentTelemetry } from '../support/silent';

const tools = { log: silentLog, telemetry: silentTelemetry, clock: Date.now };

export type StoreKind = 'lmdb' | 'redis';

export interface OpenStore {
  readonly store: SeriesStore;
  close(): Promise<void>;
}

/** A started store that knows the metrics, in a folder or on a Redis of its own, and the way to be rid of both. */
export async function openStore(kind: StoreKind, metrics: readonly Metric[]): Promise<OpenStore> {
  return kind === 'lmdb' ? openLmdb(metrics) : openRedis(metrics);
}

async function openLmdb(metrics: readonly Metric[]): Promise<OpenStore> {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-contract-'));
  const store = createLmdbStore({ path: folder }, metrics, tools);
  await store.start();
  return {
    store,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function openRedis(metrics: readonly Metric[]): Promise<OpenStore> {
  const redis = await startRedis();
  const options = { url: redis.url, keyPrefix: 'contract', commandTimeoutMs: 2_000 };
  const store = createRedisStore(options, metrics, tools);
  await store.start();
  return {
    store,
    close: async () => {
      await store.close();
      await redis.stop();
    },
  };
}
