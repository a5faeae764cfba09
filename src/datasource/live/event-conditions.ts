import type { StreamKpiQuery } from '../query';
import type { StreamEvent } from './stream-message';

/** At most so many events are answered and kept; the newest. */
export const MOST_EVENTS = 10_000;
/** Where the query names no limit. */
const DEFAULT_LIMIT = 1_000;

/** Which events of its metric a query shows, as pkg/plugin/kinds.go has it. */
export interface EventConditions {
  readonly matches: (event: StreamEvent) => boolean;
  /** The newest so many of them. */
  readonly limit: number;
  /** So many of the newest that match or do not, so that these are among them. */
  readonly reads: number;
}

export function conditionsOf({
  severities = [],
  eventState = 'all',
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
