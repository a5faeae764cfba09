import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { windowGrid } from '../../../backend-bridge/src/domain/windows';
import { HOUR, metricOf, MINUTE, NOW, Scene, SECOND, T, type StoreFactory } from './store-rig';

/** Windows that begin at an offset, as local days do, or at any time. */

const DAY = 24 * HOUR;
const OFFSET = 42 * SECOND;
const FIXED: Metric['window'] = { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 0 };
const DAYS: Metric['window'] = {
  ...FIXED,
  sizeMs: DAY,
  advanceMs: DAY,
  calendar: { unit: 'day', timeZone: 'Europe/Berlin' },
};
const SLIDING: Metric['window'] = {
  ...FIXED,
  type: 'hopping',
  sizeMs: 10 * MINUTE,
  advanceMs: 1,
  anyStart: true,
};

export function describeWindows(factory: StoreFactory): void {
  let scene: Scene;
  const open = async (window: Metric['window'], retentionMs: number): Promise<void> => {
    scene = await Scene.open(factory, metricOf({ window, retentionMs }));
  };
  const bounds = async (range: Parameters<Scene['points']>[0] = {}): Promise<[number, number][]> =>
    Object.values(await scene.points(range))
      .flat()
      .map(({ startMs, endMs }) => [startMs, endMs]);
  afterEach(() => scene.close());

  it('that begin at an offset are found where they begin, across buckets, until each has expired', async () => {
    await open({ ...FIXED, offsetMs: OFFSET }, 3 * HOUR);
    const starts = Array.from({ length: 130 }, (_, i) => T - 100 * MINUTE + i * MINUTE + OFFSET);
    await scene.put(
      0,
      starts.map((startMs, offset) => ({ offset, startMs })),
    );
    expect(await bounds()).toEqual(starts.map((start) => [start, start + MINUTE]));
    for (const [from, to] of [
      [3, 4],
      [0, 70],
      [57, 130],
    ] as const) {
      const range = { fromMs: starts[from]!, toMs: starts[to - 1]! + 1 };
      expect(await bounds(range)).toEqual(starts.slice(from, to).map((start) => [start, start + MINUTE]));
      expect(await bounds({ fromMs: starts[from]! + 1, toMs: starts[to - 1]! })).toHaveLength(
        Math.max(0, to - from - 2),
      );
    }
    const gone = starts[9]! + MINUTE + 3 * HOUR;
    expect(await bounds({ nowMs: gone - 1 })).toHaveLength(121);
    expect(await bounds({ nowMs: gone })).toHaveLength(120);
    await scene.under.restart();
    expect(await bounds()).toHaveLength(130);
  });

  it('refuse a start at another offset', async () => {
    await open({ ...FIXED, offsetMs: OFFSET }, 3 * HOUR);
    expect(await scene.write(0, [{ offset: 0 }, { offset: 1, startMs: T + OFFSET }])).toMatchObject({
      accepted: 1,
      conflicts: [0],
    });
  });

  it('of local days keep the end of each, with the changes of the clocks', async () => {
    await open(DAYS, 400 * DAY);
    const grid = windowGrid(DAYS);
    const days: [number, number][] = [];
    for (let start = grid.startAt(NOW - 399 * DAY); start < NOW; start = grid.endOf(start)) {
      days.push([start, grid.endOf(start)]);
    }
    expect(new Set(days.map(([start, end]) => end - start))).toEqual(new Set([23 * HOUR, DAY, 25 * HOUR]));
    await scene.put(
      0,
      days.map(([startMs, endMs], offset) => ({ offset, startMs, endMs })),
    );
    expect(await bounds()).toEqual(days);
    await scene.put(0, [{ offset: days.length, startMs: days[5]![0], endMs: days[5]![1], removed: true }]);
    expect(Object.values(await scene.points()).flat()[5]).toMatchObject({ removed: true, revision: 2 });
    expect(await bounds({ nowMs: days[2]![1] + 400 * DAY })).toEqual(days.slice(3));
  });

  it('that slide begin at any time', async () => {
    await open(SLIDING, 3 * HOUR);
    const starts = [T - HOUR, T - HOUR + 1, T + 7, T + 17 * MINUTE + 3];
    await scene.put(
      0,
      starts.map((startMs, offset) => ({ offset, startMs })),
    );
    expect(await bounds()).toEqual(starts.map((start) => [start, start + 10 * MINUTE]));
  });

  it('do not change under stored points', async () => {
    await open({ ...FIXED, offsetMs: OFFSET }, 3 * HOUR);
    await scene.put(0, [{ offset: 0, startMs: T + OFFSET }]);
    await expect(
      scene.under.restart([metricOf({ window: { ...FIXED, offsetMs: 3 * SECOND }, retentionMs: 3 * HOUR })]),
    ).rejects.toMatchObject({
      name: 'StartRefusedError',
      message: expect.stringMatching(/window is .*"offsetMs":42000.*"offsetMs":3000/s) as string,
    });
  });
}
