import { join } from 'node:path';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { createDemo } from '../../../backend-bridge/src/pipeline/demo';
import { createEmbeddedPipeline } from '../../../backend-bridge/src/pipeline/embedded-pipeline';
import { METRICS as PLAIN } from '../../../backend-bridge/src/pipeline/pipeline.test-support';
import { temporaryFolder } from '../../support/embedded-bridge';
import { silentLog, silentTelemetry } from '../../support/silent';
import { eventually } from '../../support/waiting';
import { lmdbStore } from '../stores/lmdb-rig';

/** The demo's weeks, whenever an earlier start ended before they were there. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Not at the end of a step. */
const STARTED = Date.UTC(2026, 5, 1, 15, 7, 20);
const METRICS: readonly Metric[] = PLAIN.filter(({ kind }) => kind === 'window').map((metric) => ({
  ...metric,
  history: [{ stepMs: 5 * MINUTE, keepMs: 35 * DAY }],
}));
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

describe('the weeks of the demo', () => {
  const folder = temporaryFolder();
  let nowMs = STARTED;
  let store: SeriesStore;
  let spanMs = 0;
  afterAll(() => folder.remove());

  /** From the start of the store to its end; `work` while the demo runs. */
  async function running(
    metrics: readonly Metric[],
    work: () => Promise<void>,
    path = folder.path,
  ): Promise<void> {
    const clock = (): number => nowMs;
    store = lmdbStore(join(path, 'store'), metrics, clock);
    await store.start();
    const pipeline = createEmbeddedPipeline({ statePath: join(path, 'pipeline') }, metrics, store, {
      log: silentLog,
      telemetry: silentTelemetry,
      clock,
    });
    await pipeline.start();
    const demo = createDemo(pipeline, {
      backfillMs: 12 * MINUTE,
      history: { spanMs, metrics, store },
      log: silentLog,
      clock,
    });
    try {
      await demo.start();
      await work();
    } finally {
      await demo.stop();
      await pipeline.stop();
      await store.close();
    }
  }

  const steps = (): Promise<number[]> =>
    Promise.all(METRICS.map(async (metric) => (await store.history!.state(metric)).tiers[0]!.steps));

  it('are filled in at the next start after one that ended early, whether or not it had a history', async () => {
    await running(
      PLAIN.filter(({ kind }) => kind === 'window'),
      async () => {},
    );
    nowMs += 10 * MINUTE;
    await running(METRICS, async () => expect(await steps()).toEqual([0, 0, 0]));
    // Days later: the windows of the first start become steps at once.
    nowMs += 3 * DAY;
    spanMs = 2 * DAY;
    await running(METRICS, async () => {
      for (const count of await steps()) expect(count).toBeGreaterThanOrEqual(2 * 288);
      const engine = new QueryEngine(METRICS, store, LIMITS, () => nowMs);
      const { series } = await engine.query(
        {
          metric: 'events_per_minute',
          fromMs: STARTED - 2 * DAY,
          toMs: STARTED - 5 * MINUTE,
          stepMs: 5 * MINUTE,
          overTime: 'sum',
          groupBy: [],
        },
        [],
      );
      const [all] = series;
      // Every step is whole, where drawn ones and those of events meet too.
      expect(all!.times.length).toBeGreaterThan(2 * 288 - 3);
      all!.times.slice(1).forEach((time, i) => expect(time - all!.times[i]!).toBe(5 * MINUTE));
      const last = all!.values.slice(-5) as number[];
      const level = last.reduce((sum, value) => sum + value, 0) / last.length;
      for (const value of last) expect(value / level).toBeGreaterThan(0.6);
    });
  });

  it('are drawn once', async () => {
    let before: number[] = [];
    await running(METRICS, async () => {
      before = await steps();
    });
    spanMs = 3 * DAY;
    await running(METRICS, async () => expect(await steps()).toEqual(before));
  });

  it('leave the windows of the retention as they are, so that hours before the start have their minutes', async () => {
    const own = temporaryFolder();
    nowMs = STARTED;
    spanMs = 2 * DAY;
    const ask = { metric: 'events_per_minute', fromMs: STARTED - 23 * HOUR, toMs: STARTED, groupBy: [] };
    const isFilled = async (metric: Metric): Promise<boolean> =>
      (await store.history!.state(metric)).isFilled === true;
    try {
      await running(
        METRICS,
        async () => {
          await eventually(
            async () => (await Promise.all(METRICS.map(isFilled))).every(Boolean),
            'the weeks are there',
          );
          const engine = new QueryEngine(METRICS, store, LIMITS, () => nowMs);
          const summary = await engine.summary(ask, []);
          expect(summary.warnings).toEqual([]);
          expect(summary.series[0]!.min).toBeGreaterThan(0);
          // A window looks as if it was stored when it ended.
          const morning = await engine.summary({ ...ask, toMs: STARTED - 10 * HOUR }, []);
          const { lastTimeMs, updatedMs } = morning.series[0]!;
          expect(updatedMs - lastTimeMs).toBeLessThanOrEqual(11 * MINUTE);
          const { series, warnings } = await engine.query({ ...ask, stepMs: MINUTE }, []);
          expect(warnings).toEqual([]);
          const { times, values } = series[0]!;
          expect(times.length).toBeGreaterThanOrEqual(23 * 60 - 2);
          times.slice(1).forEach((time, i) => expect(time - times[i]!).toBe(MINUTE));
          // Of the minutes before the first event late ones had left a few events only.
          const atTheSeam = values.slice(-30, -2) as number[];
          const level = atTheSeam.reduce((sum, value) => sum + value, 0) / atTheSeam.length;
          for (const value of atTheSeam) expect(value / level).toBeGreaterThan(0.5);
        },
        own.path,
      );
    } finally {
      own.remove();
    }
  });
});
