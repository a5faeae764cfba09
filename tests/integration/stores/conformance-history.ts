import type { Metric } from '../../../backend-bridge/src/domain/metric';
import { historyMetric, MINUTE, T0 } from '../../support/history-windows';
import { compareRange } from './history-answers';
import { runHistorySchedules } from './history-schedules';
import { HistoryWorld, TIERS, tieredMetric, type Logged } from './history-world';
import { hashOf, type StoreFactory } from './store-rig';
import { eventually } from '../../support/waiting';

/** Steps that stay when their windows have left the retention. */

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Measures for a comparison after the full one: between them they read four of the six packed columns. */
const SOME = ['value', 'mean'];

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
    await eventually(async () =>
      expect((await world.state()).tiers[0]).toMatchObject({ steps: 0, bytes: 0 }),
    );
    await eventually(async () => expect(await world.store.listSeries(world.metric)).toEqual([]));
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
    // A week earlier, and across the boundary.
    await compareRange(world, 7 * 24, 14 * 24);
    await compareRange(world, 20 * 24, 21 * 24 - 1);
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

  it('an average whose sum and count the mapping names later is what its windows come to', async () => {
    const { measures } = historyMetric();
    const before = measures.map((one) =>
      one.name === 'mean' ? { ...one, sumFrom: null, countFrom: null } : one,
    );
    await open({ measures: before });
    world.advance(600);
    world.produce(...minutes(0, 600));
    await world.deliver();
    await world.sealed();
    await world.restart({ ...world.metric, measures });
    await world.compare([5, 60], SOME);
    // The last block is packed again, with windows of the new mapping.
    world.advance(180);
    world.produce(...minutes(600, 780));
    await world.deliver();
    await world.sealed();
    await world.compare([5, 60], SOME);
  });

  it('random schedules: every step of every tier is what its windows come to', async () => {
    await open();
    await runHistorySchedules(factory, 3);
  });
}
