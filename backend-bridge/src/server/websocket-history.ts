import { setImmediate as nextTurn } from 'node:timers/promises';
import { originalPoint, isoTime } from '../live/original-point';
import { RequestError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import type { Progress } from '../domain/progress';
import type { SeriesStore } from '../domain/store';

/** Points made into text before others get a turn. */
const POINTS_A_TURN = 5_000;
const MS = 1_000;

export interface HistoryRequest {
  readonly metric: Metric;
  readonly selects: (values: readonly string[]) => boolean;
  /** Seconds back from now. */
  readonly timeRange: number;
  readonly maxPoints: number;
  readonly nowMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The text of a `historical_data`: every point of every series, oldest first. Rejects with `range_too_large`. */
export async function historicalData(store: SeriesStore, request: HistoryRequest): Promise<string> {
  const { metric, nowMs } = request;
  const reach = Math.min(request.timeRange * MS, 2 * metric.retentionMs + metric.window.sizeMs);
  const series = (await store.listSeries(metric)).filter(({ values }) => request.selects(values));
  const stored = await store.read(metric, {
    fromMs: Math.max(0, Math.floor(nowMs - reach)),
    toMs: nowMs + 1,
    seriesIds: series.map(({ id }) => id),
    nowMs,
    maxPoints: request.maxPoints,
    signal: request.signal,
  });
  const places: { startMs: number; series: number; row: number }[] = [];
  stored.forEach(({ points }, index) => {
    for (let row = 0; row < points.length; row += 1) {
      if (!points.removed(row)) places.push({ startMs: points.starts[row]!, series: index, row });
    }
  });
  if (places.length > request.maxPoints) {
    throw new RequestError(
      'range_too_large',
      `The range holds more than ${request.maxPoints} points; ask for a shorter time_range, or use POST /api/v1/query`,
    );
  }
  places.sort((a, b) => a.startMs - b.startMs || a.series - b.series);
  const texts: string[] = [];
  let turn = 0;
  for (const place of places) {
    turn += 1;
    if (turn % POINTS_A_TURN === 0) await nextTurn();
    const { values, points } = stored[place.series]!;
    const point = originalPoint(
      metric,
      {
        values,
        startMs: place.startMs,
        endMs: points.ends[place.row]!,
        revision: points.revisions[place.row]!,
        measure: (index) => points.value(place.row, index),
      },
      request.progress,
    );
    if (point !== null) texts.push(JSON.stringify(point));
  }
  return `{"type":"historical_data","metric_name":${JSON.stringify(metric.name)},"data":[${texts.join(',')}],"timestamp":"${isoTime(nowMs)}"}`;
}
