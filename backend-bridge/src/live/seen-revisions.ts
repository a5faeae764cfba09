/**
 * The newest revision told of each recently changed point of one metric, in two generations of bounded size.
 * A change that is not newer has been told already, or came late by another way.
 */
export class SeenRevisions {
  private young = new Map<number, Map<number, number>>();
  private old = new Map<number, Map<number, number>>();
  private size = 0;

  constructor(private readonly generationSize = 50_000) {}

  /** True when the revision is newer than every one seen; it is then remembered. */
  accept(seriesId: number, startMs: number, revision: number): boolean {
    let series = this.young.get(seriesId);
    const known = series?.get(startMs);
    if (known !== undefined ? revision <= known : revision <= (this.old.get(seriesId)?.get(startMs) ?? 0)) {
      return false;
    }
    if (series === undefined) {
      series = new Map();
      this.young.set(seriesId, series);
    }
    series.set(startMs, revision);
    if (known === undefined) this.size += 1;
    if (this.size >= this.generationSize) {
      this.old = this.young;
      this.young = new Map();
      this.size = 0;
    }
    return true;
  }

  forget(): void {
    this.young.clear();
    this.old.clear();
    this.size = 0;
  }
}
