import { seriesKey, type Series } from '../domain/series';
import { SortedSeries } from '../domain/sorted-series';

interface Entry extends Series {
  readonly key: string;
  /** When the newest bucket of the series expires. */
  expiresMs: number;
}

/** In-memory index of the series of one metric; the store writes each change with the points. */
export class SeriesIndex {
  private readonly byKey = new Map<string, Entry>();
  private readonly byId = new Map<number, Entry>();
  private readonly order = new SortedSeries((series) => this.byId.get(series.id) === series);
  private sweep: IterableIterator<Entry> | null = null;

  get size(): number {
    return this.byId.size;
  }

  find(values: readonly string[]): number | undefined {
    return this.byKey.get(indexKey(values))?.id;
  }

  valuesOf(id: number): readonly string[] | undefined {
    return this.byId.get(id)?.values;
  }

  add(id: number, values: readonly string[], expiresMs: number): void {
    const entry: Entry = { id, values, key: indexKey(values), expiresMs };
    this.byKey.set(entry.key, entry);
    this.byId.set(id, entry);
    this.order.add(entry);
  }

  /** Records a bucket's expiry; returns whether it extends that of the series. */
  extend(id: number, expiresMs: number): boolean {
    const entry = this.byId.get(id)!;
    if (expiresMs <= entry.expiresMs) return false;
    entry.expiresMs = expiresMs;
    return true;
  }

  /** Ids above this one, ascending. */
  *idsAfter(id: number): Generator<number> {
    for (const each of this.byId.keys()) if (each > id) yield each;
  }

  expiresMs(id: number): number {
    return this.byId.get(id)!.expiresMs;
  }

  /** Removes expired series, checking at most `steps` and continuing there next time. Returns their ids. */
  forgetExpired(nowMs: number, steps: number): readonly number[] {
    const gone: number[] = [];
    this.sweep ??= this.byId.values();
    for (let i = 0; i < steps; i += 1) {
      const next = this.sweep.next();
      if (next.done === true) {
        this.sweep = null;
        break;
      }
      const entry = next.value;
      if (entry.expiresMs > nowMs) continue;
      this.byId.delete(entry.id);
      this.byKey.delete(entry.key);
      gone.push(entry.id);
    }
    if (gone.length > 0) this.order.dropUnheld();
    return gone;
  }

  /** All series in label order. The list is immutable. */
  list(): readonly Series[] {
    return this.order.list();
  }
}

/** Most metrics have one dimension, and its value is its own key. */
function indexKey(values: readonly string[]): string {
  return values.length === 1 ? values[0]! : seriesKey(values);
}
