import type { Metric } from '../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import type { Log, Telemetry } from '../../backend-bridge/src/domain/telemetry';
import { createRedisStore } from '../../backend-bridge/src/redis/redis-store';
import { startRedis } from '../support/redis';

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const telemetry = new Proxy({}, { get: () => () => undefined }) as Telemetry;

/** A started store that knows the metrics, on a Redis of its own, and the way to be rid of both. */
export async function openStore(
  metrics: readonly Metric[],
): Promise<{ readonly store: SeriesStore; readonly close: () => Promise<void> }> {
  const redis = await startRedis();
  const options = { url: redis.url, keyPrefix: 'contract', commandTimeoutMs: 2_000 };
  const store = createRedisStore(options, metrics, { log, telemetry, clock: Date.now });
  await store.start();
  return {
    store,
    close: async () => {
      await store.close();
      await redis.stop();
    },
  };
}
