/**
 * Redis as the last release filled it, and bridges of the last release beside those of this one, as in a rolling
 * update. The store of the last release is its own code (tests/support/layouts/bundle-redis-store.mjs).
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { metricShape } from '../../../backend-bridge/src/domain/metric-shape';
import type { PointWrite } from '../../../backend-bridge/src/domain/point';
import type { SeriesStore, WriteBatch } from '../../../backend-bridge/src/domain/store';
import { functionName } from '../../../backend-bridge/src/redis/function-library';
import {
  createLastRedisStore,
  lastFunctionName,
  type LastStore,
} from '../../support/layouts/last-redis-store';
import { startRedis, type RedisServer } from '../../support/redis';
import { createRandom } from '../../support/seeded-random';
import {
  batch,
  listen,
  MINUTE,
  minutesAgo,
  point,
  redisStore,
  silentLog,
  silentTelemetry,
  testMetric,
  TOPIC_ID,
} from './redis-rig';
import { eventually } from '../../support/waiting';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(aof: 'off' | 'always' = 'off'): Promise<RedisServer> {
  const redis = await startRedis({ aof });
  cleanups.push(() => redis.stop());
  return redis;
}

function clientOf(url: string): Redis {
  const client = new Redis(url);
  cleanups.push(() => client.quit());
  return client;
}

async function opened<Store extends LastStore>(store: Store): Promise<Store> {
  cleanups.push(() => store.close());
  await store.start();
  return store;
}
const thisRelease = (url: string, metrics: readonly Metric[]): Promise<SeriesStore> =>
  opened(redisStore(url, metrics));
const lastRelease = (url: string, metrics: readonly Metric[]): Promise<LastStore> =>
  opened(
    createLastRedisStore({ url, keyPrefix: 'test', commandTimeoutMs: 1500 }, metrics, {
      log: silentLog,
      telemetry: silentTelemetry,
      clock: Date.now,
    }),
  );

const identified = (store: LastStore, metric: Metric): ReturnType<LastStore['identifyTopic']> =>
  store.identifyTopic(metric, { topic: metric.topic, topicId: TOPIC_ID, ends: [0, 0] });

/** Everything of a metric, as a store reads it. */
async function everything(store: LastStore, metric: Metric, atMs: number): Promise<unknown> {
  const range = { fromMs: 0, toMs: atMs + 60 * MINUTE, seriesIds: null, nowMs: atMs, maxPoints: 100_000 };
  const found = await store.read(metric, range);
  return {
    points: found.map(({ seriesId, values, points }) => ({
      seriesId,
      values,
      points: Array.from({ length: points.length }, (_, row) => points.point(row)),
    })),
    series: await store.listSeries(metric),
    applied: await store.appliedOffsets(metric),
    progress: await store.progress(metric),
    topic: await identified(store, metric),
  };
}

describe('what the last release wrote', () => {
  const twoMeasures = testMetric('sums').measures.flatMap((one) => [one, { ...one, name: 'second' }]);
  const session = { type: 'session', sizeMs: 0, advanceMs: 0, gapMs: MINUTE, graceMs: 0 } as const;

  it.each<[string, Metric, Partial<PointWrite>]>([
    ['tumbling windows', testMetric('sums', { measures: twoMeasures }), {}],
    [
      'sessions',
      testMetric('visits', { window: session, measures: twoMeasures }),
      { endMs: minutesAgo(3) + 17 },
    ],
    ['events', testMetric('errors', { kind: 'event', measures: twoMeasures }), {}],
  ])('%s are read to the bit, and written on', async (_kind, metric, over) => {
    const { url } = await server();
    const last = await lastRelease(url, [metric]);
    await identified(last, metric);
    const at = (minutes: number, segment: string, offset: number): PointWrite => ({
      ...point(segment, minutesAgo(minutes), 0, offset),
      measures: [offset + 0.1, offset % 2 === 0 ? Number.NaN : undefined],
      ...over,
    });
    const written = [at(4, 'a', 0), at(4, 'b', 1), at(5, 'b', 2), at(4, 'a', 3), at(4, 'ü "c"', 4)];
    const removal = { ...at(4, 'b', 5), measures: [], removed: true };
    await last.write(batch(metric, [...written, removal], { partitions: 2 }));
    await last.skipTo(metric, TOPIC_ID, 1, 7);
    const nowMs = Date.now();
    await last.reportPartitions(metric, TOPIC_ID, [{ partition: 0, position: 6, atEnd: true, nowMs }]);
    const before = await everything(last, metric, nowMs);
    expect(before).toMatchObject({
      series: [{ id: 1 }, { id: 2 }, { id: 3 }],
      applied: new Map([
        [0, 5],
        [1, 6],
      ]),
      topic: { topicId: TOPIC_ID, partitions: 2 },
    });
    await last.close();

    const store = await thisRelease(url, [metric]);
    expect(await everything(store, metric, nowMs)).toEqual(before);
    // Read again from Kafka, as after any restart: nothing changes.
    expect(await store.write(batch(metric, written, { partitions: 2 }))).toMatchObject({ accepted: 0 });
    expect(await everything(store, metric, nowMs)).toEqual(before);
    const on = await store.write(batch(metric, [at(4, 'a', 6), at(4, 'd', 7)], { partitions: 2 }));
    expect(on).toMatchObject({ kind: 'applied', accepted: 2 });
    const after = (await everything(store, metric, nowMs)) as {
      points: { points: { revision: number }[] }[];
    };
    expect(after).toMatchObject({ series: [{ id: 1 }, { id: 2 }, { id: 4 }, { id: 3 }] });
    expect(after.points[0]!.points.at(-1)!.revision).toBe(3);
  });
});

describe('bridges of the last release and of this one', () => {
  const metric = testMetric('orders');
  /** One record of a topic with two partitions; the segment belongs to one of them, as keys do. */
  const record = (partition: number, segment: string, value: number, offset: number): WriteBatch =>
    batch(metric, [{ ...point(segment, minutesAgo(2), value, offset), keyHash: partition }], {
      partition,
      partitions: 2,
      maxEventMs: minutesAgo(0),
    });
  async function told(store: LastStore): Promise<Record<string, string>> {
    const { points } = (await everything(store, metric, Date.now())) as {
      points: { seriesId: number; values: string[]; points: { measures: number[]; revision: number }[] }[];
    };
    const texts = points.map(({ seriesId, values, points: [one] }) => [
      values[0]!,
      `id ${seriesId}: ${one!.measures[0]} r${one!.revision}`,
    ]);
    return Object.fromEntries(texts) as Record<string, string>;
  }

  it('give the same answers over the same Redis: nothing is lost, counted twice or told under another series', async () => {
    const { url } = await server();
    const last = await lastRelease(url, [metric]);
    await identified(last, metric);
    await last.write(record(0, 's0', 1, 0));
    const heardLast = listen(last as SeriesStore);
    const store = await thisRelease(url, [metric]);
    const heard = listen(store);
    await eventually(() => expect(last.epoch()).toBe(store.epoch()));
    heardLast.changes.length = 0;
    expect(await identified(store, metric)).toEqual(await identified(last, metric));

    const random = createRandom(684_653);
    const counted = new Map([['s0', { value: 1, revision: 1 }]]);
    const next = [1, 0];
    for (let step = 0; step < 300; step += 1) {
      const partition = random() < 0.5 ? 0 : 1;
      // Segments of partition 0 are even, so that each key has one partition.
      const segment = `s${2 * Math.floor((random() * (step + 4)) / 2) + partition}`;
      const offset = next[partition]!++;
      const value = step + 0.5;
      const [first, second] = random() < 0.5 ? [store, last] : [last, store];
      expect(await first.write(record(partition, segment, value, offset))).toMatchObject({ accepted: 1 });
      counted.set(segment, { value, revision: (counted.get(segment)?.revision ?? 0) + 1 });
      // A partition that moves is read by both for a moment.
      if (random() < 0.3)
        expect(await second.write(record(partition, segment, value, offset))).toMatchObject({ accepted: 0 });
      if (random() < 0.1) {
        const reports = [{ partition, position: offset + 1, atEnd: true, nowMs: Date.now() }];
        await second.reportPartitions(metric, TOPIC_ID, reports);
      }
    }
    const answer = await told(store);
    expect(await told(last)).toEqual(answer);
    expect(Object.keys(answer).sort()).toEqual([...counted.keys()].sort());
    for (const [segment, { value, revision }] of counted)
      expect(answer[segment]).toMatch(new RegExp(`: ${value} r${revision}$`));
    expect(new Set(Object.values(answer).map((text) => text.split(':')[0])).size).toBe(counted.size);

    // Both heard each change by messages.
    await eventually(() => {
      for (const { changes } of [heard, heardLast]) expect(changes).toHaveLength(300);
    });
    for (const { changes } of [heard, heardLast]) {
      for (const [segment, { value, revision }] of counted) {
        if (segment === 's0' && revision === 1) continue;
        const newest = changes.filter(({ values }) => values[0] === segment).at(-1);
        expect(newest).toMatchObject({ measures: [value], revision });
      }
    }
    expect(heard.gaps).toEqual([]);
    expect(heard.epochs).toEqual([]);
    expect(heardLast.epochs).toEqual([store.epoch()]);
  });

  it('of which one keeps a history: the other works as before, and its windows stay until they are steps', async () => {
    const { url } = await server();
    const client = clientOf(url);
    const keeping = { ...metric, history: [{ stepMs: 5 * MINUTE, keepMs: 72 * 60 * MINUTE }] };
    const last = await lastRelease(url, [metric]);
    await identified(last, metric);
    await last.write(record(0, 'a', 1, 0));
    const store = await thisRelease(url, [keeping]);
    await eventually(() => expect(last.epoch()).toBe(store.epoch()));
    expect(await last.write(record(0, 'b', 2, 1))).toMatchObject({ accepted: 1 });
    expect(await store.write({ ...record(1, 'c', 3, 0), metric: keeping })).toMatchObject({ accepted: 1 });
    expect(await told(store)).toEqual(await told(last));
    expect(Object.keys(await told(last))).toEqual(['a', 'b', 'c']);
    // The next bridge looks at what the last release wrote meanwhile.
    await thisRelease(url, [keeping]);
    await eventually(async () => {
      const keys = await client.keys('test:{orders}:b:*');
      expect(keys).toHaveLength(3);
      for (const key of keys)
        expect(await client.pexpiretime(key)).toBeGreaterThan(Date.now() + 48 * 60 * MINUTE);
    });
  });

  it('never use the id of a series that the other one has forgotten', async () => {
    const { url } = await server();
    const last = await lastRelease(url, [metric]);
    const store = await thisRelease(url, [metric]);
    await eventually(() => expect(last.epoch()).toBe(store.epoch()));
    await identified(store, metric);
    const client = clientOf(url);
    let offset = 0;
    for (const [forgets, writes] of [
      [last, store],
      [store, last],
    ] as const) {
      await writes.write(record(0, 'a', 1, offset++));
      await writes.write(record(0, 'b', 2, offset++));
      const id = Number(await client.zscore('test:{orders}:series', '["a"]'));
      // As if a day had passed for the one series.
      await client.zadd('test:{orders}:expiry', 0, '["a"]');
      await forgets.reportPartitions(metric, TOPIC_ID, [
        { partition: 0, position: offset, atEnd: true, nowMs: Date.now() },
      ]);
      await writes.write(record(0, 'a', 3, offset++));
      expect(Number(await client.zscore('test:{orders}:series', '["a"]'))).toBeGreaterThan(id);
      await eventually(async () => expect(await told(store)).toEqual(await told(last)));
      expect((await told(store))['a']).toMatch(/: 3 r1$/);
    }
  });

  it('continue over a restart of Redis that loses nothing, in the same epoch', async () => {
    const redis = await server('always');
    const last = await lastRelease(redis.url, [metric]);
    const store = await thisRelease(redis.url, [metric]);
    await eventually(() => expect(last.epoch()).toBe(store.epoch()));
    await identified(store, metric);
    const epoch = store.epoch();
    await store.write(record(0, 'a', 1, 0));
    await last.write(record(1, 'b', 2, 0));
    await redis.kill9();
    await redis.restart();
    // The last release writes first: its process needs to know nothing.
    await eventually(async () =>
      expect(await last.write(record(1, 'b', 3, 1))).toMatchObject({ accepted: 1 }),
    );
    await eventually(async () =>
      expect(await store.write(record(0, 'a', 4, 1))).toMatchObject({ accepted: 1 }),
    );
    const expected = { a: 'id 1: 4 r2', b: 'id 2: 3 r2' };
    await eventually(async () => {
      expect(await told(store)).toEqual(expected);
      expect(await told(last)).toEqual(expected);
    });
    const heard = listen(store);
    await last.write(record(1, 'b', 5, 2));
    // By a message, or by the word to read again while the subscription is made.
    await eventually(() => expect(heard.changes.length + heard.gaps.length).toBeGreaterThan(0));
    expect(await told(store)).toEqual({ ...expected, b: 'id 2: 5 r3' });
    expect([store.epoch(), last.epoch()]).toEqual([epoch, epoch]);
  });

  it('notice lost writes when as many others have been written since by the last release', async () => {
    const redis = await server();
    const last = await lastRelease(redis.url, [metric]);
    const store = await thisRelease(redis.url, [metric]);
    await eventually(() => expect(last.epoch()).toBe(store.epoch()));
    await identified(store, metric);
    const epoch = store.epoch();
    await store.write(record(0, 'a', 1, 0));
    const client = clientOf(redis.url);
    await client.save();
    await store.write(record(0, 'tenant-b', 2, 1));
    expect(await told(store)).toEqual({ a: 'id 1: 1 r1', 'tenant-b': 'id 2: 2 r1' });
    const heard = listen(store);
    await redis.kill9();
    // Commands work again before the subscription does.
    appendFileSync(join(redis.dir, 'redis.conf'), 'user default on nopass ~* &* +@all -subscribe\n');
    await redis.restart();
    await eventually(async () =>
      expect(await last.write(record(1, 'tenant-c', 3, 0))).toMatchObject({ accepted: 1 }),
    );
    // The number of the newest change is that of before; the series of an id is not.
    const foreign: unknown[] = [];
    await eventually(async () => {
      const answer = await told(store);
      if (answer['tenant-b']?.includes(': 3') === true) foreign.push(answer);
      expect(answer).toEqual({ a: 'id 1: 1 r1', 'tenant-c': 'id 2: 3 r1' });
    });
    expect(foreign).toEqual([]);
    await clientOf(redis.url).acl('SETUSER', 'default', '+subscribe');
    await eventually(() => expect(heard.gaps).toContain('reconnected'));
    expect(
      heard.changes.filter(({ values, measures }) => values[0] === 'tenant-b' && measures[0] === 3),
    ).toEqual([]);
    expect(store.epoch()).not.toBe(epoch);
    expect(await store.write(record(0, 'tenant-b', 2, 1))).toMatchObject({ accepted: 1 });
    const expected = { a: 'id 1: 1 r1', 'tenant-b': 'id 3: 2 r1', 'tenant-c': 'id 2: 3 r1' };
    expect(await told(store)).toEqual(expected);
    await eventually(async () => expect(await told(last)).toEqual(expected));
  });

  describe('change the epoch once at most when the first bridge of this release comes', () => {
    const STORE = 'test:meta';
    async function between(): Promise<{ url: string; client: Redis; last: LastStore }> {
      const { url } = await server();
      const client = clientOf(url);
      // Loads the library of this release.
      await thisRelease(url, []);
      const last = await lastRelease(url, [metric]);
      await identified(last, metric);
      await last.write(record(0, 'a', 1, 0));
      return { url, client, last };
    }

    it('though one of the last release is the first to open a metric in it', async () => {
      const { url, client, last } = await between();
      const next = '0123456789abcdef';
      await client.fcall(functionName('rotate_epoch'), 1, STORE, last.epoch(), next);
      await last.checkReady();
      expect(last.epoch()).toBe(next);
      await last.write(record(0, 'a', 2, 1));
      const store = await thisRelease(url, [metric]);
      expect(store.epoch()).toBe(next);
      expect(await store.write(record(0, 'a', 3, 2))).toMatchObject({ accepted: 1 });
      expect((await thisRelease(url, [metric])).epoch()).toBe(next);
      expect(await told(store)).toEqual({ a: 'id 1: 3 r3' });
    });

    it('though one of the last release opens the metric under the epoch before', async () => {
      const { url, client, last } = await between();
      const before = last.epoch();
      const store = await thisRelease(url, [metric]);
      const epoch = store.epoch();
      await store.write(record(0, 'a', 2, 1));
      await eventually(() => expect(last.epoch()).toBe(epoch));
      await client.fcall(lastFunctionName('open'), 1, 'test:{orders}:meta', before, metricShape(metric));
      await eventually(async () => {
        expect(await store.write(record(0, 'a', 3, 2))).toMatchObject({ kind: 'applied' });
        expect((await told(store))['a']).toBe('id 1: 3 r3');
      });
      await eventually(async () => expect(await told(last)).toEqual({ a: 'id 1: 3 r3' }));
      expect([store.epoch(), last.epoch()]).toEqual([epoch, epoch]);
    });
  });
});
