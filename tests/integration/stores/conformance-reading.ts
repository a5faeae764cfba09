import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { HOPPING, HOUR, metricOf, MINUTE, NOW, Scene, SESSIONS, T, type StoreFactory } from './store-rig';

/** Ranges, retention, hopping windows, sessions, restarts. */
export function describeReading(factory: StoreFactory): void {
  let scene: Scene;
  const open = async (metric?: Metric): Promise<void> => {
    scene = await Scene.open(factory, metric);
  };
  const starts = async (range: Parameters<Scene['points']>[0]): Promise<number[]> =>
    Object.values(await scene.points(range))
      .flat()
      .map(({ startMs }) => startMs);
  afterEach(() => scene.close());

  describe('reading', () => {
    it('gives window starts in [from, to), in order, whatever the order of writing', async () => {
      await open();
      const minutes = [100, 3, 250, 0, 59, 60, 61, 15, 16, 17];
      await scene.put(
        0,
        minutes.map((minute, offset) => ({ offset, startMs: T - minute * MINUTE })),
      );
      const expected = (from: number, to: number): number[] =>
        minutes
          .map((minute) => T - minute * MINUTE)
          .filter((start) => start >= from && start < to)
          .sort((a, b) => a - b);
      for (const [from, to] of [
        [0, NOW],
        [T - 60 * MINUTE, T - 15 * MINUTE],
        [T - 60 * MINUTE + 1, T - 15 * MINUTE + 1],
        [T, T + 1],
        [T, T],
        [T + 1, T],
      ] as const) {
        expect(await starts({ fromMs: from, toMs: to })).toEqual(expected(from, to));
      }
    });

    it('gives series in label order, only those asked for, and none without points', async () => {
      await open();
      const names = ['b', 'a', '', 'Z', 'é', 'aa'];
      await scene.put(
        0,
        names.map((name, offset) => ({ offset, values: [name], startMs: T + (name === 'b' ? MINUTE : 0) })),
      );
      const sorted = ['', 'Z', 'a', 'aa', 'b', 'é'];
      const series = await scene.store.listSeries(scene.metric);
      expect(series.map(({ values }) => values[0])).toEqual(sorted);
      expect(new Set(series.map(({ id }) => id)).size).toBe(6);
      expect(Object.keys(await scene.points())).toEqual(sorted);
      expect(Object.keys(await scene.points({ fromMs: T + MINUTE }))).toEqual(['b']);
      const ids = series.filter(({ values }) => ['a', 'é'].includes(values[0]!)).map(({ id }) => id);
      const request = { fromMs: 0, toMs: NOW, nowMs: NOW, maxPoints: 100 };
      const some = await scene.store.read(scene.metric, {
        ...request,
        seriesIds: [...ids.reverse(), 999_999],
      });
      expect(some.map(({ values }) => values[0])).toEqual(['a', 'é']);
      expect(await scene.store.read(scene.metric, { ...request, seriesIds: [] })).toEqual([]);
    });

    it('refuses more points than allowed, and not one less', async () => {
      await open();
      await scene.put(
        0,
        Array.from({ length: 40 }, (_, offset) => ({ offset, startMs: T - offset * MINUTE })),
      );
      const request = { fromMs: 0, toMs: NOW, nowMs: NOW, seriesIds: null };
      const found = await scene.store.read(scene.metric, { ...request, maxPoints: 40 });
      expect(found[0]!.points.length).toBe(40);
      await expect(scene.store.read(scene.metric, { ...request, maxPoints: 39 })).rejects.toMatchObject({
        name: 'RequestError',
        code: 'range_too_large',
      });
    });

    it('bears with enormous ranges and windows in the far future', async () => {
      await open();
      const future = NOW + 1_000 * 365 * 24 * HOUR;
      await scene.put(0, [{ offset: 0 }, { offset: 1, startMs: future }]);
      expect(await starts({ fromMs: 0, toMs: 8.64e15 })).toEqual([T, future]);
    });
  });

  describe('retention', () => {
    it('cuts answers exactly at end + retention', async () => {
      await open(metricOf({ retentionMs: 2 * HOUR }));
      await scene.put(0, [{ offset: 0 }, { offset: 1, startMs: T + MINUTE }]);
      const gone = T + MINUTE + 2 * HOUR;
      expect(await starts({ nowMs: gone - 1 })).toEqual([T, T + MINUTE]);
      expect(await starts({ nowMs: gone })).toEqual([T + MINUTE]);
      expect(await starts({ nowMs: gone + MINUTE })).toEqual([]);
    });

    it('counts a record that comes past it as expired and does not store it', async () => {
      await open(metricOf({ retentionMs: 2 * HOUR }));
      const old = NOW - 2 * HOUR - MINUTE;
      const outcome = await scene.write(0, [
        { offset: 0, startMs: old },
        { offset: 1, startMs: old + MINUTE },
      ]);
      expect(outcome).toMatchObject({ kind: 'applied', accepted: 1, expired: 1, conflicts: [], overCap: [] });
      expect(await starts({ nowMs: 0 })).toEqual([old + MINUTE]);
      expect(await scene.store.appliedOffsets(scene.metric)).toEqual(new Map([[0, 1]]));
    });

    it('cuts sessions at their own end', async () => {
      await open(metricOf({ window: SESSIONS, retentionMs: 2 * HOUR }));
      await scene.put(0, [{ offset: 0, startMs: T, endMs: T + 123_456 }]);
      expect(await starts({ nowMs: T + 123_456 + 2 * HOUR - 1 })).toEqual([T]);
      expect(await starts({ nowMs: T + 123_456 + 2 * HOUR })).toEqual([]);
    });

    it('cuts hopping windows at start + size', async () => {
      await open(metricOf({ window: HOPPING, retentionMs: 2 * HOUR }));
      await scene.put(0, [{ offset: 0 }]);
      expect(await starts({ nowMs: T + 5 * MINUTE + 2 * HOUR - 1 })).toEqual([T]);
      expect(await starts({ nowMs: T + 5 * MINUTE + 2 * HOUR })).toEqual([]);
    });
  });

  it('keeps hopping windows one by one, each with its own end', async () => {
    await open(metricOf({ window: HOPPING }));
    await scene.put(
      0,
      Array.from({ length: 5 }, (_, offset) => ({ offset, startMs: T + offset * MINUTE })),
    );
    const points = (await scene.points())['eu']!;
    expect(points.map(({ startMs, endMs }) => [startMs - T, endMs - T])).toEqual(
      [0, 1, 2, 3, 4].map((minute) => [minute * MINUTE, (minute + 5) * MINUTE]),
    );
  });

  describe('sessions', () => {
    const session = (offset: number, startMs: number, endMs: number, removed = false): object => ({
      offset,
      startMs,
      endMs,
      removed,
      measures: [removed ? undefined : offset],
    });
    const put = (...records: object[]): Promise<void> => scene.put(0, records as { offset: number }[]);
    beforeEach(() => open(metricOf({ window: SESSIONS })));

    it('have any start and end, and may last over hours', async () => {
      await put(session(0, T + 7, T + 7), session(1, T - 3 * HOUR + 1, T + 99));
      const points = (await scene.points())['eu']!;
      expect(points.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
        [T - 3 * HOUR + 1, T + 99],
        [T + 7, T + 7],
      ]);
      expect(await starts({ fromMs: T + 7, toMs: T + 8 })).toEqual([T + 7]);
      expect(await starts({ fromMs: T + 8, toMs: T + HOUR })).toEqual([]);
    });

    it('that grow replace themselves', async () => {
      await put(session(0, T, T + 10), session(1, T, T + 20));
      expect(await scene.point()).toMatchObject({ endMs: T + 20, revision: 2, measures: [1] });
    });

    it('lose only the one with the end that the tombstone names', async () => {
      await put(session(0, T, T + 10), session(1, T, T + 20));
      expect(await scene.write(0, [session(2, T, T + 10, true) as never])).toMatchObject({
        accepted: 0,
        ignored: 1,
      });
      expect(await scene.point()).toMatchObject({ endMs: T + 20, revision: 2, removed: false });
      await put(session(3, T, T + 20, true));
      expect(await scene.point()).toMatchObject({ endMs: T + 20, revision: 3, removed: true, measures: [1] });
    });

    it('merge: the tombstones of the parts and the whole leave the whole', async () => {
      await put(session(0, T, T + 10), session(1, T + 60, T + 70));
      await put(session(2, T, T + 10, true), session(3, T + 60, T + 70, true), session(4, T, T + 70));
      const points = (await scene.points())['eu']!.filter(({ removed }) => !removed);
      expect(points).toHaveLength(1);
      expect(points[0]).toMatchObject({ startMs: T, endMs: T + 70, revision: 3 });
    });
  });

  describe('a restart', () => {
    it('finds everything: points, series, topic, offsets, progress, epoch', async () => {
      await open(metricOf({ kind: 'event' }, ['value', 'count']));
      await scene.put(
        0,
        ['a', 'b', 'a', 'c'].map((name, offset) => ({
          offset,
          values: [name],
          startMs: T + (offset * HOUR) / 4,
        })),
        { maxEventMs: T },
      );
      await scene.put(0, [{ offset: 4, values: ['a'], removed: true }]);
      const look = async (): Promise<object> => ({
        points: await scene.points(),
        series: await scene.store.listSeries(scene.metric),
        applied: await scene.store.appliedOffsets(scene.metric),
        progress: await scene.store.progress(scene.metric),
        epoch: scene.store.epoch(),
        topic: await scene.identify('topic-1', [9]),
      });
      const before = await look();
      await scene.under.restart();
      expect(await look()).toEqual(before);
      expect(await scene.write(0, [{ offset: 4, values: ['a'], removed: true }])).toMatchObject({
        ignored: 1,
      });
      await scene.put(0, [{ offset: 5, values: ['d'] }]);
      const ids = (await scene.store.listSeries(scene.metric)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(4);
    });

    it('takes further metrics and other titles, and refuses another shape with metric, difference and cure', async () => {
      await open();
      await scene.put(0, [{ offset: 0 }]);
      await scene.under.restart([
        { ...scene.metric, title: 'Other', maxSeries: 5 },
        metricOf({ name: 'new' }),
      ]);
      expect(Object.keys(await scene.points())).toEqual(['eu']);
      await expect(scene.under.restart([metricOf({ finalOnly: true })])).rejects.toMatchObject({
        name: 'StartRefusedError',
        message: expect.stringMatching(/requests.*finalOnly is false .*true.*(new name|another)/s) as string,
      });
    });
  });
}
