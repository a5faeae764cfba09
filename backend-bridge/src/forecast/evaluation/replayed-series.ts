import { historyNeededFrom, forecastModel, type ForecastModel } from '../model';
import { WarmForecast } from '../warm-forecast';
import type { ValueKind } from '../values';

/** What a set says of its series; the file beside its CSV. Fields that are not read are left out. */
export interface SetMeta {
  readonly name: string;
  readonly step_ms: number;
  readonly season_ms: readonly number[];
  readonly tz?: string;
  readonly nonneg?: boolean;
  readonly integer?: boolean;
  /** Local dates. */
  readonly holidays?: readonly string[];
  readonly test_start_ms: number;
  /** Time, first value, and when it was corrected to that of the CSV. */
  readonly corrections?: readonly (readonly [number, number, number])[];
}

export interface ReplayedBand {
  readonly yhat: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

function modelOf(meta: SetMeta): ForecastModel {
  const values: ValueKind = meta.nonneg !== true ? 'signed' : meta.integer === true ? 'count' : 'amount';
  return forecastModel({
    stepMs: meta.step_ms,
    timeZone: meta.tz ?? 'UTC',
    values,
    holidays: meta.holidays ?? [],
  });
}

/** A series as an evaluation meets it: steps one by one, corrections between them. The bridge's own engine behind it. */
export class ReplayedSeries {
  private readonly model: ForecastModel;
  private readonly known = new Map<number, number>();
  private firstMs = Number.NaN;
  private openMs = Number.NaN;
  private warm: WarmForecast | null = null;

  constructor(meta: SetMeta) {
    this.model = modelOf(meta);
  }

  /** A step has closed, or one that had is corrected. */
  update(timeMs: number, value: number): void {
    this.known.set(timeMs, value);
    if (Number.isNaN(this.firstMs)) this.firstMs = this.openMs = timeMs;
    if (timeMs < this.openMs) {
      if (this.warm?.correct(timeMs, value) === null) this.warm = null;
      return;
    }
    this.skipTo(timeMs);
    if (this.warm?.append(value) === null) this.warm = null;
    this.openMs = timeMs + this.model.stepMs;
  }

  /** Expected values and bands of steps that have not closed. */
  forecast(_originMs: number, timesMs: readonly number[]): ReplayedBand {
    const warm = this.current();
    const at = timesMs.map((timeMs) => Math.round((timeMs - warm.openMs) / this.model.stepMs));
    const { expected, lower, upper } = warm.band(Math.max(...at) + 1);
    const pick = (column: Float64Array): number[] => at.map((index) => column[index]!);
    return { yhat: pick(expected), lower: pick(lower), upper: pick(upper) };
  }

  /** How unusual the step is that closes next: 1 and more is an anomaly. */
  score(timeMs: number, value: number): number {
    this.skipTo(timeMs);
    return Math.abs(this.current().preview(value).score);
  }

  /** Steps without a value until `timeMs`. */
  private skipTo(timeMs: number): void {
    for (; this.openMs < timeMs; this.openMs += this.model.stepMs) {
      if (this.warm?.append(Number.NaN) === null) this.warm = null;
    }
  }

  private current(): WarmForecast {
    if (this.warm === null) {
      const { stepMs } = this.model;
      const needed = historyNeededFrom(this.model, this.openMs);
      const skipped = Math.max(0, Math.floor((needed - this.firstMs) / stepMs));
      const startMs = this.firstMs + skipped * stepMs;
      const values = Float64Array.from(
        { length: Math.round((this.openMs - startMs) / stepMs) },
        (_, index) => this.known.get(startMs + index * stepMs) ?? Number.NaN,
      );
      this.warm = new WarmForecast(this.model, { startMs, values });
    }
    return this.warm;
  }
}
