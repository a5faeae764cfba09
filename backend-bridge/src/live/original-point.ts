import { isWindowFinal } from '../domain/finality';
import type { Metric } from '../domain/metric';
import type { Progress } from '../domain/progress';
import { labelsOf } from '../domain/series';

/** A point of the original protocol. */
export interface OriginalPoint {
  readonly timestamp: string;
  readonly value: number | null;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface StoredPoint {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly measure: (index: number) => number | undefined;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** ISO 8601; times out of range are clamped. */
export function isoTime(ms: number): string {
  return new Date(Math.max(-8.64e15, Math.min(8.64e15, ms))).toISOString();
}

/** The point for the original protocol; null when it has no default measure. */
export function originalPoint(metric: Metric, point: StoredPoint, progress: Progress): OriginalPoint | null {
  const value = point.measure(0);
  if (value === undefined) return null;
  const metadata: Record<string, unknown> = {};
  for (let i = 1; i < metric.measures.length; i += 1) {
    const other = point.measure(i);
    if (other !== undefined) metadata[metric.measures[i]!.name] = finite(other);
  }
  metadata.window_end = isoTime(point.endMs);
  metadata.open = !isWindowFinal(metric, point.endMs, progress);
  metadata.revision = point.revision;
  return {
    timestamp: isoTime(point.startMs),
    value: finite(value),
    dimensions: labelsOf(metric, point.values),
    metadata,
  };
}
