import { eventOf } from './events';
import type { TimeRange } from './ladder';
import type { Point, SeriesPoints } from './point';
import type { Progress } from './progress';
import type { EventEntry, Plan } from './query-answer';
import { clipRange, partsBackwards, type Span } from './read-span';
import { selectSeries, type Pause, type ScanBudget } from './series-scan';
import { compareValues } from './series';
import type { SeriesStore } from './store';

/** What a search reads with. */
export interface SearchTools {
  readonly store: SeriesStore;
  readonly budget: ScanBudget;
  readonly nowMs: number;
  readonly progress: Progress;
  readonly pause: Pause;
}

const IDS_AT_ONCE = 5_000;

/** Reads the plan's series over a span, in portions. `ids` null: all. */
export async function readPortions(
  span: Span,
  ids: readonly number[] | null,
  { budget, pause }: Pick<SearchTools, 'budget' | 'pause'>,
): Promise<SeriesPoints[]> {
  if (ids === null) return [...(await budget.read(span, null))];
  const found: SeriesPoints[] = [];
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    found.push(...(await budget.read(span, ids.slice(from, from + IDS_AT_ONCE))));
    await pause();
  }
  return found;
}

/** A tombstone for what was never there (Kafka Streams' filter writes such) takes no event away and is none. */
function everHappened({ removed, measures }: Point): boolean {
  return !removed || measures.some((measure) => measure !== undefined);
}

/** The newest events of the range, newest first and in label order within one window start. */
export async function findEvents(
  plan: Plan,
  range: TimeRange,
  limit: number,
  tools: SearchTools,
): Promise<EventEntry[]> {
  const { metric } = plan;
  const ids =
    plan.filters.length === 0
      ? null
      : (await selectSeries(plan, await tools.store.listSeries(metric), tools.pause)).map(({ id }) => id);
  const events: EventEntry[] = [];
  for (const part of partsBackwards(metric, clipRange(metric, range, tools.nowMs))) {
    const rows: { values: readonly string[]; point: Point }[] = [];
    for (const { values, points } of await readPortions(part, ids, tools)) {
      for (let row = 0; row < points.length; row += 1) {
        const point = points.point(row);
        if (everHappened(point)) rows.push({ values, point });
      }
    }
    rows.sort((a, b) => b.point.startMs - a.point.startMs || compareValues(a.values, b.values));
    for (const { values, point } of rows) {
      if (events.length === limit) return events;
      events.push(eventOf(metric, values, point, tools.progress));
    }
    if (events.length === limit) return events;
    await tools.pause();
  }
  return events;
}
