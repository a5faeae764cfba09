import fc from 'fast-check';
import { combinesOverTime, weightsOf } from '../combination-rules';
import type { CombinedPoints } from '../combine';
import type { OverTime } from '../metric';
import { packSteps, unpackSteps } from './packed-steps';
import {
  emptySteps,
  foldShape,
  foldWindows,
  neededColumns,
  type StepColumns,
  type StepNeeds,
} from './step-columns';
import { StepTable } from './step-table';
import {
  columnsOf,
  historyMetric,
  MINUTE,
  T0,
  plainPoints,
  windowsArbitrary,
  type Window,
} from '../../../../tests/support/history-windows';
import { foldsFromSteps } from './tiers';

const METRIC = historyMetric();
const MINUTES = 60;
const EVERYTHING = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

function foldSeries(windows: readonly Window[], tierWindows: number): StepColumns {
  const shape = foldShape(METRIC, tierWindows * MINUTE);
  const steps = emptySteps(shape);
  foldWindows(shape, columnsOf(windows), steps);
  return steps;
}

/** Sealed in two blocks, cut anywhere, and read back; only the columns that are needed. */
function sealed(steps: StepColumns, tierWindows: number, cut: number, needs: StepNeeds): StepColumns {
  const shape = foldShape(METRIC, tierWindows * MINUTE);
  const back = emptySteps(shape, needs);
  const { length } = steps;
  const at = Math.min(cut, length);
  for (const [from, to] of [
    [0, at],
    [at, length],
  ] as const) {
    if (from < to) unpackSteps(shape, packSteps(shape, steps, from, to), back, EVERYTHING);
  }
  return back;
}

function pointsOf(
  windows: readonly Window[],
  measure: number,
  rule: OverTime,
  tier: number,
  step: number,
  cut: number,
  severalSeries: boolean,
) {
  const definition = METRIC.measures[measure]!;
  const needs = neededColumns(foldShape(METRIC, tier * MINUTE), measure, rule, severalSeries);
  const table = new StepTable({
    measure,
    combine: definition.combine,
    weights: weightsOf(METRIC, definition),
    overTime: rule,
    severalSeries,
    stepMs: step * MINUTE,
    tierStepMs: tier * MINUTE,
    spans: [{ fromMs: T0, toMs: T0 + MINUTES * MINUTE }],
    windows: tier,
    offsetMs: 0,
    spanMs: step * MINUTE,
  });
  for (const series of new Set(windows.map((window) => window.series))) {
    const own = windows.filter((window) => window.series === series);
    table.add(sealed(foldSeries(own, tier), tier, cut, needs));
  }
  return table.finish();
}

function shown(points: CombinedPoints) {
  return points.times.map((time, row) => ({
    time,
    value: points.parts[row] === 0 ? undefined : points.values[row],
    revision: points.revisions[row],
  }));
}

/** -0 and 0 are one number in JSON. */
const unsigned = (values: readonly { readonly value: number | undefined }[]): unknown[] =>
  values.map((one) => ({ ...one, value: one.value === undefined ? undefined : one.value + 0 }));

const rule = fc.constantFrom<OverTime>('avg', 'sum', 'min', 'max', 'last');
const steps = fc.constantFrom([2, 2], [2, 10], [5, 5], [5, 60], [10, 30], [30, 60], [60, 60]) as fc.Arbitrary<
  [number, number]
>;

describe('sealed steps', () => {
  it('are what their windows come to, to the bit: one series, every measure and rule, any block', () => {
    fc.assert(
      fc.property(
        windowsArbitrary(MINUTES),
        fc.nat(5),
        rule,
        steps,
        fc.nat(30),
        (all, measure, over, [tier, step], cut) => {
          fc.pre(combinesOverTime(METRIC, METRIC.measures[measure]!, over));
          const windows = all.filter(({ series }) => series === 0);
          expect(unsigned(shown(pointsOf(windows, measure, over, tier, step, cut, false)))).toEqual(
            unsigned(plainPoints(windows, measure, over, step)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('and of several series combined, wherever steps of single series can say it', () => {
    fc.assert(
      fc.property(
        windowsArbitrary(MINUTES),
        fc.nat(5),
        rule,
        steps,
        fc.nat(30),
        (windows, measure, over, [tier, step], cut) => {
          fc.pre(combinesOverTime(METRIC, METRIC.measures[measure]!, over));
          fc.pre(foldsFromSteps(METRIC, measure, over, true));
          expect(unsigned(shown(pointsOf(windows, measure, over, tier, step, cut, true)))).toEqual(
            unsigned(plainPoints(windows, measure, over, step)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are the same bytes from windows folded at once or in parts, and packed again from what was read', () => {
    fc.assert(
      fc.property(windowsArbitrary(MINUTES), fc.nat(60), (all, cut) => {
        const windows = all.filter(({ series }) => series === 0);
        fc.pre(windows.length > 0);
        const shape = foldShape(METRIC, 5 * MINUTE);
        const whole = foldSeries(windows, 5);
        const parts = emptySteps(shape);
        foldWindows(shape, columnsOf(windows.filter(({ minute }) => minute < cut)), parts);
        foldWindows(shape, columnsOf(windows.filter(({ minute }) => minute >= cut)), parts);
        const bytes = packSteps(shape, whole, 0, whole.length);
        expect(packSteps(shape, parts, 0, parts.length)).toEqual(bytes);
        const back = emptySteps(shape);
        unpackSteps(shape, bytes, back, EVERYTHING);
        expect(packSteps(shape, back, 0, back.length)).toEqual(bytes);
        // Cut anywhere, it is what the windows of the span come to.
        const span = { fromMs: T0 + (cut - (cut % 5)) * MINUTE, toMs: T0 + 45 * MINUTE };
        const [part, own] = [emptySteps(shape), emptySteps(shape)];
        unpackSteps(shape, bytes, part, span);
        foldWindows(shape, columnsOf(windows), own, span);
        expect(part.length).toBe(own.length);
        if (part.length === 0) return;
        expect(packSteps(shape, part, 0, part.length)).toEqual(packSteps(shape, own, 0, own.length));
        foldWindows(shape, columnsOf(windows), part, { fromMs: span.toMs, toMs: Infinity });
        foldWindows(shape, columnsOf(windows), own, { fromMs: span.toMs, toMs: Infinity });
        expect(packSteps(shape, part, 0, part.length)).toEqual(packSteps(shape, own, 0, own.length));
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['counts', 5, 3.4],
    ['counts', 60, 4],
    ['amounts added up in binary', 5, 13],
    ['amounts added up in binary', 60, 14],
  ])(
    'of %s and %i minutes take at most %d bytes each, with all that every rule over time needs',
    (kind, minutes, bytes) => {
      const shape = foldShape(historyMetric({ measures: [METRIC.measures[0]!] }), minutes * MINUTE);
      let random = 1;
      const noise = (): number => (random = (random * 16_807) % 2_147_483_647) / 2_147_483_647;
      const count = (minute: number): number => {
        const level = 100 + 60 * Math.sin((2 * Math.PI * minute) / 1_440);
        return Math.round(level + Math.sqrt(level) * (noise() + noise() + noise() - 1.5) * 2);
      };
      const amount = (minute: number): number =>
        Array.from({ length: count(minute) / 8 }, () => Math.round(10_000 * noise()) / 100).reduce(
          (a, b) => a + b,
          0,
        );
      const windows = Array.from({ length: 256 * minutes }, (_, minute): Window => ({
        series: 0,
        minute,
        revision: 1,
        removed: false,
        measures: [kind === 'counts' ? count(minute) : amount(minute)],
      }));
      const steps = emptySteps(shape);
      foldWindows(shape, columnsOf(windows), steps);
      expect(packSteps(shape, steps, 0, 256).length).toBeLessThan(256 * bytes);
    },
  );
});
