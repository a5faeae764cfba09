import fc from 'fast-check';
import type { Metric } from '../../../backend-bridge/src/domain/metric';
import type { PointWrite } from '../../../backend-bridge/src/domain/point';
import { homePartition } from '../../../backend-bridge/src/domain/revision';
import {
  incarnationOf,
  type TopicIncarnations,
  type WriteBatch,
} from '../../../backend-bridge/src/domain/store';
import {
  hashOf,
  listen,
  metricOf,
  MINUTE,
  NOW,
  T,
  type StoreFactory,
  type StoreUnderTest,
} from './store-rig';

/** What happens to one topic: fast-check draws a list of these. */
type Step =
  | {
      readonly kind: 'produce';
      readonly records: readonly (readonly [key: number, window: number, removed: boolean])[];
    }
  | { readonly kind: 'deliver'; readonly partition: number; readonly size: number; readonly wait: boolean }
  | { readonly kind: 'replay'; readonly partition: number; readonly back: number; readonly size: number }
  | { readonly kind: 'leap'; readonly partition: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'grow' }
  | { readonly kind: 'recreate' };

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('produce' as const),
      records: fc.array(fc.tuple(fc.nat(5), fc.nat(40), fc.boolean()), { minLength: 1, maxLength: 25 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      partition: fc.nat(5),
      size: fc.integer({ min: 1, max: 20 }),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      partition: fc.nat(5),
      back: fc.integer({ min: 1, max: 40 }),
      size: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leap' as const), partition: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'grow' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'recreate' as const }) },
);

type Logged = Omit<PointWrite, 'incarnation'>;

/** The plain truth: of each point the newest record, and how many records made it so. */
interface OraclePoint {
  incarnation: number;
  offset: number;
  revision: number;
  removed: boolean;
  measures: readonly (number | undefined)[];
}

/** A topic with its log, its reader, and the oracle. */
class World {
  private readonly oracle = new Map<string, OraclePoint>();
  private log: Logged[][] = [[], []];
  private next = [0, 0];
  private made = 0;
  private count = 0;
  private topic!: TopicIncarnations;
  private pending: Promise<void>[] = [];
  private told: ReturnType<typeof listen>;

  constructor(
    private readonly under: StoreUnderTest,
    private readonly metric: Metric,
  ) {
    this.told = listen(under.store);
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.identify();
    for (const step of steps) await this.take(step);
    await this.settle();
    this.told.stop();
    await this.compare();
  }

  private async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'produce':
        for (const [key, window, removed] of step.records) this.produce(`key${key}`, window, removed);
        return;
      case 'deliver': {
        const partition = step.partition % this.log.length;
        const from = this.next[partition]!;
        const to = Math.min(from + step.size, this.log[partition]!.length);
        if (to === from) return;
        this.next[partition] = to;
        this.pending.push(this.deliver(partition, from, to));
        if (step.wait) await this.settle();
        return;
      }
      case 'replay': {
        const partition = step.partition % this.log.length;
        const from = Math.max(0, this.next[partition]! - step.back);
        const to = Math.min(from + step.size, this.next[partition]!);
        if (to > from) this.pending.push(this.deliver(partition, from, to));
        return;
      }
      case 'leap': {
        await this.settle();
        const partition = step.partition % this.log.length;
        const needed = this.next[partition]!;
        const outcome = await this.under.store.write(this.batch(partition, needed + 1, needed + 2));
        expect(outcome).toEqual({ kind: 'gap', neededOffset: needed });
        return;
      }
      case 'restart':
        await this.settle();
        this.told.stop();
        await this.under.restart();
        this.told = listen(this.under.store);
        return;
      case 'grow':
        if (this.log.length >= 6) return;
        await this.settle();
        this.log.push([]);
        this.next.push(0);
        await this.identify();
        return;
      case 'recreate':
        await this.settle();
        this.made += 1;
        this.log = [[], []];
        this.next = [0, 0];
        await this.identify();
    }
  }

  private async identify(): Promise<void> {
    const topicId = `${this.metric.name}-${this.made}`;
    const ends = this.log.map((records) => records.length);
    const answer = await this.under.store.identifyTopic(this.metric, { topic: 't', topicId, ends });
    if (answer === 'stale') throw new Error('stale');
    this.topic = answer;
  }

  private produce(key: string, window: number, removed: boolean): void {
    const keyHash = hashOf(key);
    const records = this.log[homePartition(keyHash, this.log.length)]!;
    this.count += 1;
    records.push({
      values: [key],
      startMs: T - window * MINUTE,
      endMs: T - window * MINUTE + this.metric.window.sizeMs,
      measures: removed
        ? [undefined, undefined]
        : [this.count, this.count % 3 === 0 ? undefined : -this.count],
      removed,
      keyHash,
      offset: records.length,
    });
  }

  private batch(partition: number, from: number, to: number): WriteBatch {
    return {
      metric: this.metric,
      topicId: this.topic.topicId,
      partition,
      partitions: this.topic.partitions,
      fromOffset: from,
      toOffset: to - 1,
      points: this.log[partition]!.slice(from, to).map((record) => ({
        ...record,
        incarnation: incarnationOf(this.topic, partition, record.offset),
      })),
      maxEventMs: T,
      nowMs: NOW,
    };
  }

  /** Sends a slice; the oracle takes it at once, as writes are applied in the order in which they are asked for. */
  private async deliver(partition: number, from: number, to: number): Promise<void> {
    const batch = this.batch(partition, from, to);
    const accepted = batch.points.filter((point) => this.remember(point)).length;
    const outcome = await this.under.store.write(batch);
    expect(outcome).toMatchObject({
      kind: 'applied',
      accepted,
      ignored: batch.points.length - accepted,
      conflicts: [],
    });
  }

  private remember(point: PointWrite): boolean {
    const key = JSON.stringify([point.values, point.startMs]);
    const old = this.oracle.get(key);
    const { incarnation, offset, removed } = point;
    if (old && (incarnation < old.incarnation || (incarnation === old.incarnation && offset <= old.offset)))
      return false;
    const measures = removed && old ? old.measures : point.measures;
    this.oracle.set(key, { incarnation, offset, removed, measures, revision: (old?.revision ?? 0) + 1 });
    return true;
  }

  private async settle(): Promise<void> {
    await Promise.all(this.pending.splice(0));
  }

  private async compare(): Promise<void> {
    const series = await this.under.store.read(this.metric, {
      fromMs: 0,
      toMs: NOW,
      seriesIds: null,
      nowMs: NOW,
      maxPoints: 1_000_000,
    });
    const stored = new Map<string, object>();
    for (const { values, points } of series) {
      for (let row = 0; row < points.length; row += 1) {
        const { startMs, revision, removed, measures } = points.point(row);
        stored.set(JSON.stringify([values, startMs]), { revision, removed, measures });
      }
    }
    const expected = new Map(
      [...this.oracle].map(([key, { revision, removed, measures }]) => [
        key,
        { revision, removed, measures },
      ]),
    );
    expect(stored).toEqual(expected);
    const applied = this.next.flatMap((next, partition) =>
      next > 0 ? [[partition, next - 1] as const] : [],
    );
    expect(new Map(await this.under.store.appliedOffsets(this.metric))).toEqual(new Map(applied));
    this.checkTold();
  }

  /** No listener ever hears of a revision twice, nor of an older one after a newer one. */
  private checkTold(): void {
    const heard = new Map<string, number>();
    for (const { values, startMs, revision } of this.told.told
      .filter(({ metric }) => metric === this.metric.name)
      .flatMap(({ changes }) => changes)) {
      const key = JSON.stringify([values, startMs]);
      expect(revision).toBeGreaterThan(heard.get(key) ?? 0);
      heard.set(key, revision);
    }
  }
}

/** Random schedules of writes, replays, restarts, growth and new topics, against a plain Map. */
export function describeRandomSchedules(factory: StoreFactory): void {
  it('holds the last record of each key and the number of its changes, whatever happens', async () => {
    const runs = 20;
    const metrics = Array.from({ length: 100 }, (_, i) =>
      metricOf({ name: `r${i}`, kind: i % 2 === 0 ? 'window' : 'event' }, ['value', 'other']),
    );
    const under = await factory(metrics, Date.now);
    let next = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(stepOf, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
          await new World(under, metrics[next++]!).run(steps);
        }),
        { numRuns: runs, endOnFailure: true },
      );
    } finally {
      await under.close();
    }
  });
}
