/** What the conformance suite needs of a store, and the words its tests are written in. */
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { Point, PointWrite } from '../../../backend-bridge/src/domain/point';
import type { Progress } from '../../../backend-bridge/src/domain/progress';
import type { Clock } from '../../../backend-bridge/src/domain/telemetry';
import {
  incarnationOf,
  type PointChange,
  type SeriesStore,
  type TopicIncarnations,
  type WriteBatch,
  type WriteOutcome,
} from '../../../backend-bridge/src/domain/store';
import { measureOf, metricOf as sampleMetric } from '../../support/sample-metrics';

/** A store over data of its own, that nobody else uses. */
export interface StoreUnderTest {
  /** Started. Another one after restart() or wipe(). */
  readonly store: SeriesStore;
  /** Closes the store and opens another one over the same data, perhaps with other definitions. */
  restart(metrics?: readonly Metric[]): Promise<void>;
  /** The data are lost; `store` works on, or is a new one, over nothing. */
  wipe(): Promise<void>;
  /** Closes the store and throws its data away. */
  close(): Promise<void>;
}

export type StoreFactory = (metrics: readonly Metric[], clock: Clock) => Promise<StoreUnderTest>;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** Stores may expire by their server's clock, so the tests' time is near the real one. */
export const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;
/** A window an hour ago. */
export const T = NOW - HOUR;

export const metricOf = (change: Partial<Metric> = {}, measures = ['value']): Metric =>
  sampleMetric({
    name: 'requests',
    title: 'Requests',
    topic: 'requests_topic',
    window: { type: 'tumbling', sizeMs: MINUTE, advanceMs: MINUTE, gapMs: 0, graceMs: 10 * SECOND },
    dimensions: [{ name: 'region', title: '', description: '' }],
    measures: measures.map((name) => measureOf(name, { optional: true })),
    maxSeries: 1_000,
    ...change,
  });

export const SESSIONS: Metric['window'] = {
  type: 'session',
  sizeMs: 0,
  advanceMs: 0,
  gapMs: MINUTE,
  graceMs: 0,
};
export const HOPPING: Metric['window'] = {
  type: 'hopping',
  sizeMs: 5 * MINUTE,
  advanceMs: MINUTE,
  gapMs: 0,
  graceMs: 0,
};

/** A record for a test: offset first, the rest by need. */
export type RecordLike = Partial<PointWrite> & { readonly offset: number };

/** The hash that belongs to a key whose home is this partition, whatever the number of partitions up to 60. */
export function hashOf(text: string): number {
  let hash = 17;
  for (const char of text) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  return hash;
}

/** One metric in one store, written to and read from in a test's words. */
export class Scene {
  topic: TopicIncarnations | null = null;

  private constructor(
    readonly under: StoreUnderTest,
    readonly metric: Metric,
  ) {}

  static async open(
    factory: StoreFactory,
    metric = metricOf(),
    ends: readonly number[] = [0],
  ): Promise<Scene> {
    const scene = new Scene(await factory([metric], Date.now), metric);
    await scene.identify('topic-1', ends);
    return scene;
  }

  get store(): SeriesStore {
    return this.under.store;
  }

  async identify(topicId: string, ends: readonly number[]): Promise<TopicIncarnations | 'stale'> {
    const answer = await this.store.identifyTopic(this.metric, { topic: this.metric.topic, topicId, ends });
    if (answer !== 'stale') this.topic = answer;
    return answer;
  }

  /** A batch with these records; it covers the offsets from the first to the last one unless told otherwise. */
  batch(partition: number, records: readonly RecordLike[], change: Partial<WriteBatch> = {}): WriteBatch {
    const topic = this.topic!;
    const points = records.map((record): PointWrite => {
      const startMs = record.startMs ?? T;
      const values = record.values ?? ['eu'];
      return {
        values,
        startMs,
        endMs: startMs + (this.metric.window.sizeMs || MINUTE),
        measures: this.metric.measures.map((_, i) => (record.removed ? undefined : record.offset + i / 8)),
        removed: false,
        keyHash: hashOf(values.join('/')),
        incarnation: incarnationOf(topic, partition, record.offset),
        ...record,
      };
    });
    return {
      metric: this.metric,
      topicId: topic.topicId,
      partition,
      partitions: topic.partitions,
      fromOffset: records[0]?.offset ?? 0,
      toOffset: records.at(-1)?.offset ?? 0,
      points,
      maxEventMs: null,
      nowMs: NOW,
      ...change,
    };
  }

  write(
    partition: number,
    records: readonly RecordLike[],
    change: Partial<WriteBatch> = {},
  ): Promise<WriteOutcome> {
    return this.store.write(this.batch(partition, records, change));
  }

  /** Writes and expects that every record changed its point. */
  async put(
    partition: number,
    records: readonly RecordLike[],
    change: Partial<WriteBatch> = {},
  ): Promise<void> {
    const outcome = await this.write(partition, records, change);
    expect(outcome).toMatchObject({ kind: 'applied', accepted: records.length });
  }

  /** Every point of the metric by series (dimension values joined) in order of start. */
  async points(
    range: { fromMs?: number; toMs?: number; nowMs?: number } = {},
  ): Promise<Record<string, Point[]>> {
    const found = await this.store.read(this.metric, {
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      seriesIds: null,
      nowMs: NOW,
      maxPoints: 1_000_000,
      ...range,
    });
    return Object.fromEntries(
      found.map(({ values, points }) => [
        values.join('/'),
        Array.from({ length: points.length }, (_, row) => points.point(row)),
      ]),
    );
  }

  /** The one point there is. */
  async point(): Promise<Point> {
    const all = Object.values(await this.points()).flat();
    expect(all).toHaveLength(1);
    return all[0]!;
  }

  async close(): Promise<void> {
    await this.under.close();
  }
}

export interface Told {
  readonly metric: string;
  readonly changes: readonly PointChange[];
  readonly progress: Progress;
}

/** Everything that the store told since. */
export function listen(store: SeriesStore): { told: Told[]; changes(): PointChange[]; stop: () => void } {
  const told: Told[] = [];
  const stop = store.subscribe({
    onChanges: (metric, changes, progress) => void told.push({ metric: metric.name, changes, progress }),
    onGap: () => undefined,
    onEpoch: () => undefined,
  });
  return { told, changes: () => told.flatMap((one) => [...one.changes]), stop };
}
