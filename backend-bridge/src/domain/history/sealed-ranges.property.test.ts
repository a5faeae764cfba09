import fc from 'fast-check';
import { QueryEngine } from '../query-engine';
import type { SummarySeries } from '../query-answer';
import type { HistoryStore, SeriesStore, SeriesSteps, StepsRequest } from '../store';
import type { PointColumns } from '../point';
import { columnsOf, historyMetric, MINUTE, T0, type Window } from '../../../../tests/support/history-windows';
import { packSteps, unpackSteps } from './packed-steps';
import { emptySteps, foldShape, foldWindows } from './step-columns';
import { foldsFromSteps } from './tiers';

/** Summaries and dimension values over sealed steps, beside the same windows before they were sealed. */

const SITES = ['a', 'b', 'c'];
const MINUTES = 120;
const DAY = 1_440 * MINUTE;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
const PLAIN = historyMetric({ retentionMs: 400 * DAY });
const TIERED = historyMetric({
  retentionMs: 60 * MINUTE,
  history: [
    { stepMs: 5 * MINUTE, keepMs: 30 * DAY },
    { stepMs: 60 * MINUTE, keepMs: 400 * DAY },
  ],
});
const NOW = T0 + MINUTES * MINUTE;

/** Windows of three series, of which those before a minute are sealed; 0: none. */
function engineOver(
  windows: readonly Window[],
  sealedMinutes: number,
  onRead: (request: StepsRequest) => void = () => {},
): QueryEngine {
  const metric = sealedMinutes > 0 ? TIERED : PLAIN;
  const sealedBeforeMs = T0 + sealedMinutes * MINUTE;
  const series = SITES.map((site, i) => ({
    id: i + 1,
    values: [site],
    points: columnsOf(windows.filter((window) => window.series === i)),
  }));
  const wanted = (seriesIds: readonly number[] | null): typeof series =>
    series.filter(({ id }) => seriesIds === null || seriesIds.includes(id));
  const history: HistoryStore = {
    state: async () => ({
      sealedBeforeMs,
      tiers: TIERED.history!.map((tier) => ({ ...tier, sinceMs: 0, steps: 0, bytes: 0 })),
    }),
    readSteps: async (_metric, request) => {
      onRead(request);
      return {
        sealedBeforeMs,
        series: wanted(request.seriesIds).map(({ id, values, points }) => ({
          seriesId: id,
          values,
          steps: sealedSteps(points, sealedBeforeMs, request),
        })),
      };
    },
  };
  const store = {
    epoch: () => 'epoch',
    progress: async () => ({ watermarkMs: NOW, finalBeforeMs: NOW }),
    listSeries: async () => series,
    read: async (_metric: unknown, { fromMs, toMs, seriesIds }: StepsRequest) =>
      wanted(seriesIds).map(({ id, values, points }) => ({
        seriesId: id,
        values,
        points: between(points, Math.max(fromMs, sealedMinutes > 0 ? sealedBeforeMs : 0), toMs),
      })),
    ...(sealedMinutes > 0 && { history }),
  };
  return new QueryEngine([metric], store as unknown as SeriesStore, LIMITS, () => NOW);
}

function between(points: PointColumns, fromMs: number, toMs: number): PointColumns {
  const rows = Array.from({ length: points.length }, (_, row) => points.point(row));
  return columnsOf(
    rows
      .filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
      .map(({ startMs, ...rest }) => ({ ...rest, series: 0, minute: (startMs - T0) / MINUTE })),
  );
}

function sealedSteps(points: PointColumns, beforeMs: number, request: StepsRequest): SeriesSteps['steps'] {
  const shape = foldShape(TIERED, request.stepMs);
  const all = emptySteps(shape);
  foldWindows(shape, points, all, { fromMs: 0, toMs: beforeMs });
  const steps = emptySteps(shape, request.needs);
  if (all.length > 0) unpackSteps(shape, packSteps(shape, all, 0, all.length), steps, request);
  return steps;
}

/** Sums of these are exact in doubles too, in any order. */
const finite = fc.integer({ min: -400, max: 400 }).map((quarters) => quarters / 4);
const number = fc.oneof(
  { weight: 40, arbitrary: finite },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, -0) },
);
const valueOrNone = fc.option(number, { nil: undefined, freq: 9 });

const windowsArbitrary = fc
  .uniqueArray(
    fc.record({
      series: fc.nat(2),
      minute: fc.nat(MINUTES - 1),
      revision: fc.integer({ min: 1, max: 9 }),
      removed: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      // Nothing is counted infinitely often.
      measures: fc
        .tuple(
          fc.array(valueOrNone, { minLength: 5, maxLength: 5 }),
          fc.option(finite, { nil: undefined, freq: 9 }),
        )
        .map(([values, count]) => [...values, count]),
    }),
    { maxLength: 3 * MINUTES, size: 'max', selector: ({ series, minute }) => `${series}/${minute}` },
  )
  .map((all) => all.sort((a, b) => a.series - b.series || a.minute - b.minute));

/** JSON has one zero. */
const unsigned = (value: number | null): number | null => (value === 0 ? 0 : value);

/** What of a summary steps of single series can say. */
function known(one: SummarySeries, measure: number, several: boolean, sealed: boolean): object {
  const says = (rule: 'min' | 'max' | 'avg' | 'last'): boolean =>
    !sealed || foldsFromSteps(TIERED, measure, rule, several);
  return {
    labels: one.labels,
    count: one.count,
    sum: unsigned(one.sum),
    avg: says('avg') ? unsigned(one.avg) : null,
    min: says('min') ? unsigned(one.min) : null,
    max: says('max') ? unsigned(one.max) : null,
    ...(says('last') && { last: unsigned(one.last), lastTimeMs: one.lastTimeMs }),
    stale: one.stale,
    open: one.open,
  };
}

describe('a range that reaches back before the sealed boundary', () => {
  it('has the summary of its windows, as far as steps say it: each series, and all combined', async () => {
    await fc.assert(
      fc.asyncProperty(
        windowsArbitrary,
        fc.constantFrom(0, 1, 2, 3, 4),
        fc.boolean(),
        fc.nat(11),
        fc.integer({ min: 60, max: MINUTES }),
        async (windows, measure, several, fromStep, toMinute) => {
          const query = {
            metric: 'm',
            measure: TIERED.measures[measure]!.name,
            fromMs: T0 + fromStep * 5 * MINUTE,
            toMs: T0 + toMinute * MINUTE,
            ...(several && { groupBy: [] }),
          };
          const { series: right } = await engineOver(windows, 0).summary(query, []);
          const { series: found } = await engineOver(windows, 60).summary(query, []);
          const sealed = ({ labels }: SummarySeries): boolean =>
            windows.some(
              (window) =>
                window.minute >= fromStep * 5 &&
                window.minute < 60 &&
                (several || SITES[window.series] === labels['site']),
            );
          expect(found.map((one) => known(one, measure, several, sealed(one)))).toEqual(
            right.map((one) => known(one, measure, several, sealed(one))),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('counts whole steps at its edges: nothing outside of the range is in the summary', async () => {
    const windows = Array.from({ length: 60 }, (_, minute): Window => ({
      series: 0,
      minute,
      revision: 1,
      removed: false,
      measures: [1, 1, 1, 1, 1, 1],
    }));
    const range = { fromMs: T0 + 2 * MINUTE, toMs: T0 + 58 * MINUTE };
    const { series } = await engineOver(windows, 60).summary({ metric: 'm', ...range }, []);
    expect(series[0]).toMatchObject({ sum: 50, count: 50, lastTimeMs: T0 + 54 * MINUTE });
  });

  it('is summarized from the finest steps up to a week, from longer ones after that, or from what reaches back', async () => {
    const stepOver = async (days: number): Promise<number> => {
      const steps: number[] = [];
      const engine = engineOver([], 60, ({ stepMs }) => steps.push(stepMs / MINUTE));
      await engine.summary({ metric: 'm', fromMs: NOW - days * DAY, toMs: NOW }, []);
      expect(new Set(steps).size).toBe(1);
      return steps[0]!;
    };
    expect(await stepOver(1)).toBe(5);
    expect(await stepOver(7)).toBe(5);
    expect(await stepOver(8)).toBe(60);
    expect(await stepOver(35)).toBe(60);
    expect(await stepOver(900)).toBe(60);
  });

  it('has the dimension values of its series', async () => {
    await fc.assert(
      fc.asyncProperty(windowsArbitrary, fc.nat(23), fc.nat(11), async (windows, fromStep, steps) => {
        const some = windows.filter(({ minute }) => minute % 7 < 2);
        const range = {
          fromMs: T0 + fromStep * 5 * MINUTE,
          toMs: T0 + (fromStep + steps + 1) * 5 * MINUTE,
        };
        const answers = await Promise.all(
          [0, 60].map((sealedMinutes) =>
            engineOver(some, sealedMinutes).dimensionValues('m', 'site', range, []),
          ),
        );
        expect(answers[1]!.values).toEqual(answers[0]!.values);
      }),
      { numRuns: 100 },
    );
  });

  it('warns of what is not kept, and of what only windows say', async () => {
    const windows = [0, 1, 2].map((series): Window => ({
      series,
      minute: 3,
      revision: 1,
      removed: false,
      measures: [series, 1, 1, 1, 1, 1],
    }));
    const engine = engineOver(windows, 60);
    const ask = { metric: 'm', toMs: NOW };
    const one = await engine.summary({ ...ask, fromMs: T0 }, []);
    expect(one.warnings).toEqual([]);
    expect(one.series[2]).toMatchObject({ last: 2, lastTimeMs: T0 + 3 * MINUTE, previous: null, count: 1 });
    const all = await engine.summary({ ...ask, fromMs: T0 - 500 * DAY, groupBy: [] }, []);
    expect(all.series[0]).toMatchObject({ sum: 3, min: null, max: null });
    expect(all.warnings.map(({ code, message }) => [code, message])).toEqual([
      [
        'range_not_kept',
        'Windows of "m" are kept for 1h, steps of 5m for 30d, steps of 1h for 400d. The summary begins where the steps do.',
      ],
      [
        'range_not_kept',
        'Steps of "m" are kept for each series on its own: min and max of several series combined are known only from windows, which are kept for 1h, here from 2052-02-20T01:00Z on.',
      ],
    ]);
    expect(all.warnings.map(({ stats }) => stats)).toEqual([undefined, ['min', 'max']]);
  });
});
