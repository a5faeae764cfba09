import type { ClosedAnswer, Plan } from '../domain/query-answer';
import { MAX_TIME_MS } from '../domain/ladder';
import type { QueryEngine } from '../domain/query-engine';
import type { RequestScope } from '../domain/request-scope';
import type { Labels } from '../domain/series';

/**
 * A series' closed steps, one for each time up to the last one with a value; NaN: without one. The first has one. The
 * values never change and are in memory that worker threads read without a copy.
 */
export interface ClosedSeries {
  readonly labels: Labels;
  readonly startMs: number;
  readonly values: Float64Array;
}

export interface ClosedReading extends Omit<ClosedAnswer, 'series'> {
  /** In order of their labels; without those that have no value. */
  readonly series: readonly ClosedSeries[];
}

export interface ClosedReader {
  /** All closed steps of the plan from a time on. Rejects like a query. */
  readFrom(plan: Plan, fromMs: number, scope: RequestScope): Promise<ClosedReading>;
}

/** Reads everything each time. */
export class DirectReader implements ClosedReader {
  constructor(private readonly engine: Pick<QueryEngine, 'closed'>) {}

  async readFrom(plan: Plan, fromMs: number, scope: RequestScope): Promise<ClosedReading> {
    return withoutHoles(await this.engine.closed(plan, { fromMs, toMs: MAX_TIME_MS }, scope));
  }
}

/** The answer's series as columns without holes. */
export function withoutHoles(answer: ClosedAnswer): ClosedReading {
  const { stepMs, closedBeforeMs } = answer;
  const untilMs = closedBeforeMs ?? Number.NEGATIVE_INFINITY;
  const series = answer.series.flatMap(({ labels, times, values }): ClosedSeries[] => {
    const isKnown = (value: number | null, index: number): boolean =>
      value !== null && times[index]! < untilMs;
    const first = values.findIndex(isKnown);
    if (first < 0) return [];
    const startMs = times[first]!;
    const rowOf = (index: number): number => Math.round((times[index]! - startMs) / stepMs);
    const last = values.findLastIndex(isKnown);
    const column = sharedColumn(rowOf(last) + 1);
    for (let index = first; index <= last; index++) column[rowOf(index)] = values[index] ?? Number.NaN;
    return [{ labels, startMs, values: column }];
  });
  return { ...answer, series };
}

/** A column without values, for worker threads to read. */
export function sharedColumn(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT)).fill(Number.NaN);
}

/** Without what begins before a time; null where no value is left. */
export function since(series: ClosedSeries, stepMs: number, fromMs: number): ClosedSeries | null {
  const { values, startMs, labels } = series;
  let first = Math.max(0, Math.ceil((fromMs - startMs) / stepMs));
  while (first < values.length && Number.isNaN(values[first]!)) first++;
  if (first >= values.length) return null;
  if (first === 0) return series;
  return { labels, startMs: startMs + first * stepMs, values: values.subarray(first) };
}
