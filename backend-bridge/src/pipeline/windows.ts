import type { WindowRule } from './rules';

/** One windowed aggregation of a stream, with event time and grace as Kafka Streams has them. Pure. */

/** Aggregate of one key in one window. Which fields are used depends on the aggregation. */
export interface Accumulator {
  count: number;
  /** Purchases with a usable amount, and their sum in order of arrival. */
  amountCount: number;
  sum: number;
  /** Newest event time in it: the record timestamp in Kafka Streams. */
  newestMs: number;
}

/** One open window with its entries, also the on-disk form. */
export interface OpenWindow {
  readonly startMs: number;
  readonly keys: Map<string, Accumulator>;
  /** For a distinct count: the members counted. */
  readonly members: Set<string> | null;
  /** Changed since it was last written to disk. */
  dirty: boolean;
}

/** A window that the current batch changed. */
export interface ChangedWindow {
  readonly key: string;
  readonly startMs: number;
  readonly accumulator: Accumulator;
}

/**
 * Stream time is the newest event time of the records that reached this aggregation, and moves before the record is
 * checked. A window accepts records while its end + grace is after stream time; then it is dropped from memory, because
 * no record can reach it any more.
 */
export class WindowedAggregation {
  streamTimeMs: number | null = null;
  /** Keys and members of all open windows; memory use is proportional to it. */
  entries = 0;
  late = 0;
  private readonly open = new Map<number, OpenWindow>();
  private readonly changed = new Map<Accumulator, ChangedWindow>();
  private nextCloseMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly rule: WindowRule,
    private readonly distinct = false,
  ) {}

  startOf(timestampMs: number): number {
    return timestampMs - (timestampMs % this.rule.sizeMs);
  }

  /** True when a record of this time would close a window. */
  wouldClose(timestampMs: number): boolean {
    return timestampMs >= this.nextCloseMs;
  }

  /** True when a record would add no key and no member. */
  holds(timestampMs: number, key: string, member: string | null): boolean {
    const window = this.open.get(this.startOf(timestampMs));
    if (window === undefined) return this.isLate(timestampMs);
    return window.members === null ? window.keys.has(key) : window.members.has(member!);
  }

  private isLate(timestampMs: number): boolean {
    if (this.streamTimeMs === null) return false;
    return this.startOf(timestampMs) + this.rule.sizeMs + this.rule.graceMs <= this.streamTimeMs;
  }

  /** The key's accumulator to add to; null when the record is late or its member already counted. */
  private accumulatorFor(timestampMs: number, key: string, member: string | null): Accumulator | null {
    if (this.streamTimeMs === null || timestampMs > this.streamTimeMs) {
      this.streamTimeMs = timestampMs;
      if (timestampMs >= this.nextCloseMs) this.close();
    }
    const startMs = this.startOf(timestampMs);
    const closesMs = startMs + this.rule.sizeMs + this.rule.graceMs;
    if (closesMs <= this.streamTimeMs) {
      this.late += 1;
      return null;
    }
    let window = this.open.get(startMs);
    if (window === undefined) {
      window = { startMs, keys: new Map(), members: this.distinct ? new Set() : null, dirty: true };
      this.open.set(startMs, window);
      if (closesMs < this.nextCloseMs) this.nextCloseMs = closesMs;
    }
    window.dirty = true;
    let accumulator = window.keys.get(key);
    if (accumulator === undefined) {
      accumulator = { count: 0, amountCount: 0, sum: 0, newestMs: timestampMs };
      window.keys.set(key, accumulator);
      this.entries += 1;
    } else if (timestampMs > accumulator.newestMs) accumulator.newestMs = timestampMs;
    if (window.members !== null) {
      if (window.members.has(member!)) return null;
      window.members.add(member!);
      this.entries += 1;
    }
    if (!this.changed.has(accumulator)) this.changed.set(accumulator, { key, startMs, accumulator });
    return accumulator;
  }

  count(timestampMs: number, key: string): void {
    const accumulator = this.accumulatorFor(timestampMs, key, null);
    if (accumulator !== null) accumulator.count += 1;
  }

  countDistinct(timestampMs: number, key: string, member: string): void {
    const accumulator = this.accumulatorFor(timestampMs, key, member);
    if (accumulator !== null) accumulator.count += 1;
  }

  /** A null `amount` is ignored by SUM and AVG, but counted by COUNT(*). */
  addAmount(timestampMs: number, key: string, amount: number | null): void {
    const accumulator = this.accumulatorFor(timestampMs, key, null);
    if (accumulator === null) return;
    accumulator.count += 1;
    if (amount === null) return;
    accumulator.amountCount += 1;
    accumulator.sum += amount;
  }

  private close(): void {
    this.nextCloseMs = Number.POSITIVE_INFINITY;
    for (const [startMs, window] of this.open) {
      const closesMs = startMs + this.rule.sizeMs + this.rule.graceMs;
      if (closesMs > this.streamTimeMs!) {
        this.nextCloseMs = Math.min(this.nextCloseMs, closesMs);
        continue;
      }
      this.open.delete(startMs);
      this.entries -= window.keys.size + (window.members?.size ?? 0);
    }
  }

  /** Windows changed since the last call, oldest first, with their current values. */
  takeChanged(): ChangedWindow[] {
    const changes = [...this.changed.values()].sort((a, b) => a.startMs - b.startMs);
    this.changed.clear();
    return changes;
  }

  takeLate(): number {
    const { late } = this;
    this.late = 0;
    return late;
  }

  openWindows(): IterableIterator<OpenWindow> {
    return this.open.values();
  }

  /** Everything in the open windows, oldest first: what can be resent after the store was lost. */
  everything(): ChangedWindow[] {
    const all: ChangedWindow[] = [];
    for (const { startMs, keys } of this.open.values()) {
      for (const [key, accumulator] of keys) all.push({ key, startMs, accumulator });
    }
    return all.sort((a, b) => a.startMs - b.startMs);
  }

  /** Restores windows from disk. Only before the first record. */
  restore(streamTimeMs: number | null, windows: Iterable<OpenWindow>): void {
    this.streamTimeMs = streamTimeMs;
    for (const window of windows) {
      this.open.set(window.startMs, window);
      this.entries += window.keys.size + (window.members?.size ?? 0);
      const closesMs = window.startMs + this.rule.sizeMs + this.rule.graceMs;
      this.nextCloseMs = Math.min(this.nextCloseMs, closesMs);
    }
  }
}
