import type { EventEntry, EventsAnswer, Plan, QueryAnswer } from '../domain/query-answer';
import type { RequestScope } from '../domain/request-scope';
import type { EventsQuery, Filter, ResultSeries, Selection } from '../domain/selection';
import type { Labels } from '../domain/series';

/**
 * The query engine as the hub uses it. All methods but plan() read the store and reject with UnavailableError or
 * RequestError.
 */
export interface LiveEngine {
  /** Throws RequestError. */
  plan(selection: Selection, tenant: readonly Filter[]): Plan;
  /** All points of the plan at or after fromMs, with revisions and removals. */
  snapshot(plan: Plan, fromMs: number, scope: RequestScope): Promise<QueryAnswer>;
  /** The current points, or removals, at these times; `groups` limits them to these labels. */
  recompute(
    plan: Plan,
    times: readonly number[],
    groups: readonly Labels[] | undefined,
    scope: RequestScope,
  ): Promise<readonly ResultSeries[]>;
  events(query: EventsQuery, tenant: readonly Filter[], scope: RequestScope): Promise<EventsAnswer>;
  /** The current events of these series (by seriesKey) at these window starts. */
  eventsAt(
    plan: Plan,
    wanted: ReadonlyMap<number, ReadonlySet<string>>,
    scope: RequestScope,
  ): Promise<readonly EventEntry[]>;
}
