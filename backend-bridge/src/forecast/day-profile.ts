import type { Seasons } from './model';
import { smoothed } from './smoothing';
import { WeekdayTable } from './weekday-table';

const { max, min, round } = Math;
const { isNaN } = Number;

const HOUR = 3_600_000;
const SUNDAY = 0;
/** Weekdays are compared over stretches of this length: a Saturday's night may be like a Friday's, its noon not. */
const STRETCH_HOURS = 4;
/** Other weekdays count as this part of the noise apart, at least: the own weekday is believed a little more. */
const APART = 0.1;
/** Assumed squared distance, in noise variances, of a weekday that the own one cannot be compared with yet. */
const UNKNOWN_APART = 2;
const MIN_DAYS = 0.3;

/**
 * The seasonal profile: what each slot of a day is expected to be, from the cleaned days before. A weekday borrows from
 * the others as far as they are alike beyond noise (weights by inverse variance with an estimated squared distance: the
 * empirical Bayes of Efron and Morris, 1975), so the week is a season only where the data shows one.
 */
export class DayProfile {
  private readonly rows: Map<number, Float32Array>;
  private readonly weekdays: WeekdayTable[];

  /** @param weeks how many weeks of days are kept */
  constructor(
    private readonly slots: number,
    private readonly stepMs: number,
    private readonly weeks: number,
    private readonly seasons: Seasons,
    private readonly holidays: ReadonlySet<number>,
    from?: DayProfile,
  ) {
    this.rows = new Map(from?.rows);
    this.weekdays =
      from?.weekdays.slice() ?? Array.from({ length: 7 }, () => new WeekdayTable(slots, [], []));
  }

  /** A copy that learns on its own from `day` on; days before it are shared, since nothing writes to them. */
  cloneAt(day: number): DayProfile {
    const copy = new DayProfile(this.slots, this.stepMs, this.weeks, this.seasons, this.holidays, this);
    for (const [key, row] of this.rows) if (key >= day) copy.rows.set(key, row.slice());
    return copy;
  }

  /** The cleaned values of a day, by slot; NaN where there is none. For writing. */
  row(day: number): Float32Array {
    const known = this.rows.get(day);
    if (known !== undefined) return known;
    const row = new Float32Array(this.slots).fill(Number.NaN);
    this.rows.set(day, row);
    return row;
  }

  /** Learns all days before `day`; those from `learned` on are new. */
  learnDays(learned: number, day: number): void {
    const first = max(learned, day - 7);
    const changed = new Set<number>();
    for (let past = first; past < day; past++) changed.add(weekdayOf(past));
    for (const past of this.rows.keys()) {
      if (past >= day - 7 * this.weeks) continue;
      this.rows.delete(past);
      changed.add(weekdayOf(past));
    }
    for (const weekday of changed) this.learnWeekday(weekday, day);
  }

  /** Expected values of `day` by slot, all NaN before anything was learned. @param noise variance of one step */
  of(day: number, noise: number): Float64Array {
    const weekday = this.holidays.has(day) ? SUNDAY : weekdayOf(day);
    const profile = new Float64Array(this.slots).fill(Number.NaN);
    const variance = new Float64Array(this.slots).fill(Number.NaN);
    const stretch = max(1, round((STRETCH_HOURS * HOUR) / this.stepMs));
    for (let from = 0; from < this.slots; from += stretch) {
      this.mixWeekdays(weekday, from, min(this.slots, from + stretch), noise, profile, variance);
    }
    fillGaps(profile);
    return smoothed(profile, variance, this.stepMs);
  }

  private learnWeekday(weekday: number, before: number): void {
    const rows: Float32Array[] = [];
    const weeksAgo: number[] = [];
    for (let day = before - 1; day >= before - 7 * this.weeks; day--) {
      if (weekdayOf(day) !== weekday || this.holidays.has(day)) continue;
      const row = this.rows.get(day);
      if (row === undefined) continue;
      rows.push(row);
      weeksAgo.push((before - 1 - day) / 7);
    }
    this.weekdays[weekday] = new WeekdayTable(this.slots, rows, weeksAgo);
  }

  private mixWeekdays(
    weekday: number,
    from: number,
    to: number,
    stepNoise: number,
    profile: Float64Array,
    variance: Float64Array,
  ): void {
    const noise = this.noise(from, to, stepNoise);
    const own = this.weekdays[weekday]!;
    const weights = this.weekdays.map((table) => {
      const days = meanOf(table.days, from, to);
      if (days === 0) return 0;
      const ofMean = noise / max(days, MIN_DAYS);
      if (table === own || this.seasons === 'day') return 1 / ofMean;
      return 1 / (ofMean + squaredDistance(own, table, from, to, noise) + APART * noise);
    });
    for (let slot = from; slot < to; slot++) {
      let sum = 0;
      let whole = 0;
      for (let k = 0; k < 7; k++) {
        const table = this.weekdays[k]!;
        if (table.days[slot]! === 0) continue;
        sum += weights[k]! * table.mean[slot]!;
        whole += weights[k]!;
      }
      if (whole === 0) continue;
      profile[slot] = sum / whole;
      variance[slot] = 1 / whole;
    }
  }

  /** Variance of a slot from week to week, a little of the step's noise added so that it is never 0. */
  private noise(from: number, to: number, stepNoise: number): number {
    let sum = 0;
    let count = 0;
    for (const { variance } of this.weekdays) {
      for (let slot = from; slot < to; slot++) {
        if (isNaN(variance[slot]!)) continue;
        sum += variance[slot]!;
        count++;
      }
    }
    return (count > 0 ? sum / count : stepNoise) + 1e-6 * stepNoise;
  }
}

/** Mean squared difference of two weekdays beyond what noise makes. */
function squaredDistance(
  own: WeekdayTable,
  other: WeekdayTable,
  from: number,
  to: number,
  noise: number,
): number {
  let sum = 0;
  let count = 0;
  for (let slot = from; slot < to; slot++) {
    if (own.days[slot] === 0 || other.days[slot] === 0) continue;
    const difference = own.mean[slot]! - other.mean[slot]!;
    sum += difference * difference - noise / own.days[slot]! - noise / other.days[slot]!;
    count++;
  }
  return count > 0 ? max(0, sum / count) : UNKNOWN_APART * noise;
}

function meanOf(values: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let slot = from; slot < to; slot++) sum += values[slot]!;
  return sum / (to - from);
}

/** Slots without a value take the one before, at the day's beginning the one after. */
function fillGaps(profile: Float64Array): void {
  let last = Number.NaN;
  for (let slot = 0; slot < profile.length; slot++) {
    if (isNaN(profile[slot]!)) profile[slot] = last;
    else last = profile[slot]!;
  }
  for (let slot = profile.length - 1; slot >= 0; slot--) {
    if (isNaN(profile[slot]!)) profile[slot] = last;
    else last = profile[slot]!;
  }
}

/** 0: Sunday, for days since 1970 (a Thursday). */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}
