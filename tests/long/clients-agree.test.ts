import { runSubscribers, SELECTIONS } from '../integration/clients/subscribers-agree';

test.each([11, 12, 13, 14, 15])(
  'subscribers agree with a query through twelve kills of the bridge (seed %d)',
  async (seed) => {
    const outcome = await runSubscribers({ seed, seconds: 60, restless: 8, kills: 12 });
    const { compared, updates, connections, removals, events } = outcome;
    console.log(JSON.stringify({ seed, compared, updates, connections, removals, events }));
    expect(outcome.faults).toEqual([]);
    expect(compared).toBe(9 * SELECTIONS.length);
  },
  240_000,
);
