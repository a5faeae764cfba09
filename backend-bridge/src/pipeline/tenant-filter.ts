import { RequestError } from '../domain/errors';
import { FilterCompiler, type ValueTest } from '../domain/filter';
import type { Filter } from '../domain/selection';

/**
 * Which events and profiles a tenant may send: those whose user and segment its filters select. An event's segment is
 * that of the user's profile when it is counted, so it is checked then.
 */
export interface TenantFilter {
  /** A null `segment` is not counted by segment; filters see an empty string. */
  allows(userId: string, segment: string | null): boolean;
}

export const OUTSIDE = "the user or its segment is outside this token's filters";

/**
 * The filter, or null without tenant filters. Throws `forbidden` for a filter on a dimension that raw events do not
 * have.
 */
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
