import { readPortions, type SearchDependencies } from './event-search';
import { summaryHistory } from './history/history-plan';
import type { StepNeeds } from './history/step-columns';
import { alignDown, type TimeRange } from './ladder';
import type { Plan } from './query-answer';
import { clipRange, partsBackwards } from './read-span';
import type { Series } from './series';
import { selectSeries } from './series-scan';
import type { StepsAnswer } from './store';

/** Steps per read over all series. */
const STEPS_AT_ONCE = 100_000;

/**
 * Values of one dimension (by index) over the plan's series, in code unit order. With a range only values that have a
 * point in it; without, those of all stored series.
 */
export async function findDimensionValues(
  plan: Plan,
  dimension: number,
  range: TimeRange | null,
  prefix: string,
  dependencies: SearchDependencies,
): Promise<string[]> {
  const { metric } = plan;
  const valueOf = (values: readonly string[]): string => values[dimension] ?? '';
  const selected = await selectSeries(
    plan,
    await dependencies.store.listSeries(metric),
    dependencies.pause,
    dependencies.scope.signal,
  );
  const candidates = selected.filter((series) => valueOf(series.values).startsWith(prefix));
  if (range === null) return sorted(new Set(candidates.map((series) => valueOf(series.values))));
  const seen = new Set<string>();
  let left = candidates;
  for (const part of partsBackwards(metric, clipRange(metric, range, dependencies.nowMs), left.length)) {
    // Known values need no further check, and most are found in the newest part.
    left = left.filter((series) => !seen.has(valueOf(series.values)));
    if (left.length === 0) break;
    const ids = left.map(({ id }) => id);
    for (const { values, points } of await readPortions(part, ids, dependencies)) {
      for (let row = 0; row < points.length; row += 1) {
        if (points.removed(row)) continue;
        seen.add(valueOf(values));
        break;
      }
    }
  }
  for (const { values } of await sealedSeries(
    plan,
    range,
    left.filter((series) => !seen.has(valueOf(series.values))),
    dependencies,
  )) {
    seen.add(valueOf(values));
  }
  return sorted(seen);
}

/** Values of series that have a sealed step in the range, whose bounds are rounded to steps. */
async function sealedSeries(
  { metric }: Plan,
  range: TimeRange,
  series: readonly Series[],
  { store, budget, nowMs, pause, scope }: SearchDependencies,
): Promise<readonly Series[]> {
  const history = await summaryHistory(metric, store.history, range, nowMs);
  if (history === null || range.fromMs >= history.sealedBeforeMs) return [];
  const { stepMs, fromMs } = history;
  const span = {
    fromMs: alignDown(Math.max(range.fromMs, fromMs), stepMs),
    toMs: Math.min(range.toMs, history.sealedBeforeMs),
  };
  const needs: StepNeeds = new Map(metric.measures.map((_, index) => [index, {}]));
  const atOnce = Math.max(1, Math.floor((STEPS_AT_ONCE * stepMs) / Math.max(1, span.toMs - span.fromMs)));
  const found: Series[] = [];
  for (let from = 0; from < series.length; from += atOnce) {
    const seriesIds = series.slice(from, from + atOnce).map(({ id }) => id);
    const read = (): Promise<StepsAnswer> =>
      budget.readSteps(history.store, { ...span, stepMs, seriesIds, needs });
    for (const { seriesId, values, steps } of (await scope.inTurn(read)).series) {
      const has = steps.measures.some((measure) =>
        measure!.counts.subarray(0, steps.length).some((count) => count > 0),
      );
      if (has) found.push({ id: seriesId, values });
    }
    await pause();
  }
  return found;
}

function sorted(values: ReadonlySet<string>): string[] {
  return [...values].sort();
}
