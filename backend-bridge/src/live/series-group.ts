import type { Labels } from '../domain/series';

interface OpenPoint {
  /** Final when finalBeforeMs has reached this. */
  readonly closesMs: number;
  readonly revision: number;
  readonly removed: boolean;
}

/** One series of a selection's answers, with what is open of it now. */
export class SeriesGroup {
  readonly labelsText: string;
  private readonly open = new Map<number, OpenPoint>();
  /** When the first of the open points closes. */
  closesMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly key: string,
    readonly labels: Labels,
  ) {
    this.labelsText = JSON.stringify(labels);
  }

  /** A point that may still change was told. */
  note(time: number, closesMs: number, revision: number, removed: boolean): void {
    const known = this.open.get(time);
    if (known !== undefined && known.revision >= revision) return;
    this.open.set(time, { closesMs, revision, removed });
    if (closesMs < this.closesMs) this.closesMs = closesMs;
  }

  /** Lets go of what is final now; true when the group is open from another time on than before. */
  close(finalBeforeMs: number): boolean {
    if (this.closesMs > finalBeforeMs) return false;
    const before = this.openFrom(Number.NEGATIVE_INFINITY);
    let next = Number.POSITIVE_INFINITY;
    for (const [time, point] of this.open) {
      if (point.closesMs <= finalBeforeMs) this.open.delete(time);
      else if (point.closesMs < next) next = point.closesMs;
    }
    this.closesMs = next;
    return this.openFrom(Number.NEGATIVE_INFINITY) !== before;
  }

  /** Time of the first open point that is not before fromMs; null: none is. */
  openFrom(fromMs: number): number | null {
    let first: number | null = null;
    for (const [time, point] of this.open)
      if (!point.removed && time >= fromMs && (first === null || time < first)) first = time;
    return first;
  }
}
