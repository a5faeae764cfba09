import { castToDouble, type Profile, type RawEvent } from './raw-event';
import type { PipelineRules } from './rules';

/** From a raw event to what the windows count of it, with the profile known at that moment. Pure. */

/** An event before its profile is known: nothing in it can fail later, or be large. */
export interface PendingEvent {
  readonly userId: string;
  readonly timestampMs: number;
  /** Undefined when it is no purchase, null when it has no usable amount. */
  readonly amount: number | null | undefined;
}

export interface CountedEvent extends PendingEvent {
  /** Null: it drops out of every group by segment. */
  readonly segment: string | null;
}

/** The amount of a purchase; undefined for every other event. Map keys match exactly, as in ksqlDB. */
function amountOf({ eventType, properties }: RawEvent, rules: PipelineRules): number | null | undefined {
  if (eventType !== rules.purchaseType) return undefined;
  if (properties === null || !Object.hasOwn(properties, 'amount')) return null;
  const amount = properties['amount'];
  // What is neither has a text too, but none that reads as a number.
  return typeof amount === 'string' || typeof amount === 'number' ? castToDouble(String(amount)) : null;
}

export function pendingEvent(event: RawEvent, rules: PipelineRules): PendingEvent {
  return { userId: event.userId, timestampMs: event.timestampMs, amount: amountOf(event, rules) };
}

/** The event joined with its user's profile; null where the join drops it. */
export function enrich(
  event: PendingEvent,
  profile: Profile | undefined,
  rules: PipelineRules,
): CountedEvent | null {
  if (profile === undefined && rules.join === 'inner') return null;
  return { ...event, segment: profile?.segment ?? rules.unknownSegment };
}
