import { type ClosedSteps, type SeriesForecast } from './closed-steps';
import { type Band, type ExpectedStep, type Learning } from './forecaster';
import { DAY_MS, type ForecastModel } from './model';
import { WarmForecast } from './warm-forecast';

/** Of one fit: tables by slot of the day for each level, horizon and day of the training, twice for its checkpoint. */
const BYTES_PER_SLOT = 1_200;
const BYTES_PER_STEP = 5 * 8;

type Columns = Pick<SeriesForecast, 'expected' | 'lower' | 'upper' | 'score'>;

/**
 * The steps of one local week as they were expected, kept to be answered again and to take the next ones. Has the bits
 * of `forecastSeries` over the same steps.
 */
export class WeekForecast {
  private warm: WarmForecast | null;
  private readonly values: number[] = [];
  private readonly steps: ExpectedStep[] = [];
  private readonly slots: number;

  /** @param training the steps that the week's forecasts are trained on, up to the week's first step */
  constructor(model: ForecastModel, training: ClosedSteps) {
    this.warm = new WarmForecast(model, training);
    this.slots = Math.ceil(DAY_MS / model.stepMs);
  }

  /** Steps of the week that were taken. */
  get length(): number {
    return this.values.length;
  }

  /** An estimate of the memory that it takes. */
  get bytes(): number {
    return this.values.length * BYTES_PER_STEP + (this.warm === null ? 0 : this.slots * BYTES_PER_SLOT);
  }

  /** Whether the steps taken so far are the first of `own`, bit for bit. */
  beginsAs(own: ArrayLike<number>): boolean {
    return this.length <= own.length && this.values.every((value, index) => Object.is(value, own[index]));
  }

  /** Takes those of the week's steps that it has not taken yet. @param own all of them so far; NaN: without a value */
  takeUpTo(own: ArrayLike<number>): void {
    for (let index = this.length; index < own.length; index++) {
      const step = this.fit().append(own[index]!);
      if (step === null) throw new RangeError('a step behind the end of its week');
      this.values.push(own[index]!);
      this.steps.push(step);
    }
  }

  /** Copies the week's steps into columns, its first at the row `at`; what would lie before the first row is left out. */
  write(columns: Columns, at: number): void {
    for (let index = Math.max(0, -at); index < this.steps.length; index++) {
      const step = this.steps[index]!;
      const row = at + index;
      columns.expected[row] = step.expected;
      columns.lower[row] = step.lower;
      columns.upper[row] = step.upper;
      columns.score[row] = step.score;
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
  }

  private fit(): WarmForecast {
    if (this.warm === null) throw new RangeError('the week was ended');
    return this.warm;
  }
}
