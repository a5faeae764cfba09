import { QUERY_SCHEMA, type StreamKpiQuery } from '../query';
import type { StreamEvent } from './stream-message';

/** Maximum number of events in an answer and in the store; the newest are kept. */
export const MOST_EVENTS = 10_000;
/** Where the query names no limit. */
const DEFAULT_LIMIT = 1_000;

/** Which events of its metric a query shows, as pkg/plugin/kinds.go has it. */
export interface EventConditions {
  readonly matches: (event: StreamEvent) => boolean;
  /** Maximum number of events shown, the newest first. */
  readonly limit: number;
  /** Number of newest events to read, matching or not, so that `limit` matching ones are among them. */
  readonly reads: number;
}

export function conditionsOf({
  severities = [],
  eventState = QUERY_SCHEMA.eventState.default,
  openWindows,
  limit: own = 0,
}: StreamKpiQuery): EventConditions {
  const state = eventState === 'all' && openWindows === 'exclude' ? 'resolved' : eventState;
  const isFiltered = severities.length > 0 || state !== 'all';
  const limit = own > 0 ? own : isFiltered ? MOST_EVENTS : DEFAULT_LIMIT;
  return {
    matches: (event) =>
      (state === 'all' || event.state === state) &&
      (severities.length === 0 || severities.some((severity) => severity === event.severity)),
    limit,
    reads: isFiltered ? MOST_EVENTS : limit,
  };
}
