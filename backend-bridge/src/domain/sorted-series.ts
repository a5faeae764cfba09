import { compareValues, type Series } from './series';

/**
 * A list of series kept in label order: an addition is placed by binary search and costs one copy of the list, never a
 * full sort.
 */
export class SortedSeries {
  private sorted: readonly Series[] = [];
  private added: Series[] = [];
  private removed = false;

  /** @param holds whether this object is still one of the series */
  constructor(private readonly holds: (series: Series) => boolean) {}

  add(series: Series): void {
    this.added.push(series);
  }

  /** Marks that some series are no longer held; list() drops them. */
  dropUnheld(): void {
    this.removed = true;
  }

  clear(): void {
    this.sorted = [];
    this.added = [];
    this.removed = false;
  }

  /** All series in label order. The list is immutable. */
  list(): readonly Series[] {
    if (this.removed) this.sorted = this.sorted.filter(this.holds);
    if (this.added.length > 0) {
      const fresh = this.removed ? this.added.filter(this.holds) : this.added;
      fresh.sort((a, b) => compareValues(a.values, b.values));
      this.sorted = merge(this.sorted, fresh);
    }
    this.added = [];
    this.removed = false;
    return this.sorted;
  }
}

function merge(into: readonly Series[], fresh: readonly Series[]): readonly Series[] {
  if (into.length === 0) return fresh;
  const merged: Series[] = [];
  let taken = 0;
  for (const series of fresh) {
    const place = firstAfter(into, series, taken);
    for (; taken < place; taken += 1) merged.push(into[taken]!);
    merged.push(series);
  }
  for (; taken < into.length; taken += 1) merged.push(into[taken]!);
  return merged;
}

/** Index of the first series from `low` on that sorts after this one. */
function firstAfter(sorted: readonly Series[], series: Series, low: number): number {
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareValues(sorted[middle]!.values, series.values) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
