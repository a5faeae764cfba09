import fc from 'fast-check';
import { shuffled } from '../testing/shuffled';
import { conditionsOf } from './event-conditions';
import { EventStore } from './event-store';
import { LogicalClock } from './point-store';
import type { StreamEvent } from './stream-message';

const eventOf = (changes: Partial<StreamEvent>): StreamEvent => ({
  id: 'e1',
  time_ms: 100,
  end_ms: 200,
  first_seen_ms: 100,
  updated_ms: 150,
  severity: 'warning',
  message: 'High activity',
  labels: { user_id: 'u1' },
  value: 101,
  revision: 1,
  state: 'open',
  ...changes,
});
const EVERYTHING = { fromMs: -Infinity, toMs: Infinity };

test('whatever the order of messages and answers, of each event the last version is known', () => {
  const versions = fc.array(fc.tuple(fc.nat(4), fc.nat(200)), { maxLength: 40 });
  fc.assert(
    fc.property(versions, fc.nat(), (list, seed) => {
      const written = list.map(([id, value], index) =>
        eventOf({ id: `e${id}`, time_ms: id, value, revision: index + 1 }),
      );
      const last = new Map(written.map((event) => [event.id, event]));
      const store = new EventStore(new LogicalClock());
      for (const event of shuffled([...written, ...written], seed)) store.apply([event]);
      const expected = [...last.values()].sort((a, b) => b.time_ms - a.time_ms);
      expect(store.between(EVERYTHING)).toEqual(expected);
    }),
  );
});

test('an event that is resolved without a new revision is resolved, and does not open again', () => {
  const store = new EventStore(new LogicalClock());
  store.apply([eventOf({ state: 'open' })]);
  store.apply([eventOf({ state: 'resolved' })]);
  store.apply([eventOf({ state: 'open' })]);
  expect(store.between(EVERYTHING).map(({ state }) => state)).toEqual(['resolved']);
});

test('the version grows only with a change', () => {
  const store = new EventStore(new LogicalClock());
  store.apply([eventOf({ revision: 5 })]);
  const { version } = store;
  store.apply([eventOf({ revision: 5 }), eventOf({ revision: 4, value: 7 })]);
  expect(store.version).toBe(version);
  store.apply([eventOf({ revision: 6 })]);
  expect(store.version).toBeGreaterThan(version);
});

test('a span holds what begins in it, its end not included', () => {
  const store = new EventStore(new LogicalClock());
  store.apply([1, 2, 3].map((time) => eventOf({ id: `e${time}`, time_ms: time })));
  expect(store.between({ fromMs: 2, toMs: 3 }).map(({ id }) => id)).toEqual(['e2']);
  store.trim(2);
  expect(store.size).toBe(2);
});

test('in a new store epoch what the stream sends wins, and what the store lacks goes with its answer', () => {
  const store = new EventStore(new LogicalClock());
  store.apply([eventOf({ id: 'gone', revision: 900 }), eventOf({ id: 'kept', revision: 900, value: 1 })]);
  store.forgetRevisions();
  store.apply([eventOf({ id: 'kept', revision: 1, value: 2 })]);
  expect(store.size).toBe(2);
  store.dropForgotten();
  expect(store.between(EVERYTHING).map(({ id, value }) => [id, value])).toEqual([['kept', 2]]);
});

test('an answer that is as long as its limit says nothing about older events', () => {
  const clock = new LogicalClock();
  const store = new EventStore(clock);
  const [one, two, three, four] = [1, 2, 3, 4].map((time) => eventOf({ id: `e${time}`, time_ms: time }));
  store.apply([one!, two!, three!, four!]);
  const ids = () => store.between(EVERYTHING).map(({ id }) => id);
  store.merge([four!, two!], EVERYTHING, clock.now, conditionsOf({ refId: 'A', limit: 2 }));
  expect(ids()).toEqual(['e4', 'e2', 'e1']);
  store.merge([four!], EVERYTHING, clock.now, conditionsOf({ refId: 'A', limit: 2 }));
  expect(ids()).toEqual(['e4']);
});

test('of more than ten thousand events the newest are kept', () => {
  const store = new EventStore(new LogicalClock());
  store.apply(Array.from({ length: 10_500 }, (_, i) => eventOf({ id: `e${i}`, time_ms: i })));
  expect(store.size).toBe(10_000);
  expect(store.between(EVERYTHING).at(-1)?.time_ms).toBe(500);
});
