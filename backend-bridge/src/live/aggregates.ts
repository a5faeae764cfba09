import { MANY_DIRTY, MetricAggregate, type Aggregator } from './aggregate';
import type { LiveEngine } from './live-engine';
import { selectsFor } from './original-feed';
import type { Metric } from '../domain/metric';
import type { Filter } from '../domain/selection';
import type { PointChange, SeriesStore } from '../domain/store';
import type { Clock, Log } from '../domain/telemetry';

const MAX_TENANTS = 64;

/** The aggregators of `current_state`, one per metric and tenant. Least recently used tenants are evicted. */
export class Aggregates {
  /** By tenant in order of last use, then by metric. */
  private readonly tenants = new Map<string, Map<string, MetricAggregate>>();

  constructor(
    private metrics: readonly Metric[],
    private readonly engine: LiveEngine,
    private readonly store: SeriesStore,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Reads the aggregators of unrestricted clients ahead of the first connection. */
  warm(): void {
    this.refresh(this.of([]).values());
  }

  /** Those of changed metrics are read again, by the new definition. */
  useMetrics(metrics: readonly Metric[], changed: ReadonlySet<string>): void {
    this.metrics = metrics;
    for (const [key, byMetric] of this.tenants) {
      for (const name of changed) byMetric.delete(name);
      for (const metric of metrics) {
        if (byMetric.has(metric.name)) continue;
        byMetric.set(metric.name, this.aggregateOf(metric, JSON.parse(key) as Filter[]));
      }
    }
  }

  /** `data` of a current_state for this tenant. Rejects with UnavailableError. */
  async current(tenant: readonly Filter[]): Promise<Record<string, Aggregator>> {
    const data: Record<string, Aggregator> = {};
    const all = [...this.of(tenant)];
    const found = await Promise.all(all.map(([, aggregate]) => aggregate.current()));
    all.forEach(([name], index) => {
      const aggregator = found[index];
      if (aggregator) data[`${name}:aggregator`] = aggregator;
    });
    return data;
  }

  changed(metric: Metric, changes: readonly PointChange[]): void {
    for (const byMetric of this.tenants.values()) {
      const aggregate = byMetric.get(metric.name);
      if (aggregate === undefined) continue;
      aggregate.changed(changes);
      if (aggregate.dirtyBuckets > MANY_DIRTY) this.refresh([aggregate]);
    }
  }

  forget(metric: Metric | null): void {
    for (const byMetric of this.tenants.values())
      for (const [name, aggregate] of byMetric)
        if (metric === null || metric.name === name) aggregate.forget();
  }

  private refresh(aggregates: Iterable<MetricAggregate>): void {
    for (const aggregate of aggregates) {
      aggregate.current().catch((error: unknown) => {
        this.log.debug({ err: error }, 'aggregators delayed: the store is unavailable');
      });
    }
  }

  private aggregateOf(metric: Metric, tenant: readonly Filter[]): MetricAggregate {
    return new MetricAggregate(metric, selectsFor(this.engine, metric.name, tenant), this.store, this.clock);
  }

  private of(tenant: readonly Filter[]): Map<string, MetricAggregate> {
    const key = JSON.stringify(tenant);
    let byMetric = this.tenants.get(key);
    if (byMetric === undefined) {
      byMetric = new Map(this.metrics.map((metric) => [metric.name, this.aggregateOf(metric, tenant)]));
    } else {
      this.tenants.delete(key);
    }
    this.tenants.set(key, byMetric);
    if (this.tenants.size > MAX_TENANTS) {
      const oldest = [...this.tenants.keys()].find((other) => other !== '[]' && other !== key);
      if (oldest !== undefined) this.tenants.delete(oldest);
    }
    return byMetric;
  }
}
