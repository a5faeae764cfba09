import { forecastSeriesPieces, rowAt } from './forecast-text';
import { LiveBatch, type SnapshotRevisions, type Moment } from './live-batch';
import type { ForecastAnswer, ForecastSeries } from '../domain/forecasting';
import { compareValues } from '../domain/series';

/** The current state of a series, changed from a time on. */
interface ChangedSeries {
  readonly series: ForecastSeries;
  readonly fromMs: number;
}

/**
 * Changed series of one selection. Each replaces the client's copy from a time on, so only the newest needs to be sent.
 */
export class ForecastBatch extends LiveBatch<ForecastBatch> {
  protected readonly type = 'forecast_update';
  private readonly changed = new Map<string, ChangedSeries>();

  /** @param version of the newest answer in the batch; @param stepMs of all answers */
  constructor(
    private version: number,
    private readonly stepMs: number,
  ) {
    super();
  }

  get newest(): number {
    return this.version;
  }

  get size(): number {
    let steps = 0;
    for (const one of this.changed.values()) steps += this.stepsOf(one);
    return steps;
  }

  put(key: string, series: ForecastSeries, fromMs: number): void {
    const before = this.changed.get(key);
    this.changed.set(key, { series, fromMs: Math.min(fromMs, before?.fromMs ?? fromMs) });
  }

  empty(): ForecastBatch {
    return new ForecastBatch(this.version, this.stepMs);
  }

  merge(other: ForecastBatch): number {
    const before = this.size;
    for (const [key, { series, fromMs }] of other.changed) this.put(key, series, fromMs);
    this.version = Math.max(this.version, other.version);
    return this.size - before;
  }

  from(fromMs: number): ForecastBatch {
    if ([...this.changed.values()].every((one) => one.fromMs >= fromMs && this.stepsOf(one) > 0)) return this;
    const part = this.empty();
    for (const [key, one] of this.changed) {
      const later = { series: one.series, fromMs: Math.max(one.fromMs, fromMs) };
      if (this.stepsOf(later) > 0) part.put(key, later.series, later.fromMs);
    }
    return part;
  }

  protected encodeBody(moment: Moment): string {
    const series = [...this.changed.entries()]
      .sort(([a], [b]) => compareValues(JSON.parse(a) as string[], JSON.parse(b) as string[]))
      .map(([, { series: one, fromMs }]) => {
        const from = rowAt(one, this.stepMs, fromMs);
        return [...forecastSeriesPieces(one, this.stepMs, from, { from_ms: fromMs })].join('');
      });
    return `,"watermark_ms":${moment.watermarkMs ?? 'null'},"server_time_ms":${moment.serverTimeMs},"series":[${series.join(',')}]}`;
  }

  private stepsOf({ series, fromMs }: ChangedSeries): number {
    return Math.max(0, series.actual.length - rowAt(series, this.stepMs, fromMs));
  }
}

/** A snapshot of an answer, which includes the updates of that and all earlier versions. */
export class ForecastSnapshotRevisions implements SnapshotRevisions<ForecastBatch> {
  constructor(private readonly version: number) {}

  newerThan(batch: ForecastBatch): ForecastBatch {
    return batch.newest > this.version ? batch : batch.empty();
  }
}

/**
 * The first time at which two answers on a series differ; null when they are equal.
 * @param sinceMs earlier steps are not compared: they have expired, or were not read before
 */
export function changedFrom(
  before: ForecastSeries,
  now: ForecastSeries,
  stepMs: number,
  sinceMs: number,
): number | null {
  const [oldRow, newRow] = [rowAt(before, stepMs, sinceMs), rowAt(now, stepMs, sinceMs)];
  const beginMs = now.startMs + newRow * stepMs;
  const begunMs = before.startMs + oldRow * stepMs;
  if (beginMs !== begunMs) return Math.min(beginMs, begunMs);
  const rows = Math.max(before.actual.length - oldRow, now.actual.length - newRow);
  for (let row = 0; row < rows; row++) {
    for (const name of ['actual', 'expected', 'lower', 'upper', 'score'] as const) {
      if (!Object.is(before[name][oldRow + row], now[name][newRow + row])) return beginMs + row * stepMs;
    }
  }
  const openMs = (one: ForecastSeries): number => one.startMs + one.closed * stepMs;
  const same = openMs(before) === openMs(now) && before.fingerprint === now.fingerprint;
  return same ? null : Math.min(openMs(before), openMs(now));
}

/** Series by their labels in the order of the metric's dimensions. */
export function byLabels(answer: ForecastAnswer, names: readonly string[]): Map<string, ForecastSeries> {
  return new Map(
    answer.series.map((series) => [JSON.stringify(names.map((name) => series.labels[name] ?? '')), series]),
  );
}
