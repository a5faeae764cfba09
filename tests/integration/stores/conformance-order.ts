import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { metricOf, MINUTE, NOW, Scene, T, type StoreFactory } from './store-rig';

/** Revisions, their order, tombstones, conflicts, caps. */
export function describeOrder(factory: StoreFactory): void {
  let scene: Scene;
  const open = async (metric?: Metric, ends?: readonly number[]): Promise<void> => {
    scene = await Scene.open(factory, metric, ends);
  };
  afterEach(() => scene.close());

  describe('the order of revisions', () => {
    it('lets the record with the higher offset win, and counts each accepted one', async () => {
      await open();
      await scene.put(0, [{ offset: 0, measures: [5] }]);
      await scene.put(0, [{ offset: 1, measures: [7] }]);
      expect(await scene.point()).toMatchObject({
        measures: [7],
        revision: 2,
        startMs: T,
        endMs: T + MINUTE,
      });
    });

    it('counts every record of one slice, not the slice', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1 }, { offset: 2, measures: [9] }]);
      expect(await scene.point()).toMatchObject({ measures: [9], revision: 3 });
    });

    it('ignores equal and lower offsets, so that a replay changes nothing', async () => {
      await open();
      const records = [{ offset: 0 }, { offset: 1, startMs: T + MINUTE }, { offset: 2 }];
      await scene.put(0, records);
      const before = await scene.points();
      expect(await scene.write(0, records)).toMatchObject({ kind: 'applied', accepted: 0, ignored: 3 });
      expect(await scene.write(0, [{ offset: 0, measures: [99] }])).toMatchObject({
        accepted: 0,
        ignored: 1,
      });
      expect(await scene.points()).toEqual(before);
    });

    it('keeps apart what differs in series or window start', async () => {
      await open(
        metricOf({ dimensions: metricOf().dimensions.concat({ name: 'zone', title: '', description: '' }) }),
      );
      await scene.put(0, [
        { offset: 0, values: ['eu', 'a'] },
        { offset: 1, values: ['eu', 'b'] },
        { offset: 2, values: ['eua', ''] },
        { offset: 3, values: ['', 'eua'] },
        { offset: 4, values: ['eu', 'a'], startMs: T + MINUTE },
        { offset: 5, values: ['"]\\u0000', '€🙂'] },
      ]);
      const points = await scene.points();
      expect(Object.keys(points)).toEqual(['/eua', '"]\\u0000/€🙂', 'eu/a', 'eu/b', 'eua/']);
      expect(points['eu/a']).toHaveLength(2);
      expect(
        Object.values(points)
          .flat()
          .every((point) => point.revision === 1),
      ).toBe(true);
    });

    it('takes the time of the last change from the writer', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }], { nowMs: NOW - 5_000 });
      await scene.put(0, [{ offset: 1 }], { nowMs: NOW });
      expect(await scene.point()).toMatchObject({ updatedMs: NOW });
    });

    it('keeps every number as it is: NaN, infinities, none, minus zero', async () => {
      await open(metricOf({}, ['value', 'b', 'c', 'd', 'e']));
      const measures = [NaN, -Infinity, undefined, -0, 0.1 + 0.2];
      await scene.put(0, [{ offset: 0, measures }]);
      expect((await scene.point()).measures).toEqual(measures);
    });

    it('keeps all of fourteen measures', async () => {
      const names = Array.from({ length: 14 }, (_, i) => (i === 0 ? 'value' : `m${i}`));
      await open(metricOf({ kind: 'event' }, names));
      const measures = names.map((_, i) => (i === 13 ? undefined : i / 3));
      await scene.put(0, [{ offset: 0, measures }]);
      expect((await scene.point()).measures).toEqual(measures);
    });
  });

  describe('two keys for one point', () => {
    it('are a mapping error within one incarnation, and the first one stays', async () => {
      await open(metricOf(), [0, 0]);
      await scene.put(0, [{ offset: 0, keyHash: 1, measures: [1] }]);
      expect(await scene.write(0, [{ offset: 1, keyHash: 2 }])).toMatchObject({
        accepted: 0,
        conflicts: [0],
      });
      expect(await scene.write(1, [{ offset: 0, keyHash: 3 }])).toMatchObject({
        accepted: 0,
        conflicts: [0],
      });
      expect(await scene.point()).toMatchObject({ measures: [1], revision: 1 });
    });

    it('without keys are one, when they come from two partitions', async () => {
      await open(metricOf(), [0, 0]);
      await scene.put(0, [{ offset: 0, keyHash: 0 }]);
      await scene.put(0, [{ offset: 1, keyHash: 0 }]);
      expect(await scene.write(1, [{ offset: 0, keyHash: 0 }])).toMatchObject({
        accepted: 0,
        conflicts: [0],
      });
    });

    it('are told by their places in the batch, and do not hold up the others', async () => {
      await open();
      await scene.put(0, [{ offset: 0, keyHash: 1 }]);
      const outcome = await scene.write(0, [
        { offset: 1, values: ['us'] },
        { offset: 2, keyHash: 2 },
        { offset: 3, values: ['ap'] },
        { offset: 4, keyHash: 3 },
      ]);
      expect(outcome).toMatchObject({ kind: 'applied', accepted: 2, conflicts: [1, 3] });
    });

    it('so is a window that does not begin where windows begin', async () => {
      await open();
      const outcome = await scene.write(0, [{ offset: 0 }, { offset: 1, startMs: T + 1 }]);
      expect(outcome).toMatchObject({ accepted: 1, conflicts: [1] });
    });

    it('with hashes past 2^31 are compared as numbers', async () => {
      await open();
      await scene.put(0, [{ offset: 0, keyHash: 0xffffffff }]);
      await scene.put(0, [{ offset: 1, keyHash: 0xffffffff }]);
      expect(await scene.point()).toMatchObject({ revision: 2 });
    });
  });

  describe('a removal', () => {
    it('raises the revision and leaves a marker with the last values', async () => {
      await open();
      await scene.put(0, [{ offset: 0, measures: [4] }]);
      await scene.put(0, [{ offset: 1, removed: true }]);
      expect(await scene.point()).toMatchObject({ removed: true, revision: 2, measures: [4] });
    });

    it('can be followed by a record that brings the point back', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1, removed: true }, { offset: 2, measures: [8] }]);
      expect(await scene.point()).toMatchObject({ removed: false, revision: 3, measures: [8] });
    });

    it('that is replayed after the revival does nothing', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1, removed: true }, { offset: 2, measures: [8] }]);
      expect(await scene.write(0, [{ offset: 1, removed: true }])).toMatchObject({ accepted: 0, ignored: 1 });
      expect(await scene.point()).toMatchObject({ removed: false, revision: 3 });
    });

    it('of a point that was never there leaves a marker that holds off what is older', async () => {
      await open(metricOf(), [0]);
      await scene.put(0, [{ offset: 4, removed: true }], { fromOffset: 0 });
      expect(await scene.point()).toMatchObject({ removed: true, revision: 1, measures: [undefined] });
      expect(await scene.write(0, [{ offset: 3 }])).toMatchObject({ accepted: 0, ignored: 1 });
    });

    it('comes again: each is a change', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1, removed: true }, { offset: 2, removed: true }]);
      expect(await scene.point()).toMatchObject({ removed: true, revision: 3 });
    });
  });

  describe('an event', () => {
    it('keeps when it was first seen, through changes, removal and revival', async () => {
      await open(metricOf({ kind: 'event' }));
      await scene.put(0, [{ offset: 0 }], { nowMs: NOW - 30_000 });
      await scene.put(0, [{ offset: 1 }], { nowMs: NOW - 20_000 });
      await scene.put(0, [{ offset: 2, removed: true }], { nowMs: NOW - 10_000 });
      expect(await scene.point()).toMatchObject({ firstSeenMs: NOW - 30_000, updatedMs: NOW - 10_000 });
      await scene.put(0, [{ offset: 3 }], { nowMs: NOW });
      expect(await scene.point()).toMatchObject({ firstSeenMs: NOW - 30_000, updatedMs: NOW, revision: 4 });
    });
  });

  describe('the cap on series', () => {
    it('refuses points of new series only, and says which', async () => {
      await open(metricOf({ maxSeries: 2 }));
      const outcome = await scene.write(0, [
        { offset: 0, values: ['a'] },
        { offset: 1, values: ['b'] },
        { offset: 2, values: ['c'] },
        { offset: 3, values: ['a'] },
        { offset: 4, values: ['d'] },
      ]);
      expect(outcome).toMatchObject({ kind: 'applied', accepted: 3, overCap: [2, 4] });
      expect((await scene.store.listSeries(scene.metric)).map(({ values }) => values)).toEqual([
        ['a'],
        ['b'],
      ]);
      // They were read all the same: the store does not wait for them.
      expect(await scene.store.appliedOffsets(scene.metric)).toEqual(new Map([[0, 4]]));
    });

    it('is remembered when it was last reached, across restarts', async () => {
      await open(metricOf({ maxSeries: 1 }));
      await scene.write(0, [{ offset: 0, values: ['a'] }]);
      expect(await scene.store.progress(scene.metric)).not.toHaveProperty('seriesRefusedMs');
      await scene.write(0, [{ offset: 1, values: ['b'] }], { nowMs: NOW - 7_000 });
      await scene.write(0, [{ offset: 2, values: ['a'] }]);
      expect(await scene.store.progress(scene.metric)).toMatchObject({ seriesRefusedMs: NOW - 7_000 });
      await scene.under.restart();
      expect(await scene.store.progress(scene.metric)).toMatchObject({ seriesRefusedMs: NOW - 7_000 });
    });

    it('is not used up by points that are refused', async () => {
      await open(metricOf({ maxSeries: 1 }));
      await scene.write(0, [
        { offset: 0, values: ['late'], startMs: T - 48 * 60 * MINUTE },
        { offset: 1, values: ['crooked'], startMs: T + 1 },
      ]);
      await scene.put(0, [{ offset: 2, values: ['good'] }]);
    });
  });
}
