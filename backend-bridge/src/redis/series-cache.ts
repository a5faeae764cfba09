import type { Series } from '../domain/series';
import { SortedSeries } from '../domain/sorted-series';
import type { RedisLink } from './redis-link';

const PAGE = 1000;

export interface IndexGuard {
  /**
   * Resolves when the data read is of the current epoch; rejects with UnavailableError when another one was entered.
   */
  confirm(): Promise<unknown>;
  /** Called when an id has another key than before; resolves when another epoch was entered and the cache cleared. */
  conflict(): Promise<void>;
}

/**
 * Cache of the series of one metric, loaded in pages and updated by change messages. Ids are assigned in order, so
 * missing series are found by reading on from the last id.
 */
export class SeriesCache {
  private byId = new Map<number, Series>();
  private keys = new Map<number, string>();
  private readonly order = new SortedSeries((series) => this.byId.get(series.id) === series);
  /** All series with ids up to this one are known. */
  private knownUpTo = 0;
  /** The highest id that is known to exist. */
  private expected = 0;
  private complete = false;
  /** Number of invalidations; data read before the last one may be stale. */
  private invalidations = 0;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly key: string,
    private readonly guard: IndexGuard,
  ) {}

  /** False when the id is known as another series: Redis lost that one and reassigned its id. */
  add(id: number, key: string): boolean {
    this.expected = Math.max(this.expected, id);
    const known = this.keys.get(id);
    if (known !== undefined) return known === key;
    if (this.complete && id === this.knownUpTo + 1) this.knownUpTo = id;
    this.put({ id, values: JSON.parse(key) as string[] });
    this.keys.set(id, key);
    return true;
  }

  /** Records an id from a write reply, whose message may not have arrived yet. */
  expect(id: number): void {
    this.expected = Math.max(this.expected, id);
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) {
      this.keys.delete(id);
      if (this.byId.delete(id)) this.order.dropUnheld();
    }
  }

  /** Makes the next reader reload everything, after missed messages or a change of the Redis process. */
  invalidate(): void {
    this.complete = false;
    this.invalidations += 1;
  }

  /** Clears the cache after the store was lost and ids became invalid. */
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

  /** Resolves when valuesOf() covers every known id; at once when nothing is missing. */
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
    // Cleared meanwhile: the data belongs to the lost store.
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
