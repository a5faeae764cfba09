/**
 * Progress of a metric: the watermark and the boundary before which windows are final. Pure; the Redis function repeats
 * `advance` in Lua, and the stores' conformance suite holds both to it.
 */

/** State of one partition of a metric's topic. */
export interface PartitionState {
  /** Newest event time seen, limited by the clock at the time of reading; null while there is none. */
  readonly maxEventMs: number | null;
  /** Since when the reader has been at the log's end without interruption; null while there is lag, or no reader. */
  readonly atEndSinceMs: number | null;
  /** When a reader last reached the log's end; null: never. */
  readonly lastAtEndMs: number | null;
  /**
   * When the reader last reported; null: never. After READER_LOST_MS without a report the reader is gone, and its
   * partition is not idle.
   */
  readonly reportedMs: number | null;
}

export const READER_LOST_MS = 10_000;

export interface Progress {
  /** Null until every partition that is not idle has an event time. */
  readonly watermarkMs: number | null;
  /** A window is final when its end + grace <= finalBeforeMs. Null: none is. */
  readonly finalBeforeMs: number | null;
  /** The writer's clock when a point of a new series was last refused because of the metric's cap. */
  readonly seriesRefusedMs?: number;
}

export interface ProgressRules {
  readonly idleMs: number;
  readonly finalOnly: boolean;
}

function later(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  if (b === null) return a;
  return Math.max(a, b);
}

/**
 * The next progress. Never moves back, and the watermark is never ahead of the clock.
 *
 * Watermark: the smallest newest event time over the partitions that are not idle. A partition is idle when its reader
 * has been at its end for idleMs. When all are idle, nothing is unread, and the largest counts. For final-only topics
 * event times are window ends, and the largest counts.
 *
 * Final: end + grace <= watermark, or <= c - idle, where every partition was read to its end at c or later.
 */
export function advance(
  before: Progress,
  partitions: readonly PartitionState[],
  nowMs: number,
  rules: ProgressRules,
): Progress {
  let smallest: number | null = Number.POSITIVE_INFINITY;
  let largest: number | null = null;
  let readToEnd: number | null = partitions.length === 0 ? null : Number.POSITIVE_INFINITY;
  let allIdle = true;
  for (const partition of partitions) {
    largest = later(largest, partition.maxEventMs);
    const owned = partition.reportedMs !== null && nowMs - partition.reportedMs <= READER_LOST_MS;
    const idle = owned && partition.atEndSinceMs !== null && nowMs - partition.atEndSinceMs >= rules.idleMs;
    if (!idle) {
      allIdle = false;
      if (partition.maxEventMs === null) smallest = null;
      else if (smallest !== null) smallest = Math.min(smallest, partition.maxEventMs);
    }
    if (partition.lastAtEndMs === null) readToEnd = null;
    else if (readToEnd !== null) readToEnd = Math.min(readToEnd, partition.lastAtEndMs);
  }
  const seen = allIdle || rules.finalOnly ? largest : smallest;
  const watermarkMs = later(before.watermarkMs, seen === null ? null : Math.min(seen, nowMs));
  const byClock = readToEnd === null ? null : Math.min(readToEnd, nowMs) - rules.idleMs;
  const finalBeforeMs = later(before.finalBeforeMs, later(watermarkMs, byClock));
  return { watermarkMs, finalBeforeMs };
}
