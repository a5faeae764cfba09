import { StartRefusedError } from '../domain/errors';
import { metricShape, type Metric } from '../domain/metric';
import type { Environment } from './environment';

interface MetricRecord {
  readonly id: number;
  readonly shape: string;
}

const MAX_METRICS = 0xffff;

/**
 * Compares every metric with what the store has of it, and registers the new ones; returns the store's numbers
 * of the metrics, by name. Throws StartRefusedError, and registers nothing then.
 */
export function registerMetrics(
  env: Environment,
  metrics: readonly Metric[],
  path: string,
): Map<string, number> {
  const ids = new Map<string, number>();
  const fresh: Metric[] = [];
  for (const metric of metrics) {
    const record = env.meta.get(`metric:${metric.name}`) as MetricRecord | undefined;
    if (record === undefined) fresh.push(metric);
    else if (record.shape !== metricShape(metric)) throw otherShape(metric, record.shape, path);
    else ids.set(metric.name, record.id);
  }
  env.root.transactionSync(() => {
    let next = (env.meta.get('nextMetric') as number | undefined) ?? 1;
    for (const metric of fresh) {
      if (next > MAX_METRICS) {
        throw new StartRefusedError(
          `The store in ${path} has had ${MAX_METRICS} metrics; move it away to begin anew`,
        );
      }
      env.meta.putSync(`metric:${metric.name}`, {
        id: next,
        shape: metricShape(metric),
      } satisfies MetricRecord);
      ids.set(metric.name, next);
      next += 1;
    }
    env.meta.putSync('nextMetric', next);
  });
  return ids;
}

function otherShape(metric: Metric, stored: string, path: string): StartRefusedError {
  return new StartRefusedError(
    `Metric ${metric.name} is stored in ${path} with another definition: ${differences(stored, metricShape(metric))}. ` +
      'Put the definition back; or, if the change is wanted, give the metric a new name, ' +
      'or move the folder away (the bridge fills a new one from its source)',
  );
}

/** What differs between two texts of metricShape(), for a person. */
function differences(stored: string, own: string): string {
  const before = JSON.parse(stored) as Record<string, unknown>;
  const now = JSON.parse(own) as Record<string, unknown>;
  const show = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => show(before[name]) !== show(now[name]))
    .map((name) => `${name} is ${show(before[name])} in the store and ${show(now[name])} in the metrics file`)
    .join('; ');
}
