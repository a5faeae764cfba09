import { firstOfWeek, openFrom, type ClosedSteps } from './closed-steps';
import { DAY_MS, weekOf, type ForecastModel } from './model';
import { Forecaster, type Band, type ExpectedStep, type Learning } from './forecaster';

/** A fit keeps a copy where a day begins within this much of its end: corrections begin from there. */
const CHECKPOINT_MS = DAY_MS + 3_600_000;

/** A step that came out otherwise after a correction. */
export interface RevisedStep extends ExpectedStep {
  readonly timeMs: number;
}

/**
 * A series kept ready for its next step, within one local week. Whatever it answers has the same bits as
 * `forecastSeries` over all steps, since both fold the same steps.
 */
export class WarmForecast {
  readonly week: number;
  private forecaster: Forecaster;
  /** The fold before the steps in `times`: a correction of these takes them again from here. */
  private checkpoint: Forecaster;
  private times: number[] = [];
  private values: number[] = [];
  private nextMs: number;

  /** @param steps all that `historyNeededFrom` of the first open step asks for, or as far back as there are any */
  constructor(
    readonly model: ForecastModel,
    steps: ClosedSteps,
  ) {
    this.nextMs = openFrom(model, steps);
    this.week = weekOf(model, this.nextMs);
    this.forecaster = new Forecaster(model);
    this.checkpoint = new Forecaster(model);
    const first = firstOfWeek(model, steps, this.week - model.trainingWeeks);
    for (let index = first; index < steps.values.length; index++) {
      const timeMs = steps.startMs + index * model.stepMs;
      const value = steps.values[index]!;
      if (Number.isNaN(value)) continue;
      this.takeOne(timeMs, value, timeMs >= this.nextMs - CHECKPOINT_MS);
    }
  }

  get learning(): Learning {
    return this.forecaster.learning;
  }

  /** Start of the step that `append` takes next. */
  get openMs(): number {
    return this.nextMs;
  }

  /**
   * Takes the step at `openMs`, NaN where it stayed without a value.
   * @returns the step as it was expected; null where its week is over: fit again
   */
  append(value: number): ExpectedStep | null {
    const timeMs = this.nextMs;
    if (weekOf(this.model, timeMs) !== this.week) return null;
    this.nextMs += this.model.stepMs;
    if (Number.isNaN(value)) return this.forecaster.preview(timeMs);
    return this.takeOne(timeMs, value, true);
  }

  /**
   * Replaces a step, removes it (NaN) or adds it late.
   * @returns every step from it on, as it is expected now; null where it lies too far back: fit again
   */
  correct(timeMs: number, value: number): readonly RevisedStep[] | null {
    const kept = this.times[0];
    if (kept === undefined || timeMs < kept || timeMs >= this.nextMs) return null;
    const steps = this.times
      .map((time, index): [number, number] => [time, this.values[index]!])
      .filter(([time]) => time !== timeMs);
    if (!Number.isNaN(value)) steps.push([timeMs, value]);
    const byTime = new Map(steps);
    this.forecaster = this.checkpoint.clone();
    this.times = [];
    this.values = [];
    const revised: RevisedStep[] = [];
    for (let time = kept; time < this.nextMs; time += this.model.stepMs) {
      const known = byTime.get(time);
      const step = known === undefined ? this.forecaster.preview(time) : this.replayOne(time, known);
      if (time >= timeMs) revised.push({ timeMs: time, ...step });
    }
    return revised;
  }

  /** What `value` would be at the open step: running scores. Learns nothing. */
  preview(value: number): ExpectedStep {
    return this.forecaster.preview(this.nextMs, value);
  }

  /** The steps ahead, from the open one on. */
  band(steps: number): Band {
    const { stepMs } = this.model;
    return this.forecaster.band(
      Float64Array.from({ length: steps }, (_, index) => this.nextMs + index * stepMs),
    );
  }

  private takeOne(timeMs: number, value: number, mayCheckpoint: boolean): ExpectedStep {
    if (mayCheckpoint && this.forecaster.beginsDay(timeMs)) {
      this.checkpoint = this.forecaster.clone();
      this.times = [];
      this.values = [];
    }
    return this.replayOne(timeMs, value);
  }

  private replayOne(timeMs: number, value: number): ExpectedStep {
    this.times.push(timeMs);
    this.values.push(value);
    return this.forecaster.take(timeMs, value);
  }
}
