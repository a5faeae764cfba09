/** Steps that are filled in beside a source: the demo's weeks. */
import type { Metric, OverTime } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import { columnsOf, MINUTE, plainPoints, T0, type Window } from '../../support/history-windows';
import { HistoryWorld, tieredMetric } from './history-world';
import { createLmdb } from './lmdb-rig';

const HOUR = 60;
const SEAM = 30 * HOUR;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

const windows = Array.from({ length: SEAM }, (_, minute): Window => ({
  series: 0,
  minute,
  revision: 1,
  removed: false,
  measures: [minute % 50, minute / 8, -minute, minute / 4, minute * 2, 8],
}));

/** Sums, averages, least and last values by the hour are what the windows come to. */
async function check({ metric, store }: HistoryWorld, nowMs: number, all: readonly Window[]): Promise<void> {
  const engine = new QueryEngine([metric], store, LIMITS, () => nowMs);
  for (const overTime of ['sum', 'avg', 'min', 'last'] as OverTime[]) {
    const { series } = await engine.query(
      { metric: 'tiers', fromMs: T0, toMs: nowMs, stepMs: HOUR * MINUTE, overTime },
      [],
    );
    const points = plainPoints(all, 0, overTime, HOUR);
    expect(series.map(({ labels, times, values }) => [labels, times, values])).toEqual([
      [{ site: 'a' }, points.map(({ time }) => time), points.map(({ value }) => value)],
    ]);
  }
}

describe('steps that are filled in', () => {
  it('lie before what the source has sent, and are taken once', async () => {
    const clock = { nowMs: T0 };
    const metric = tieredMetric('tiers', { retentionMs: 24 * HOUR * MINUTE });
    const under = await createLmdb([metric], () => clock.nowMs);
    try {
      const world = new HistoryWorld(under, metric, (nowMs) => (clock.nowMs = nowMs));
      world.advance(SEAM + 120);
      await world.identify();
      const live = Array.from({ length: 120 }, (_, i) => ({ ...windows[i]!, minute: SEAM + i }));
      world.produce(...live);
      await world.deliver();
      const fill = (toMs: number) =>
        world.store.history!.fill!(metric, [{ values: ['a'], windows: columnsOf(windows) }], toMs);
      const readAgain: string[] = [];
      const onGap = ({ name }: Metric, reason: string): unknown => readAgain.push(`${name} ${reason}`);
      world.store.subscribe({ onChanges: () => {}, onGap, onEpoch: () => {} });
      expect(await fill(T0 + SEAM * MINUTE)).toBe(true);
      await check(world, clock.nowMs, [...windows, ...live]);
      expect(await fill(T0 + SEAM * MINUTE)).toBe(false);
      expect(readAgain).toEqual(['tiers steps_filled']);
      await world.restart();
      await check(world, clock.nowMs, [...windows, ...live]);
      expect(await world.state()).toMatchObject({
        sealedBeforeMs: T0 + SEAM * MINUTE,
        tiers: [{ steps: (SEAM / HOUR) * 12 }, { steps: SEAM / HOUR }],
      });
    } finally {
      await under.close();
    }
  });

  it('take the place of earlier ones before the boundary, and leave those after it', async () => {
    const clock = { nowMs: T0 };
    const metric = tieredMetric('tiers');
    const under = await createLmdb([metric], () => clock.nowMs);
    try {
      const world = new HistoryWorld(under, metric, (nowMs) => (clock.nowMs = nowMs));
      world.advance(10 * HOUR);
      await world.identify();
      const sent = windows.slice(HOUR, 10 * HOUR).map((each) => ({ ...each, measures: [7, 1, 1, 1, 1, 1] }));
      world.produce(...sent);
      await world.deliver();
      await world.sealed();
      const before = await world.state();
      const filled = [{ values: ['a'], windows: columnsOf(windows.slice(0, 2 * HOUR)) }];
      expect(await world.store.history!.fill!(metric, filled, T0 + 2 * HOUR * MINUTE)).toBe(true);
      const all = [...windows.slice(0, 2 * HOUR), ...sent.slice(HOUR)];
      await check(world, clock.nowMs, all);
      await world.restart();
      await check(world, clock.nowMs, all);
      const [minutes, hours] = before.tiers;
      expect(await world.state()).toMatchObject({
        sealedBeforeMs: before.sealedBeforeMs,
        isFilled: true,
        tiers: [{ steps: minutes!.steps + 12 }, { steps: hours!.steps + 1 }],
      });
    } finally {
      await under.close();
    }
  });
});
