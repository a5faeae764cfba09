import { UnavailableError } from '../domain/errors';
import type { Metric } from '../domain/metric';
import type { PointWrite } from '../domain/point';
import type {
  PartitionGap,
  PartitionReport,
  SeriesStore,
  TopicIncarnations,
  WriteBatch,
  WriteOutcome,
} from '../domain/store';

/**
 * An in-memory store for the pipeline's unit tests: offset fence and topic identities only. It can be down, lose its
 * last writes, or lose everything.
 */
interface Held {
  topicId: string;
  retired: Set<string>;
  incarnation: number;
  applied: number | null;
  points: Map<string, PointWrite>;
  maxEventMs: number | null;
}

export class MemoryStore implements SeriesStore {
  readonly kind = 'lmdb';
  down = false;
  /** While true, writes get no answer; `hung` counts them. */
  hanging = false;
  hung = 0;
  /** Fails this many writes after applying them, as if the answer got lost. */
  loseAnswers = 0;
  writes: WriteBatch[] = [];
  reports: (PartitionReport & { metric: string })[] = [];
  private held = new Map<string, Held>();
  private lost = new Set<string>();

  start = (): Promise<void> => Promise.resolve();
  useMetrics = (): Promise<void> => Promise.resolve();
  epoch = (): string => 'memory';
  close = (): Promise<void> => Promise.resolve();
  subscribe = (): (() => void) => () => undefined;
  progress = (): Promise<never> => Promise.reject(new Error('not part of this store'));
  listSeries = this.progress;
  read = this.progress;
  storedPositions = this.progress;
  announceBridge = this.progress;

  checkReady(): Promise<void> {
    return this.answer(() => undefined);
  }

  identifyTopic(
    metric: Metric,
    { topicId, ends }: { topicId: string; ends: readonly number[] },
  ): Promise<TopicIncarnations | 'stale'> {
    return this.answer(() => {
      this.lost.delete(metric.name);
      let held = this.held.get(metric.name);
      if (held?.retired.has(topicId) === true) return 'stale';
      if (held === undefined) {
        held = {
          topicId,
          retired: new Set(),
          incarnation: 1,
          applied: null,
          points: new Map(),
          maxEventMs: null,
        };
        this.held.set(metric.name, held);
      } else if (held.topicId !== topicId) {
        held.retired.add(held.topicId);
        Object.assign(held, { topicId, incarnation: held.incarnation + 1, applied: null });
      }
      expect(ends).toHaveLength(1);
      return { topicId, partitions: 1, incarnations: [{ number: held.incarnation, starts: [0] }] };
    });
  }

  appliedOffsets(metric: Metric): Promise<ReadonlyMap<number, number>> {
    return this.answer(() => {
      const applied = this.held.get(metric.name)?.applied ?? null;
      return new Map(applied === null ? [] : [[0, applied]]);
    });
  }

  skipTo(metric: Metric, _topicId: string, _partition: number, offset: number): Promise<void> {
    return this.answer(() => {
      const held = this.held.get(metric.name)!;
      held.applied = Math.max(held.applied ?? -1, offset - 1);
    });
  }

  async write(batch: WriteBatch): Promise<WriteOutcome> {
    if (this.hanging) this.hung += 1;
    while (this.hanging) await new Promise((resolve) => setImmediate(resolve));
    const outcome = await this.answer(() => this.apply(batch));
    if (this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      throw new UnavailableError('store', 'the answer got lost');
    }
    return outcome;
  }

  reportPartitions(
    metric: Metric,
    _topicId: string,
    reports: readonly PartitionReport[],
  ): Promise<readonly PartitionGap[]> {
    return this.answer(() => {
      this.reports.push(...reports.map((report) => ({ ...report, metric: metric.name })));
      const neededOffset = (this.held.get(metric.name)?.applied ?? -1) + 1;
      return reports
        .filter(({ position }) => position > neededOffset)
        .map(({ partition }) => ({ partition, neededOffset }));
    });
  }

  /** Points of a metric as `labels@start` to measures. */
  points(metric: string): Record<string, readonly (number | undefined)[]> {
    const held = this.held.get(metric);
    return Object.fromEntries(
      [...(held?.points ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { measures }]) => [key, measures]),
    );
  }

  maxEventMs(metric: string): number | null {
    return this.held.get(metric)?.maxEventMs ?? null;
  }

  loseEverything(): void {
    for (const name of this.held.keys()) this.lost.add(name);
    this.held = new Map();
  }

  /** A copy to restore, as of a store that wrote to disk a second ago. */
  snapshot(): () => void {
    const kept = structuredClone(this.held);
    return () => {
      this.held = kept;
    };
  }

  private apply(batch: WriteBatch): WriteOutcome {
    if (this.lost.has(batch.metric.name)) return { kind: 'store_lost' };
    const held = this.held.get(batch.metric.name);
    if (held?.topicId !== batch.topicId) return { kind: 'stale_topic' };
    expect(batch.points.length).toBeLessThanOrEqual(500);
    const needed = (held.applied ?? -1) + 1;
    if (batch.fromOffset > needed) return { kind: 'gap', neededOffset: needed };
    this.writes.push(batch);
    let accepted = 0;
    for (const point of batch.points) {
      expect(point.offset).toBeGreaterThanOrEqual(batch.fromOffset);
      expect(point.offset).toBeLessThanOrEqual(batch.toOffset);
      const key = `${point.values.join('/')}@${point.startMs}`;
      const before = held.points.get(key);
      const newer =
        before === undefined ||
        point.incarnation > before.incarnation ||
        (point.incarnation === before.incarnation && point.offset > before.offset);
      if (!newer) continue;
      held.points.set(key, point);
      accepted += 1;
    }
    held.applied = Math.max(held.applied ?? -1, batch.toOffset);
    if (batch.maxEventMs !== null) held.maxEventMs = Math.max(held.maxEventMs ?? 0, batch.maxEventMs);
    const ignored = batch.points.length - accepted;
    return { kind: 'applied', accepted, ignored, expired: 0, corrected: 0, conflicts: [], overCap: [] };
  }

  private answer<T>(value: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (this.down) {
          reject(new UnavailableError('store', 'the store is down'));
          return;
        }
        resolve(value());
      });
    });
  }
}
