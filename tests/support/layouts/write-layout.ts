/**
 * Fills an empty LMDB folder with what tests/integration/stores/last-layout.test.ts expects. To be run with the code of
 * the release whose layout it keeps: put this file into a checkout of it, then
 * `npx esbuild tests/support/layouts/write-layout.ts --bundle --platform=node --external:lmdb --outfile=write.cjs`
 * and `node write.cjs <folder>`.
 */
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { createLmdbStore } from '../../../backend-bridge/src/lmdb/lmdb-store';

const HOUR = 3_600_000;
const MINUTE = 60_000;
export const WRITTEN_MS = 1_796_000_000_000 - (1_796_000_000_000 % HOUR);

export const METRIC: Metric = {
  name: 'requests',
  title: 'Requests',
  description: '',
  kind: 'window',
  topic: 'requests_topic',
  window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 10_000 },
  dimensions: [{ name: 'region', title: '', description: '' }],
  measures: [
    {
      name: 'value',
      title: '',
      description: '',
      unit: '',
      combine: 'sum',
      sumFrom: null,
      countFrom: null,
      overTime: 'avg',
      optional: false,
      thresholds: [],
    },
  ],
  event: null,
  retentionMs: 24 * HOUR,
  idleMs: MINUTE,
  finalOnly: false,
  maxSeries: 100,
};

async function write(path: string): Promise<void> {
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const telemetry = new Proxy({}, { get: () => quiet }) as never;
  const store = createLmdbStore({ path }, [METRIC], { log, telemetry, clock: () => WRITTEN_MS });
  await store.start();
  await store.identifyTopic(METRIC, { topic: METRIC.topic, topicId: 'topic-1', ends: [0] });
  const points = Array.from({ length: 120 }, (_, offset) => ({
    values: [offset % 2 === 0 ? 'eu' : 'us'],
    startMs: WRITTEN_MS - HOUR + Math.floor(offset / 2) * MINUTE,
    endMs: WRITTEN_MS - HOUR + Math.floor(offset / 2) * MINUTE + MINUTE,
    measures: [offset],
    removed: false,
    keyHash: 7 + (offset % 2),
    offset,
    incarnation: 1,
  }));
  await store.write({
    metric: METRIC,
    topicId: 'topic-1',
    partition: 0,
    partitions: 1,
    fromOffset: 0,
    toOffset: 119,
    points,
    maxEventMs: WRITTEN_MS - 30_000,
    nowMs: WRITTEN_MS,
  });
  await store.close();
}

if (process.argv[2] !== undefined && process.argv[1]?.endsWith('write.cjs')) void write(process.argv[2]);
