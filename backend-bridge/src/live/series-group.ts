import type { Labels } from '../domain/series';

interface OpenPoint {
  /** The point is final when finalBeforeMs has reached this. */
  readonly closesMs: number;
  readonly revision: number;
  readonly removed: boolean;
}

/** One series of a selection's answers, with its open points. */
export class SeriesGroup {
  readonly labelsText: string;
  private readonly open = new Map<number, OpenPoint>();
  /** When the first open point closes. */
  closesMs = Number.POSITIVE_INFINITY;

  constructor(
    readonly key: string,
    readonly labels: Labels,
  ) {
    this.labelsText = JSON.stringify(labels);
  }

  /** Records an open point that was sent. */
  note(time: number, closesMs: number, revision: number, removed: boolean): void {
    const known = this.open.get(time);
    if (known !== undefined && known.revision >= revision) return;
    this.open.set(time, { closesMs, revision, removed });
    if (closesMs < this.closesMs) this.closesMs = closesMs;
  }

  /** Drops points that are final; true when the first open time changed. */
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

  /** Time of the first open point at or after fromMs; null when there is none. */
  openFrom(fromMs: number): number | null {
    let first: number | null = null;
    for (const [time, point] of this.open)
      if (!point.removed && time >= fromMs && (first === null || time < first)) first = time;
    return first;
  }
}
