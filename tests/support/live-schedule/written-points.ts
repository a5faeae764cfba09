import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { FedBridge } from '../fed-bridge/fed-bridge';

/** What was written into a bridge, for those who check what is shown of it. */
export interface PointHistory {
  /** Grows when the store is lost: what was written before is gone. */
  readonly epoch: number;
  /** The values a point has had, in order, `null` for a removal; empty where there is none. */
  historyOf(metric: string, values: readonly string[], startMs: number): readonly (number | null)[];
  /**
   * What must be shown of each series over a range: time and newest value, removed ones left out. Keys are the values
   * of the dimensions as JSON.
   */
  shown(metric: string, fromMs: number, toMs: number): ReadonlyMap<string, readonly [number, number][]>;
}

/** What a schedule has written: of each point every value it ever had, in order. `null` is a removal. */
export class WrittenPoints implements PointHistory {
  private readonly metrics = new Map<string, Map<string, Map<number, (number | null)[]>>>();
  private count = 0;
  /** Newest event time told. */
  watermarkMs = 0;
  epoch = 0;

  constructor(
    private readonly bridge: FedBridge,
    private readonly random: () => number,
  ) {}

  /** A number that no point has had before, with every bit of its fraction to lose: sums depend on their order. */
  freshValue(): number {
    this.count += 1;
    return this.count + this.random() / 3;
  }

  async put(metric: Metric, values: readonly string[], startMs: number): Promise<void> {
    const value = this.freshValue();
    const measures = metric.measures.map((_, i) => (i === 0 ? value : 1 + Math.floor(this.random() * 9)));
    this.history(metric, values, startMs).push(value);
    await this.bridge.write(metric, [{ values, startMs, measures }], this.watermarkMs || null);
  }

  async remove(metric: Metric, values: readonly string[], startMs: number): Promise<void> {
    this.history(metric, values, startMs).push(null);
    await this.bridge.write(metric, [{ values, startMs, removed: true }], this.watermarkMs || null);
  }

  /** The store was lost. */
  forget(): void {
    this.metrics.clear();
    this.epoch += 1;
    this.watermarkMs = 0;
  }

  /** Every point that was ever written. */
  all(metric: Metric): { readonly values: readonly string[]; readonly startMs: number }[] {
    return [...(this.metrics.get(metric.name) ?? [])].flatMap(([key, points]) =>
      [...points.keys()].map((startMs) => ({ values: JSON.parse(key) as string[], startMs })),
    );
  }

  historyOf(metric: string, values: readonly string[], startMs: number): readonly (number | null)[] {
    return this.metrics.get(metric)?.get(JSON.stringify(values))?.get(startMs) ?? [];
  }

  shown(metric: string, fromMs: number, toMs: number): Map<string, [number, number][]> {
    const result = new Map<string, [number, number][]>();
    for (const [key, points] of this.metrics.get(metric) ?? []) {
      const living = [...points]
        .filter(([startMs]) => startMs >= fromMs && startMs < toMs)
        .map(([startMs, history]) => [startMs, history.at(-1)!] as [number, number | null])
        .filter((point): point is [number, number] => point[1] !== null)
        .sort(([a], [b]) => a - b);
      if (living.length > 0) result.set(key, living);
    }
    return result;
  }

  private history(metric: Metric, values: readonly string[], startMs: number): (number | null)[] {
    const series = this.metrics.get(metric.name) ?? new Map<string, Map<number, (number | null)[]>>();
    this.metrics.set(metric.name, series);
    const key = JSON.stringify(values);
    const points = series.get(key) ?? new Map<number, (number | null)[]>();
    series.set(key, points);
    const history = points.get(startMs) ?? [];
    points.set(startMs, history);
    return history;
  }
}
