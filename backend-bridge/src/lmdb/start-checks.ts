import { StartRefusedError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import { forbiddenChanges, metricShape, timesOf } from '../domain/metric-shape';
import { lifetimeMs } from '../domain/history/tiers';
import { bringInStep } from './changed-times';
import type { Environment } from './environment';
import { bringHistoryInStep, historyKey, type HistoryRecord } from './history-record';

interface MetricRecord {
  readonly id: number;
  readonly shape: string;
}

const MAX_METRICS = 0xffff;

/**
 * Compares every metric with its stored definition, registers new ones, and updates stored points to a changed
 * retention, history or grace. Returns metric ids by name. Throws StartRefusedError, without changes.
 */
export function registerMetrics(
  env: Environment,
  metrics: readonly Metric[],
  path: string,
): Map<string, number> {
  const ids = new Map<string, number>();
  const fresh: Metric[] = [];
  const known: { readonly metric: Metric; readonly record: MetricRecord }[] = [];
  for (const metric of metrics) {
    const record = env.meta.get(`metric:${metric.name}`) as MetricRecord | undefined;
    if (record === undefined) {
      fresh.push(metric);
      continue;
    }
    const forbidden = forbiddenChanges(record.shape, metricShape(metric));
    if (forbidden !== '') throw otherShape(metric, forbidden, path);
    known.push({ metric, record });
    ids.set(metric.name, record.id);
  }
  env.root.transactionSync(() => {
    for (const { metric, record } of known) {
      const { retentionMs, graceMs } = timesOf(record.shape);
      const history = env.meta.get(historyKey(record.id)) as HistoryRecord | undefined;
      const before = { lifetimeMs: history?.lifetimeMs ?? retentionMs, graceMs };
      const shape = metricShape(metric);
      if (record.shape !== shape || before.lifetimeMs !== lifetimeMs(metric)) {
        bringInStep(env, record.id, metric, before);
        env.meta.putSync(`metric:${metric.name}`, { id: record.id, shape } satisfies MetricRecord);
      }
      bringHistoryInStep(env, record.id, metric, false);
    }
    let next = (env.meta.get('nextMetric') as number | undefined) ?? 1;
    for (const metric of fresh) {
      if (next > MAX_METRICS) {
        throw new StartRefusedError(
          `The store in ${path} has had ${MAX_METRICS} metrics; move it away to start fresh`,
        );
      }
      env.meta.putSync(`metric:${metric.name}`, {
        id: next,
        shape: metricShape(metric),
      } satisfies MetricRecord);
      ids.set(metric.name, next);
      bringHistoryInStep(env, next, metric, true);
      next += 1;
    }
    env.meta.putSync('nextMetric', next);
  });
  return ids;
}

function otherShape(metric: Metric, forbidden: string, path: string): StartRefusedError {
  return new StartRefusedError(
    `Metric ${metric.name} is stored in ${path} with another definition: ${forbidden}. ` +
      'Put the definition back; or, if the change is intended, give the metric a new name, ' +
      'or move the folder away (the bridge fills a new one from its source)',
  );
}
