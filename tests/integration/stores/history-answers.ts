import { combinesOverTime } from '../../../backend-bridge/src/domain/combination-rules';
import { foldsFromSteps } from '../../../backend-bridge/src/domain/history/tiers';
import type { Metric, OverTime } from '../../../backend-bridge/src/domain/metric';
import type { SummarySeries } from '../../../backend-bridge/src/domain/query-answer';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import { MEASURES, MINUTE, plainStep, T0, type Window } from '../../support/history-windows';
import { expected, expectSame, shown, unsigned } from './shown-steps';

/** Answers of a store with history beside what its windows come to by the plainest rule. */

const HOUR = 60 * MINUTE;
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
export const SITES = ['a', 'b', 'c'];
export const RULES: readonly OverTime[] = ['avg', 'sum', 'min', 'max', 'last'];

/** A store, and the windows that were written to it. `now`: in minutes since T0. */
export interface WrittenStore {
  readonly metric: Metric;
  readonly store: SeriesStore;
  readonly windows: readonly Window[];
  readonly now: number;
}

export function engineOf(world: WrittenStore): QueryEngine {
  return new QueryEngine([world.metric], world.store, LIMITS, () => T0 + world.now * MINUTE);
}

/**
 * The summary of a range of whole hours without open windows, and its steps as a time shift reads them, are what its
 * windows come to; of each series, and of all.
 */
export async function compareRange(world: WrittenStore, fromHour: number, toHour: number): Promise<void> {
  const engine = engineOf(world);
  const range = { fromMs: T0 + fromHour * HOUR, toMs: T0 + toHour * HOUR };
  const all = world.windows.filter(({ minute }) => minute >= fromHour * 60 && minute < toHour * 60);
  for (const name of MEASURES) {
    const query = { metric: world.metric.name, measure: name, ...range };
    const each = await engine.summary(query, []);
    const one = await engine.summary({ ...query, groupBy: [] }, []);
    const overTime = MEASURES.indexOf(name) === 3 ? 'avg' : 'last';
    const steps = await engine.query({ ...query, stepMs: HOUR, overTime, includeRevisions: true }, []);
    for (const [series, site] of [...SITES.entries(), [-1, 'all'] as const]) {
      const own = series < 0 ? all : all.filter((window) => window.series === series);
      const found = series < 0 ? one.series[0] : each.series.find(({ labels }) => labels['site'] === site);
      expectSummary(
        world.metric,
        `${name} of ${site}, hours ${fromHour} to ${toHour}`,
        found,
        own,
        name,
        series < 0,
      );
      if (series < 0) continue;
      expectSame(
        `${name} by the hour of ${site}, from hour ${fromHour} on`,
        shown(steps.series.find(({ labels }) => labels['site'] === site)),
        expected(own, MEASURES.indexOf(name), overTime, 60, 0),
      );
    }
  }
}

function expectSummary(
  metric: Metric,
  what: string,
  found: SummarySeries | undefined,
  own: readonly Window[],
  name: string,
  several: boolean,
): void {
  const measure = MEASURES.indexOf(name);
  const valued = own.filter(({ removed, measures }) => !removed && measures[measure] !== undefined);
  if (valued.length === 0) {
    expect(found).toBeUndefined();
    return;
  }
  const definition = metric.measures[measure]!;
  const says = RULES.filter(
    (rule) =>
      combinesOverTime(metric, definition, rule) && (!several || foldsFromSteps(metric, measure, rule, true)),
  );
  // Of one series, windows without a finite number count for the last one and for weights alone.
  const numbers = several ? valued : valued.filter(({ measures }) => Number.isFinite(measures[measure]));
  const right = says.map((rule) => {
    const of = rule === 'last' || (rule === 'avg' && name === 'mean') ? valued : numbers;
    return [rule, unsigned(plainStep(of, measure, rule) ?? null)];
  });
  const counted = ['count', new Set(numbers.map(({ minute }) => minute)).size];
  const shownRules = says.map((rule) => [rule, unsigned(found?.[rule] ?? null)]);
  expect(`${what}: ${JSON.stringify([...shownRules, ['count', found?.count]])}`).toBe(
    `${what}: ${JSON.stringify([...right, counted])}`,
  );
}
