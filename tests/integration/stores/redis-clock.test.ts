import { Redis } from 'ioredis';
import { TrustedClock } from '../../../backend-bridge/src/domain/trusted-clock';
import { createRedisStore } from '../../../backend-bridge/src/redis/redis-store';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { startRedis, type RedisServer } from '../../support/redis';
import {
  batch,
  identify,
  MINUTE,
  minutesAgo,
  point,
  silentLog,
  silentTelemetry,
  testMetric,
  TOPIC_ID,
  writeApplied,
} from './redis-rig';
import { eventually } from '../../support/waiting';

/** Two stores on one Redis, as two bridges have them: the clock of one is right, that of the other ten minutes ahead. */

interface Bridge {
  readonly store: SeriesStore;
  readonly clock: TrustedClock;
}

const metric = testMetric('skewed', { idleMs: MINUTE });
let redis: RedisServer;
let right: Bridge;
let ahead: Bridge;

async function bridge(bridgeName: string, aheadMs: number, metrics: readonly Metric[]): Promise<Bridge> {
  const monotonic = (): number => performance.now();
  const wall = (): number => Date.now() + aheadMs;
  const guard = new TrustedClock({ wall, monotonic, uptime: monotonic, bootId: null }, MINUTE);
  const options = { url: redis.url, keyPrefix: 'test', commandTimeoutMs: 1_500, bridgeName };
  const tools = { log: silentLog, telemetry: silentTelemetry, clock: () => guard.now(), guard };
  const store = createRedisStore(options, metrics, tools);
  await store.start();
  return { store, clock: guard };
}

beforeAll(async () => {
  redis = await startRedis();
  right = await bridge('right:1', 0, [metric]);
  ahead = await bridge('ahead:2', 10 * MINUTE, [metric]);
  await identify(right.store, metric);
  await identify(ahead.store, metric);
});
afterAll(async () => {
  await right.store.close();
  await ahead.store.close();
  await redis.stop();
});

test('the one with the wrong clock is named, by itself and by the other one', async () => {
  expect(ahead.clock.fault()).toMatch(/^the clock of this bridge is 10 min ahead of the clock of Redis/);
  expect(right.clock.fault()).toBeNull();
  await eventually(() => {
    const [skewed, ...others] = right.clock.skewedBridges();
    expect([skewed?.bridge, others]).toEqual(['ahead:2', []]);
    expect(Math.abs(skewed!.aheadMs - 10 * MINUTE)).toBeLessThan(30_000);
  });
  expect(ahead.clock.skewedBridges()).toEqual([]);
});

test('what it writes is stored, and closes no window until the other one reports', async () => {
  const nowMs = ahead.clock.now();
  expect(Math.abs(nowMs - Date.now())).toBeLessThan(30_000);
  await writeApplied(ahead.store, batch(metric, [point('a', minutesAgo(3), 1, 0)], { nowMs }));
  const report = { partition: 0, position: 1, atEnd: true };
  await ahead.store.reportPartitions(metric, TOPIC_ID, [{ ...report, nowMs }]);
  expect(await ahead.store.progress(metric)).toEqual({ watermarkMs: null, finalBeforeMs: null });
  await right.store.reportPartitions(metric, TOPIC_ID, [{ ...report, nowMs: right.clock.now() }]);
  const { watermarkMs, finalBeforeMs } = await right.store.progress(metric);
  expect(watermarkMs).toBe(minutesAgo(3));
  expect(Date.now() - MINUTE - finalBeforeMs!).toBeLessThan(30_000);
  expect(finalBeforeMs).toBeLessThanOrEqual(Date.now() - MINUTE);
});

test('a point past its retention by the clock of Redis leaves no key that stays for ever', async () => {
  // As a bridge whose clock is behind would write it.
  const startMs = minutesAgo(26 * 60);
  const late = batch(metric, [point('late', startMs, 1, 1)], { nowMs: startMs, fromOffset: 1, toOffset: 1 });
  await writeApplied(right.store, late);
  const client = new Redis(redis.port, '127.0.0.1');
  const keys = await client.keys('test:{skewed}:b:*');
  const expiries = await Promise.all(keys.map((key) => client.pexpiretime(key)));
  client.disconnect();
  expect(keys.length).toBeGreaterThan(0);
  expect(expiries.filter((expiry) => expiry < Date.now())).toEqual([]);
});
