import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Metric } from '../domain/metric';
import type { SeriesStore } from '../domain/store';
import type { Log, Telemetry } from '../domain/telemetry';
import {
  createEmbeddedPipeline,
  type EmbeddedPipeline,
  type EmbeddedPipelineOptions,
} from './embedded-pipeline';
import { MemoryStore } from './memory-store.test-support';
import { measureOf, metricOf } from '../../../tests/support/sample-metrics';
import { silentLog, silentTelemetry } from '../../../tests/support/silent';

/** A pipeline for unit tests: the four metrics, a manual clock, and automatic cleanup of folders and pipelines. */

export const T0 = 1_736_935_200_000;
export const minute = 60_000;

export function metric(name: string, over: Partial<Metric> = {}): Metric {
  const isAlert = name === 'high_activity_alert';
  const sizeMs = isAlert ? 5 * minute : minute;
  const dimensions = isAlert ? ['user_id'] : name === 'active_users_per_minute' ? [] : ['segment'];
  const measures =
    name === 'revenue_per_minute'
      ? ['value', 'transaction_count', 'avg_transaction_value', 'amount_count']
      : ['value'];
  return metricOf({
    name,
    title: name,
    kind: isAlert ? 'event' : 'window',
    topic: name,
    window: {
      type: 'tumbling',
      sizeMs,
      advanceMs: sizeMs,
      gapMs: 0,
      graceMs: isAlert ? minute : 30_000,
    },
    dimensions: dimensions.map((dimension) => ({ name: dimension, title: '', description: '' })),
    measures: measures.map((measure) => measureOf(measure)),
    maxSeries: 1_000,
    ...over,
  });
}

export const METRICS = [
  'events_per_minute',
  'revenue_per_minute',
  'high_activity_alert',
  'active_users_per_minute',
].map((name) => metric(name));

const folders: string[] = [];
const pipelines: EmbeddedPipeline[] = [];
/** Clock of the pipelines; by default later than the events of the tests. */
export const clock = { nowMs: T0 + 20 * minute };
export const late = new Map<string, number>();
export const warnings: string[] = [];

const telemetry: Telemetry = {
  ...silentTelemetry,
  lateEvents: (name, count) => void late.set(name, (late.get(name) ?? 0) + count),
};
const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) };

export function folder(): string {
  const created = mkdtempSync(path.join(tmpdir(), 'streamkpi-pipeline-'));
  folders.push(created);
  return created;
}

export async function started(
  store: SeriesStore,
  statePath: string,
  options: Partial<EmbeddedPipelineOptions> = {},
  metrics: readonly Metric[] = METRICS,
): Promise<EmbeddedPipeline> {
  const pipeline = createEmbeddedPipeline({ statePath, ...options }, metrics, store, {
    log,
    telemetry,
    clock: () => clock.nowMs,
  });
  await pipeline.start();
  pipelines.push(pipeline);
  return pipeline;
}

/** A pipeline in a new folder, over a store of its own. */
export async function onStore(
  options: Partial<EmbeddedPipelineOptions> = {},
): Promise<{ store: MemoryStore; pipeline: EmbeddedPipeline }> {
  const store = new MemoryStore();
  return { store, pipeline: await started(store, folder(), options) };
}

export const event = (user: string, timestamp: number, amount?: unknown) => ({
  user_id: user,
  event_type: amount === undefined ? 'page_view' : 'purchase',
  timestamp,
  properties: amount === undefined ? {} : { amount },
});

beforeEach(() => {
  clock.nowMs = T0 + 20 * minute;
  warnings.length = 0;
  late.clear();
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const pipeline of pipelines.splice(0)) await pipeline.stop();
  for (const created of folders.splice(0)) rmSync(created, { recursive: true, force: true });
});
