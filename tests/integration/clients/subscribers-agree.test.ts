import { runSubscribers, SELECTIONS } from './subscribers-agree';

/** Who stays connected, and who comes and goes at random, ends with the same points as a query. */

test('subscribers end with what a query says, while late events come in', async () => {
  const outcome = await runSubscribers({ seed: 1, seconds: 10, restless: 4, kills: 0 });
  expect(outcome.faults).toEqual([]);
  expect(outcome.compared).toBe(5 * SELECTIONS.length);
  // It was no quiet run: much was told, points were taken away and came back, clients came and went.
  expect(outcome.updates).toBeGreaterThan(100);
  expect(outcome.removals).toBeGreaterThan(0);
  expect(outcome.connections).toBeGreaterThan(12);
  expect(outcome.steady.connections).toBe(1);
  expect([...outcome.steady.series.values()].map(({ snapshots }) => snapshots)).toEqual(
    SELECTIONS.filter(({ selectors }) => selectors['events'] !== true).map(() => 1),
  );
  expect(outcome.steady.events.get('alerts')!.updates).toBeGreaterThan(0);
});

test('the same with a bridge that is killed twice in between', async () => {
  const outcome = await runSubscribers({ seed: 2, seconds: 10, restless: 3, kills: 2 });
  expect(outcome.faults).toEqual([]);
  expect(outcome.compared).toBe(4 * SELECTIONS.length);
  expect(outcome.steady.connections).toBeGreaterThanOrEqual(3);
  expect(outcome.updates).toBeGreaterThan(50);
});
