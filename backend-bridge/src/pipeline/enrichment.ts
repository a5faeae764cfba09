import { asText, castToDouble, type Profile, type RawEvent } from './raw-event';
import type { PipelineRules } from './rules';

/** The join with the profile known at that moment, and what of it is counted. Pure. */

export interface EnrichedEvent extends RawEvent {
  readonly segment: string | null;
  readonly totalValue: number | null;
}

/** What the windows need of an event. `amount`: undefined when it is no purchase, null when it has no usable amount. */
export interface CountedEvent {
  readonly userId: string;
  readonly segment: string | null;
  readonly timestampMs: number;
  readonly amount: number | null | undefined;
}

/** Null: the join drops the event. */
export function enrich(
  event: RawEvent,
  profile: Profile | undefined,
  rules: PipelineRules,
): EnrichedEvent | null {
  if (profile === undefined && rules.join === 'inner') return null;
  return {
    userId: event.userId,
    eventType: event.eventType,
    timestampMs: event.timestampMs,
    properties: event.properties,
    segment: profile?.segment ?? rules.unknownSegment,
    totalValue: profile?.totalValue ?? null,
  };
}

/** The amount of a purchase; undefined for every other event. Map keys match exactly, as in ksqlDB. */
export function amountOf(event: EnrichedEvent, rules: PipelineRules): number | null | undefined {
  if (event.eventType !== rules.purchaseType) return undefined;
  const { properties } = event;
  if (properties === null || !Object.hasOwn(properties, 'amount')) return null;
  return castToDouble(asText(properties['amount']));
}

export function counted(event: EnrichedEvent, rules: PipelineRules): CountedEvent {
  return {
    userId: event.userId,
    segment: event.segment,
    timestampMs: event.timestampMs,
    amount: amountOf(event, rules),
  };
}
