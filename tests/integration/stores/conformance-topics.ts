import { homePartition } from '../../../backend-bridge/src/domain/revision';
import { metricOf, MINUTE, NOW, Scene, T, type StoreFactory } from './store-rig';

/** Applied offsets, gaps, topics made anew or grown, lost stores. */
export function describeTopics(factory: StoreFactory): void {
  let scene: Scene;
  const open = async (ends: readonly number[] = [0]): Promise<void> => {
    scene = await Scene.open(factory, metricOf(), ends);
  };
  const applied = async (): Promise<object> =>
    Object.fromEntries(await scene.store.appliedOffsets(scene.metric));
  afterEach(() => scene.close());

  describe('applied offsets', () => {
    it('move with the points, partition by partition, over offsets without records too', async () => {
      await open([0, 0]);
      expect(await applied()).toEqual({});
      await scene.put(0, [{ offset: 3 }], { fromOffset: 0, toOffset: 9 });
      await scene.write(1, [], { fromOffset: 0, toOffset: 4 });
      expect(await applied()).toEqual({ 0: 9, 1: 4 });
    });

    it('never go back', async () => {
      await open();
      await scene.put(0, [{ offset: 9 }], { fromOffset: 0 });
      await scene.write(0, [{ offset: 2 }]);
      expect(await applied()).toEqual({ 0: 9 });
    });

    it('refuse a slice that begins after the next one, and write nothing of it', async () => {
      await open([0, 0]);
      await scene.put(0, [{ offset: 0 }]);
      const gap = await scene.write(0, [{ offset: 2, startMs: T + MINUTE, values: ['new'] }], {
        maxEventMs: NOW,
      });
      expect(gap).toEqual({ kind: 'gap', neededOffset: 1 });
      expect(await scene.write(1, [{ offset: 7 }])).toEqual({ kind: 'gap', neededOffset: 0 });
      expect(await applied()).toEqual({ 0: 0 });
      expect((await scene.point()).revision).toBe(1);
      expect(await scene.store.listSeries(scene.metric)).toHaveLength(1);
      expect(await scene.store.progress(scene.metric)).toEqual({ watermarkMs: null, finalBeforeMs: null });
    });

    it('take a slice that overlaps what was applied', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1 }]);
      expect(await scene.write(0, [{ offset: 1 }, { offset: 2 }])).toMatchObject({ accepted: 1, ignored: 1 });
      expect(await applied()).toEqual({ 0: 2 });
    });

    it('are skipped to where the log begins, never back, and only for the current topic', async () => {
      await open();
      await scene.store.skipTo(scene.metric, 'topic-1', 0, 100);
      expect(await applied()).toEqual({ 0: 99 });
      await scene.store.skipTo(scene.metric, 'topic-1', 0, 50);
      await scene.store.skipTo(scene.metric, 'another', 0, 500);
      expect(await applied()).toEqual({ 0: 99 });
      await scene.put(0, [{ offset: 100 }]);
    });
  });

  describe('a topic', () => {
    it('gets its first incarnation when it is first seen, and keeps it', async () => {
      await open([5, 6]);
      const first = { topicId: 'topic-1', partitions: 2, incarnations: [{ number: 1, starts: [0, 0] }] };
      expect(scene.topic).toEqual(first);
      expect(await scene.identify('topic-1', [50, 60])).toEqual(first);
    });

    it('must be identified before anything is written', async () => {
      const under = await factory([metricOf()], Date.now);
      const known = await Scene.open(factory);
      scene = known;
      const outcome = await under.store.write(known.batch(0, [{ offset: 0 }]));
      await under.close();
      expect(outcome).toEqual({ kind: 'stale_topic' });
    });

    it('made anew begins a new incarnation at offset 0, whose records win whatever their offset', async () => {
      await open();
      await scene.put(0, [{ offset: 1000, measures: [1] }], { fromOffset: 0 });
      expect(await scene.identify('topic-2', [3])).toEqual({
        topicId: 'topic-2',
        partitions: 1,
        incarnations: [{ number: 2, starts: [0] }],
      });
      expect(await applied()).toEqual({});
      await scene.put(0, [{ offset: 0, measures: [2] }]);
      expect(await scene.point()).toMatchObject({ measures: [2], revision: 2 });
    });

    it('made anew takes no batch that was read from the old one', async () => {
      await open();
      const old = scene.batch(0, [{ offset: 0 }]);
      await scene.identify('topic-2', [0]);
      expect(await scene.store.write(old)).toEqual({ kind: 'stale_topic' });
      expect(await scene.points()).toEqual({});
    });

    it('that was current before is a stale view', async () => {
      await open();
      await scene.identify('topic-2', [0]);
      expect(await scene.identify('topic-1', [10])).toBe('stale');
      expect(await scene.identify('topic-2', [10])).toMatchObject({ topicId: 'topic-2' });
      await scene.identify('topic-3', [0]);
      expect(await scene.identify('topic-1', [10])).toBe('stale');
      expect(await scene.identify('topic-2', [10])).toBe('stale');
    });

    it('with fewer partitions than before is a stale view', async () => {
      await open([0, 0]);
      expect(await scene.identify('topic-1', [0])).toBe('stale');
      expect(scene.topic).toMatchObject({ partitions: 2 });
    });

    it('that grew begins a new incarnation at the ends of the old partitions and at 0 of the new ones', async () => {
      await open([0, 0]);
      await scene.put(0, [{ offset: 0 }]);
      expect(await scene.identify('topic-1', [10, 20, 5])).toEqual({
        topicId: 'topic-1',
        partitions: 3,
        incarnations: [
          { number: 1, starts: [0, 0] },
          { number: 2, starts: [10, 20, 0] },
        ],
      });
      expect(await applied()).toEqual({ 0: 0 });
    });

    it('that grew takes no batch that was read before', async () => {
      await open([0]);
      const old = scene.batch(0, [{ offset: 0 }]);
      await scene.identify('topic-1', [0, 0]);
      expect(await scene.store.write(old)).toEqual({ kind: 'stale_topic' });
    });

    it('that grew may move a key to another partition: the newer incarnation wins in any order of reading', async () => {
      await open([0]);
      await scene.put(0, [{ offset: 0, measures: [1] }]);
      await scene.identify('topic-1', [3, 0]);
      await scene.put(1, [{ offset: 0, measures: [9] }]);
      // Offsets 1 and 2 of the old partition were written before it grew, and are read only now.
      expect(await scene.write(0, [{ offset: 1 }, { offset: 2 }])).toMatchObject({ accepted: 0, ignored: 2 });
      expect(await scene.point()).toMatchObject({ measures: [9], revision: 2 });
      expect(await applied()).toEqual({ 0: 2, 1: 0 });
    });

    it('that grew keeps the old incarnation for old records that are replayed', async () => {
      await open([0]);
      await scene.put(0, [
        { offset: 0, measures: [1] },
        { offset: 1, measures: [2] },
      ]);
      await scene.identify('topic-1', [2, 0]);
      await scene.put(1, [{ offset: 0, measures: [3] }]);
      const replay = scene.batch(0, [{ offset: 0 }, { offset: 1 }]);
      expect(replay.points.map(({ incarnation }) => incarnation)).toEqual([1, 1]);
      expect(await scene.store.write(replay)).toMatchObject({ accepted: 0, ignored: 2 });
      expect(await scene.point()).toMatchObject({ measures: [3], revision: 3 });
    });

    it('that grew lets the partition that the key hashes to win within one incarnation', async () => {
      const keyHash = 7;
      const home = homePartition(keyHash, 2);
      await open([0, 0]);
      await scene.put(1 - home, [{ offset: 50, keyHash, measures: [1] }], { fromOffset: 0 });
      await scene.put(home, [{ offset: 0, keyHash, measures: [2] }]);
      expect(await scene.write(1 - home, [{ offset: 51, keyHash }])).toMatchObject({
        accepted: 0,
        ignored: 1,
      });
      expect(await scene.point()).toMatchObject({ measures: [2] });
    });
  });

  describe('a store that was lost', () => {
    it('has another epoch, takes nothing before its topics are identified again, and is filled again', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }, { offset: 1 }]);
      const epoch = scene.store.epoch();
      expect(epoch).not.toBe('');
      await scene.under.wipe();
      const refused = await scene.write(0, [{ offset: 2 }]);
      expect(['store_lost', 'stale_topic']).toContain(refused.kind);
      expect(scene.store.epoch()).not.toBe(epoch);
      await scene.identify('topic-1', [3]);
      expect(await scene.write(0, [{ offset: 2 }])).toEqual({ kind: 'gap', neededOffset: 0 });
      await scene.put(0, [{ offset: 0 }, { offset: 1 }, { offset: 2 }]);
      expect(await scene.point()).toMatchObject({ revision: 3 });
    });
  });
}
