import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Metric } from '../domain/metric';
import type { SeriesStore } from '../domain/store';
import type { Telemetry } from '../domain/telemetry';
import {
  createEmbeddedPipeline,
  type EmbeddedPipeline,
  type EmbeddedPipelineOptions,
} from './embedded-pipeline';

/** A pipeline for unit tests: the four metrics, a manual clock, and automatic cleanup of folders and pipelines. */

export const T0 = 1_736_935_200_000;
export const minute = 60_000;

export function metric(name: string, over: Partial<Metric> = {}): Metric {
  const measure = (measureName: string) => ({
    name: measureName,
    title: '',
    description: '',
    unit: '',
    combine: 'sum' as const,
    sumFrom: null,
    countFrom: null,
    overTime: 'avg' as const,
    optional: false,
    thresholds: [],
  });
  const five = name === 'high_activity_alert';
  return {
    name,
    title: name,
    description: '',
    kind: five ? 'event' : 'window',
    topic: name,
    window: {
      type: 'tumbling',
      sizeMs: five ? 5 * minute : minute,
      advanceMs: five ? 5 * minute : minute,
      gapMs: 0,
      graceMs: five ? minute : 30_000,
    },
    dimensions: (five ? ['user_id'] : name === 'active_users_per_minute' ? [] : ['segment']).map(
      (dimension) => ({
        name: dimension,
        title: '',
        description: '',
      }),
    ),
    measures: (name === 'revenue_per_minute'
      ? ['value', 'transaction_count', 'avg_transaction_value', 'amount_count']
      : ['value']
    ).map(measure),
    event: null,
    retentionMs: 86_400_000,
    idleMs: minute,
    finalOnly: false,
    maxSeries: 1000,
    ...over,
  };
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
const silent = (): void => undefined;
export const warnings: string[] = [];

const telemetry: Telemetry = {
  recordsRead: silent,
  pointsWritten: silent,
  deadLetters: silent,
  lateEvents: (name, count) => void late.set(name, (late.get(name) ?? 0) + count),
  partitionLag: silent,
  topicRemoved: silent,
  storeLatency: silent,
  hopFailed: silent,
  clients: silent,
  queueBytes: silent,
  messagesDropped: silent,
  pointsConflated: silent,
  resyncs: silent,
};
const log = {
  debug: silent,
  info: silent,
  warn: (_: object, message: string) => void warnings.push(message),
  error: silent,
};

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
