import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesPoints } from '../../../backend-bridge/src/domain/point';
import type { Progress } from '../../../backend-bridge/src/domain/progress';
import type { Series } from '../../../backend-bridge/src/domain/series';
import type { PointChange, ReadRequest, StoreListener } from '../../../backend-bridge/src/domain/store';
import { MemorySeriesStore } from '../memory-series-store';

const done = (): Promise<void> => Promise.resolve();

/** A store whose points a test puts, which reports each change at once. */
export class ScriptedStore extends MemorySeriesStore {
  private held = new Map<string, MemorySeriesStore>();
  private readonly listeners = new Set<StoreListener>();

  constructor(readonly metrics: readonly Metric[]) {
    super();
    for (const { name } of metrics) this.held.set(name, new MemorySeriesStore());
  }

  override start = done;
  override useMetrics = done;
  override checkReady = done;

  /** A new point, or a change of one: its revision grows. The value is that of the default measure. */
  putValue(name: string, labels: Readonly<Record<string, string>>, startMs: number, value: number): void {
    const { dimensions, measures, window } = this.metric(name);
    const values = dimensions.map((dimension) => labels[dimension.name] ?? '');
    const all = measures.map((_, index) => (index === 0 ? value : undefined));
    const updatedMs = Date.now();
    this.changed(name, [this.of(name).put(values, startMs, startMs + window.sizeMs, all, { updatedMs })]);
  }

  /** A tombstone. */
  removeValue(name: string, labels: Readonly<Record<string, string>>, startMs: number): void {
    const values = this.metric(name).dimensions.map((dimension) => labels[dimension.name] ?? '');
    this.changed(name, [this.of(name).remove(values, startMs)]);
  }

  setWatermark(name: string, ms: number): void {
    this.of(name).progressNow = { watermarkMs: ms, finalBeforeMs: ms };
    this.changed(name, []);
  }

  /** Changes may have been missed. */
  gap(reason: string): void {
    for (const listener of this.listeners) {
      for (const metric of this.metrics) listener.onGap(metric, reason);
    }
  }

  /** The store was lost: no points, revisions from 1, another epoch. */
  lose(): void {
    for (const { name } of this.metrics) {
      const { progressNow } = this.of(name);
      this.held.set(name, Object.assign(new MemorySeriesStore(), { progressNow }));
    }
    this.epochText = `${this.epochText}'`;
    for (const listener of this.listeners) listener.onEpoch(this.epochText);
  }

  override progress(metric: Metric): Promise<Progress> {
    return this.of(metric.name).progress();
  }

  override listSeries(metric: Metric): Promise<readonly Series[]> {
    return this.of(metric.name).listSeries();
  }

  override read(metric: Metric, request: ReadRequest): Promise<readonly SeriesPoints[]> {
    return this.of(metric.name).read(metric, request);
  }

  override subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(name: string, changes: readonly PointChange[]): void {
    const metric = this.metric(name);
    for (const listener of this.listeners) listener.onChanges(metric, changes, this.of(name).progressNow);
  }

  private metric(name: string): Metric {
    const metric = this.metrics.find((one) => one.name === name);
    if (metric === undefined) throw new Error(`this bridge has no metric ${name}`);
    return metric;
  }

  private of(name: string): MemorySeriesStore {
    return this.held.get(this.metric(name).name)!;
  }
}
