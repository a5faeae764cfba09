/** What the days of one weekday were like: per slot of the day a recent, trimmed mean, its spread and its weight. Never changed. */

const { isNaN } = Number;

/** A week older counts for this much less. */
const WEEKLY_DECAY = 0.85;
/** From this number of days on, the highest and the lowest of a slot are left out (a trimmed mean). */
const TRIM_FROM = 5;
/** Below this many effective days a spread says nothing. */
const MIN_FOR_VARIANCE = 1.5;

export class WeekdayTable {
  readonly mean: Float32Array;
  /** From week to week; NaN where there were too few. */
  readonly variance: Float32Array;
  /** Effective days behind the mean; 0: none. */
  readonly days: Float32Array;

  /** @param rows the weekday's days, each of `slots` values, newest first; @param weeksAgo how old each is */
  constructor(slots: number, rows: readonly Float32Array[], weeksAgo: readonly number[]) {
    this.mean = new Float32Array(slots);
    this.variance = new Float32Array(slots);
    this.days = new Float32Array(slots);
    const weights = Float64Array.from(weeksAgo, (weeks) => WEEKLY_DECAY ** weeks);
    for (let slot = 0; slot < slots; slot++) this.fill(rows, weights, slot);
  }

  private fill(rows: readonly Float32Array[], weights: Float64Array, slot: number): void {
    const count = rows.length;
    let present = 0;
    let lowest = -1;
    let highest = -1;
    let low = Infinity;
    let high = -Infinity;
    for (let day = 0; day < count; day++) {
      const value = rows[day]![slot]!;
      if (isNaN(value)) continue;
      present++;
      if (value < low) {
        low = value;
        lowest = day;
      }
      if (value >= high) {
        high = value;
        highest = day;
      }
    }
    if (present < TRIM_FROM) lowest = highest = -1;
    let sum = 0;
    let whole = 0;
    let squares = 0;
    for (let day = 0; day < count; day++) {
      const value = rows[day]![slot]!;
      if (isNaN(value) || day === lowest || day === highest) continue;
      const weight = weights[day]!;
      sum += weight * value;
      whole += weight;
      squares += weight * weight;
    }
    this.mean[slot] = whole > 0 ? sum / whole : Number.NaN;
    const effective = whole > 0 ? (whole * whole) / squares : 0;
    this.days[slot] = effective;
    this.variance[slot] = Number.NaN;
    if (effective <= MIN_FOR_VARIANCE) return;
    const mean = sum / whole;
    let spread = 0;
    for (let day = 0; day < count; day++) {
      const value = rows[day]![slot]!;
      if (isNaN(value) || day === lowest || day === highest) continue;
      spread += weights[day]! * (value - mean) * (value - mean);
    }
    this.variance[slot] = ((spread / whole) * effective) / (effective - 1);
  }
}
