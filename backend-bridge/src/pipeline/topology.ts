import type { CountedEvent } from './enrichment';
import type { PipelineRules } from './rules';
import { WindowedAggregation } from './windows';

/** The four aggregations and which events reach them. Pure: the same events in the same order give the same windows. */

export const AGGREGATIONS = ['events', 'revenue', 'highActivity', 'activeUsers'] as const;
export type AggregationName = (typeof AGGREGATIONS)[number];

/** The one group of active users: all of them. */
export const EVERYONE = '';

export class Topology {
  readonly aggregations: Readonly<Record<AggregationName, WindowedAggregation>>;

  constructor(private readonly rules: PipelineRules) {
    this.aggregations = {
      events: new WindowedAggregation(rules.events),
      revenue: new WindowedAggregation(rules.revenue),
      highActivity: new WindowedAggregation(rules.highActivity),
      activeUsers: new WindowedAggregation(rules.activeUsers, true),
    };
  }

  /** An event without a segment reaches no aggregation by segment, not even its stream time. */
  apply(event: CountedEvent): void {
    const { events, revenue, highActivity, activeUsers } = this.aggregations;
    const { userId, segment, timestampMs, amount } = event;
    if (segment !== null) {
      events.count(timestampMs, segment);
      if (amount !== undefined) {
        revenue.addAmount(
          timestampMs,
          segment,
          amount === null && this.rules.nullAmount === 'zero' ? 0 : amount,
        );
      }
    }
    highActivity.count(timestampMs, userId);
    activeUsers.countDistinct(timestampMs, EVERYONE, userId);
  }

  /** Keys and members in all open windows. */
  get entries(): number {
    let sum = 0;
    for (const name of AGGREGATIONS) sum += this.aggregations[name].entries;
    return sum;
  }

  /**
   * Whether an event may come in while the windows are full: it adds nothing new, or its time lets an old
   * window go. So a full pipeline keeps counting whom it knows, and frees itself as time passes.
   */
  fitsWhenFull(event: CountedEvent): boolean {
    const { events, revenue, highActivity, activeUsers } = this.aggregations;
    const { userId, segment, timestampMs, amount } = event;
    if (AGGREGATIONS.some((name) => this.aggregations[name].wouldClose(timestampMs))) return true;
    return (
      (segment === null || events.holds(timestampMs, segment, null)) &&
      (segment === null || amount === undefined || revenue.holds(timestampMs, segment, null)) &&
      highActivity.holds(timestampMs, userId, null) &&
      activeUsers.holds(timestampMs, EVERYONE, userId)
    );
  }
}
