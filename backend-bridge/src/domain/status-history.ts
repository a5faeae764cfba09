import { alignDown, alignUp, type TimeRange } from './ladder';

/**
 * Recorded status: one sample every ten seconds per series for the last 24 hours, in the memory of this process.
 * Samples are on a grid aligned to the epoch, so that all bridges have the same times and a missed sample is a gap.
 */

export type RecordedName =
  'freshness_ms' | 'lag' | 'dead_letters' | 'records' | 'connections' | 'subscriptions' | 'queued_bytes';

export interface StatusSample {
  readonly name: RecordedName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `times` ascending, in milliseconds; as many `values`. */
export interface RecordedSeries {
  readonly name: RecordedName;
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface RecordedAnswer {
  readonly stepMs: number;
  readonly series: readonly RecordedSeries[];
}

export interface StatusHistoryOptions {
  readonly stepMs: number;
  readonly retentionMs: number;
  /** Memory of all rings; with too many series each is kept for a shorter time. */
  readonly maxBytes: number;
  /** Most points in one answer; beyond it the step grows. */
  readonly maxAnswerPoints: number;
}

export const STATUS_HISTORY_DEFAULTS: StatusHistoryOptions = {
  stepMs: 10_000,
  retentionMs: 24 * 3_600_000,
  maxBytes: 64 * 1_048_576,
  maxAnswerPoints: 250_000,
};

/** Samples in one step of an answer. */
const STEP_SAMPLES: readonly number[] = [1, 2, 3, 6, 12, 30, 60, 90, 180, 360, 720, 2_160, 4_320, 8_640];
/** Freshness of a metric; lag, dead letters and records of its topic. */
const SERIES_OF_A_METRIC = 4;
const SERIES_OF_CLIENTS = 3;

interface Ring {
  readonly name: RecordedName;
  readonly labels: Readonly<Record<string, string>>;
  /** Samples; NaN where nothing was recorded. */
  readonly values: Float64Array;
  /** Place of its newest sample. */
  last: number;
}

export class StatusHistory {
  /** When the recording began, on the grid. */
  readonly startedMs: number;
  /** Longest time that is kept. */
  readonly retentionMs: number;
  readonly sampleMs: number;
  private readonly capacity: number;
  private readonly maxAnswerPoints: number;
  private readonly rings = new Map<string, Ring>();
  /** Grid index of the newest sample. */
  private newest: number | null = null;

  /** @param metrics number of metrics, which determines the size of the rings */
  constructor(metrics: number, startedMs: number, options: StatusHistoryOptions = STATUS_HISTORY_DEFAULTS) {
    const { stepMs, retentionMs, maxBytes, maxAnswerPoints } = options;
    const series = metrics * SERIES_OF_A_METRIC + SERIES_OF_CLIENTS;
    const affordable = Math.floor(maxBytes / Float64Array.BYTES_PER_ELEMENT / series);
    this.capacity = Math.max(1, Math.min(Math.ceil(retentionMs / stepMs), affordable));
    this.sampleMs = stepMs;
    this.retentionMs = this.capacity * stepMs;
    this.startedMs = alignDown(startedMs, stepMs);
    this.maxAnswerPoints = maxAnswerPoints;
  }

  /** Records the samples of one moment. A later call within the same ten seconds replaces them. */
  record(nowMs: number, samples: readonly StatusSample[]): void {
    this.moveTo(Math.floor(nowMs / this.sampleMs));
    for (const { name, labels, value } of samples) {
      const ring = this.ring(name, labels);
      ring.last = this.newest!;
      ring.values[ring.last % this.capacity] = value;
    }
  }

  /**
   * Every series with a sample in `[fromMs, toMs)`, in order of name and labels: the last sample of each step. The step is
   * the shortest with at most `maxPoints` in the range; absent: every sample.
   */
  read({ fromMs, toMs }: TimeRange, maxPoints?: number): RecordedAnswer {
    const bound = Math.floor(this.maxAnswerPoints / Math.max(1, this.rings.size));
    const span = Math.min(toMs - fromMs, this.retentionMs);
    // The requested maximum applies to the whole range, so that a sliding range keeps its step; the cost limit applies
    // to the recorded part.
    const fits = (samples: number): boolean => {
      const stepMs = samples * this.sampleMs;
      return (
        (maxPoints === undefined || Math.ceil((toMs - fromMs) / stepMs) <= maxPoints) &&
        Math.ceil(span / stepMs) <= bound
      );
    };
    const samples = STEP_SAMPLES.find(fits) ?? STEP_SAMPLES.at(-1)!;
    const rings = [...this.rings.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ring]) => ring);
    return {
      stepMs: samples * this.sampleMs,
      series: rings
        .map((ring) => this.steps(ring, { fromMs, toMs }, samples))
        .filter(({ times }) => times.length > 0),
    };
  }

  private steps({ name, labels, values }: Ring, range: TimeRange, samples: number): RecordedSeries {
    const found = { name, labels, times: [] as number[], values: [] as number[] };
    if (this.newest === null) return found;
    const oldest = this.newest - this.capacity + 1;
    const stepMs = samples * this.sampleMs;
    const first = Math.max(alignUp(range.fromMs, stepMs), alignDown(oldest * this.sampleMs, stepMs));
    const end = Math.min(range.toMs, (this.newest + 1) * this.sampleMs);
    for (let time = first; time < end; time += stepMs) {
      const begin = time / this.sampleMs;
      for (let at = Math.min(begin + samples - 1, this.newest); at >= Math.max(begin, oldest, 0); at -= 1) {
        const value = values[at % this.capacity]!;
        if (Number.isNaN(value)) continue;
        found.times.push(time);
        found.values.push(value);
        break;
      }
    }
    return found;
  }

  /** Clears the slots between the newest sample and `place`; after the clock was set back, those that are now ahead. */
  private moveTo(place: number): void {
    const { newest } = this;
    this.newest = place;
    if (newest === null || newest === place) return;
    const [from, to] = newest < place ? [newest + 1, place] : [place, newest];
    for (const [key, { values, last }] of this.rings) {
      // Of a metric that is no longer served: nothing of it is left.
      if (place - last > this.capacity) this.rings.delete(key);
      if (to - from + 1 >= this.capacity) values.fill(Number.NaN);
      else for (let at = from; at <= to; at += 1) values[at % this.capacity] = Number.NaN;
    }
  }

  private ring(name: RecordedName, labels: Readonly<Record<string, string>>): Ring {
    const key = JSON.stringify([name, ...Object.entries(labels).flat()]);
    let ring = this.rings.get(key);
    if (ring === undefined) {
      ring = { name, labels, values: new Float64Array(this.capacity).fill(Number.NaN), last: 0 };
      this.rings.set(key, ring);
    }
    return ring;
  }
}
