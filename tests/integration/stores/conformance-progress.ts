import fc from 'fast-check';
import {
  advance,
  READER_LOST_MS,
  type PartitionState,
  type Progress,
} from '../../../backend-bridge/src/domain/progress';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { PartitionGap } from '../../../backend-bridge/src/domain/store';
import {
  HOPPING,
  HOUR,
  listen,
  metricOf,
  MINUTE,
  NOW,
  Scene,
  SECOND,
  SESSIONS,
  T,
  type StoreFactory,
} from './store-rig';
import { eventually } from '../../support/waiting';

/** Watermark, idle partitions, finality, corrections, and published changes. */
export function describeProgress(factory: StoreFactory): void {
  let scene: Scene;
  const open = async (metric?: Metric, ends?: readonly number[]): Promise<void> => {
    scene = await Scene.open(factory, metric, ends);
  };
  const seen = (partition: number, offset: number, maxEventMs: number, nowMs = NOW): Promise<unknown> =>
    scene.write(partition, [], { fromOffset: offset, toOffset: offset, maxEventMs, nowMs });
  const report = (
    partition: number,
    nowMs: number,
    atEnd = true,
    position = 0,
  ): Promise<readonly PartitionGap[]> =>
    scene.store.reportPartitions(scene.metric, scene.topic!.topicId, [{ partition, position, atEnd, nowMs }]);
  const progress = (): Promise<Progress> => scene.store.progress(scene.metric);
  afterEach(() => scene.close());

  describe('the watermark', () => {
    it('is the smallest newest event time of the partitions, once each has one', async () => {
      await open(metricOf(), [0, 0]);
      await seen(0, 0, T + 100);
      expect(await progress()).toEqual({ watermarkMs: null, finalBeforeMs: null });
      await seen(1, 0, T + 50);
      expect(await progress()).toEqual({ watermarkMs: T + 50, finalBeforeMs: T + 50 });
      await seen(1, 1, T + 500);
      expect(await progress()).toMatchObject({ watermarkMs: T + 100 });
    });

    it('never goes back', async () => {
      await open();
      await seen(0, 0, T);
      await seen(0, 1, T - MINUTE);
      expect(await progress()).toMatchObject({ watermarkMs: T });
      await scene.identify('topic-2', [0]);
      await seen(0, 0, T - 5 * MINUTE);
      expect(await progress()).toMatchObject({ watermarkMs: T });
      await scene.identify('topic-2', [1, 0]);
      expect(await progress()).toMatchObject({ watermarkMs: T });
    });

    it('is never ahead of the clock', async () => {
      await open();
      await seen(0, 0, NOW + 365 * 24 * 60 * MINUTE);
      expect(await progress()).toEqual({ watermarkMs: NOW, finalBeforeMs: NOW });
    });

    it('does not run along with the clock after one record stamped ahead: half-read windows stay open', async () => {
      await open();
      await seen(0, 0, NOW + 30 * MINUTE);
      await report(0, NOW + 10 * MINUTE, false);
      await seen(0, 1, NOW + 2 * MINUTE, NOW + 10 * MINUTE);
      expect(await progress()).toEqual({ watermarkMs: NOW + 2 * MINUTE, finalBeforeMs: NOW + 2 * MINUTE });
    });

    it('waits for a partition that was never read, and for one with lag', async () => {
      await open(metricOf(), [0, 0]);
      await seen(0, 0, T);
      for (let s = 0; s <= 200; s += 5) {
        await report(0, NOW + s * SECOND);
        await report(1, NOW + s * SECOND, false);
      }
      expect(await progress()).toEqual({ watermarkMs: null, finalBeforeMs: null });
    });

    it('leaves out a partition whose reader has stood at its end for the idle time', async () => {
      await open(metricOf(), [0, 0]);
      await seen(0, 0, T);
      for (let s = 0; s < 60; s += 5) await report(1, NOW + s * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: null });
      await report(1, NOW + 60 * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: T });
    });

    it('waits again for a partition whose reader is gone, and for one that got a record', async () => {
      await open(metricOf(), [0, 0]);
      await seen(1, 0, T - 30 * MINUTE);
      await seen(0, 0, T - 30 * MINUTE);
      for (let s = 0; s <= 60; s += 5) await report(1, NOW + s * SECOND);
      await seen(0, 1, T - 20 * MINUTE, NOW + 60 * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: T - 20 * MINUTE });
      await seen(1, 1, T - 29 * MINUTE, NOW + 61 * SECOND);
      await seen(0, 2, T - 10 * MINUTE, NOW + 62 * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: T - 20 * MINUTE });
      for (let s = 62; s <= 130; s += 5) await report(1, NOW + s * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: T - 10 * MINUTE });
      await seen(0, 3, T, NOW + 130 * SECOND + READER_LOST_MS);
      expect(await progress()).toMatchObject({ watermarkMs: T - 10 * MINUTE });
    });

    it('waits again for a partition that got only expired records, whose time nobody knows', async () => {
      await open(metricOf(), [0, 0]);
      await seen(0, 0, T - 30 * MINUTE);
      await seen(1, 0, T - 30 * MINUTE);
      for (let s = 0; s < 60; s += 5) await report(1, NOW + s * SECOND);
      const old = { offset: 1, startMs: NOW - 48 * HOUR };
      expect(await scene.write(1, [old], { maxEventMs: null, nowMs: NOW + 58 * SECOND })).toMatchObject({
        expired: 1,
      });
      await report(1, NOW + 60 * SECOND);
      await seen(0, 1, T, NOW + 61 * SECOND);
      expect(await progress()).toMatchObject({ watermarkMs: T - 30 * MINUTE });
    });

    it('of final-only results is the newest window end, and their points are corrected by any second record', async () => {
      await open(metricOf({ finalOnly: true }), [0, 0]);
      await seen(0, 0, T + MINUTE);
      expect(await progress()).toMatchObject({ watermarkMs: T + MINUTE });
      expect(await scene.write(0, [{ offset: 1 }])).toMatchObject({ accepted: 1, corrected: 0 });
      expect(await scene.write(0, [{ offset: 2 }])).toMatchObject({ accepted: 1, corrected: 1 });
    });
  });

  describe('finality', () => {
    it('comes by the clock when every partition was read to its end after that', async () => {
      await open(metricOf(), [0, 0]);
      await seen(0, 0, T);
      await seen(1, 0, T);
      await report(0, NOW + 5 * MINUTE);
      expect(await progress()).toEqual({ watermarkMs: T, finalBeforeMs: T });
      await report(1, NOW + 4 * MINUTE);
      expect(await progress()).toEqual({ watermarkMs: T, finalBeforeMs: NOW + 3 * MINUTE });
    });

    it('makes later records corrections: they replace, and are counted', async () => {
      await open();
      await scene.put(0, [{ offset: 0, measures: [1] }], { maxEventMs: T + MINUTE + 10 * SECOND - 1 });
      expect(await scene.write(0, [{ offset: 1, measures: [2] }])).toMatchObject({ corrected: 0 });
      await seen(0, 2, T + MINUTE + 10 * SECOND);
      expect(await scene.write(0, [{ offset: 3, measures: [3] }])).toMatchObject({
        accepted: 1,
        corrected: 1,
      });
      expect(await scene.point()).toMatchObject({ measures: [3], revision: 3 });
    });

    it('waits for a partition that lacks records before its reader, and names the offset to read from', async () => {
      await open(metricOf({ idleMs: MINUTE }), [0, 0]);
      await seen(0, 0, T);
      await seen(1, 0, T);
      // The reader of partition 1 had records up to 4 acknowledged, which the store has lost since.
      for (let s = 0; s <= 180; s += 5) {
        expect(await report(0, NOW + s * SECOND, true, 1)).toEqual([]);
        expect(await report(1, NOW + s * SECOND, true, 5)).toEqual([{ partition: 1, neededOffset: 1 }]);
      }
      await seen(0, 1, T + 30 * MINUTE, NOW + 180 * SECOND);
      expect(await progress()).toEqual({ watermarkMs: T, finalBeforeMs: T });
      await seen(1, 1, T + MINUTE, NOW + 181 * SECOND);
      await scene.write(1, [], {
        fromOffset: 2,
        toOffset: 4,
        maxEventMs: T + MINUTE,
        nowMs: NOW + 181 * SECOND,
      });
      expect(await report(1, NOW + 182 * SECOND, true, 5)).toEqual([]);
      await report(0, NOW + 182 * SECOND, true, 2);
      expect(await progress()).toMatchObject({ finalBeforeMs: NOW + 122 * SECOND });
    });

    it('is not moved by readers of another topic', async () => {
      await open();
      await seen(0, 0, T);
      await scene.store.reportPartitions(scene.metric, 'another', [
        { partition: 0, position: 0, atEnd: true, nowMs: NOW + MINUTE },
      ]);
      expect(await progress()).toEqual({ watermarkMs: T, finalBeforeMs: T });
    });
  });

  it('goes the way of advance(), whatever is read and reported', async () => {
    const runs = 25;
    const metrics = Array.from({ length: runs * 3 }, (_, i) =>
      metricOf({
        name: `m${i}`,
        window: [HOPPING, SESSIONS, metricOf().window][i % 3]!,
        finalOnly: i % 4 === 3,
        idleMs: 20 * SECOND,
      }),
    );
    const under = await factory(metrics, Date.now);
    let next = 0;
    const step = fc.record({
      what: fc.constantFrom('seen', 'end', 'lag'),
      partition: fc.integer({ min: 0, max: 2 }),
      event: fc.option(fc.integer({ min: -300, max: 300 })),
      later: fc.integer({ min: -1, max: 15 }),
    });
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const metric = metrics[next++ % metrics.length]!;
          const identity = { topic: 't', topicId: `id-${next}`, ends: [0, 0, 0] };
          if ((await under.store.identifyTopic(metric, identity)) === 'stale') throw new Error('stale');
          let expected = await under.store.progress(metric);
          const none: PartitionState = {
            maxEventMs: null,
            atEndSinceMs: null,
            lastAtEndMs: null,
            reportedMs: null,
          };
          const states = [none, none, none];
          const offsets = [0, 0, 0];
          let nowMs = T;
          for (const { what, partition, event, later } of steps) {
            nowMs += later * SECOND;
            const before = states[partition]!;
            if (what === 'seen') {
              const maxEventMs = event === null ? null : T + event * SECOND;
              const seenMs = maxEventMs === null ? -Infinity : Math.min(maxEventMs, nowMs);
              const offset = offsets[partition]!++;
              await under.store.write({
                metric,
                topicId: identity.topicId,
                partition,
                partitions: 3,
                fromOffset: offset,
                toOffset: offset,
                points: [],
                maxEventMs,
                nowMs,
              });
              states[partition] = {
                ...before,
                maxEventMs: Math.max(before.maxEventMs ?? -Infinity, seenMs),
                atEndSinceMs: maxEventMs === null ? before.atEndSinceMs : null,
              };
              if (states[partition].maxEventMs === -Infinity) states[partition] = before;
            } else {
              const atEnd = what === 'end';
              await under.store.reportPartitions(metric, identity.topicId, [
                { partition, position: 0, atEnd, nowMs },
              ]);
              const lost = before.reportedMs === null || nowMs - before.reportedMs > READER_LOST_MS;
              states[partition] = {
                ...before,
                atEndSinceMs: !atEnd ? null : lost ? nowMs : (before.atEndSinceMs ?? nowMs),
                lastAtEndMs: atEnd ? Math.max(before.lastAtEndMs ?? nowMs, nowMs) : before.lastAtEndMs,
                reportedMs: Math.max(before.reportedMs ?? nowMs, nowMs),
              };
            }
            expected = advance(expected, states, nowMs, metric);
            expect(await under.store.progress(metric)).toEqual(expected);
          }
        }),
        { numRuns: runs },
      );
    } finally {
      await under.close();
    }
    await open();
  });

  describe('changes', () => {
    it('are told in order, every one of them, with revisions, and carry the progress', async () => {
      await open();
      const heard = listen(scene.store);
      await scene.put(
        0,
        [
          { offset: 0, measures: [1] },
          { offset: 1, values: ['us'], measures: [2] },
        ],
        { maxEventMs: T },
      );
      await scene.put(0, [{ offset: 2, measures: [3] }], { maxEventMs: T + 1, nowMs: NOW + 1 });
      await scene.put(0, [{ offset: 3, removed: true }], { nowMs: NOW + 2 });
      await eventually(() => expect(heard.changes()).toHaveLength(4));
      const shared = { startMs: T, endMs: T + MINUTE };
      const series = await scene.store.listSeries(scene.metric);
      const idOf = (region: string) => series.find(({ values }) => values[0] === region)?.id;
      expect(heard.changes()).toEqual([
        {
          ...shared,
          seriesId: idOf('eu'),
          values: ['eu'],
          measures: [1],
          removed: false,
          revision: 1,
          updatedMs: NOW,
          firstSeenMs: NOW,
        },
        {
          ...shared,
          seriesId: idOf('us'),
          values: ['us'],
          measures: [2],
          removed: false,
          revision: 1,
          updatedMs: NOW,
          firstSeenMs: NOW,
        },
        {
          ...shared,
          seriesId: idOf('eu'),
          values: ['eu'],
          measures: [3],
          removed: false,
          revision: 2,
          updatedMs: NOW + 1,
          firstSeenMs: NOW + 1,
        },
        {
          ...shared,
          seriesId: idOf('eu'),
          values: ['eu'],
          measures: [3],
          removed: true,
          revision: 3,
          updatedMs: NOW + 2,
          firstSeenMs: NOW + 2,
        },
      ]);
      expect(heard.told.map(({ progress: p }) => p.watermarkMs)).toEqual([T, T + 1, T + 1]);
      expect(new Set(heard.told.map(({ metric }) => metric))).toEqual(new Set(['requests']));
    });

    it('tell the first-seen time of an event that changed', async () => {
      await open(metricOf({ kind: 'event' }));
      const heard = listen(scene.store);
      await scene.put(0, [{ offset: 0 }]);
      await scene.put(0, [{ offset: 1 }], { nowMs: NOW + 5 });
      await eventually(() => expect(heard.changes()).toHaveLength(2));
      expect(heard.changes()[1]).toMatchObject({ firstSeenMs: NOW, updatedMs: NOW + 5, revision: 2 });
    });

    it('are told without points when only the progress moved, and not at all when nothing did', async () => {
      await open();
      const heard = listen(scene.store);
      await seen(0, 0, T);
      await seen(0, 1, T - 1);
      await report(0, NOW);
      await report(0, NOW + MINUTE);
      await eventually(() => expect(heard.told.at(-1)?.progress.finalBeforeMs).toBe(NOW));
      expect(
        heard.told.map(({ changes, progress: p }) => [changes.length, p.watermarkMs, p.finalBeforeMs]),
      ).toEqual([
        [0, T, T],
        [0, T, NOW - MINUTE],
        [0, T, NOW],
      ]);
    });

    it('are in the store before anyone is notified', async () => {
      await open();
      const checks: Promise<void>[] = [];
      scene.store.subscribe({
        onChanges: (_metric, changes) => {
          const told = changes.at(-1)!.revision;
          checks.push(scene.point().then(({ revision }) => expect(revision).toBeGreaterThanOrEqual(told)));
        },
        onGap: () => undefined,
        onEpoch: () => undefined,
      });
      for (let offset = 0; offset < 30; offset += 1) {
        await scene.point().catch(() => undefined);
        await scene.put(0, [{ offset }]);
      }
      await eventually(() => expect(checks).toHaveLength(30));
      await Promise.all(checks);
    });

    it('are not told for what is ignored, expired, refused or over the cap', async () => {
      await open(metricOf({ maxSeries: 1 }));
      await scene.put(0, [{ offset: 0 }]);
      const heard = listen(scene.store);
      await scene.write(0, [{ offset: 0 }]);
      await scene.write(0, [
        { offset: 1, startMs: T - 48 * 60 * MINUTE },
        { offset: 2, keyHash: 1 },
        { offset: 3, values: ['more'] },
      ]);
      await scene.put(0, [{ offset: 4 }]);
      await eventually(() => expect(heard.changes()).toHaveLength(1));
      expect(heard.changes()[0]).toMatchObject({ revision: 2 });
    });

    it('reach every listener, and none that has gone', async () => {
      await open();
      const gone = listen(scene.store);
      gone.stop();
      scene.store.subscribe({
        onChanges: () => {
          throw new Error('a listener with a fault');
        },
        onGap: () => undefined,
        onEpoch: () => undefined,
      });
      const heard = listen(scene.store);
      await scene.put(0, [{ offset: 0 }]);
      await eventually(() => expect(heard.changes()).toHaveLength(1));
      expect(gone.changes()).toEqual([]);
    });
  });
}
