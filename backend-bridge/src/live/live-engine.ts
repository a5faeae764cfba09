import type { EventEntry, EventsAnswer, Plan, QueryAnswer } from '../domain/query-answer';
import type { RequestScope } from '../domain/request-scope';
import type { EventsQuery, Filter, ResultSeries, Selection } from '../domain/selection';
import type { Labels } from '../domain/series';

/** What the hub needs of the query engine. All but plan() read the store and reject with UnavailableError or RequestError. */
export interface LiveEngine {
  /** Throws RequestError. */
  plan(selection: Selection, tenant: readonly Filter[]): Plan;
  /** Everything of the plan whose time is fromMs or later, with revisions and removals. */
  snapshot(plan: Plan, fromMs: number, scope: RequestScope): Promise<QueryAnswer>;
  /** The points at these times as they are now, or their removals; `groups`: only those with these labels. */
  recompute(
    plan: Plan,
    times: readonly number[],
    groups?: readonly Labels[],
  ): Promise<readonly ResultSeries[]>;
  events(query: EventsQuery, tenant: readonly Filter[], scope: RequestScope): Promise<EventsAnswer>;
  /** The events of these series (by seriesKey) at these window starts as they are now. */
  eventsAt(plan: Plan, wanted: ReadonlyMap<number, ReadonlySet<string>>): Promise<readonly EventEntry[]>;
}
