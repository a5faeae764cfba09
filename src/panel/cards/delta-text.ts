import type { DeltaAs } from '../options/panel-options';
import type { Delta } from '../reading/card-model';

/** A change from 0 has no percentage: the difference is shown instead. */
export function deltaText(delta: Delta, as: DeltaAs): string {
  if (as === 'absolute' || delta.percent === null) return delta.absolute;
  return as === 'percent' ? delta.percent : `${delta.absolute} (${delta.percent})`;
}
