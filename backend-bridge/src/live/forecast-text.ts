import type { ForecastAnswer, ForecastBasis, ForecastSeries } from '../domain/forecasting';

/** JSON encoding of forecasts for HTTP and WebSocket. NaN becomes null. */

/** ForecastBasis with the API's field names. */
export function forecastBasisJson(basis: ForecastBasis) {
  return {
    labels: basis.labels,
    state: basis.state,
    message: basis.message,
    have_ms: basis.haveMs,
    needed_ms: basis.neededMs,
    trained_from_ms: basis.trainedFromMs,
    seasons: [...basis.seasons],
    values_kind: basis.valuesKind,
    fingerprint: basis.fingerprint,
  };
}

/** Texts of whole series, cached as long as the series are: those in the forecast cache are sent many times. */
const texts = new WeakMap<ForecastSeries, string>();

/** Whether `forecastSeriesText` has been called for the series. */
export function hasForecastText(series: ForecastSeries): boolean {
  return texts.has(series);
}

/** A series with all of its rows. @param stepMs always the same for one series */
export function forecastSeriesText(series: ForecastSeries, stepMs: number): string {
  const known = texts.get(series);
  if (known !== undefined) return known;
  const text = [...forecastSeriesPieces(series, stepMs, 0)].join('');
  texts.set(series, text);
  return text;
}

/** A series in chunks, its columns from the row `from` on. @param extra further fields */
export function* forecastSeriesPieces(
  series: ForecastSeries,
  stepMs: number,
  from: number,
  extra: object = {},
): Generator<string> {
  const { startMs, closed, actual, expected, lower, upper, score } = series;
  const fields = { ...forecastBasisJson(series), ...extra, open_from_ms: startMs + closed * stepMs };
  yield JSON.stringify(fields).slice(0, -1);
  const times = Array.from(actual.subarray(from), (_, index) => startMs + (from + index) * stepMs);
  yield `,"times":${JSON.stringify(times)}`;
  for (const [name, column] of Object.entries({ actual, expected, lower, upper, score })) {
    yield `,${JSON.stringify(name)}:${JSON.stringify(Array.from(column.subarray(from)))}`;
  }
  yield '}';
}

/** A `forecast_snapshot` with the answer's steps from `fromMs` on. */
export function* forecastSnapshotPieces(
  answer: ForecastAnswer,
  idText: string,
  fromMs: number,
): Generator<string> {
  const head = JSON.stringify({
    metric: answer.metric,
    measure: answer.measure,
    unit: answer.unit,
    step_ms: answer.stepMs,
    from_ms: fromMs,
    interval: answer.interval,
    time_zone: answer.timeZone,
    watermark_ms: answer.watermarkMs,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    warnings: answer.warnings,
  });
  yield `{"type":"forecast_snapshot","id":${idText},${head.slice(1, -1)},"series":[`;
  let separator = '';
  for (const series of answer.series) {
    const from = rowAt(series, answer.stepMs, fromMs);
    if (from >= series.actual.length) continue;
    yield separator;
    yield* forecastSeriesPieces(series, answer.stepMs, from, { from_ms: fromMs });
    separator = ',';
  }
  yield ']}';
}

/** The first row at or after `timeMs`; the number of rows when there is none. */
export function rowAt({ startMs }: ForecastSeries, stepMs: number, timeMs: number): number {
  return Math.max(0, Math.ceil((timeMs - startMs) / stepMs));
}
