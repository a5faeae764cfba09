import type { Labels } from './series-labels';
import type { SeriesUpdate } from './stream-message';

/** A revision below every one of the bridge: whatever arrives next wins. */
const FORGOTTEN = -1;
/** Up to here points are put in their places one by one; more are merged in one pass. */
const FEW = 16;

/**
 * The points of one series in time order, each with its revision, and tombstones of removed points.
 * Of one time the higher revision wins, in whatever order they come.
 */
export class SeriesPoints {
  private times: number[] = [];
  private values: (number | null)[] = [];
  private revisions: number[] = [];
  /** When each point was last changed here, on the store's own count. */
  private stamps: number[] = [];
  /** Time to revision. */
  private removed = new Map<number, number>();
  private openStamp = 0;
  /** Points from here on may still change; null: none may. */
  openFromMs: number | null = null;
  /** Grows with every change of a point. */
  version = 0;

  constructor(readonly labels: Labels) {}

  get isEmpty(): boolean {
    return this.times.length === 0 && this.removed.size === 0;
  }

  get size(): number {
    return this.times.length + this.removed.size;
  }

  /** The points in `[fromMs, toMs)`. */
  between(fromMs: number, toMs: number): { times: number[]; values: (number | null)[] } {
    const first = this.place(fromMs);
    const end = this.place(toMs);
    return { times: this.times.slice(first, end), values: this.values.slice(first, end) };
  }

  /** First and last time in `[fromMs, toMs)` and how many there are: with the version, the same for equal points. */
  extent(fromMs: number, toMs: number): { first: number; last: number; count: number } {
    const first = this.place(fromMs);
    const count = this.place(toMs) - first;
    return { first: this.times[first] ?? 0, last: this.times[first + count - 1] ?? 0, count };
  }

  take(part: SeriesUpdate, stamp: number): void {
    const before = this.version;
    const upserts = part.times.length;
    if (upserts <= FEW || !isAscending(part.times)) {
      part.times.forEach((time, i) => {
        this.upsert(time, part.values[i] ?? null, part.revisions[i] ?? 0, stamp);
      });
    } else {
      this.merge(part, stamp);
    }
    part.removed.forEach((time, i) => this.remove(time, part.removedRevisions[i] ?? 0));
    if (this.version > before) this.version = before + 1;
  }

  /** Openness as a message or an answer reports it; an answer requested before the last message is outdated. */
  tellOpen(openFromMs: number | null, saidAt: number): void {
    if (saidAt < this.openStamp) return;
    this.openStamp = saidAt;
    this.openFromMs = openFromMs;
  }

  /**
   * Drops the points in `[fromMs, toMs)` that an answer does not have although they were known when it was
   * requested: they have passed their retention. `keep` are the answer's times, ascending.
   */
  dropAbsent(fromMs: number, toMs: number, keep: readonly number[], askedAt: number): void {
    let next = 0;
    this.filter((time, i) => {
      if (time < fromMs || time >= toMs || this.stamps[i]! > askedAt) return true;
      while (next < keep.length && keep[next]! < time) next += 1;
      return keep[next] === time;
    });
  }

  /** Drops what lies before; later points are unaffected. */
  trim(fromMs: number): void {
    const count = this.place(fromMs);
    if (count > 0) {
      for (const column of [this.times, this.values, this.revisions, this.stamps]) column.splice(0, count);
    }
    for (const time of this.removed.keys()) if (time < fromMs) this.removed.delete(time);
  }

  /** The store restarted its revisions: every point that arrives from now on wins. */
  forgetRevisions(): void {
    this.revisions.fill(FORGOTTEN);
    this.removed.clear();
  }

  private upsert(time: number, value: number | null, revision: number, stamp: number): void {
    if (revision <= (this.removed.get(time) ?? FORGOTTEN)) return;
    const at = this.place(time);
    if (this.times[at] === time) {
      if (revision <= this.revisions[at]!) return;
      this.values[at] = value;
      this.revisions[at] = revision;
      this.stamps[at] = stamp;
    } else {
      this.times.splice(at, 0, time);
      this.values.splice(at, 0, value);
      this.revisions.splice(at, 0, revision);
      this.stamps.splice(at, 0, stamp);
      this.removed.delete(time);
    }
    this.version += 1;
  }

  private remove(time: number, revision: number): void {
    if (revision <= (this.removed.get(time) ?? FORGOTTEN)) return;
    const at = this.place(time);
    if (this.times[at] === time) {
      if (revision <= this.revisions[at]!) return;
      for (const column of [this.times, this.values, this.revisions, this.stamps]) column.splice(at, 1);
      this.version += 1;
    }
    this.removed.set(time, revision);
  }

  /** One pass over both, so that a long answer costs no more than its length. `part.times` is ascending. */
  private merge(part: SeriesUpdate, stamp: number): void {
    const held = { times: this.times, values: this.values, revisions: this.revisions, stamps: this.stamps };
    this.times = [];
    this.values = [];
    this.revisions = [];
    this.stamps = [];
    let next = 0;
    const copyUpTo = (limit: number) => {
      for (; next < held.times.length && held.times[next]! < limit; next += 1) {
        this.push(held.times[next]!, held.values[next]!, held.revisions[next]!, held.stamps[next]!);
      }
    };
    part.times.forEach((time, i) => {
      copyUpTo(time);
      if (held.times[next] === time) copyUpTo(time + 1);
      this.upsert(time, part.values[i] ?? null, part.revisions[i] ?? 0, stamp);
    });
    copyUpTo(Infinity);
  }

  private push(time: number, value: number | null, revision: number, stamp: number): void {
    this.times.push(time);
    this.values.push(value);
    this.revisions.push(revision);
    this.stamps.push(stamp);
  }

  private filter(keep: (time: number, index: number) => boolean): void {
    const kept = this.times.map((time, i) => ({ time, i })).filter(({ time, i }) => keep(time, i));
    if (kept.length === this.times.length) return;
    this.times = kept.map(({ time }) => time);
    this.values = kept.map(({ i }) => this.values[i]!);
    this.revisions = kept.map(({ i }) => this.revisions[i]!);
    this.stamps = kept.map(({ i }) => this.stamps[i]!);
    this.version += 1;
  }

  /** Index of the first point at this time or after it. Most look-ups are at the end. */
  private place(time: number): number {
    let low = 0;
    let high = this.times.length;
    if (high === 0 || this.times[high - 1]! < time) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle]! < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const isAscending = (times: readonly number[]): boolean =>
  times.every((time, i) => i === 0 || times[i - 1]! < time);
