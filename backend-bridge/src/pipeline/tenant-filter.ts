import { RequestError } from '../domain/errors';
import { FilterCompiler, type ValueTest } from '../domain/filter';
import type { Filter } from '../domain/selection';

/**
 * What the holder of a token with fixed filters may hand in: events and profiles whose user and segment it may see.
 * The segment of an event is that of its user's profile at the moment it is counted, so it is judged then.
 */
export interface TenantFilter {
  /** `segment` null: the event counts in no group by segment; filters see the empty string. */
  allows(userId: string, segment: string | null): boolean;
}

export const OUTSIDE = "the user or its segment is outside this token's filters";

/** Null: no filters. Throws `forbidden` for a filter on a dimension that raw events do not have. */
export function tenantFilter(filters: readonly Filter[]): TenantFilter | null {
  if (filters.length === 0) return null;
  const users: ValueTest[] = [];
  const segments: ValueTest[] = [];
  for (const filter of filters) {
    const passes = new FilterCompiler().test(filter);
    if (filter.dimension === 'user_id') users.push(passes);
    else if (filter.dimension === 'segment') segments.push(passes);
    else if (!passes('')) {
      throw new RequestError(
        'forbidden',
        `This token is filtered by "${filter.dimension}", which raw events do not have; use one that is filtered by user_id or segment, or not at all`,
        { dimension: filter.dimension },
      );
    }
  }
  return {
    allows: (userId, segment) =>
      users.every((passes) => passes(userId)) && segments.every((passes) => passes(segment ?? '')),
  };
}
