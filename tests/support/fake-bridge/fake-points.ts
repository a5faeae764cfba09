/** Points that a test scripts, kept by the rules of the contract's model in the plainest way that can be right. */

export interface FakeMetric {
  readonly name: string;
  readonly title?: string;
  /** Default: a window metric. With it, points are events. */
  readonly event?: { readonly severity: 'info' | 'warning' | 'critical'; readonly message: string };
  readonly dimensions: readonly string[];
  /** Units by name; the first is the default measure and must be `value`. Default: one without a unit. */
  readonly measures?: Readonly<Record<string, string>>;
  /** Default: a minute, thirty seconds. */
  readonly windowMs?: number;
  readonly graceMs?: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface FakePoint {
  readonly startMs: number;
  readonly values: Readonly<Record<string, number>>;
  readonly removed: boolean;
  readonly revision: number;
  readonly firstSeenMs: number;
  readonly updatedMs: number;
}

export interface FakeSeries {
  readonly labels: Labels;
  readonly points: Map<number, FakePoint>;
}

export const windowOf = (metric: FakeMetric): number => metric.windowMs ?? 60_000;
export const graceOf = (metric: FakeMetric): number => metric.graceMs ?? 30_000;
export const unitsOf = (metric: FakeMetric): Readonly<Record<string, string>> =>
  metric.measures ?? { value: '' };

export class FakePoints {
  storeEpoch = 'fake-epoch-1';
  private readonly series = new Map<string, Map<string, FakeSeries>>();
  private readonly marks = new Map<string, number>();
  private readonly listeners = new Set<() => void>();

  /** Names of metrics that the bridge no longer knows; their points are kept. */
  readonly hidden = new Set<string>();

  constructor(private readonly scripted: readonly FakeMetric[]) {}

  get metrics(): readonly FakeMetric[] {
    return this.scripted.filter(({ name }) => !this.hidden.has(name));
  }

  /** A new point, or a change of one: its revision grows. A number stands for the default measure. */
  put(
    metric: string,
    labels: Labels,
    startMs: number,
    given: number | Readonly<Record<string, number>>,
  ): void {
    const values = typeof given === 'number' ? { value: given } : given;
    this.change(metric, labels, startMs, { values, removed: false });
  }

  /** A tombstone. */
  remove(metric: string, labels: Labels, startMs: number): void {
    const values = this.of(metric).get(keyOf(labels))?.points.get(startMs)?.values ?? {};
    this.change(metric, labels, startMs, { values, removed: true });
  }

  /** Null before it was set for the first time. */
  watermark(metric: string): number | null {
    return this.marks.get(metric) ?? null;
  }

  setWatermark(metric: string, ms: number): void {
    this.marks.set(metric, ms);
    this.told();
  }

  /** The store was lost: no points, revisions from 1, another epoch. */
  lose(): void {
    this.series.clear();
    this.storeEpoch = `${this.storeEpoch}'`;
    this.told();
  }

  /** In order of their labels. */
  list(metric: string): FakeSeries[] {
    return [...this.of(metric)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private change(
    metric: string,
    labels: Labels,
    startMs: number,
    to: Pick<FakePoint, 'values' | 'removed'>,
  ): void {
    const all = this.of(metric);
    const one = all.get(keyOf(labels)) ?? { labels, points: new Map<number, FakePoint>() };
    all.set(keyOf(labels), one);
    const before = one.points.get(startMs);
    const now = Date.now();
    one.points.set(startMs, {
      ...to,
      startMs,
      revision: (before?.revision ?? 0) + 1,
      firstSeenMs: before?.firstSeenMs ?? now,
      updatedMs: now,
    });
    this.told();
  }

  private of(metric: string): Map<string, FakeSeries> {
    if (!this.scripted.some(({ name }) => name === metric))
      throw new Error(`no metric ${metric} was scripted`);
    const found = this.series.get(metric) ?? new Map<string, FakeSeries>();
    this.series.set(metric, found);
    return found;
  }

  private told(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Orders series as the contract does: by their labels' values. */
const keyOf = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((name) => labels[name])
    .join('\u0000');
