import { alignUp } from '../ladder';
import type { Metric } from '../metric';
import type { PointColumns } from '../point';
import type { Span } from '../read-span';
import { packSteps, unpackSteps } from './packed-steps';
import { emptySteps, foldShape, foldWindows, type FoldShape } from './step-columns';
import { sealUnitMs, tiersOf } from './tiers';

/** Division of a tier's steps into blocks, equal in every store. */

/** Steps in a block: days of one series together, small enough that a step more is packed again quickly. */
export const STEPS_PER_BLOCK = 256;
/** Windows that one series is sealed with at most at a time. */
const WINDOWS_AT_ONCE = 4_096;

/** One tier, as needed to seal it. */
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

/**
 * Room for the steps of one series in a range: the sealed ones, the rest of their last block until it is cut off, and
 * those of the windows since, which are added to them.
 */
export function roomForSteps(metric: Metric, stepMs: number, range: Span, sealedBeforeMs: number): number {
  const newest = Math.min(range.toMs, sealedBeforeMs + metric.retentionMs);
  return Math.ceil((newest - range.fromMs) / stepMs) + STEPS_PER_BLOCK;
}

/** When the last step of a block has expired. */
export function blockExpiresMs({ shape, keepMs }: SealedTier, block: number): number {
  return (block + 1) * STEPS_PER_BLOCK * shape.stepMs + keepMs;
}

/** A block of one series that its windows reach into, and which of them belong to it, by their start. */
export interface BlockPart {
  readonly block: number;
  readonly span: Span;
}

/** The blocks of a tier, in order of time. `sinceMs`: the first step that has all its windows; earlier ones are left out. */
export function blockParts(shape: FoldShape, windows: PointColumns, sinceMs: number): BlockPart[] {
  if (windows.length === 0) return [];
  const blockMs = STEPS_PER_BLOCK * shape.stepMs;
  const fromMs = Math.max(windows.starts[0]!, sinceMs);
  const [first, end] = blockRange(shape.stepMs, fromMs, windows.starts[windows.length - 1]! + 1);
  const parts: BlockPart[] = [];
  for (let block = first; block < end; block += 1) {
    const span = { fromMs: Math.max(fromMs, block * blockMs), toMs: (block + 1) * blockMs };
    parts.push({ block, span });
  }
  return parts;
}

/**
 * The block with the steps of its windows; undefined where it has none. Stored steps from the boundary on are of a run
 * that was not finished, and left out.
 */
export function mergedBlock(
  shape: FoldShape,
  windows: PointColumns,
  { span }: BlockPart,
  stored: Uint8Array | undefined,
  sealedBeforeMs: number,
): Uint8Array | undefined {
  const steps = emptySteps(shape);
  if (stored !== undefined) unpackSteps(shape, stored, steps, { fromMs: 0, toMs: sealedBeforeMs });
  const before = steps.length;
  foldWindows(shape, windows, steps, span);
  return steps.length === before ? undefined : packSteps(shape, steps, 0, steps.length);
}

/** The steps of one block before `toMs`, and of another one from then on. */
export function joinedBlock(
  shape: FoldShape,
  before: Uint8Array,
  after: Uint8Array | undefined,
  toMs: number,
): Uint8Array {
  if (after === undefined) return before;
  const steps = emptySteps(shape);
  unpackSteps(shape, before, steps, { fromMs: 0, toMs });
  unpackSteps(shape, after, steps, { fromMs: toMs, toMs: Infinity });
  return packSteps(shape, steps, 0, steps.length);
}
