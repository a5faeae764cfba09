/** The functions repeat two rules of the domain in Lua: random histories must come out alike. */
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { advance, type PartitionState, type Progress } from '../../../backend-bridge/src/domain/progress';
import { compareProvenance, type Provenance } from '../../../backend-bridge/src/domain/revision';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { startRedis, type RedisServer } from '../../support/redis';
import { batch, identify, MINUTE, minutesAgo, point, pointTexts, redisStore, testMetric } from './redis-rig';
import { eventually } from '../../support/waiting';

let redis: RedisServer;
const stores: SeriesStore[] = [];
let made = 0;

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
afterAll(() => redis.stop());

async function freshStore(metrics: Parameters<typeof redisStore>[1]): Promise<SeriesStore> {
  made += 1;
  const store = redisStore(redis.url, metrics, { keyPrefix: `parity${made}` });
  stores.push(store);
  await store.start();
  return store;
}

const PARTITIONS = 3;

describe('the order of records', () => {
  const record = fc.record({
    incarnation: fc.integer({ min: 1, max: 2 }),
    partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
    offset: fc.integer({ min: 0, max: 5 }),
    keyHash: fc.constantFrom(0, 5, 0x7fffffff, 0x80000001, 0xffffffff),
  });

  it('is that of compareProvenance', async () => {
    const metric = testMetric('orders');
    const store = await freshStore([metric]);
    await store.identifyTopic(metric, { topic: metric.topic, topicId: 'topic-1', ends: [0, 0, 0] });
    for (let p = 0; p < PARTITIONS; p += 1) await store.skipTo(metric, 'topic-1', p, 1000);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), async (records) => {
        run += 1;
        const segment = `run ${run}`;
        let stored: Provenance | null = null;
        let revision = 0;
        for (const arriving of records) {
          const verdict = stored === null ? 'newer' : compareProvenance(stored, arriving, PARTITIONS);
          const write = { ...point(segment, minutesAgo(1), arriving.offset, arriving.offset), ...arriving };
          const outcome = await store.write(
            batch(metric, [write], { partition: arriving.partition, partitions: PARTITIONS }),
          );
          expect(outcome).toMatchObject({
            kind: 'applied',
            accepted: verdict === 'newer' ? 1 : 0,
            ignored: verdict === 'older' ? 1 : 0,
            conflicts: verdict === 'conflict' ? [0] : [],
          });
          if (verdict === 'newer') {
            stored = arriving;
            revision += 1;
          }
        }
        const texts = await pointTexts(store, metric);
        const offset: number = stored!.offset;
        expect(texts).toContain(`${segment} ${minutesAgo(1)} ${offset} r${revision}`);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the progress', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
      // Minutes around the step's clock: late ones, and some ahead of it.
      lead: fc.integer({ min: -10, max: 3 }),
      passes: fc.integer({ min: 0, max: 90_000 }),
    }),
    fc.record({
      kind: fc.constant('report' as const),
      partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
      atEnd: fc.boolean(),
      passes: fc.integer({ min: 0, max: 9000 }),
    }),
  );

  it.each([false, true])('is that of advance (final only: %s)', async (finalOnly) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const metric = testMetric('orders', { finalOnly, idleMs: 5000 });
        const store = await freshStore([metric]);
        await store.identifyTopic(metric, { topic: metric.topic, topicId: 'topic-1', ends: [0, 0, 0] });
        const states: PartitionState[] = Array.from({ length: PARTITIONS }, () => ({
          maxEventMs: null,
          atEndSinceMs: null,
          lastAtEndMs: null,
          reportedMs: null,
        }));
        const offsets = [0, 0, 0];
        let progress: Progress = { watermarkMs: null, finalBeforeMs: null };
        let nowMs = Date.now();
        for (const one of steps) {
          nowMs += one.passes;
          const state = states[one.partition]!;
          if (one.kind === 'write') {
            const eventMs = nowMs + one.lead * MINUTE;
            const offset = offsets[one.partition]!;
            offsets[one.partition] = offset + 1;
            await store.write(
              batch(metric, [], {
                partition: one.partition,
                partitions: PARTITIONS,
                fromOffset: offset,
                toOffset: offset,
                maxEventMs: eventMs,
                nowMs,
              }),
            );
            const maxEventMs = Math.max(state.maxEventMs ?? -Infinity, Math.min(eventMs, nowMs));
            states[one.partition] = { ...state, maxEventMs, atEndSinceMs: null };
          } else {
            const { atEnd, partition } = one;
            await store.reportPartitions(metric, 'topic-1', [{ partition, position: 0, atEnd, nowMs }]);
            const gone = state.reportedMs === null || nowMs - state.reportedMs > 10_000;
            states[partition] = {
              maxEventMs: state.maxEventMs,
              atEndSinceMs: !atEnd ? null : gone ? nowMs : (state.atEndSinceMs ?? nowMs),
              lastAtEndMs: atEnd ? nowMs : state.lastAtEndMs,
              reportedMs: nowMs,
            };
          }
          progress = advance(progress, states, nowMs, { idleMs: metric.idleMs, finalOnly });
          expect(await store.progress(metric)).toEqual(progress);
        }
        await store.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('what is not in the store any more', () => {
  it('is forgotten by the reports: series without points, and the index of buckets', async () => {
    const metric = testMetric('orders');
    const store = await freshStore([metric]);
    const prefix = `parity${made}:{orders}:`;
    const client = new Redis(redis.url);
    try {
      await identify(store, metric);
      await store.write(batch(metric, [point('a', minutesAgo(1), 1, 0), point('b', minutesAgo(1), 1, 1)]));
      const report = (): Promise<unknown> =>
        store.reportPartitions(metric, 'topic-1', [
          { partition: 0, position: 0, atEnd: true, nowMs: Date.now() },
        ]);
      await report();
      expect(await store.listSeries(metric)).toHaveLength(2);
      // As if a day had passed for one series: its bucket is gone and its expiry over.
      await client.zadd(`${prefix}expiry`, 0, '["a"]');
      await report();
      await eventually(async () => {
        expect((await store.listSeries(metric)).map((series) => series.values)).toEqual([['b']]);
      });
      expect(await client.zrange(`${prefix}series`, '0', '-1')).toEqual(['["b"]']);
      // The same series later is a new one.
      await store.write(batch(metric, [point('a', minutesAgo(0), 1, 2)]));
      expect((await store.listSeries(metric)).map((series) => [series.values, series.id])).toEqual([
        [['a'], 3],
        [['b'], 2],
      ]);
      const [oldest = ''] = await client.zrange(`${prefix}buckets`, '0', '-1');
      await client.del(`${prefix}x:${oldest}`);
      await report();
      expect(await client.zrange(`${prefix}buckets`, '0', '-1')).not.toContain(oldest);
    } finally {
      client.disconnect();
    }
  });
});
