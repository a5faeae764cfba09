import type { Measure, Metric } from '../../backend-bridge/src/domain/metric';
import type { PointWrite } from '../../backend-bridge/src/domain/point';
import { QueryEngine } from '../../backend-bridge/src/domain/query-engine';
import type { SeriesStore } from '../../backend-bridge/src/domain/store';
import type { HttpEngine } from '../../backend-bridge/src/server/http-dependencies';
import { startBridge, type Bridge, type BridgeOptions } from './http-bridge';
import { openStore, type StoreKind } from './http-store';
import { measureOf, metricOf } from '../support/sample-metrics';

/** Three metrics with an hour of points, the real engine over a real store. */

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** Whole hours ago, so that steps of every length up to an hour begin here; within retention. */
export const T0 = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;

const measure = (name: string, given: Partial<Measure> = {}): Measure =>
  measureOf(name, { thresholds: [{ value: null, color: 'green' }], ...given });

const metric = (name: string, given: Partial<Metric> = {}): Metric =>
  metricOf({
    name,
    title: name,
    topic: name,
    dimensions: [{ name: 'segment', title: 'Segment', description: '' }],
    measures: [measure('value')],
    maxSeries: 1_000,
    ...given,
  });

const METRICS: readonly Metric[] = [
  metric('events_per_minute'),
  metric('high_activity_alert', {
    kind: 'event',
    window: {
      type: 'tumbling',
      sizeMs: 5 * MINUTE_MS,
      advanceMs: 5 * MINUTE_MS,
      gapMs: 0,
      graceMs: MINUTE_MS,
    },
    dimensions: [{ name: 'user_id', title: 'User', description: '' }],
    event: { severity: 'warning', message: 'High activity detected for user {user_id}: {value} events' },
  }),
  metric('revenue_per_minute', {
    dimensions: [],
    measures: [
      measure('value', { unit: 'currencyUSD' }),
      measure('plain_average', { combine: 'avg', optional: true }),
    ],
  }),
];

const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };

interface Row {
  readonly values: readonly string[];
  readonly startMs: number;
  readonly measures: readonly (number | undefined)[];
  readonly removed?: boolean;
}

async function write(store: SeriesStore, target: Metric, rows: readonly Row[]): Promise<void> {
  const topicId = `${target.name}-id`;
  await store.identifyTopic(target, { topic: target.topic, topicId, ends: [rows.length] });
  const points: PointWrite[] = rows.map((row, offset) => ({
    values: row.values,
    startMs: row.startMs,
    endMs: row.startMs + target.window.sizeMs,
    measures: row.measures,
    removed: row.removed ?? false,
    keyHash: 1 + Array.from(row.values.join('')).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0),
    offset,
    incarnation: 1,
  }));
  const outcome = await store.write({
    metric: target,
    topicId,
    partition: 0,
    partitions: 1,
    fromOffset: 0,
    toOffset: rows.length - 1,
    points,
    maxEventMs: T0 + HOUR_MS - 1,
    nowMs: Date.now(),
  });
  expect(outcome).toMatchObject({ kind: 'applied', accepted: rows.length });
}

export interface DemoEngine {
  readonly engine: HttpEngine;
  readonly store: SeriesStore;
  close(): Promise<void>;
}

/** gold: i for minute i; silver: 100 - i, without minute 7, which was removed. */
export async function demoEngine(kind: StoreKind = 'lmdb'): Promise<DemoEngine> {
  const { store, close } = await openStore(kind, METRICS);
  const minutes = Array.from({ length: 60 }, (_, i) => i);
  const [events, alerts, revenue] = METRICS as [Metric, Metric, Metric];
  await write(store, events, [
    ...minutes.map((i) => ({ values: ['gold'], startMs: T0 + i * MINUTE_MS, measures: [i] })),
    ...minutes.map((i) => ({ values: ['silver'], startMs: T0 + i * MINUTE_MS, measures: [100 - i] })),
    { values: ['silver'], startMs: T0 + 7 * MINUTE_MS, measures: [undefined], removed: true },
  ]);
  await write(store, alerts, [
    { values: ['u1'], startMs: T0, measures: [101] },
    { values: ['u2'], startMs: T0 + 5 * MINUTE_MS, measures: [150] },
    { values: ['u1'], startMs: T0, measures: [120] },
  ]);
  await write(
    store,
    revenue,
    minutes.map((i) => ({
      values: [],
      startMs: T0 + i * MINUTE_MS,
      measures: [i === 3 ? Number.NaN : 1.5 * i, i % 2 === 0 ? 2 : undefined],
    })),
  );
  return { engine: new QueryEngine(METRICS, store, LIMITS, Date.now), store, close };
}

/** A bridge over such an engine, which ends with it. */
export async function startDemoBridge(
  options: Partial<BridgeOptions> = {},
  kind: StoreKind = 'lmdb',
): Promise<Bridge & { readonly demo: DemoEngine }> {
  const demo = await demoEngine(kind);
  const bridge = await startBridge({ ...demo, ...options });
  return {
    ...bridge,
    demo,
    close: async () => {
      await bridge.close();
      await demo.close();
    },
  };
}

export type DemoBridge = Awaited<ReturnType<typeof startDemoBridge>>;
