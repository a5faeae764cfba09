import type { Series } from '../domain/series';
import { SortedSeries } from '../domain/sorted-series';
import type { RedisLink } from './redis-link';

const PAGE = 1000;

export interface IndexGuard {
  /** Resolves when what was read is of the current epoch; rejects with UnavailableError when another one was entered. */
  confirm(): Promise<unknown>;
  /** An id has another key than before: resolves when another epoch was entered, and the index cleared. */
  conflict(): Promise<void>;
}

/**
 * The series of one metric, read once in pages and kept current by change messages. Ids are given in order,
 * so what is missing is found by reading on from the last one.
 */
export class SeriesCache {
  private byId = new Map<number, Series>();
  private keys = new Map<number, string>();
  private readonly order = new SortedSeries((series) => this.byId.get(series.id) === series);
  /** Every series with an id up to this one has been read or told of. */
  private knownUpTo = 0;
  /** The highest id that is known to exist. */
  private expected = 0;
  private complete = false;
  /** How often the index was invalidated: what was read before the last time may be old. */
  private invalidations = 0;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly key: string,
    private readonly guard: IndexGuard,
  ) {}

  /** False when the id is known as another series: Redis lost the one, and gave its id to the other. */
  add(id: number, key: string): boolean {
    this.expected = Math.max(this.expected, id);
    const known = this.keys.get(id);
    if (known !== undefined) return known === key;
    if (this.complete && id === this.knownUpTo + 1) this.knownUpTo = id;
    this.put({ id, values: JSON.parse(key) as string[] });
    this.keys.set(id, key);
    return true;
  }

  /** An id that a write was answered with: the message that names it may still be on its way. */
  expect(id: number): void {
    this.expected = Math.max(this.expected, id);
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) {
      this.keys.delete(id);
      if (this.byId.delete(id)) this.order.dropUnheld();
    }
  }

  /** Messages may have been missed, or Redis may be another process: the next reader reads everything again. */
  invalidate(): void {
    this.complete = false;
    this.invalidations += 1;
  }

  /** The store was lost: ids mean nothing any more. */
  clear(): void {
    this.byId = new Map();
    this.keys = new Map();
    this.order.clear();
    this.knownUpTo = 0;
    this.expected = 0;
    this.complete = false;
  }

  valuesOf(id: number): readonly string[] | undefined {
    return this.byId.get(id)?.values;
  }

  /** In label order. */
  async list(): Promise<readonly Series[]> {
    await this.upToDate();
    return this.order.list();
  }

  /** Resolves when valuesOf() knows every series that is known to exist; at once where nothing is missing. */
  async upToDate(): Promise<void> {
    while (!this.complete || this.knownUpTo < this.expected) {
      this.reading ??= this.readOn().finally(() => {
        this.reading = null;
      });
      await this.reading;
    }
  }

  private put(series: Series): void {
    this.byId.set(series.id, series);
    this.order.add(series);
  }

  private async readOn(): Promise<void> {
    const { expected, invalidations } = this;
    const whole = !this.complete;
    const map = this.byId;
    const found = new Map<number, string>();
    const before = whole ? [...map.keys()] : [];
    let after = whole ? 0 : this.knownUpTo;
    for (;;) {
      const flat = await this.link.zrangeByScore(this.key, `(${after}`, '+inf', PAGE);
      for (let i = 0; i + 1 < flat.length; i += 2) {
        const id = Number(flat[i + 1]);
        found.set(id, flat[i]!);
        after = Math.max(after, id);
      }
      if (flat.length < 2 * PAGE) break;
    }
    await this.guard.confirm();
    // Cleared meanwhile: what was read belongs to the store that was lost.
    if (map !== this.byId) return;
    this.forget(before.filter((id) => !found.has(id)));
    for (const [id, key] of found) {
      if (this.add(id, key)) continue;
      await this.guard.conflict();
      return;
    }
    this.knownUpTo = Math.max(this.knownUpTo, after, expected);
    this.complete = invalidations === this.invalidations;
  }
}
