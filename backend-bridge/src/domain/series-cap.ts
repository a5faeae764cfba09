import type { Metric } from './metric';
import type { Progress } from './progress';
import type { Warning } from './selection';

/**
 * The warning for answers on a metric whose cap has refused points that would still be within the retention: sums,
 * counts and lists cover only the stored series.
 */
export function seriesCapWarnings(metric: Metric, progress: Progress, nowMs: number): readonly Warning[] {
  const { seriesRefusedMs } = progress;
  if (seriesRefusedMs === undefined) return [];
  const { sizeMs, gapMs } = metric.window;
  // A window that was open then may end up to its size later, and its point would expire at its end + retention.
  if (seriesRefusedMs + Math.max(sizeMs, gapMs) + metric.retentionMs <= nowMs) return [];
  return [
    {
      code: 'series_over_cap',
      message: `"${metric.name}" has reached max_series (${metric.maxSeries}): points of further series are not stored, and missing from sums too. Raise max_series in the metrics file, or map dimensions with fewer values.`,
      metric: metric.name,
      max_series: metric.maxSeries,
    },
  ];
}
