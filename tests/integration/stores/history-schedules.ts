import fc from 'fast-check';
import { MINUTE, T0 } from '../../support/history-windows';
import { compareRange } from './history-answers';
import { HistoryWorld, tieredMetric, type Logged } from './history-world';
import type { StoreFactory } from './store-rig';

/** Random schedules of what may happen to a store with history. */

const HOUR = 60 * MINUTE;

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

const finite = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const number = fc.oneof(
  { weight: 27, arbitrary: finite },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, -0) },
);
const records = fc.record({
  kind: fc.constant('records' as const),
  records: fc.array(
    fc.record({
      series: fc.nat(2),
      age: fc.oneof({ weight: 6, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(400) }),
      removed: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      // Nothing is counted infinitely often.
      measures: fc
        .tuple(
          fc.array(fc.option(number, { nil: undefined, freq: 8 }), { minLength: 5, maxLength: 5 }),
          fc.option(finite, { nil: undefined, freq: 8 }),
        )
        .map(([values, count]) => [...values, count]),
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

/** `ranges`: compares summaries and shifted ranges too. */
export async function runHistorySchedules(
  factory: StoreFactory,
  runs: number,
  { seed, ranges = false }: { readonly seed?: number; readonly ranges?: boolean } = {},
): Promise<void> {
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
        if (ranges)
          for (const [from, to] of [
            [0, 48],
            [2, 6],
          ] as const)
            await compareRange(world, from, to);
      } finally {
        await under.close();
      }
    }),
    { numRuns: runs, endOnFailure: true, ...(seed !== undefined && { seed }) },
  );
}
