import type { Progress } from '../domain/progress';

/** Applied offsets out of the reply to HGETALL of a metric's partitions: field, packed state, field, ... */
export function appliedOffsets(flat: readonly Buffer[]): ReadonlyMap<number, number> {
  const applied = new Map<number, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const offset = flat[i + 1]!.readDoubleLE(0);
    if (offset >= 0) applied.set(Number(flat[i]!.toString('latin1')), offset);
  }
  return applied;
}

export function parseProgress(watermark: string | null, finalBefore: string | null): Progress {
  return {
    watermarkMs: watermark === null ? null : Number(watermark),
    finalBeforeMs: finalBefore === null ? null : Number(finalBefore),
  };
}
