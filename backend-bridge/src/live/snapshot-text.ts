import { eventText } from './events-batch';
import { lowerBound } from './series-batch';
import type { EventsAnswer, QueryAnswer } from '../domain/query-answer';
import type { ResultSeries } from '../domain/selection';

/**
 * Snapshot messages in chunks: one message may be megabytes, and hundreds are sent at a time. All subscribers share the
 * answer and, when there is memory, the text of its parts.
 */

/** Numbers per encoded block. A subscriber shares all blocks but the one that contains its start time. */
const BLOCK_NUMBERS = 64;
const PIECE_CHARACTERS = 32_768;

/** The text of the `index`-th part of a list of an answer; `make` encodes it. */
export type PartText = (list: readonly unknown[], index: number, make: () => string) => string;

/** For one subscriber: encodes on demand, without a cache. */
export const madeEachTime: PartText = (_list, _index, make) => make();

/** For all subscribers of one answer: caches each text once encoded. */
export function madeOnce(): PartText {
  const made = new Map<readonly unknown[], string[]>();
  return (list, index, make) => {
    let texts = made.get(list);
    if (texts === undefined) {
      texts = [];
      made.set(list, texts);
    }
    return (texts[index] ??= make());
  };
}

/** A `subscribed` message with the answer from `fromMs` on. */
export function* subscribedPieces(
  answer: QueryAnswer,
  idText: string,
  fromMs: number,
  partText: PartText,
): Generator<string> {
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
    for (const text of seriesPieces(series, fromMs, partText)) {
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

/** An `events_snapshot` message with the answer's events from `fromMs` on. */
export function* eventsSnapshotPieces(
  answer: EventsAnswer,
  idText: string,
  fromMs: number,
  partText: PartText,
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
  for (const [index, entry] of answer.events.entries()) {
    if (entry.timeMs < fromMs) continue;
    piece += separator + partText(answer.events, index, () => eventText(entry));
    separator = ',';
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]}`;
}

/** The series from `fromMs` on; nothing when it has neither points nor removals there. */
function* seriesPieces(series: ResultSeries, fromMs: number, partText: PartText): Generator<string> {
  const first = lowerBound(series.times, fromMs);
  const firstRemoved = lowerBound(series.removed, fromMs);
  const removals = series.removed.length > firstRemoved;
  if (series.times.length === first && !removals) return;
  yield `{"labels":${JSON.stringify(series.labels)},`;
  yield* column('times', series.times, first, partText);
  yield ',';
  yield* column('values', series.values, first, partText);
  yield ',';
  yield* column('revisions', series.revisions, first, partText);
  if (removals) {
    yield ',';
    yield* column('removed', series.removed, firstRemoved, partText);
    yield ',';
    yield* column('removed_revisions', series.removedRevisions, firstRemoved, partText);
  }
  const { openFromMs } = series;
  const open =
    openFromMs === null ? undefined : series.times[Math.max(first, lowerBound(series.times, openFromMs))];
  yield open === undefined ? '}' : `,"open_from_ms":${open}}`;
}

function* column(
  name: string,
  numbers: readonly (number | null)[],
  first: number,
  partText: PartText,
): Generator<string> {
  const textOf = (from: number, to: number): string => JSON.stringify(numbers.slice(from, to)).slice(1, -1);
  yield `"${name}":[`;
  for (let at = first; at < numbers.length;) {
    const block = Math.floor(at / BLOCK_NUMBERS);
    const begins = block * BLOCK_NUMBERS;
    const ends = begins + BLOCK_NUMBERS;
    const text = at === begins ? partText(numbers, block, () => textOf(begins, ends)) : textOf(at, ends);
    yield at === first ? text : `,${text}`;
    at = ends;
  }
  yield ']';
}
