import { isDeepStrictEqual } from 'node:util';
import { UnavailableError } from './domain/errors';
import type { TopicMapping } from './domain/mapping';
import type { Metric } from './domain/metric';
import type { Source } from './domain/source';
import type { SeriesStore } from './domain/store';
import type { Log } from './domain/telemetry';

/** The parts that hold definitions of metrics. */
export interface MetricUsers {
  readonly source: Pick<Source, 'checkMappings' | 'useMappings'>;
  readonly store: Pick<SeriesStore, 'useMetrics'>;
  readonly engine: { useMetrics(metrics: readonly Metric[]): void };
  readonly hub: { useMetrics(metrics: readonly Metric[], changed: ReadonlySet<string>): void };
  readonly closedSteps: { forgetMetric(name: string): void };
  readonly log: Log;
}

/** The metrics that the bridge serves, and their replacement while it runs. */
export class ServedMetrics {
  constructor(
    private mappings: readonly TopicMapping[],
    private readonly users: MetricUsers,
  ) {}

  /**
   * Serves these mappings from now on; returns the names of the metrics that are new, changed or gone. Rejects with
   * StartRefusedError where the source or stored points forbid them, and changes nothing then; with UnavailableError
   * where the store does not answer: another call resumes where this one stopped.
   *
   * The store goes first, with the metrics that are about to go as well: whoever still writes or reads them by the old
   * mappings finds them there. Once the source writes none of them, the store drops them, too.
   */
  async replace(read: readonly TopicMapping[]): Promise<readonly string[]> {
    const { source, store, engine, hub, closedSteps, log } = this.users;
    const before = new Map(this.mappings.map((mapping) => [mapping.metric.name, mapping]));
    // A definition that did not change stays the same object, by which the others see it.
    const mappings = read.map((mapping) => {
      const known = before.get(mapping.metric.name)?.metric;
      return isDeepStrictEqual(known, mapping.metric) ? { ...mapping, metric: known! } : mapping;
    });
    const metrics = mappings.map(({ metric }) => metric);
    const names = new Set(metrics.map(({ name }) => name));
    const gone = [...before.values()].map(({ metric }) => metric).filter(({ name }) => !names.has(name));
    const changed = new Set([
      ...metrics.filter((metric) => before.get(metric.name)?.metric !== metric).map(({ name }) => name),
      ...gone.map(({ name }) => name),
    ]);

    source.checkMappings(mappings);
    await store.useMetrics([...gone, ...metrics]);
    this.mappings = mappings;
    engine.useMetrics(metrics);
    for (const name of changed) closedSteps.forgetMetric(name);
    hub.useMetrics(metrics, changed);
    await source.useMappings(mappings);
    if (gone.length > 0) {
      await store.useMetrics(metrics).catch((error: unknown) => {
        if (!(error instanceof UnavailableError)) throw error;
        log.debug({ err: error }, 'the store keeps removed metrics until the metrics file changes again');
      });
    }
    return [...changed];
  }
}
