import { type ClosedSteps, type SeriesForecast } from './closed-steps';
import { type Band, type ExpectedStep, type Learning } from './forecaster';
import { DAY_MS, type ForecastModel } from './model';
import { WarmForecast } from './warm-forecast';

/** Measured of one fit and its checkpoint: histograms of errors, and tables by slot of the day. */
const FIT_BYTES = 70_000;
const BYTES_PER_SLOT = 600;
/** A step's value, then what was expected of it. */
const ROW = 5;
const FIRST_STEPS = 64;
/** Full rows get this many times their length. */
const GROWTH = 1.25;

type Columns = Pick<SeriesForecast, 'expected' | 'lower' | 'upper' | 'score'>;

/**
 * The steps of one local week as they were expected, kept to be answered again and to take the next ones. Has the bits
 * of `forecastSeries` over the same steps.
 */
export class WeekForecast {
  private warm: WarmForecast | null;
  /** `ROW` numbers for each step. */
  private rows = new Float64Array(ROW * FIRST_STEPS);
  private taken = 0;
  private readonly slots: number;

  /** @param training the steps that the week's forecasts are trained on, up to the week's first step */
  constructor(model: ForecastModel, training: ClosedSteps) {
    this.warm = new WarmForecast(model, training);
    this.slots = Math.ceil(DAY_MS / model.stepMs);
  }

  /** Steps of the week that were taken. */
  get length(): number {
    return this.taken;
  }

  /** An estimate of the memory that it takes. */
  get bytes(): number {
    return this.rows.byteLength + (this.warm === null ? 0 : FIT_BYTES + this.slots * BYTES_PER_SLOT);
  }

  /** Whether the steps taken so far are the first of `own`, bit for bit. */
  beginsAs(own: ArrayLike<number>): boolean {
    if (this.taken > own.length) return false;
    for (let index = 0; index < this.taken; index++) {
      if (!Object.is(this.rows[ROW * index], own[index])) return false;
    }
    return true;
  }

  /** Takes those of the week's steps that it has not taken yet. @param own all of them so far; NaN: without a value */
  takeUpTo(own: ArrayLike<number>): void {
    for (let index = this.length; index < own.length; index++) {
      const step = this.fit().append(own[index]!);
      if (step === null) throw new RangeError('a step behind the end of its week');
      this.add(own[index]!, step);
    }
  }

  /** Copies the week's steps into columns, its first at the row `at`; what would lie before the first row is left out. */
  write(columns: Columns, at: number): void {
    const { rows } = this;
    for (let index = Math.max(0, -at); index < this.taken; index++) {
      const row = at + index;
      columns.expected[row] = rows[ROW * index + 1]!;
      columns.lower[row] = rows[ROW * index + 2]!;
      columns.upper[row] = rows[ROW * index + 3]!;
      columns.score[row] = rows[ROW * index + 4]!;
    }
  }

  get learning(): Learning {
    return this.fit().learning;
  }

  /** The steps behind those that were taken. */
  band(steps: number): Band {
    return this.fit().band(steps);
  }

  /** The week is over: what it would need for further steps is dropped. */
  end(): void {
    this.warm = null;
    this.rows = this.rows.slice(0, ROW * this.taken);
  }

  private add(value: number, { expected, lower, upper, score }: ExpectedStep): void {
    const at = ROW * this.taken;
    if (at === this.rows.length) {
      const longer = new Float64Array(ROW * Math.ceil(this.taken * GROWTH));
      longer.set(this.rows);
      this.rows = longer;
    }
    this.rows.set([value, expected, lower, upper, score], at);
    this.taken += 1;
  }

  private fit(): WarmForecast {
    if (this.warm === null) throw new RangeError('the week was ended');
    return this.warm;
  }
}
