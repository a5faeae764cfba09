import { castToDouble, type Profile, type RawEvent } from './raw-event';
import type { PipelineRules } from './rules';

/** Enriches a raw event with the user's profile at that moment. Pure. */

/** A validated event before its profile is joined: bounded in size, and nothing in it can fail later. */
export interface PendingEvent {
  readonly userId: string;
  readonly timestampMs: number;
  /** Undefined for events other than purchases, null for a purchase without a usable amount. */
  readonly amount: number | null | undefined;
}

export interface CountedEvent extends PendingEvent {
  /** Null: not counted by segment. */
  readonly segment: string | null;
}

/** The amount of a purchase; undefined for other events. Map keys are case-sensitive, as in ksqlDB. */
function amountOf({ eventType, properties }: RawEvent, rules: PipelineRules): number | null | undefined {
  if (eventType !== rules.purchaseType) return undefined;
  if (properties === null || !Object.hasOwn(properties, 'amount')) return null;
  const amount = properties['amount'];
  // Other types have a text too, but never a numeric one.
  return typeof amount === 'string' || typeof amount === 'number' ? castToDouble(String(amount)) : null;
}

export function pendingEvent(event: RawEvent, rules: PipelineRules): PendingEvent {
  return { userId: event.userId, timestampMs: event.timestampMs, amount: amountOf(event, rules) };
}

/** The event joined with its user's profile; null when the join drops it. */
export function enrich(
  event: PendingEvent,
  profile: Profile | undefined,
  rules: PipelineRules,
): CountedEvent | null {
  if (profile === undefined && rules.join === 'inner') return null;
  return { ...event, segment: profile?.segment ?? rules.unknownSegment };
}
