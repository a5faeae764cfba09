import { join } from 'node:path';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { SeriesStore } from '../../../backend-bridge/src/domain/store';
import type { Clock, Log } from '../../../backend-bridge/src/domain/telemetry';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';
import {
  createEmbeddedPipeline,
  type EmbeddedPipeline,
  type EmbeddedPipelineOptions,
} from '../../../backend-bridge/src/pipeline/embedded-pipeline';
import { silentLog, silentTelemetry } from '../../support/silent';

/** The embedded pipeline on the real embedded store, as the bridge runs it without Kafka and Redis. */
export interface Rig {
  readonly pipeline: EmbeddedPipeline;
  readonly store: SeriesStore;
  stop(): Promise<void>;
}

/** Prints what should not happen in a test that goes well. */
export const warningLog: Log = {
  ...silentLog,
  warn: (fields, message) => process.stderr.write(`warn ${message} ${JSON.stringify(fields)}\n`),
  error: (fields, message) => process.stderr.write(`error ${message} ${JSON.stringify(fields)}\n`),
};

export async function startRig(
  folder: string,
  metrics: readonly Metric[],
  clock: Clock,
  options: Partial<EmbeddedPipelineOptions> = {},
): Promise<Rig> {
  const tools = { log: warningLog, telemetry: silentTelemetry, clock };
  const store = createLmdbStore({ path: join(folder, 'store') }, metrics, tools);
  await store.start();
  const pipeline = createEmbeddedPipeline(
    { statePath: join(folder, 'pipeline'), ...options },
    metrics,
    store,
    tools,
  );
  await pipeline.start();
  return {
    pipeline,
    store,
    async stop() {
      await pipeline.stop();
      await store.close();
    },
  };
}

export interface StoredPoint {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly measures: readonly (number | undefined)[];
  readonly revision: number;
}

/** Every point of a metric, in order of labels and time. */
export async function storedPoints(
  store: SeriesStore,
  metric: Metric,
  nowMs: number,
): Promise<StoredPoint[]> {
  const series = await store.read(metric, {
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    seriesIds: null,
    nowMs,
    maxPoints: 1_000_000,
  });
  return series.flatMap(({ values, points }) =>
    Array.from({ length: points.length }, (_, row) => {
      const { startMs, measures, revision } = points.point(row);
      return { values, startMs, measures, revision };
    }),
  );
}
