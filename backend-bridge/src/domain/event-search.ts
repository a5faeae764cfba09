import { eventOf } from './events';
import type { TimeRange } from './ladder';
import type { PointColumns, SeriesPoints } from './point';
import type { Progress } from './progress';
import type { EventEntry, Plan } from './query-answer';
import { clipRange, partsBackwards, type Span } from './read-span';
import type { RequestScope } from './request-scope';
import type { ScanBudget } from './scan-budget';
import { selectSeries, type Pause } from './series-scan';
import { seriesKey } from './series';
import type { SeriesStore } from './store';

/** Dependencies of an event search. */
export interface SearchDependencies {
  readonly store: SeriesStore;
  readonly budget: ScanBudget;
  readonly nowMs: number;
  readonly progress: Progress;
  readonly pause: Pause;
  readonly scope: RequestScope;
}

const IDS_AT_ONCE = 5_000;
/** Memory of one event in an answer, in points. */
const EVENT_POINTS = 16;

/** Reads series over a span, in portions. `ids` null: all. */
export async function readPortions(
  span: Span,
  ids: readonly number[] | null,
  { budget, pause, scope }: Pick<SearchDependencies, 'budget' | 'pause' | 'scope'>,
): Promise<SeriesPoints[]> {
  if (ids === null) return [...(await scope.inTurn(() => budget.read(span, null)))];
  const found: SeriesPoints[] = [];
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const part = ids.slice(from, from + IDS_AT_ONCE);
    found.push(...(await scope.inTurn(() => budget.read(span, part))));
    await pause();
  }
  return found;
}

/** False for a tombstone without a previous point, as Kafka Streams' filter writes them: it is not an event. */
function everHappened(points: PointColumns, row: number): boolean {
  return !points.removed(row) || points.point(row).measures.some((measure) => measure !== undefined);
}

/** The newest events of the range, newest first and in label order within one window start. */
export async function findEvents(
  plan: Plan,
  range: TimeRange,
  limit: number,
  dependencies: SearchDependencies,
): Promise<EventEntry[]> {
  const { metric } = plan;
  const all = await dependencies.store.listSeries(metric);
  const selected = await selectSeries(plan, all, dependencies.pause, dependencies.scope.signal);
  const ids = plan.filters.length === 0 ? null : selected.map(({ id }) => id);
  const events: EventEntry[] = [];
  for (const part of partsBackwards(metric, clipRange(metric, range, dependencies.nowMs), selected.length)) {
    // By window start; the store returns each in label order. Objects are created only for events in the answer.
    const rows = new Map<number, { series: SeriesPoints; row: number }[]>();
    for (const series of await readPortions(part, ids, dependencies)) {
      for (let row = 0; row < series.points.length; row += 1) {
        if (!everHappened(series.points, row)) continue;
        const startMs = series.points.starts[row]!;
        const known = rows.get(startMs);
        if (known === undefined) rows.set(startMs, [{ series, row }]);
        else known.push({ series, row });
      }
    }
    for (const startMs of [...rows.keys()].sort((a, b) => b - a)) {
      for (const { series, row } of rows.get(startMs)!) {
        if (events.length === limit) return events;
        dependencies.scope.reserve(EVENT_POINTS);
        events.push(eventOf(metric, series.values, series.points.point(row), dependencies.progress));
      }
    }
    if (events.length === limit) return events;
    await dependencies.pause();
  }
  return events;
}

/** All events of these series (by seriesKey) at these window starts. */
export async function findEventsAt(
  plan: Plan,
  wanted: ReadonlyMap<number, ReadonlySet<string>>,
  dependencies: SearchDependencies,
): Promise<EventEntry[]> {
  const { metric } = plan;
  const keys = new Set<string>();
  for (const each of wanted.values()) for (const key of each) keys.add(key);
  const ids = new Map<string, number>();
  for (const { id, values } of await dependencies.store.listSeries(metric)) {
    const key = seriesKey(values);
    if (keys.has(key) && plan.selects(values)) ids.set(key, id);
  }
  const events: EventEntry[] = [];
  for (const [startMs, each] of wanted) {
    const asked = [...each].map((key) => ids.get(key)).filter((id) => id !== undefined);
    for (const { values, points } of await readPortions(
      { fromMs: startMs, toMs: startMs + 1 },
      asked,
      dependencies,
    )) {
      for (let row = 0; row < points.length; row += 1) {
        if (everHappened(points, row))
          events.push(eventOf(metric, values, points.point(row), dependencies.progress));
      }
    }
  }
  return events;
}
