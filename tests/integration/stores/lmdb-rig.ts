import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import type { StoreUnderTest } from './store-rig';
import { silentLog, silentTelemetry } from '../../support/silent';

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'streamkpi-lmdb-'));
}

export function lmdbStore(path: string, metrics: readonly Metric[], clock: Clock = Date.now): SeriesStore {
  return createLmdbStore({ path }, metrics, { log: silentLog, telemetry: silentTelemetry, clock });
}

export async function createLmdb(metrics: readonly Metric[], clock: Clock): Promise<StoreUnderTest> {
  const path = newFolder();
  let current = metrics;
  let store = lmdbStore(path, metrics, clock);
  await store.start();
  return {
    get store() {
      return store;
    },
    async restart(others = metrics) {
      await store.close();
      current = others;
      store = lmdbStore(path, others, clock);
      await store.start();
    },
    async wipe() {
      await store.close();
      rmSync(path, { recursive: true });
      store = lmdbStore(path, current, clock);
      await store.start();
    },
    async close() {
      await store.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}
