/** Steps that are filled in beside a source: the demo's weeks. */
import type { OverTime } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import { columnsOf, MINUTE, plainPoints, T0, type Window } from '../../support/history-windows';
import { HistoryWorld, tieredMetric } from './conformance-history';
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
      expect(await fill(T0 + SEAM * MINUTE)).toBe(true);
      const check = async (): Promise<void> => {
        const engine = new QueryEngine([world.metric], world.store, LIMITS, () => clock.nowMs);
        for (const overTime of ['sum', 'avg', 'min', 'last'] as OverTime[]) {
          const { series } = await engine.query(
            { metric: 'tiers', fromMs: T0, toMs: clock.nowMs, stepMs: HOUR * MINUTE, overTime },
            [],
          );
          expect(series.map(({ labels, times, values }) => [labels, times, values])).toEqual([
            [
              { site: 'a' },
              ...['time' as const, 'value' as const].map((field) =>
                plainPoints([...windows, ...live], 0, overTime, HOUR).map((point) => point[field]),
              ),
            ],
          ]);
        }
      };
      await check();
      expect(await fill(T0 + SEAM * MINUTE)).toBe(false);
      await world.restart();
      await check();
      expect(await world.state()).toMatchObject({
        sealedBeforeMs: T0 + SEAM * MINUTE,
        tiers: [{ steps: (SEAM / HOUR) * 12 }, { steps: SEAM / HOUR }],
      });
    } finally {
      await under.close();
    }
  });

  it('are refused where there are steps already', async () => {
    const clock = { nowMs: T0 };
    const metric = tieredMetric('tiers');
    const under = await createLmdb([metric], () => clock.nowMs);
    try {
      const world = new HistoryWorld(under, metric, (nowMs) => (clock.nowMs = nowMs));
      world.advance(10 * HOUR);
      await world.identify();
      world.produce(...windows.slice(0, 10 * HOUR));
      await world.deliver();
      await world.sealed();
      const filled = [{ values: ['b'], windows: columnsOf(windows) }];
      expect(await world.store.history!.fill!(metric, filled, T0 + 9 * HOUR * MINUTE)).toBe(false);
      await world.compare([5, 60], ['value']);
    } finally {
      await under.close();
    }
  });
});
