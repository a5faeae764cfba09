import { json, keyOf, mapping, START } from '../decoding/decoding.test-support';
import type { SampledRecord } from '../decoding/topic-sample';
import { outcomeOf } from './mapping-outcome';

const MINUTE = 60_000;

const record = (offset: number, over: Partial<SampledRecord>): SampledRecord => ({
  partition: 0,
  offset,
  key: keyOf('berlin', START),
  value: json({ N: offset }),
  timestampMs: START + 1_000,
  ...over,
});

describe('what records become', () => {
  it('points, removals, dead letters by reason, late and expired ones, and their newest values', () => {
    const records = [
      record(0, {}),
      record(1, { value: json({ N: 'many' }) }),
      record(2, { value: json({ N: 'more' }), partition: 1 }),
      record(3, { key: keyOf('berlin', START + MINUTE), timestampMs: START + 2 * MINUTE }),
      record(4, {}),
      record(5, { key: keyOf('paris', START), value: null }),
      record(6, { key: Buffer.from('x') }),
    ];
    const found = outcomeOf(mapping(), { records, partitions: 2 }, null, START + 86_400_000 + MINUTE);
    expect(found).toMatchObject({ records: 7, points: 3, removals: 1, late: 2, expired: 3, problem: null });
    expect(found.deadLetters.map(({ reason, count, offset }) => [reason, count, offset])).toEqual([
      ['not_a_number', 2, 2],
      ['key_length', 1, 6],
    ]);
    expect(found.series).toEqual([
      { labels: { d0: 'berlin' }, times: [START, START + MINUTE], values: [4, 3] },
    ]);
  });
});
