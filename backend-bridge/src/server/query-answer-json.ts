import type { QueryAnswer } from '../domain/query-answer';
import type { ResultSeries } from '../domain/selection';
import { headToWire } from './wire-mapping';

/**
 * The answer of /query as JSON. Number columns go through JSON.stringify, which writes tens of millions of numbers per
 * second. Large answers are streamed in chunks, so that they neither block the event loop nor exist twice in memory.
 */

const PIECE_VALUES = 20_000;
const SMALL_ANSWER = 20_000;

/** Number of points in the answer. */
function answerPoints(answer: QueryAnswer): number {
  let points = 0;
  for (const series of answer.series) points += series.times.length;
  return points;
}

export function isSmall(answer: QueryAnswer): boolean {
  return answerPoints(answer) <= SMALL_ANSWER;
}

/** The answer's JSON text in chunks. */
export function* queryAnswerJson(answer: QueryAnswer, includeRevisions: boolean): Generator<string> {
  const head = JSON.stringify(headToWire(answer));
  let pending = `${head.slice(0, -1)},"series":[`;
  let pendingValues = 0;
  let first = true;
  for (const series of answer.series) {
    if (!first) pending += ',';
    first = false;
    for (const [piece, values] of seriesJson(series, includeRevisions)) {
      pending += piece;
      pendingValues += values;
      if (pendingValues < PIECE_VALUES) continue;
      yield pending;
      pending = '';
      pendingValues = 0;
    }
  }
  yield `${pending}]}`;
}

function* seriesJson(series: ResultSeries, includeRevisions: boolean): Generator<[string, number]> {
  yield [`{"labels":${JSON.stringify(series.labels)}`, 1];
  yield* columnJson('times', series.times);
  yield* columnJson('values', series.values);
  if (includeRevisions) {
    yield* columnJson('revisions', series.revisions);
    yield* columnJson('removed', series.removed);
    yield* columnJson('removed_revisions', series.removedRevisions);
  }
  yield [series.openFromMs === null ? '}' : `,"open_from_ms":${series.openFromMs}}`, 0];
}

function* columnJson(name: string, values: readonly (number | null)[]): Generator<[string, number]> {
  if (values.length <= PIECE_VALUES) {
    yield [`,"${name}":${JSON.stringify(values)}`, values.length];
    return;
  }
  yield [`,"${name}":[`, 0];
  for (let at = 0; at < values.length; at += PIECE_VALUES) {
    const piece = JSON.stringify(values.slice(at, at + PIECE_VALUES)).slice(1, -1);
    yield [at === 0 ? piece : `,${piece}`, PIECE_VALUES];
  }
  yield [']', 0];
}
