import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';

/** The store as it was at commit 684653f: what it lacks beside the present one. */
export type LastStore = Omit<SeriesStore, 'storedPositions' | 'announceBridge'>;

const last = createRequire(__filename)(join(__dirname, '../../fixtures/layouts/redis-store-684653f.cjs')) as {
  readonly createRedisStore: (...parameters: Parameters<typeof createRedisStore>) => LastStore;
  readonly functionName: (short: string) => string;
};

/** The Redis store of the last release, with its function library (made by bundle-redis-store.mjs). */
export const createLastRedisStore = last.createRedisStore;
/** The name under which the last release loads one of its functions. */
export const lastFunctionName = last.functionName;
