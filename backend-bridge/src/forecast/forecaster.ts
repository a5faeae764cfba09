import { AnomalyScore } from './anomaly-score';
import { DayProfile } from './day-profile';
import { HorizonModel } from './horizon-model';
import { Levels } from './levels';
import { localTime, type LocalTime } from '../domain/local-time';
import { DAY_MS, holidayDays, WEEK_MS, type ForecastModel } from './model';
import { RecentSteps } from './recent-steps';
import { scaleOf, type ValueScale } from './values';

const { abs, ceil, floor, log, max, min, round, sign, sqrt } = Math;
const { isNaN } = Number;

/** After this long an observation weighs half. */
const HALF_LIFE_DAYS = 28;
/** Horizons are learned for 1, 2, 4, 7, 13, ... steps up to a day; between them forecasts are interpolated. */
const HORIZON_GROWTH = 1.8;
/** Errors up to this many deviations count in full for the levels; larger ones count less (a redescending clip). */
const CLIP = 3;
/** A day is remembered within this many deviations of its profile, so that an outage does not become a habit. */
const PROFILE_CLIP = 8;
/** A series that stays off to one side for this long is believed twice as far. */
const BELIEVE_HOURS = 24;
/** First day (from 0) whose errors count, and the number of days until they count in full. */
const WARM_DAYS = 1;
const MATURE_DAYS = 14;
/** Neighbouring errors of forecasts this far ahead hardly differ: one every so long is enough. */
const FAR_MS = 1_800_000;
const FAR_EVERY_MS = 900_000;
const LEAST_FLOOR = 1e-9;
const FLOOR = 1e-4;
const SLOW = 0.002;
const NOISE_RATE = 0.01;
const FIRST_NOISE_RATE = 0.02;
/** Expected counts below this are shown as whole numbers. */
const WHOLE_BELOW = 8;
const HOUR_MS = 3_600_000;

/** How much has been learned. Until `ready` nothing is expected: a bad band is worse than none. */
export interface Learning {
  readonly state: 'learning' | 'ready';
  /** Start of the first step that was learned; NaN: none yet. */
  readonly trainedFromMs: number;
  /** Time covered by the steps that were learned, and how much is needed. */
  readonly haveMs: number;
  readonly neededMs: number;
  readonly seasons: readonly ('day' | 'week')[];
}

/** A step as it was expected before it closed. Not a number where too little was known. */
export interface ExpectedStep {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
  /** Above 1 or below -1: outside what about one step in a thousand is; see anomaly-score.ts. */
  readonly score: number;
}

/** Expected values ahead, index by index with the requested times. */
export interface Band {
  readonly expected: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

const UNKNOWN: ExpectedStep = { expected: Number.NaN, lower: Number.NaN, upper: Number.NaN, score: 0 };

/**
 * The fold of a series' closed steps. Its state, and so everything it answers, is a function of the model and of the
 * steps that were taken, in time order: of nothing else.
 */
export class Forecaster {
  private readonly local: LocalTime;
  private readonly scale: ValueScale;
  private readonly slots: number;
  private readonly holidays: ReadonlySet<number>;
  private readonly probabilities: readonly [number, number];
  private readonly levels: Levels;
  private readonly profile: DayProfile;
  private readonly horizons: readonly HorizonModel[];
  private readonly recent: RecentSteps;
  private readonly anomaly: AnomalyScore;
  private readonly now: Float64Array;
  /** Profiles of the days ahead of the newest step's. */
  private readonly ahead = new Map<number, Float64Array>();
  /** This forecaster as it will be when the next day begins, until a step is taken. */
  private tomorrow: Forecaster | null = null;
  private today: Float64Array | null = null;
  private day = Number.NaN;
  private firstDay = Number.NaN;
  private firstMs = Number.NaN;
  private last = -1;
  private taken = 0;
  private noise = Number.NaN;
  /** Noise as it was when the day began: all profiles of a day are made with the same. */
  private dayNoise = 0;
  private size = 0;
  private lastValue = Number.NaN;
  private offSide = 0;
  private offSteps = 0;

  constructor(
    readonly model: ForecastModel,
    from?: Forecaster,
  ) {
    const { stepMs } = model;
    this.local = localTime(model.timeZone);
    this.scale = scaleOf(model.values);
    this.slots = ceil(DAY_MS / stepMs);
    this.holidays = from?.holidays ?? holidayDays(model);
    this.probabilities = from?.probabilities ?? [(1 - model.interval) / 2, (1 + model.interval) / 2];
    this.levels = new Levels(stepMs, from?.levels);
    const growth = 2 ** (stepMs / (HALF_LIFE_DAYS * DAY_MS));
    this.profile =
      from?.profile.cloneAt(from.day) ??
      new DayProfile(this.slots, stepMs, model.trainingWeeks + 1, model.seasons, this.holidays);
    this.horizons =
      from?.horizons.map((horizon) => horizon.clone()) ??
      horizonLengths(this.slots).map((steps) => {
        const every = learnsEvery(steps, stepMs);
        return new HorizonModel(steps, every, this.levels.size, growth ** every);
      });
    this.recent = new RecentSteps(this.horizons, this.levels.size, from?.recent);
    this.anomaly = from?.anomaly.clone() ?? new AnomalyScore(stepMs, growth, this.slots, this.levels.size);
    this.now = new Float64Array(this.levels.size);
    if (from === undefined) return;
    this.today = from.today;
    this.day = from.day;
    this.firstDay = from.firstDay;
    this.firstMs = from.firstMs;
    this.last = from.last;
    this.taken = from.taken;
    this.noise = from.noise;
    this.dayNoise = from.dayNoise;
    this.size = from.size;
    this.lastValue = from.lastValue;
    this.offSide = from.offSide;
    this.offSteps = from.offSteps;
  }

  /** An independent copy, to return to when a step is corrected. */
  clone(): Forecaster {
    return new Forecaster(this.model, this);
  }

  get learning(): Learning {
    const { model } = this;
    const haveMs = this.taken * model.stepMs;
    const twoSeasons = 2 * (model.seasons === 'week' ? WEEK_MS : DAY_MS);
    // Errors of each horizon are needed, too, which a series with long gaps has later.
    const measured = this.horizons.every((horizon) => horizon.ready);
    const neededMs = measured || haveMs < twoSeasons ? twoSeasons : haveMs + DAY_MS;
    return {
      state: haveMs < neededMs ? 'learning' : 'ready',
      trainedFromMs: this.firstMs,
      haveMs,
      neededMs,
      seasons: model.seasons === 'day' || haveMs < 2 * WEEK_MS ? ['day'] : ['day', 'week'],
    };
  }

  /** Start of the newest step that was taken; NaN before. */
  get lastMs(): number {
    return this.last < 0 ? Number.NaN : this.firstMs + this.last * this.model.stepMs;
  }

  /** Whether a step at `timeMs` would begin a new local day, at which everything is fitted again. */
  beginsDay(timeMs: number): boolean {
    return !(dayOf(this.local.wallClock(timeMs)) <= this.day);
  }

  /**
   * Takes the next closed step and returns it as it was expected before.
   * @param timeMs its start, later than that of every step before; @param value not NaN: a missing step is left out
   */
  take(timeMs: number, value: number): ExpectedStep {
    if (this.last < 0) this.firstMs = timeMs;
    this.tomorrow = null;
    const index = this.indexOf(timeMs);
    const wall = this.local.wallClock(timeMs);
    this.beginDay(dayOf(wall));
    this.fillGap(index);
    const slot = this.slotOf(wall);
    const scaled = this.scale.toModel(value);
    this.size = this.last < 0 ? abs(scaled) : this.size + SLOW * (abs(scaled) - this.size);
    this.recent.floor = max(LEAST_FLOOR, FLOOR * this.size);
    const profile = this.today![slot]!;
    if (isNaN(profile)) {
      this.takeUnexpected(index, slot, scaled);
      return UNKNOWN;
    }
    const residual = scaled - profile;
    const step = this.describe(index, slot, residual, profile);
    const ready = this.learning.state === 'ready';
    this.learn(index, slot, residual, profile, step.score);
    this.taken++;
    this.last = index;
    return ready ? step : UNKNOWN;
  }

  /**
   * A step that is missing or still open, as it is expected, and how unusual `value` would be. Learns nothing; the next
   * step that is taken is this one or a later one.
   */
  preview(timeMs: number, value = Number.NaN): ExpectedStep {
    if (this.learning.state === 'learning') return UNKNOWN;
    const wall = this.local.wallClock(timeMs);
    const opened = this.opened(dayOf(wall));
    const slot = this.slotOf(wall);
    const profile = opened.today![slot]!;
    if (isNaN(profile)) return UNKNOWN;
    const index = this.indexOf(timeMs);
    opened.fillGap(index);
    return opened.describe(index, slot, this.scale.toModel(value) - profile, profile);
  }

  /** Expected values and bands of `times`, all after the newest step; NaN where no profile is known. */
  band(times: ArrayLike<number>): Band {
    const band: Band = {
      expected: new Float64Array(times.length).fill(Number.NaN),
      lower: new Float64Array(times.length).fill(Number.NaN),
      upper: new Float64Array(times.length).fill(Number.NaN),
    };
    if (this.learning.state === 'learning' || times.length === 0) return band;
    const opened = this.opened(dayOf(this.local.wallClock(times[0]!)));
    opened.levels.write(opened.now, 0);
    for (let k = 0; k < times.length; k++) opened.expectAhead(times[k]!, k, band);
    return band;
  }

  private indexOf(timeMs: number): number {
    return round((timeMs - this.firstMs) / this.model.stepMs);
  }

  private slotOf(wall: number): number {
    return floor((wall - dayOf(wall) * DAY_MS) / this.model.stepMs);
  }

  /** This forecaster, or where `day` has not begun in it a copy in which it has: only steps change what is learned. */
  private opened(day: number): Forecaster {
    if (!(day > this.day)) return this;
    if (this.tomorrow === null || this.tomorrow.day !== day) {
      this.tomorrow = this.clone();
      this.tomorrow.beginDay(day);
    }
    return this.tomorrow;
  }

  /** Where a new day begins, learns the days before it. A wall clock that is set back over midnight begins none. */
  private beginDay(day: number): void {
    if (day <= this.day) return;
    if (isNaN(this.day)) this.firstDay = day;
    else this.profile.learnDays(this.day, day);
    this.day = day;
    this.dayNoise = this.noise > 0 ? this.noise : this.recent.floor * this.recent.floor;
    this.ahead.clear();
    this.today = this.profile.of(day, this.dayNoise);
    for (const horizon of this.horizons) horizon.refit(this.probabilities);
    this.anomaly.refit();
  }

  /** Steps that are missing before `index`: the levels stay as they are. */
  private fillGap(index: number): void {
    for (let step = max(this.last + 1, index - this.recent.length); step < index; step++) {
      this.recent.note(step, Number.NaN, 0);
      this.levels.write(this.recent.levels, this.recent.offset(step));
    }
  }

  /** A slot that no day before knows: only its value and the noise between steps are learned. */
  private takeUnexpected(index: number, slot: number, scaled: number): void {
    this.profile.row(this.day)[slot] = scaled;
    const change = scaled - this.lastValue;
    if (!isNaN(change)) {
      const square = (change * change) / 2;
      this.noise = isNaN(this.noise) ? square : this.noise + FIRST_NOISE_RATE * (square - this.noise);
    }
    this.lastValue = scaled;
    this.taken++;
    // Not missing: what comes a day later is measured against the levels of this step, which know nothing.
    this.recent.note(index, 0, 0);
    this.levels.write(this.recent.levels, this.recent.offset(index));
    this.last = index;
  }

  private describe(index: number, slot: number, residual: number, profile: number): ExpectedStep {
    const { recent } = this;
    recent.note(index, residual, profile);
    const horizon = recent.horizonOf(index - this.last);
    if (!horizon.ready) return UNKNOWN;
    const centre = profile + horizon.expected(recent.levels, recent.offset(this.last), profile);
    const deviation = horizon.deviation(profile) + recent.floor;
    const score = this.holidays.has(this.day) ? 0 : this.anomaly.of(recent, index, residual, profile, slot);
    const lower = this.limit(centre + deviation * horizon.lowerError);
    const upper = this.limit(centre + deviation * horizon.upperError);
    return { expected: this.shown(centre, lower, upper), lower, upper, score };
  }

  private learn(index: number, slot: number, residual: number, profile: number, score: number): void {
    const { recent } = this;
    const { floor } = recent;
    const horizon = recent.horizonOf(index - this.last);
    const error = residual - horizon.expected(recent.levels, recent.offset(this.last), profile);
    const deviation = this.deviationOf(horizon, profile, error) + floor;
    this.noise = isNaN(this.noise)
      ? error * error
      : this.noise + NOISE_RATE * (min(error * error, 9 * this.noise + floor * floor) - this.noise);
    const reach = PROFILE_CLIP * deviation;
    this.profile.row(this.day)[slot] = profile + max(-reach, min(reach, residual));
    if (!this.holidays.has(this.day)) this.learnErrors(index, slot, residual, profile, score);
    this.levels.update(residual - error + this.believed(error, deviation), residual, profile);
    this.levels.write(recent.levels, recent.offset(index));
  }

  private deviationOf(horizon: HorizonModel, profile: number, error: number): number {
    if (horizon.ready) return horizon.deviation(profile);
    return isNaN(this.noise) ? abs(error) : sqrt(this.noise);
  }

  private learnErrors(index: number, slot: number, residual: number, profile: number, score: number): void {
    const { recent } = this;
    const age = this.day - this.firstDay - WARM_DAYS;
    const share = age < 0 ? 0 : min(1, ((age + 1) / MATURE_DAYS) ** 2);
    for (const horizon of this.horizons) {
      const from = index - horizon.steps;
      if (from < 0) break;
      if (index % horizon.every !== 0 || recent.isMissing(from)) continue;
      horizon.learn(recent.levels, recent.offset(from), profile, residual, share, recent.floor, this.noise);
    }
    if (share > 0 && recent.horizonOf(index - this.last).ready) {
      this.anomaly.learn(recent, index, slot, score, share);
    }
  }

  /** What the levels take of an error: all of a usual one, less and less of an unusual one, until it lasts. */
  private believed(error: number, deviation: number): number {
    const size = abs(error);
    const side = size > CLIP * deviation ? sign(error) : 0;
    this.offSteps = side !== 0 && side === this.offSide ? this.offSteps + 1 : 0;
    this.offSide = side;
    if (side === 0) return error;
    const lasting = 2 ** min(20, (this.offSteps * this.model.stepMs) / (BELIEVE_HOURS * HOUR_MS));
    const limit = min(size, CLIP * deviation * lasting);
    return (side * limit * limit) / size;
  }

  private expectAhead(timeMs: number, at: number, band: Band): void {
    const wall = this.local.wallClock(timeMs);
    const profile = this.profileOf(dayOf(wall))[this.slotOf(wall)]!;
    const steps = max(1, this.indexOf(timeMs) - this.last);
    const position = this.recent.positionOf(steps);
    const longer = this.horizons[position]!;
    const shorter = this.horizons[max(0, position - 1)]!;
    if (isNaN(profile) || !longer.ready || !shorter.ready) return;
    // Linear in the logarithm of the horizon, as errors grow.
    const part = steps >= longer.steps ? 1 : log(steps / shorter.steps) / log(longer.steps / shorter.steps);
    const centre =
      profile +
      part * longer.expected(this.now, 0, profile) +
      (1 - part) * shorter.expected(this.now, 0, profile);
    const deviation =
      part * longer.deviation(profile) + (1 - part) * shorter.deviation(profile) + this.recent.floor;
    const low = part * longer.lowerError + (1 - part) * shorter.lowerError;
    const high = part * longer.upperError + (1 - part) * shorter.upperError;
    const lower = this.limit(centre + deviation * low);
    const upper = this.limit(centre + deviation * high);
    band.expected[at] = this.shown(centre, lower, upper);
    band.lower[at] = lower;
    band.upper[at] = upper;
  }

  private profileOf(day: number): Float64Array {
    if (day <= this.day) return this.today!;
    const known = this.ahead.get(day);
    if (known !== undefined) return known;
    const profile = this.profile.of(day, this.dayNoise);
    this.ahead.set(day, profile);
    return profile;
  }

  /** Within the band, whose ends are rounded where values are counts. */
  private shown(scaled: number, lower: number, upper: number): number {
    const value = this.scale.fromModel(scaled);
    const whole = this.model.values === 'count' && value < WHOLE_BELOW ? round(value) : value;
    return max(lower, min(upper, whole));
  }

  private limit(scaled: number): number {
    const value = this.scale.fromModel(scaled);
    return this.model.values === 'count' ? round(value) : value;
  }
}

function dayOf(wall: number): number {
  return floor(wall / DAY_MS);
}

function horizonLengths(slots: number): number[] {
  const lengths: number[] = [];
  for (let steps = 1; steps < slots; steps = max(steps + 1, round(steps * HORIZON_GROWTH))) {
    lengths.push(steps);
  }
  return [...lengths, slots];
}

/** A horizon learns from every n-th step. */
function learnsEvery(steps: number, stepMs: number): number {
  return steps * stepMs < FAR_MS ? 1 : max(1, round(FAR_EVERY_MS / stepMs));
}
