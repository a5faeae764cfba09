/** Points: one window of one series, as written, stored and sent. Times are integer milliseconds UTC. */

/**
 * Position of a record in its source. For one point the record with the higher position wins: incarnation first, then
 * offset; both within one partition (see `supersedes` in revision.ts).
 */
export interface Position {
  readonly incarnation: number;
  readonly partition: number;
  readonly offset: number;
}

/** One decoded record, to be written to the store. */
export interface PointWrite {
  /** Dimension values in the metric's order. */
  readonly values: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  /** One number for each measure, in the metric's order; `undefined` where the record has none. NaN and infinities are kept. */
  readonly measures: readonly (number | undefined)[];
  /** A tombstone: removes the point and leaves a marker. For a session only if the stored end equals endMs. */
  readonly removed: boolean;
  /**
   * Hash of the part of the key that distinguishes points, without its window: for a key with fields, the unmapped
   * ones. 0 for a record without a key. Two different hashes for one point are a mapping error.
   */
  readonly keyHash: number;
  /** murmur2 of the key's bytes, by which Java producers choose the partition; absent: equal to keyHash. */
  readonly placement?: number;
  readonly offset: number;
  readonly incarnation: number;
}

/** One point as stored. */
export interface Point {
  readonly startMs: number;
  readonly endMs: number;
  readonly measures: readonly (number | undefined)[];
  /** True for the marker of a removed point. */
  readonly removed: boolean;
  /** Number of changes of the point; 1 for the first record. */
  readonly revision: number;
  /** When the store last changed it, by the writing bridge's clock. */
  readonly updatedMs: number;
  /** When the store first had it. */
  readonly firstSeenMs: number;
}

/** The points of one series within a range, in order of start. Markers of removed points are included. */
export interface SeriesPoints {
  readonly seriesId: number;
  readonly values: readonly string[];
  readonly points: PointColumns;
}

const MISSING_SHIFT = 2;
export const FLAG_STORED = 1;
export const FLAG_REMOVED = 2;

/** Flag bits of a stored point: stored, removed, and one bit per missing measure. */
export function pointFlags(measures: readonly (number | undefined)[], removed: boolean): number {
  let flags = FLAG_STORED | (removed ? FLAG_REMOVED : 0);
  for (let i = 0; i < measures.length; i += 1)
    if (measures[i] === undefined) flags |= 1 << (i + MISSING_SHIFT);
  return flags;
}

export function lacksMeasure(flags: number, measure: number): boolean {
  return (flags & (1 << (measure + MISSING_SHIFT))) !== 0;
}

/**
 * Points as columns: a day of one-minute points is read two hundred times a second, and an object per point would cost
 * more than the read.
 */
export class PointColumns {
  length = 0;
  starts: Float64Array;
  ends: Float64Array;
  revisions: Float64Array;
  updated: Float64Array;
  firstSeen: Float64Array;
  flags: Uint16Array;
  readonly measures: Float64Array[];

  /** `hasFirstSeen`: false where points were first seen when they were updated, and one column does. */
  constructor(measureCount: number, capacity = 16, hasFirstSeen = true) {
    this.starts = new Float64Array(capacity);
    this.ends = new Float64Array(capacity);
    this.revisions = new Float64Array(capacity);
    this.updated = new Float64Array(capacity);
    this.firstSeen = hasFirstSeen ? new Float64Array(capacity) : this.updated;
    this.flags = new Uint16Array(capacity);
    this.measures = Array.from({ length: measureCount }, () => new Float64Array(capacity));
  }

  /** Adds a row and returns its index; the caller sets the measures. */
  add(
    startMs: number,
    endMs: number,
    revision: number,
    flags: number,
    updatedMs: number,
    firstSeenMs: number,
  ): number {
    this.reserve(1);
    const row = this.length;
    this.starts[row] = startMs;
    this.ends[row] = endMs;
    this.revisions[row] = revision;
    this.flags[row] = flags;
    this.updated[row] = updatedMs;
    this.firstSeen[row] = firstSeenMs;
    this.length = row + 1;
    return row;
  }

  removed(row: number): boolean {
    return (this.flags[row]! & FLAG_REMOVED) !== 0;
  }

  /** The measure's value; `undefined` where the record had none, or the point was removed. */
  value(row: number, measure: number): number | undefined {
    const flags = this.flags[row]!;
    if ((flags & FLAG_REMOVED) !== 0 || lacksMeasure(flags, measure)) return undefined;
    return this.measures[measure]![row];
  }

  point(row: number): Point {
    const flags = this.flags[row]!;
    return {
      startMs: this.starts[row]!,
      endMs: this.ends[row]!,
      measures: this.measures.map((column, index) => (lacksMeasure(flags, index) ? undefined : column[row])),
      removed: this.removed(row),
      revision: this.revisions[row]!,
      updatedMs: this.updated[row]!,
      firstSeenMs: this.firstSeen[row]!,
    };
  }

  /** Makes room for this many more rows. */
  reserve(rows: number): void {
    if (this.length + rows > this.starts.length) this.grow(this.length + rows);
  }

  private grow(needed: number): void {
    const capacity = Math.max(16, this.starts.length * 2, needed);
    const wider = (old: Float64Array): Float64Array => {
      const next = new Float64Array(capacity);
      next.set(old);
      return next;
    };
    this.starts = wider(this.starts);
    this.ends = wider(this.ends);
    this.revisions = wider(this.revisions);
    const hasFirstSeen = this.firstSeen !== this.updated;
    this.updated = wider(this.updated);
    this.firstSeen = hasFirstSeen ? wider(this.firstSeen) : this.updated;
    const flags = new Uint16Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    for (let i = 0; i < this.measures.length; i += 1) this.measures[i] = wider(this.measures[i]!);
  }
}
