import { alignUp } from '../ladder';
import type { Metric } from '../metric';
import { copySteps, packSteps, unpackSteps } from './packed-steps';
import { emptySteps, foldShape, type FoldShape, type StepColumns } from './step-columns';
import { sealUnitMs, tiersOf } from './tiers';

/** How the steps of a tier are divided into blocks; the same in every store. */

/** Steps in a block: days of one series together, small enough that a step more is packed again quickly. */
export const STEPS_PER_BLOCK = 256;
/** Windows that one series is sealed with at most at a time. */
const WINDOWS_AT_ONCE = 4_096;

/** One tier, as whoever seals it needs it. */
export interface SealedTier {
  /** In a step; it names the tier in the store. */
  readonly windows: number;
  readonly keepMs: number;
  readonly shape: FoldShape;
}

export function sealedTiers(metric: Metric): readonly SealedTier[] {
  return tiersOf(metric).map(({ stepMs, keepMs }) => ({
    windows: stepMs / metric.window.advanceMs,
    keepMs,
    shape: foldShape(metric, stepMs),
  }));
}

/** How far the boundary moves at most at a time. */
export function sealAtOnceMs(metric: Metric): number {
  return alignUp(WINDOWS_AT_ONCE * metric.window.advanceMs, sealUnitMs(metric));
}

/** Blocks of a tier that may hold steps of the range: the first, and the one after the last. */
export function blockRange(stepMs: number, fromMs: number, toMs: number): readonly [number, number] {
  const blockMs = STEPS_PER_BLOCK * stepMs;
  return [Math.floor(fromMs / blockMs), Math.ceil(toMs / blockMs)];
}

/** When the last step of a block has expired. */
export function blockExpiresMs({ shape, keepMs }: SealedTier, block: number): number {
  return (block + 1) * STEPS_PER_BLOCK * shape.stepMs + keepMs;
}

/** New steps of one series that lie in one block: the rows [from, to) of its steps. */
export interface BlockPart {
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

/** The steps block by block. `sinceMs`: the first step that has all its windows; earlier ones are left out. */
export function blockParts(shape: FoldShape, { starts }: StepColumns, sinceMs: number): BlockPart[] {
  const blockMs = STEPS_PER_BLOCK * shape.stepMs;
  const parts: BlockPart[] = [];
  let from = 0;
  while (from < starts.length && starts[from]! < sinceMs) from += 1;
  while (from < starts.length) {
    const block = Math.floor(starts[from]! / blockMs);
    let to = from + 1;
    while (to < starts.length && starts[to]! < (block + 1) * blockMs) to += 1;
    parts.push({ block, from, to });
    from = to;
  }
  return parts;
}

/** The block with its new steps. Stored steps from the boundary on are of a run that was not finished, and left out. */
export function mergedBlock(
  shape: FoldShape,
  steps: StepColumns,
  { from, to }: BlockPart,
  stored: Uint8Array | undefined,
  sealedBeforeMs: number,
): Uint8Array {
  if (stored === undefined) return packSteps(shape, steps, from, to);
  const merged = emptySteps(shape);
  unpackSteps(shape, stored, merged, { fromMs: 0, toMs: sealedBeforeMs });
  const [first, last] = [steps.starts[from]!, steps.starts[to - 1]!];
  copySteps(steps, merged, (start) => start >= first && start <= last);
  return packSteps(shape, merged, 0, merged.starts.length);
}
