import type { CountedEvent } from './enrichment';
import type { PipelineRules } from './rules';
import { WindowedAggregation } from './windows';

/**
 * The four aggregations and the events they count. Pure: the same events in the same order produce the same windows.
 */

export const AGGREGATIONS = ['events', 'revenue', 'highActivity', 'activeUsers'] as const;
export type AggregationName = (typeof AGGREGATIONS)[number];

/** The single group of the active users metric. */
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

  /** An event without a segment does not reach aggregations by segment, and does not move their stream time. */
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

  /** Number of keys and members in all open windows. */
  get entries(): number {
    let sum = 0;
    for (const name of AGGREGATIONS) sum += this.aggregations[name].entries;
    return sum;
  }

  /**
   * Whether an event is accepted while the windows are full: when it adds no entry, or its time closes an old window. A
   * full pipeline thus keeps counting known users, and recovers as time passes.
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
