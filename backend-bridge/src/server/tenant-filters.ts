import { RequestError } from '../domain/errors';
import type { Filter } from '../domain/selection';

/**
 * Refuses a request that names a value outside of the caller's fixed filters. The engine would leave it out
 * anyway; but an answer without it would look as if there were nothing, and a part of it as if it were all.
 */
export function refuseOutsideTenant(filters: readonly Filter[] | undefined, tenant: readonly Filter[]): void {
  if (!filters || tenant.length === 0) return;
  for (const fixed of tenant) {
    if (fixed.op !== '=') continue;
    const allowed = new Set(fixed.values);
    for (const filter of filters) {
      if (filter.op !== '=' || filter.dimension !== fixed.dimension) continue;
      if (filter.values.every((value) => allowed.has(value))) continue;
      throw new RequestError(
        'forbidden',
        `This token sees only some values of ${fixed.dimension}, and the filter asks for another`,
        { dimension: fixed.dimension },
      );
    }
  }
}
