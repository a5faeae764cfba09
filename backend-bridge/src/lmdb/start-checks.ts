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

/** Compares every metric with its stored definition. Throws StartRefusedError. */
export function checkDefinitions(env: Environment, metrics: readonly Metric[], path: string): void {
  let next = (env.meta.get('nextMetric') as number | undefined) ?? 1;
  for (const metric of metrics) {
    const record = env.meta.get(`metric:${metric.name}`) as MetricRecord | undefined;
    const forbidden = record === undefined ? '' : forbiddenChanges(record.shape, metricShape(metric));
    if (forbidden !== '') throw otherShape(metric, forbidden, path);
    if (record === undefined) next += 1;
    if (next - 1 > MAX_METRICS) {
      throw new StartRefusedError(
        `The store in ${path} has had ${MAX_METRICS} metrics; move it away to start fresh`,
      );
    }
  }
}

/**
 * Registers new metrics, and updates stored points of the others to a changed retention, history or grace; within a
 * transaction, after checkDefinitions(). Returns metric ids by name.
 */
export function registerMetrics(env: Environment, metrics: readonly Metric[]): Map<string, number> {
  const ids = new Map<string, number>();
  let next = (env.meta.get('nextMetric') as number | undefined) ?? 1;
  for (const metric of metrics) {
    const shape = metricShape(metric);
    const record = env.meta.get(`metric:${metric.name}`) as MetricRecord | undefined;
    const id = record?.id ?? next;
    if (record === undefined) next += 1;
    else {
      const { retentionMs, graceMs } = timesOf(record.shape);
      const history = env.meta.get(historyKey(id)) as HistoryRecord | undefined;
      const before = { lifetimeMs: history?.lifetimeMs ?? retentionMs, graceMs };
      if (record.shape !== shape || before.lifetimeMs !== lifetimeMs(metric)) {
        bringInStep(env, id, metric, before);
      }
    }
    if (record?.shape !== shape) {
      env.meta.putSync(`metric:${metric.name}`, { id, shape } satisfies MetricRecord);
    }
    bringHistoryInStep(env, id, metric, record === undefined);
    ids.set(metric.name, id);
  }
  env.meta.putSync('nextMetric', next);
  return ids;
}

function otherShape(metric: Metric, forbidden: string, path: string): StartRefusedError {
  return new StartRefusedError(
    `Metric ${metric.name} is stored in ${path} with another definition: ${forbidden}. ` +
      'Put the definition back; or, if the change is intended, give the metric a new name, ' +
      'or move the folder away (the bridge fills a new one from its source)',
  );
}
