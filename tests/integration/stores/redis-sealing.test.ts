/** Windows that become steps in Redis: several bridges at it, bridges that end, and a Redis that loses writes. */
import { Redis } from 'ioredis';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { sealTargetMs } from '../../../backend-bridge/src/domain/history/tiers';
import { bucketLayout } from '../../../backend-bridge/src/domain/packed-point';
import type { Progress } from '../../../backend-bridge/src/domain/progress';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import { unguarded } from '../../../backend-bridge/src/domain/trusted-clock';
import { parseProgress } from '../../../backend-bridge/src/redis/partition-states';
import { metricKeys } from '../../../backend-bridge/src/redis/redis-keys';
import { RedisLink } from '../../../backend-bridge/src/redis/redis-link';
import type { RedisStoreOptions } from '../../../backend-bridge/src/redis/redis-store';
import { parseRedisUrl } from '../../../backend-bridge/src/redis/redis-url';
import { SeenChanges } from '../../../backend-bridge/src/redis/seen-changes';
import { SeriesCache } from '../../../backend-bridge/src/redis/series-cache';
import { StepSealer } from '../../../backend-bridge/src/redis/step-sealer';
import { StoreEpoch } from '../../../backend-bridge/src/redis/store-epoch';
import { startRedis, type RedisServer } from '../../support/redis';
import { MINUTE, T0 } from '../../support/history-windows';
import { HistoryWorld, tieredMetric, type Logged } from './history-world';
import {
  batch,
  identify,
  LEAST_RIGHTS,
  minutesAgo,
  PATIENT,
  point,
  redisStore,
  silentLog,
  silentTelemetry,
  testMetric,
  TOPIC_ID,
  writeApplied,
} from './redis-rig';
import { expectSealed } from './sealing-answers';
import { clockAt, SEALED, sealedRecord, SERIES } from './sealing-written';
import { type StoreUnderTest } from './store-rig';
import { eventually } from '../../support/waiting';

const HOUR = 60 * MINUTE;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(users: readonly string[] = []): Promise<RedisServer> {
  const redis = await startRedis({ users });
  cleanups.push(() => redis.stop());
  return redis;
}

function clientOf(redis: RedisServer): Redis {
  const client = new Redis(redis.url);
  client.on('error', () => undefined);
  cleanups.push(() => {
    client.disconnect();
    return Promise.resolve();
  });
  return client;
}

async function bridge(
  redis: RedisServer,
  metric: Metric,
  clock: Clock = Date.now,
  user: Partial<RedisStoreOptions> = {},
): Promise<SeriesStore> {
  const store = redisStore(redis.url, [metric], { ...PATIENT, ...user }, clock);
  cleanups.push(() => store.close());
  await store.start();
  return store;
}

/** A world whose store can be exchanged for that of another bridge on the same Redis. */
interface Bridges {
  readonly world: HistoryWorld;
  use(store: SeriesStore): void;
  another(metric?: Metric): Promise<SeriesStore>;
}

async function bridges(redis: RedisServer, metric = tieredMetric('tiers')): Promise<Bridges> {
  const clock = { nowMs: T0 };
  const another = (of = metric): Promise<SeriesStore> => bridge(redis, of, () => clock.nowMs);
  let current = await another();
  const nothing = (): Promise<void> => Promise.reject(new Error('not for these tests'));
  const under: StoreUnderTest = {
    get store() {
      return current;
    },
    restart: nothing,
    wipe: nothing,
    close: nothing,
  };
  const world = new HistoryWorld(under, metric, (nowMs) => {
    clock.nowMs = nowMs;
  });
  await world.identify();
  return { world, another, use: (store) => (current = store) };
}

const SITES = 3;
/** Each minute of each series; some of them removed or corrected a minute later. */
function minutes(from: number, to: number): Logged[] {
  return Array.from({ length: (to - from) * SITES }, (_, i) => {
    const minute = from + Math.floor(i / SITES);
    const late = i % 7 === 0 && minute > from;
    return {
      series: i % SITES,
      minute: late ? minute - 1 : minute,
      removed: i % 11 === 0,
      measures: [i, i / 8, -i, i / 4, i * 2, 8],
    };
  });
}

/** Everything that Redis holds of sealed steps, as text. */
async function blocks(client: Redis): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = { tiers: await client.hgetall('test:{tiers}:tiers') };
  for (const key of (await client.keys('test:{tiers}:t:*')).sort()) {
    const fields = await client.hgetallBuffer(key);
    found[key] = Object.entries(fields)
      .map(([id, bytes]) => `${id} ${bytes.toString('hex')}`)
      .sort();
  }
  return found;
}

describe('several bridges', () => {
  it('that seal at once make the same blocks as one, and each reads what its windows come to', async () => {
    const found: unknown[] = [];
    for (const count of [1, 3]) {
      const redis = await server();
      const { world, another, use } = await bridges(redis);
      const stores = [world.store];
      while (stores.length < count) stores.push(await another());
      for (let hour = 0; hour < 12; hour += 2) {
        world.produce(...minutes(hour * 60, hour * 60 + 120));
        world.advance(120);
        use(stores[hour % stores.length]!);
        await world.deliver();
      }
      await world.sealed();
      for (const store of stores) {
        use(store);
        await world.compare([5, 60], ['mean']);
      }
      found.push(await blocks(clientOf(redis)));
    }
    expect(found[1]).toEqual(found[0]);
  });

  it('of which one has no history keep it, and none writes into a step that is sealed', async () => {
    const redis = await server();
    const { world, another, use } = await bridges(redis);
    const { history: _, ...plain } = world.metric;
    const withHistory = world.store;
    const without = await another(plain);
    // The bridge that was started last decides; here the one with the history again.
    const last = await another();
    world.produce(...minutes(0, 600));
    world.advance(600);
    await world.deliver();
    await world.sealed();
    const { sealedBeforeMs } = await world.state();
    const outcome = await without.write({
      metric: plain,
      topicId: world.metric.name,
      partition: 0,
      partitions: 1,
      fromOffset: world.log.length,
      toOffset: world.log.length,
      points: [
        {
          ...point('a', sealedBeforeMs - MINUTE, 1, world.log.length),
          measures: [1, 1, 1, 1, 1, 1],
        },
      ],
      maxEventMs: null,
      // By a clock that is behind.
      nowMs: sealedBeforeMs,
    });
    expect(outcome).toMatchObject({ kind: 'applied', accepted: 0, expired: 1 });
    for (const store of [withHistory, last]) {
      use(store);
      await world.compare([5, 60], ['value', 'mean']);
    }
  });
});

/** The sealer of a bridge, which does a step when it is asked. `beforeSeal`: when it has packed, and Redis not yet. */
async function sealerOn(
  redis: RedisServer,
  nowMs: number,
  beforeSeal?: () => Promise<unknown>,
): Promise<StepSealer> {
  const link = new RedisLink({
    target: parseRedisUrl(redis.url),
    username: null,
    password: null,
    tls: null,
    ...PATIENT,
    telemetry: silentTelemetry,
    onConnected: () => undefined,
  });
  cleanups.push(() => link.close());
  await link.connect();
  const call = link.call.bind(link);
  link.call = async (name, ...rest) => {
    if (name === 'seal') await beforeSeal?.();
    return call(name, ...rest);
  };
  const keys = metricKeys('test', SEALED.name);
  const index: SeriesCache = new SeriesCache(link, keys.series, {
    confirm: () => epoch.confirm(access),
    conflict: () => Promise.reject(new Error('an id has another key')),
  });
  const access = { metric: SEALED, layout: bucketLayout(SEALED), keys, changes: new SeenChanges(), index };
  const epoch: StoreEpoch = new StoreEpoch(
    link,
    'test',
    () => [access],
    () => undefined,
    silentLog,
  );
  await epoch.enter();
  const progress = async (): Promise<Progress> => {
    const { values } = await epoch.confirm(access, 'watermark', 'final_before');
    return parseProgress(values[0]!, values[1]!, null);
  };
  const clock = (): number => nowMs;
  return new StepSealer(link, epoch, access, { clock, guard: unguarded(clock), progress });
}

describe('a bridge that ends while windows become steps', () => {
  it('leaves them to the next one, which continues from there; of two the slower one changes nothing', async () => {
    const redis = await server();
    const client = clientOf(redis);
    const { history: _, ...plain } = SEALED;
    const applied = 30 * 60 * SERIES - 1;
    const nowMs = clockAt(applied);
    // A bridge without the history: it writes, and seals nothing.
    const writer = await bridge(redis, plain, () => nowMs);
    await writer.identifyTopic(plain, { topic: plain.topic, topicId: TOPIC_ID, ends: [0] });
    for (let from = 0; from <= applied; from += 500) {
      const length = Math.min(500, applied + 1 - from);
      const records = Array.from({ length }, (_, i) => sealedRecord(from + i));
      await writeApplied(writer, batch(plain, records, { nowMs: records[0]!.startMs + MINUTE }));
    }
    const done = async (): Promise<number> =>
      Number(await client.hget('test:{sealed}:meta', 'sealed_series'));

    expect(await (await sealerOn(redis, nowMs)).step()).toBe(true);
    const first = await done();
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(SERIES);
    const fast = await sealerOn(redis, nowMs);
    let twice: unknown;
    const slow = await sealerOn(redis, nowMs, async () => {
      expect(await fast.step()).toBe(true);
      twice = await client.hgetall('test:{sealed}:tiers');
    });
    expect(await slow.step()).toBe(false);
    expect(await done()).toBe(2 * first);
    expect(await client.hgetall('test:{sealed}:tiers')).toEqual(twice);
    while (await fast.step()) continue;
    const state = await client.hgetall('test:{sealed}:tiers');
    const store = await bridge(redis, SEALED, () => nowMs);
    const { sealedBeforeMs, tiers } = await store.history!.state(SEALED);
    expect(sealedBeforeMs).toBe(sealTargetMs(SEALED, await store.progress(SEALED), nowMs));
    expect(tiers.map(({ steps }) => steps)).toEqual(
      tiers.map(({ stepMs, sinceMs }) => (SERIES * (sealedBeforeMs - Math.max(sinceMs, T0))) / stepMs),
    );
    await expectSealed(store, applied, nowMs);
    expect(await client.hgetall('test:{sealed}:tiers')).toEqual(state);
  });
});

describe('a Redis that lost acknowledged writes', () => {
  it.each([
    ['and the windows that became steps', true],
    ['and nothing but that windows became steps', false],
  ])('%s is filled again, with the same steps', async (_, more) => {
    const redis = await server();
    const { world } = await bridges(redis);
    world.produce(...minutes(0, 330));
    world.advance(330);
    await world.deliver();
    await world.sealed();
    const before = (await world.state()).sealedBeforeMs;
    world.produce(...minutes(330, 480));
    // The store's own clock stands still until the dump is there: none of these windows becomes a step before.
    world.now += 150;
    if (!more) await world.deliver();
    const goBack = world.mark();
    const client = clientOf(redis);
    await client.save();
    expect((await world.state()).sealedBeforeMs).toBe(before);
    world.advance(0);
    if (more) await world.deliver();
    await world.report();
    await world.sealed();
    expect((await world.state()).sealedBeforeMs).toBeGreaterThan(before);
    const epoch = world.store.epoch();
    await redis.kill9();
    await redis.restart();
    await eventually(() => world.store.checkReady());
    await eventually(async () => expect((await world.state()).sealedBeforeMs).toBeGreaterThan(0));
    expect(world.store.epoch()).not.toBe(epoch);
    goBack();
    await world.identify();
    await world.deliver();
    await world.compare([5, 60], ['value', 'mean']);
    await world.report();
    await world.sealed();
    await world.compare([5, 60], ['value', 'mean']);
  });
});

describe('what Redis holds', () => {
  const HISTORY = [{ stepMs: 5 * MINUTE, keepMs: 48 * HOUR }];
  const metric = testMetric('orders', { retentionMs: HOUR, history: HISTORY });

  it('windows stay until they are steps, and are deleted then; steps expire; all by a user with the least rights', async () => {
    const redis = await server([`bridge on >secret ${LEAST_RIGHTS}`]);
    const client = clientOf(redis);
    const store = await bridge(redis, metric, Date.now, { username: 'bridge', password: 'secret' });
    await identify(store, metric);
    const starts = Array.from({ length: 240 }, (_, i) => minutesAgo(240 - i));
    // Nothing is final yet: all windows are kept, those past the retention too.
    await writeApplied(
      store,
      batch(
        metric,
        starts.map((start, i) => point('a', start, i, i)),
        { maxEventMs: null },
      ),
    );
    const buckets = async (): Promise<number[]> =>
      (await client.keys('test:{orders}:b:*'))
        .map((key) => Number(key.split(':').at(-1)))
        .sort((a, b) => a - b);
    expect((await buckets()).length).toBeGreaterThanOrEqual(4);
    for (const key of await client.keys('test:{orders}:b:*'))
      expect(await client.pexpiretime(key)).toBeGreaterThan(Date.now() + 24 * HOUR);
    await store.reportPartitions(metric, TOPIC_ID, [
      { partition: 0, position: 240, atEnd: true, nowMs: Date.now() },
    ]);
    await writeApplied(store, batch(metric, [point('a', minutesAgo(0), 240, 240)]));
    await eventually(async () => {
      const { sealedBeforeMs } = await store.history!.state(metric);
      expect(sealedBeforeMs).toBeGreaterThan(minutesAgo(70));
      expect((await buckets())[0]! * HOUR).toBeGreaterThan(sealedBeforeMs - HOUR);
    });
    const [state] = (await store.history!.state(metric)).tiers;
    expect(state!.steps).toBeGreaterThanOrEqual(34);
    const keys = await client.keys('test:{orders}:t:*');
    expect(keys).not.toEqual([]);
    let bytes = 0;
    for (const key of keys) {
      bytes += Object.values(await client.hgetallBuffer(key)).reduce((sum, { length }) => sum + length, 0);
      const expiresMs = await client.pexpiretime(key);
      expect(expiresMs).toBeGreaterThan(Date.now() + 24 * HOUR);
      expect(expiresMs).toBeLessThan(Date.now() + 5 * 24 * HOUR);
    }
    expect(state!.bytes).toBe(bytes);
  });
});
