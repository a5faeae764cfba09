/** What only Redis has: keys that expire by themselves, and bridges with two definitions at the same time. */
import { Redis } from 'ioredis';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { startRedis, type RedisServer } from '../../support/redis';
import {
  batch,
  identify,
  listen,
  minutesAgo,
  point,
  redisStore,
  testMetric,
  writeApplied,
} from './redis-rig';
import { eventually } from '../../support/waiting';

const HOUR = 3_600_000;
const fixed = testMetric('orders', { maxSeries: 2_000 });
const sessions = testMetric('visits', {
  maxSeries: 2_000,
  window: { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: 60_000, graceMs: 0 },
});
const withRetention = (metric: Metric, hours: number): Metric => ({ ...metric, retentionMs: hours * HOUR });

describe('the expiry of what is stored', () => {
  let redis: RedisServer;
  let client: Redis;
  let stores: SeriesStore[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    stores = [];
    await client.flushall();
  });

  async function bridge(metric: Metric): Promise<SeriesStore> {
    const store = redisStore(redis.url, [metric]);
    stores.push(store);
    await store.start();
    return store;
  }

  /** How long after its bucket began each key with points, and each index of them, expires; in hours, rounded up. */
  async function lifetimes(spanMs: number): Promise<number[]> {
    const keys = (await client.keys('test:*')).filter((key) => /:(b:\d+|s:\d+|x):\d+$/.test(key));
    const hours = await Promise.all(
      keys.map(async (key) => {
        const bucket = Number(/\d+$/.exec(key)![0]);
        return Math.ceil(((await client.pexpiretime(key)) - bucket * spanMs) / HOUR);
      }),
    );
    return [...new Set(hours)];
  }

  it.each([
    ['fixed windows', fixed],
    ['sessions', sessions],
  ])(
    'of %s follows a longer and a shorter retention, late writes of the bridge before included',
    async (_n, metric) => {
      const day = withRetention(metric, 24);
      const first = await bridge(day);
      await identify(first, day);
      await first.skipTo(day, 'topic-1', 0, 0);
      const names = Array.from({ length: 1_000 }, (_, i) => `s${i}`);
      for (const [from, to] of [
        [0, 500],
        [500, 1_000],
      ] as const) {
        const points = names.slice(from, to).map((name, i) => point(name, minutesAgo(180), 1, from + i));
        await writeApplied(first, batch(day, points));
      }
      expect(await lifetimes(HOUR)).toEqual([25]);
      const longer = withRetention(metric, 48);
      await bridge(longer);
      await eventually(async () => expect(await lifetimes(HOUR)).toEqual([49]));
      // Still running, with the day: what it makes now expires by that, until a bridge with the newer one looks.
      await writeApplied(first, batch(day, [point('late', minutesAgo(300), 1, 1_000)]));
      expect(await lifetimes(HOUR)).toContain(25);
      await bridge(longer);
      await eventually(async () => expect(await lifetimes(HOUR)).toEqual([49]));
      // No series was given up that still has points.
      expect(await client.zcount(`test:{${metric.name}}:expiry`, '-inf', Date.now() + 40 * HOUR)).toBe(0);
      await bridge(withRetention(metric, 12));
      await eventually(async () => expect(await lifetimes(HOUR)).toEqual([13]));
    },
  );
});

describe('a change message of a newer bridge', () => {
  it('is not misread: it is reported, and the store is read again instead', async () => {
    const redis = await startRedis();
    const store = redisStore(redis.url, [fixed]);
    const client = new Redis(redis.url);
    try {
      await store.start();
      const heard = listen(store);
      await identify(store, fixed);
      await store.skipTo(fixed, 'topic-1', 0, 0);
      await writeApplied(store, batch(fixed, [point('a', minutesAgo(1), 1, 0)]));
      await eventually(() => expect(heard.changes).toHaveLength(1));
      const number = await client.hincrby('test:{orders}:meta', 'chan', 1);
      const message = Buffer.alloc(80, 0xee);
      message.writeUInt8(0x11, 0);
      message.writeDoubleLE(number, 1);
      message.writeDoubleLE(-9007199254740991, 9);
      message.writeDoubleLE(-9007199254740991, 17);
      message.write(store.epoch(), 25, 'latin1');
      await client.publish('test:{orders}:changes', message);
      await eventually(() => expect(heard.gaps).toEqual(['newer_version']));
      expect(heard.changes).toHaveLength(1);
      await writeApplied(store, batch(fixed, [point('a', minutesAgo(1), 2, 1)]));
      await eventually(() => expect(heard.changes).toHaveLength(2));
      expect(heard.gaps).toEqual(['newer_version']);
    } finally {
      client.disconnect();
      await store.close();
      await redis.stop();
    }
  });
});
