type Generation = Map<number, Map<number, number>>;

/**
 * The newest revision sent of each recently changed point of one metric, in two generations of bounded size. A change
 * that is not newer is a duplicate, or arrived late by another path. Keyed by window start, then series: streams
 * advance window by window, so one lookup serves many points.
 */
export class SeenRevisions {
  private young: Generation = new Map();
  private old: Generation = new Map();
  private size = 0;
  private startMs = Number.NaN;
  private youngAtStart: Map<number, number> | undefined;
  private oldAtStart: Map<number, number> | undefined;

  constructor(private readonly generationSize = 50_000) {}

  /** Records the revision; true when it is newer than all seen before. */
  accept(seriesId: number, startMs: number, revision: number): boolean {
    if (startMs !== this.startMs) this.turnTo(startMs);
    const known = this.youngAtStart?.get(seriesId);
    if (revision <= (known ?? this.oldAtStart?.get(seriesId) ?? 0)) return false;
    if (this.youngAtStart === undefined) {
      this.youngAtStart = new Map();
      this.young.set(startMs, this.youngAtStart);
    }
    this.youngAtStart.set(seriesId, revision);
    if (known === undefined) this.size += 1;
    if (this.size >= this.generationSize) this.replace(new Map(), this.young);
    return true;
  }

  forget(): void {
    this.replace(new Map(), new Map());
  }

  private turnTo(startMs: number): void {
    this.startMs = startMs;
    this.youngAtStart = this.young.get(startMs);
    this.oldAtStart = this.old.get(startMs);
  }

  private replace(young: Generation, old: Generation): void {
    this.young = young;
    this.old = old;
    this.size = 0;
    this.turnTo(this.startMs);
  }
}
