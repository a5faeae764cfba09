import { originalPoint, isoTime } from '../live/original-point';
import { RequestError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import type { SeriesPoints } from '../domain/point';
import type { Progress } from '../domain/progress';
import type { SeriesStore } from '../domain/store';

/** Points encoded in one go. */
const POINTS_A_PIECE = 200;
const MS = 1_000;

/** Position of one point among the series that were read. */
interface Place {
  readonly startMs: number;
  readonly series: number;
  readonly row: number;
}

export interface HistoryRequest {
  readonly metric: Metric;
  readonly selects: (values: readonly string[]) => boolean;
  /** Seconds back from now. */
  readonly timeRange: number;
  readonly maxPoints: number;
  readonly nowMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Reserves memory for stored points until the message is sent; may throw. */
  readonly reserve: (points: number) => void;
}

/**
 * A `historical_data` message in chunks: every point of every series, oldest first. Rejects with `range_too_large` and
 * with what `reserve` throws.
 */
export async function historicalData(store: SeriesStore, request: HistoryRequest): Promise<Iterator<string>> {
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
  for (const { points } of stored) request.reserve(points.length);
  const places: Place[] = [];
  stored.forEach(({ points }, index) => {
    for (let row = 0; row < points.length; row += 1) {
      if (!points.removed(row)) places.push({ startMs: points.starts[row]!, series: index, row });
    }
  });
  if (places.length > request.maxPoints) {
    throw new RequestError(
      'range_too_large',
      `The range holds more than ${request.maxPoints} points; request a shorter time_range, or use POST /api/v1/query`,
    );
  }
  places.sort((a, b) => a.startMs - b.startMs || a.series - b.series);
  return historyPieces(request, stored, places);
}

function* historyPieces(
  { metric, progress, nowMs }: HistoryRequest,
  stored: readonly SeriesPoints[],
  places: readonly Place[],
): Generator<string> {
  let piece = `{"type":"historical_data","metric_name":${JSON.stringify(metric.name)},"data":[`;
  let separator = '';
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at]!;
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
      progress,
    );
    if (point !== null) {
      piece += separator + JSON.stringify(point);
      separator = ',';
    }
    if ((at + 1) % POINTS_A_PIECE !== 0) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}],"timestamp":"${isoTime(nowMs)}"}`;
}
