import type { ReplayedBand, ReplayedSeries, SetMeta } from './replayed-series';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
/** Forecasts an hour ahead are evaluated every five hours, to cover all hours of the day. */
const HOUR_EVERY = 5 * HOUR;
/** 2 / (1 - 0.95): what a value outside costs by its distance. */
const PENALTY = 40;
const ANOMALY = 1;
/** A value on the edge of its band is inside. */
const EDGE = 1e-9;
/** Flagged steps no further apart are one alarm. */
const JOINED_MS = 30 * MINUTE;

/** One line of a set's CSV. Label 0: normal, 1: an anomaly, 2: not judged for flags. */
export interface LabelledStep {
  readonly timeMs: number;
  readonly value: number;
  readonly label: number;
}

export interface EvaluationSet {
  readonly meta: SetMeta;
  readonly steps: readonly LabelledStep[];
}

/** Errors by the mean change of a season before, as in backtest.ts; coverage in percent. */
export interface Accuracy {
  /** Times from which it was forecast. */
  readonly origins: number;
  readonly MASE: number;
  readonly IS95: number;
  readonly cov95: number;
}

export interface Flags {
  readonly events: number;
  readonly found: number;
  readonly falseAlarms: number;
  readonly faPerDay: number;
  readonly F1: number;
}

export interface SetResult {
  readonly day: Accuracy;
  readonly hour: Accuracy;
  readonly flag: Flags | null;
}

/** Replays a set in time order, without a look ahead: a step is known when it closes, a correction when it came. */
export function evaluateSet(
  set: EvaluationSet,
  series: Pick<ReplayedSeries, 'update' | 'forecast' | 'score'>,
): SetResult {
  const { meta, steps } = set;
  const scale = scaleOf(set);
  const byTime = new Map(steps.map((step) => [step.timeMs, step]));
  const lastMs = steps.at(-1)!.timeMs;
  const day = new AccuracySum(scale, byTime);
  const hour = new AccuracySum(scale, byTime);
  const scores = new Map<number, number>();
  const corrections = new Map((meta.corrections ?? []).map((correction) => [correction[0], correction]));
  let pending: { readonly atMs: number; readonly step: LabelledStep }[] = [];
  const correctUntil = (untilMs: number): void => {
    for (const { atMs, step } of pending) if (atMs <= untilMs) series.update(step.timeMs, step.value);
    pending = pending.filter(({ atMs }) => atMs > untilMs);
  };
  let nextDay = meta.test_start_ms;
  let nextHour = meta.test_start_ms;
  for (const step of steps) {
    const closesMs = step.timeMs + meta.step_ms;
    while (Math.min(nextDay, nextHour) < closesMs) {
      const origin = Math.min(nextDay, nextHour);
      correctUntil(origin);
      const isDay = nextDay <= nextHour;
      const reach = isDay ? DAY : Math.max(meta.step_ms, HOUR);
      const times: number[] = [];
      for (let time = origin; time < origin + reach && time <= lastMs; time += meta.step_ms) times.push(time);
      if (times.length > 0) (isDay ? day : hour).add(times, series.forecast(origin, times));
      if (isDay) nextDay += DAY;
      else nextHour += HOUR_EVERY;
    }
    correctUntil(closesMs);
    if (step.timeMs >= meta.test_start_ms) scores.set(step.timeMs, series.score(step.timeMs, step.value));
    const correction = corrections.get(step.timeMs);
    series.update(step.timeMs, correction === undefined ? step.value : correction[1]);
    if (correction !== undefined) pending.push({ atMs: correction[2], step });
  }
  return { day: day.result(), hour: hour.result(), flag: flagsOf(set, scores) };
}

class AccuracySum {
  private origins = 0;
  private count = 0;
  private errors = 0;
  private intervals = 0;
  private inside = 0;

  constructor(
    private readonly scale: number,
    private readonly byTime: ReadonlyMap<number, LabelledStep>,
  ) {}

  add(times: readonly number[], band: ReplayedBand): void {
    this.origins++;
    times.forEach((time, index) => {
      const step = this.byTime.get(time);
      if (step === undefined || step.label === ANOMALY) return;
      const [low, high] = [band.lower[index]!, band.upper[index]!];
      const outside = Math.max(0, low - step.value, step.value - high);
      this.count++;
      this.errors += Math.abs(step.value - band.yhat[index]!);
      this.intervals += high - low + PENALTY * outside;
      if (outside <= EDGE * (1 + Math.abs(step.value))) this.inside++;
    });
  }

  result(): Accuracy {
    return {
      origins: this.origins,
      MASE: this.errors / this.count / this.scale,
      IS95: this.intervals / this.count / this.scale,
      cov95: (100 * this.inside) / this.count,
    };
  }
}

function scaleOf({ meta, steps }: EvaluationSet): number {
  const byTime = new Map(steps.map((step) => [step.timeMs, step]));
  const weekly = meta.season_ms.includes(WEEK) && meta.test_start_ms - steps[0]!.timeMs >= 2 * WEEK;
  let sum = 0;
  let count = 0;
  for (const step of steps) {
    if (step.timeMs >= meta.test_start_ms) break;
    const before = byTime.get(step.timeMs - (weekly ? WEEK : DAY));
    if (before === undefined || step.label === ANOMALY || before.label === ANOMALY) continue;
    sum += Math.abs(step.value - before.value);
    count++;
  }
  return sum > 0 ? sum / count : 1;
}

/** Runs of label 1 are events, found where any of their steps is flagged; flagged steps of label 0 are false alarms. */
function flagsOf({ meta, steps }: EvaluationSet, scores: ReadonlyMap<number, number>): Flags | null {
  const joined = Math.max(JOINED_MS, meta.step_ms);
  let [events, found, falseAlarms, tested] = [0, 0, 0, 0];
  let eventEnd = -Infinity;
  let eventFound = false;
  let lastFalse = -Infinity;
  for (const { timeMs, label } of steps) {
    const score = scores.get(timeMs);
    if (score === undefined) continue;
    tested++;
    const flagged = score >= 1;
    if (label === ANOMALY) {
      if (timeMs - eventEnd > meta.step_ms) {
        events++;
        eventFound = false;
      }
      eventEnd = timeMs;
      if (flagged && !eventFound) {
        eventFound = true;
        found++;
      }
    } else {
      eventEnd = -Infinity;
      if (!flagged || label !== 0) continue;
      if (timeMs - lastFalse > joined) falseAlarms++;
      lastFalse = timeMs;
    }
  }
  if (events === 0) return null;
  return {
    events,
    found,
    falseAlarms,
    faPerDay: falseAlarms / ((tested * meta.step_ms) / DAY),
    F1: (2 * found) / (found + falseAlarms + events),
  };
}
