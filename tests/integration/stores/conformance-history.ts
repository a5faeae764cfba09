import fc from 'fast-check';
import { combinesOverTime } from '../../../backend-bridge/src/domain/combination-rules';
import {
  foldsFromSteps,
  frozenBeforeMs,
  lifetimeMs,
  sealTargetMs,
} from '../../../backend-bridge/src/domain/history/tiers';
import type { Metric, OverTime } from '../../../backend-bridge/src/domain/metric';
import { QueryEngine } from '../../../backend-bridge/src/domain/query-engine';
import type { HistoryState, SeriesStore } from '../../../backend-bridge/src/domain/store';
import { historyMetric, MEASURES, MINUTE, T0, type Window } from '../../support/history-windows';
import { expected, expectSame, shown } from './shown-steps';
import { eventually, hashOf, type StoreFactory, type StoreUnderTest } from './store-rig';

/** Steps that stay when their windows have left the retention. */

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SITES = ['a', 'b', 'c'];
const RULES: readonly OverTime[] = ['avg', 'sum', 'min', 'max', 'last'];
const LIMITS = { maxSeries: 1_000, maxPoints: 1_000_000, maxScanPoints: 5_000_000, staleWindows: 2 };
const SLICE = 40;
/** Measures for a comparison after the full one: between them they read four of the six packed columns. */
const SOME = ['value', 'mean'];

const TIERS = [
  { stepMs: 5 * MINUTE, keepMs: 35 * DAY },
  { stepMs: HOUR, keepMs: 400 * DAY },
];

export function tieredMetric(name: string, change: Partial<Metric> = {}): Metric {
  return historyMetric({ name, topic: name, retentionMs: 2 * HOUR, history: TIERS, ...change });
}

export interface Logged {
  readonly series: number;
  readonly minute: number;
  readonly removed: boolean;
  readonly measures: readonly (number | undefined)[];
}

/** A window, and the offset of the last record that changed it. */
type Applied = Window & { readonly offset: number };

/** One topic with its log, read into a store, and the plain truth of its windows. */
export class HistoryWorld {
  readonly log: Logged[] = [];
  /** Minutes since T0. */
  now = 0;
  private next = 0;
  private windows = new Map<string, Applied>();
  private incarnation = 0;

  constructor(
    readonly under: StoreUnderTest,
    public metric: Metric,
    private readonly setClock: (nowMs: number) => void,
  ) {}

  get store(): SeriesStore {
    return this.under.store;
  }

  async identify(): Promise<void> {
    const answer = await this.store.identifyTopic(this.metric, {
      topic: this.metric.topic,
      topicId: this.metric.name,
      ends: [this.log.length],
    });
    if (answer === 'stale') throw new Error('stale');
    this.incarnation = answer.incarnations.at(-1)!.number;
  }

  advance(minutes: number): void {
    this.now += minutes;
    this.setClock(T0 + this.now * MINUTE);
  }

  produce(...records: readonly Logged[]): void {
    this.log.push(...records);
  }

  /** Writes what is in the log and not yet in the store, and what lies `back` before it once more. */
  async deliver(back = 0): Promise<void> {
    for (let from = Math.max(0, this.next - back); from < this.log.length; from += SLICE) {
      await this.write(from, Math.min(from + SLICE, this.log.length));
    }
    this.next = this.log.length;
  }

  async report(): Promise<void> {
    const gaps = await this.store.reportPartitions(this.metric, this.metric.name, [
      { partition: 0, position: this.next, atEnd: true, nowMs: T0 + this.now * MINUTE },
    ]);
    expect(gaps).toEqual([]);
  }

  state(): Promise<HistoryState> {
    return this.store.history!.state(this.metric);
  }

  /** Waits until everything that can be sealed is. */
  async sealed(): Promise<void> {
    await eventually(async () => {
      const target = sealTargetMs(
        this.metric,
        await this.store.progress(this.metric),
        T0 + this.now * MINUTE,
      );
      expect((await this.state()).sealedBeforeMs).toBeGreaterThanOrEqual(target ?? 0);
    }, 60_000);
  }

  async restart(metric = this.metric): Promise<void> {
    await this.under.restart([metric]);
    this.metric = metric;
    await this.identify();
  }

  /** The store is lost, and filled from the topic again. */
  async wipe(): Promise<void> {
    await this.under.wipe();
    this.windows = new Map();
    this.next = 0;
    await this.identify();
    await this.deliver();
  }

  /** Where the store is now: returns the way to say that it is back there. */
  mark(): () => void {
    const { next } = this;
    const windows = new Map(this.windows);
    return () => {
      this.next = next;
      this.windows = new Map(windows);
    };
  }

  private get offsetMs(): number {
    return this.metric.window.offsetMs ?? 0;
  }

  private async write(from: number, to: number): Promise<void> {
    const progress = await this.store.progress(this.metric);
    const { sealedBeforeMs } = await this.state();
    const nowMs = T0 + this.now * MINUTE;
    const records = this.log.slice(from, to);
    let fresh = 0;
    records.forEach((record, i) => {
      const endMs = T0 + (record.minute + 1) * MINUTE + this.offsetMs;
      const expired =
        endMs - MINUTE < sealedBeforeMs ||
        endMs <= frozenBeforeMs(this.metric, progress, nowMs) ||
        endMs + lifetimeMs(this.metric) <= nowMs;
      const key = `${record.series}/${record.minute}`;
      const before = this.windows.get(key);
      // A record that had expired may come again, and count, under a longer retention.
      if (expired || (before !== undefined && before.offset >= from + i)) return;
      fresh += 1;
      this.windows.set(key, {
        ...record,
        offset: from + i,
        measures: record.removed && before !== undefined ? before.measures : record.measures,
        revision: (before?.revision ?? 0) + 1,
      });
    });
    const outcome = await this.store.write({
      metric: this.metric,
      topicId: this.metric.name,
      partition: 0,
      partitions: 1,
      fromOffset: from,
      toOffset: to - 1,
      points: records.map(({ series, minute, removed, measures }, i) => ({
        values: [SITES[series]!],
        startMs: T0 + minute * MINUTE + this.offsetMs,
        endMs: T0 + (minute + 1) * MINUTE + this.offsetMs,
        measures,
        removed,
        keyHash: hashOf(SITES[series]!),
        offset: from + i,
        incarnation: this.incarnation,
      })),
      maxEventMs: T0 + Math.max(...records.map(({ minute }) => minute)) * MINUTE + MINUTE / 2 + this.offsetMs,
      nowMs,
    });
    expect(outcome).toMatchObject({ kind: 'applied', accepted: fresh, conflicts: [], overCap: [] });
  }

  /** Every step of every tier, by every rule, is what the windows come to; of each series, and of all. */
  async compare(
    steps: readonly number[] = [5, 10, 60],
    measures: readonly string[] = MEASURES,
  ): Promise<void> {
    const engine = new QueryEngine([this.metric], this.store, LIMITS, () => T0 + this.now * MINUTE);
    const windows = [...this.windows.values()];
    for (const name of measures) {
      const measure = MEASURES.indexOf(name);
      for (const overTime of RULES) {
        if (!combinesOverTime(this.metric, this.metric.measures[measure]!, overTime)) continue;
        for (const step of steps) {
          const query = {
            metric: this.metric.name,
            measure: name,
            fromMs: 0,
            toMs: T0 + this.now * MINUTE + DAY,
            stepMs: step * MINUTE,
            overTime,
            includeRevisions: true,
          };
          const answer = await engine.query(query, []);
          const what = `${name} by ${overTime}, steps of ${step} minutes`;
          for (const [series, site] of SITES.entries()) {
            const own = windows.filter((window) => window.series === series);
            const found = answer.series.find(({ labels }) => labels['site'] === site);
            expectSame(
              `${what}, ${site}`,
              shown(found),
              expected(own, measure, overTime, step, this.offsetMs),
            );
          }
          if (!foldsFromSteps(this.metric, measure, overTime, true)) continue;
          const all = await engine.query({ ...query, groupBy: [] }, []);
          expectSame(what, shown(all.series[0]), expected(windows, measure, overTime, step, this.offsetMs));
        }
      }
    }
  }
}

/** What happens: fast-check draws a list of these. Windows are named by how many minutes they lie back. */
type Event =
  | {
      readonly kind: 'records';
      readonly records: readonly (Omit<Logged, 'minute'> & { readonly age: number })[];
    }
  | { readonly kind: 'advance'; readonly minutes: number }
  | { readonly kind: 'replay'; readonly back: number }
  | { readonly kind: 'sealed' | 'restart' | 'wipe' | 'report' }
  | { readonly kind: 'retention'; readonly hours: number };

const number = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const records = fc.record({
  kind: fc.constant('records' as const),
  records: fc.array(
    fc.record({
      series: fc.nat(2),
      age: fc.oneof({ weight: 6, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(400) }),
      removed: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      measures: fc.array(fc.option(number, { nil: undefined, freq: 8 }), { minLength: 6, maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 60 },
  ),
});
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: records },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      minutes: fc.integer({ min: 1, max: 150 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), back: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('sealed' as const, 'report' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'wipe' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('retention' as const), hours: fc.integer({ min: 1, max: 5 }) }),
  },
);

async function take(world: HistoryWorld, one: Event): Promise<void> {
  switch (one.kind) {
    case 'records':
      world.produce(
        ...one.records
          .filter(({ age }) => age <= world.now)
          .map(({ age, series, removed, measures }) => ({
            series,
            removed,
            measures,
            minute: world.now - age,
          })),
      );
      return world.deliver();
    case 'advance':
      world.advance(one.minutes);
      return;
    case 'replay':
      return world.deliver(one.back);
    case 'sealed':
      return world.sealed();
    case 'report':
      return world.report();
    case 'restart':
      return world.restart();
    case 'wipe':
      return world.wipe();
    case 'retention':
      // What has begun to become steps under the shorter one is finished: the boundary says which windows are.
      await world.sealed();
      return world.restart({ ...world.metric, retentionMs: one.hours * HOUR });
  }
}

export async function runHistorySchedules(factory: StoreFactory, runs: number, seed?: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 8, maxLength: 25, size: 'max' }), async (events) => {
      const clock = { nowMs: T0 };
      const metric = tieredMetric('tiers');
      const under = await factory([metric], () => clock.nowMs);
      try {
        const world = new HistoryWorld(under, metric, (nowMs) => (clock.nowMs = nowMs));
        world.advance(400);
        await world.identify();
        for (const one of events) await take(world, one);
        await world.compare();
        world.advance(180);
        await world.report();
        await world.sealed();
        await world.compare();
      } finally {
        await under.close();
      }
    }),
    { numRuns: runs, endOnFailure: true, ...(seed !== undefined && { seed }) },
  );
}

/** `short`: only that windows become steps, and steps expire; for another place of a store that had the whole. */
export function describeHistory(factory: StoreFactory, { short = false } = {}): void {
  const clock = { nowMs: T0 };
  let world: HistoryWorld;
  const open = async (change: Partial<Metric> = {}): Promise<void> => {
    clock.nowMs = T0;
    const metric = tieredMetric('tiers', change);
    world = new HistoryWorld(
      await factory([metric], () => clock.nowMs),
      metric,
      (nowMs) => (clock.nowMs = nowMs),
    );
    await world.identify();
  };
  afterEach(() => world.under.close());

  const each = (minute: number, change: Partial<Logged> = {}): Logged => ({
    series: minute % 3,
    minute,
    removed: false,
    measures: [minute, minute / 8, -minute, minute / 4, minute * 2, 8],
    ...change,
  });
  const minutes = (from: number, to: number): Logged[] =>
    Array.from({ length: to - from }, (_, i) => each(from + i));

  it('windows past the retention become steps, and the answers stay what they were', async () => {
    await open();
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.compare([5, 60], SOME);
    await world.sealed();
    const { sealedBeforeMs, tiers } = await world.state();
    expect(sealedBeforeMs).toBe(T0 + 7 * HOUR);
    expect(tiers.map(({ stepMs, steps }) => [stepMs, steps])).toEqual([
      [5 * MINUTE, 3 * 84],
      [HOUR, 3 * 7],
    ]);
    await world.compare([5, 10, 60, 360]);
    await world.restart();
    await world.compare([5, 60], SOME);
  });

  it('a record for a step that is sealed has expired', async () => {
    await open();
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.sealed();
    world.produce(each(100, { measures: [1_000, 0, 0, 0, 0, 0] }));
    await world.deliver();
    await world.compare([5], SOME);
  });

  it('steps expire with their tier', async () => {
    await open({ history: [{ stepMs: 5 * MINUTE, keepMs: 2 * DAY }] });
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.sealed();
    expect((await world.state()).tiers[0]!.bytes).toBeGreaterThan(0);
    world.advance(4 * 1_440);
    await eventually(
      async () => expect((await world.state()).tiers[0]).toMatchObject({ steps: 0, bytes: 0 }),
      60_000,
    );
    await eventually(async () => expect(await world.store.listSeries(world.metric)).toEqual([]), 60_000);
  });

  if (short) return;

  it('windows that begin at an offset become steps that begin at it', async () => {
    await open({ window: { ...historyMetric().window, offsetMs: 42_000 } });
    world.advance(601);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.compare([5, 60], SOME);
    await world.sealed();
    expect((await world.state()).sealedBeforeMs).toBe(T0 + 7 * HOUR);
    await world.compare([5, 10, 60, 360]);
  });

  it('a topic that reaches three weeks back fills them, corrections on the way included', async () => {
    await open();
    world.advance(21 * 24 * 60);
    for (let day = 0; day < 21; day += 1) {
      const from = day * 1_440;
      for (let minute = from; minute < from + 1_440; minute += 20) world.produce(each(minute));
      // An hour late, within the retention of that time.
      world.produce(each(from + 1_370, { measures: [7, 7, 7, 7, 7, 7] }));
    }
    await world.deliver();
    await world.compare([5, 60], SOME);
    await world.sealed();
    await world.compare([5, 60], SOME);
  });

  it('a longer retention and a clock that was set back bring no record into a step that is sealed', async () => {
    await open();
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.sealed();
    const { sealedBeforeMs } = await world.state();
    await world.restart({ ...world.metric, retentionMs: 9 * HOUR });
    const write = world.store.write({
      metric: world.metric,
      topicId: world.metric.name,
      partition: 0,
      partitions: 1,
      fromOffset: 600,
      toOffset: 600,
      points: [
        {
          values: ['a'],
          startMs: sealedBeforeMs - MINUTE,
          endMs: sealedBeforeMs,
          measures: [1, 1, 1, 1, 1, 1],
          removed: false,
          keyHash: hashOf('a'),
          offset: 600,
          incarnation: 1,
        },
      ],
      maxEventMs: null,
      nowMs: clock.nowMs,
    });
    expect(await write).toMatchObject({ accepted: 0, expired: 1 });
    await world.compare([5, 60], SOME);
  });

  it('a tier that is added begins where its windows are, one that is taken away is gone', async () => {
    await open({ history: [TIERS[0]!] });
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.sealed();
    const { sealedBeforeMs } = await world.state();
    await world.restart({ ...world.metric, history: TIERS });
    expect((await world.state()).tiers.map(({ sinceMs }) => sinceMs)).toEqual([
      0,
      Math.ceil(sealedBeforeMs / HOUR) * HOUR,
    ]);
    await world.compare([5, 60], SOME);
    world.advance(180);
    world.produce(...minutes(600, 780));
    await world.deliver();
    await world.sealed();
    await world.compare([5, 60], SOME);
    await world.restart({ ...world.metric, history: [TIERS[1]!] });
    expect((await world.state()).tiers).toMatchObject([{ stepMs: HOUR }]);
    await world.restart({ ...world.metric, history: undefined as never });
    expect(await world.state()).toEqual({ sealedBeforeMs: 0, tiers: [] });
  });

  it('random schedules: every step of every tier is what its windows come to', async () => {
    await open();
    await runHistorySchedules(factory, 3);
  });
}
