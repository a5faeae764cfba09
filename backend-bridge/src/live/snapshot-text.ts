import { eventText } from './events-batch';
import { lowerBound } from './series-batch';
import type { EventsAnswer, QueryAnswer } from '../domain/query-answer';
import type { ResultSeries } from '../domain/selection';

/**
 * Snapshots as text, in pieces: one subscriber's whole message may be megabytes, and hundreds of them are sent at a
 * time. The answer itself is shared by all of them.
 */

/** Numbers made into text in one go: well below a millisecond. */
const PIECE_NUMBERS = 4_000;
const PIECE_CHARACTERS = 32_768;

/** A `subscribed` with what the answer has from `fromMs` on. */
export function* subscribedPieces(answer: QueryAnswer, idText: string, fromMs: number): Generator<string> {
  const head = JSON.stringify({
    metric: answer.metric,
    measure: answer.measure,
    unit: answer.unit,
    step_ms: answer.stepMs,
    from_ms: fromMs,
    watermark_ms: answer.watermarkMs,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    warnings: answer.warnings,
  });
  let piece = `{"type":"subscribed","id":${idText},${head.slice(1, -1)},"series":[`;
  let first = true;
  for (const series of answer.series) {
    let begin = first ? '' : ',';
    for (const text of seriesPieces(series, fromMs)) {
      piece += begin + text;
      begin = '';
      first = false;
      if (piece.length < PIECE_CHARACTERS) continue;
      yield piece;
      piece = '';
    }
  }
  yield `${piece}]}`;
}

/** An `events_snapshot` with the answer's events from `fromMs` on. */
export function* eventsSnapshotPieces(
  answer: EventsAnswer,
  idText: string,
  fromMs: number,
): Generator<string> {
  const head = JSON.stringify({
    metric: answer.metric,
    from_ms: fromMs,
    watermark_ms: answer.watermarkMs,
    server_time_ms: answer.serverTimeMs,
    store_epoch: answer.storeEpoch,
    warnings: answer.warnings,
  });
  let piece = `{"type":"events_snapshot","id":${idText},${head.slice(1, -1)},"events":[`;
  let separator = '';
  for (const entry of answer.events) {
    if (entry.timeMs < fromMs) continue;
    piece += separator + eventText(entry);
    separator = ',';
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]}`;
}

/** Nothing where the series has neither points nor removals from then on. */
function* seriesPieces(series: ResultSeries, fromMs: number): Generator<string> {
  const first = lowerBound(series.times, fromMs);
  const firstRemoved = lowerBound(series.removed, fromMs);
  const removals = series.removed.length > firstRemoved;
  if (series.times.length === first && !removals) return;
  yield `{"labels":${JSON.stringify(series.labels)},`;
  yield* column('times', series.times, first);
  yield ',';
  yield* column('values', series.values, first);
  yield ',';
  yield* column('revisions', series.revisions, first);
  if (removals) {
    yield ',';
    yield* column('removed', series.removed, firstRemoved);
    yield ',';
    yield* column('removed_revisions', series.removedRevisions, firstRemoved);
  }
  const { openFromMs } = series;
  const open =
    openFromMs === null ? undefined : series.times[Math.max(first, lowerBound(series.times, openFromMs))];
  yield open === undefined ? '}' : `,"open_from_ms":${open}}`;
}

function* column(name: string, numbers: readonly (number | null)[], first: number): Generator<string> {
  yield `"${name}":[`;
  for (let at = first; at < numbers.length; at += PIECE_NUMBERS) {
    const text = JSON.stringify(numbers.slice(at, at + PIECE_NUMBERS)).slice(1, -1);
    yield at === first ? text : `,${text}`;
  }
  yield ']';
}
