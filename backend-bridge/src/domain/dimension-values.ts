import { readPortions, type SearchDependencies } from './event-search';
import type { TimeRange } from './ladder';
import type { Plan } from './query-answer';
import { clipRange, partsBackwards } from './read-span';
import { selectSeries } from './series-scan';

/**
 * Values of one dimension (its index) over the plan's series, in order of code units. With a range only those that
 * have a point in it; without, those of every series the store knows.
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
    // A value that was seen needs no further look, and most are seen in the newest part.
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
  return sorted(seen);
}

function sorted(values: ReadonlySet<string>): string[] {
  return [...values].sort();
}
