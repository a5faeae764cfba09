import type { EventsAnswer, Plan, QueryAnswer } from '../domain/query-answer';
import type { EventsQuery, Filter, ResultSeries, Selection } from '../domain/selection';
import type { Labels } from '../domain/series';

/** What the hub needs of the query engine. All but plan() read the store and reject with UnavailableError or RequestError. */
export interface LiveEngine {
  /** Throws RequestError. */
  plan(selection: Selection, tenant: readonly Filter[]): Plan;
  /** Everything of the plan whose time is fromMs or later, with revisions and removals. */
  snapshot(plan: Plan, fromMs: number): Promise<QueryAnswer>;
  /** The points at these times as they are now, or their removals; `groups`: only those with these labels. */
  recompute(
    plan: Plan,
    times: readonly number[],
    groups?: readonly Labels[],
  ): Promise<readonly ResultSeries[]>;
  events(query: EventsQuery, tenant: readonly Filter[]): Promise<EventsAnswer>;
}
