import type { WindowRule } from './rules';

/** One windowed aggregation of a stream, with event time and grace as Kafka Streams has them. Pure. */

/** What one window holds for one key. Which fields count depends on the aggregation. */
export interface Accumulator {
  count: number;
  /** Purchases with a usable amount, and their sum in order of arrival. */
  amountCount: number;
  sum: number;
  /** Newest event time in it: the timestamp that Kafka Streams gives the record. */
  newestMs: number;
}

/** One open window with everything in it; also how a window is kept on disk. */
export interface OpenWindow {
  readonly startMs: number;
  readonly keys: Map<string, Accumulator>;
  /** For a distinct count: who has been counted. */
  readonly members: Set<string> | null;
  /** Changed since it was last kept. */
  dirty: boolean;
}

/** A window that the current batch changed. */
export interface ChangedWindow {
  readonly key: string;
  readonly startMs: number;
  readonly accumulator: Accumulator;
}

/**
 * Stream time is the newest event time of the records that reached this aggregation, and moves before the
 * record is judged. A window takes a record while its end + grace is after stream time; after that it is dropped
 * from memory, because no record can reach it any more.
 */
export class WindowedAggregation {
  streamTimeMs: number | null = null;
  /** Keys and members of all open windows: what the memory held is proportional to. */
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

  /** True when a record of this time, by itself, would let a window go. */
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

  /** The key's accumulator to add to; null when the record came too late, or its member is counted already. */
  private reach(timestampMs: number, key: string, member: string | null): Accumulator | null {
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
    const accumulator = this.reach(timestampMs, key, null);
    if (accumulator !== null) accumulator.count += 1;
  }

  countDistinct(timestampMs: number, key: string, member: string): void {
    const accumulator = this.reach(timestampMs, key, member);
    if (accumulator !== null) accumulator.count += 1;
  }

  /** `amount` null: a row that SUM and AVG leave out, and COUNT(*) does not. */
  addAmount(timestampMs: number, key: string, amount: number | null): void {
    const accumulator = this.reach(timestampMs, key, null);
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

  /** What changed since the last call, oldest window first, each with its value of now. */
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

  /** Everything in the open windows, oldest first: what can be told anew after the store was lost. */
  everything(): ChangedWindow[] {
    const all: ChangedWindow[] = [];
    for (const { startMs, keys } of this.open.values()) {
      for (const [key, accumulator] of keys) all.push({ key, startMs, accumulator });
    }
    return all.sort((a, b) => a.startMs - b.startMs);
  }

  /** Puts back what was kept. Only before the first record. */
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
