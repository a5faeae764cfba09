import type { Progress } from '../domain/progress';
import type { PartitionGap, StoredPosition } from '../domain/store';

/** Applied offsets from the HGETALL reply of a metric's partitions: field, packed state, field, ... */
export function appliedOffsets(flat: readonly Buffer[]): ReadonlyMap<number, number> {
  const applied = new Map<number, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const offset = flat[i + 1]!.readDoubleLE(0);
    if (offset >= 0) applied.set(Number(flat[i]!.toString('latin1')), offset);
  }
  return applied;
}

const REPORTED_AT = 32;
const NULL_TIME = -9007199254740991;

/** Positions from the same reply: the next missing offset, and when a reader last reported. */
export function storedPositions(flat: readonly Buffer[]): ReadonlyMap<number, StoredPosition> {
  const positions = new Map<number, StoredPosition>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const state = flat[i + 1]!;
    const reported = state.readDoubleLE(REPORTED_AT);
    positions.set(Number(flat[i]!.toString('latin1')), {
      next: state.readDoubleLE(0) + 1,
      reportedMs: reported === NULL_TIME ? null : reported,
    });
  }
  return positions;
}

/** Gaps from the reply of the function `report`: its kind, then partition, next offset needed, ... */
export function decodeGaps(reply: unknown): readonly PartitionGap[] {
  const parts = Array.isArray(reply) ? (reply as unknown[]) : [];
  const gaps: PartitionGap[] = [];
  for (let i = 1; i + 1 < parts.length; i += 2)
    gaps.push({ partition: Number(parts[i]), neededOffset: Number(parts[i + 1]) });
  return gaps;
}

export function parseProgress(
  watermark: string | null,
  finalBefore: string | null,
  seriesRefused: string | null,
): Progress {
  return {
    watermarkMs: watermark === null ? null : Number(watermark),
    finalBeforeMs: finalBefore === null ? null : Number(finalBefore),
    ...(seriesRefused === null ? {} : { seriesRefusedMs: Number(seriesRefused) }),
  };
}
