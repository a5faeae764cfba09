import { json, keyOf, mapping, MINUTE, START, tumbling, type Over } from '../decoding/decoding.test-support';
import type { SampledRecord } from '../decoding/topic-sample';
import { outcomeOf } from './mapping-outcome';

/** What `--check` says of faults that no single record shows. */

interface Row {
  readonly key?: Buffer | string | null;
  readonly value?: unknown;
  /** Of the timestamp, from START. */
  readonly at?: number;
  readonly partition?: number;
}

const rows = (count: number, row: (i: number) => Row): SampledRecord[] =>
  Array.from({ length: count }, (_, offset) => {
    const { key = keyOf('berlin', START), value = { N: 1 }, at = offset, partition = 0 } = row(offset);
    return {
      partition,
      offset,
      key: typeof key === 'string' ? Buffer.from(key) : key,
      value: value === null ? null : json(value),
      timestampMs: START + at,
    };
  });

const outcome = (over: Over, records: readonly SampledRecord[], nowMs = START) =>
  outcomeOf(mapping(over), { records, partitions: 3 }, null, nowMs);

const inKey = { from: 'field', in: 'key', path: ['w'], unit: 'ms' } as const;
const plain: Over = { key: { format: 'json', windowed: 'none' }, start: inKey };
const shopKey = (i: number, more: object = {}): string =>
  JSON.stringify({ shop: 'berlin', w: START + i * MINUTE, ...more });
const optional = [
  { path: ['N'], optional: false },
  { path: ['paid'], optional: true },
];
const eventTime = { from: 'field', in: 'value', path: ['seen_at'], unit: 'ms' } as const;

it.each<[about: string, over: Over, row: (i: number) => Row, warning: string]>([
  [
    'a dimension that no value has',
    { dimensions: [{ in: 'value', path: ['zone'] }] },
    () => ({ value: { N: 1, shop: 'a', zone_id: 'z' } }),
    'dimension d0 is empty: none of the 12 newest records has `zone` (or it is null) in its value; it has N, shop, zone_id; did you mean `zone_id`?',
  ],
  [
    'a dimension that is null in each',
    { dimensions: [{ in: 'value', path: ['zone'] }] },
    () => ({ value: { N: 1, zone: null } }),
    'dimension d0 is empty: none of the 12 newest records has `zone` (or it is null) in its value',
  ],
  [
    'a dimension that is in the key',
    { ...plain, dimensions: [{ in: 'value', path: ['shop'] }] },
    (i) => ({ key: shopKey(i) }),
    'dimension d0 is empty: none of the 12 newest records has `shop` (or it is null) in its value; the key has it: say `{ key: shop }`',
  ],
  [
    'a dimension that is in the value',
    { ...plain, dimensions: [{ in: 'key', path: ['zone'] }] },
    (i) => ({ key: shopKey(i), value: { N: 1, zone: 'z' } }),
    'dimension d0 is empty: none of the 12 newest records has `zone` (or it is null) in its key; the value has it: say `{ value: zone }`',
  ],
  [
    'a dimension of a key without it',
    { ...plain, dimensions: [{ in: 'key', path: ['city'] }] },
    (i) => ({ key: shopKey(i) }),
    'dimension d0 is empty: none of the 12 newest records has `city` (or it is null) in its key; it has shop, w',
  ],
  [
    'an optional measure that no value has',
    { measures: optional },
    () => ({ value: { N: 1, payd: 3 } }),
    'measure m1 has no number: none of the 12 newest records has `paid` (or it is null); it has N, payd; did you mean `payd`?',
  ],
  [
    'a start that does not move',
    { ...plain, dimensions: [{ in: 'key', path: ['shop'] }] },
    (i) => ({ key: shopKey(0), at: i * MINUTE }),
    'all 12 newest records are of the window that starts at 2023-11-14T22:14:00.000Z, and were written between 2023-11-14T22:14:00.000Z and 2023-11-14T22:25:00.000Z: is `w` the start of their windows?',
  ],
  [
    'an event time that no value has',
    { eventTime },
    () => ({ value: { N: 1, seen: START } }),
    'the event time is missing: none of the 12 newest records has `seen_at` (or it is null), so windows become final by the clock only; it has N, seen; did you mean `seen`?',
  ],
  [
    'an event time that does not move',
    { ...plain, dimensions: [{ in: 'key', path: ['shop'] }], eventTime },
    (i) => ({ key: shopKey(i), value: { N: 1, seen_at: START } }),
    'the event time `seen_at` is 2023-11-14T22:14:00.000Z in all 12 newest records, and their windows differ: is it the time of the event?',
  ],
  [
    'values that are all refused',
    {},
    () => ({ value: { N: 'many' } }),
    'none of the 12 newest records becomes a point',
  ],
  [
    'tombstones only',
    {},
    () => ({ value: null }),
    'all 12 newest records are tombstones (records without a value), which do not show whether values can be read',
  ],
])('%s', (_, over, row, warning) => {
  expect(outcome(over, rows(12, row)).warnings).toEqual([warning]);
});

it('windows whose retention is over', () => {
  const { warnings, expired } = outcome(
    {},
    rows(2, () => ({})),
    START + 2 * 86_400_000,
  );
  expect(expired).toBe(2);
  expect(warnings).toEqual([
    'no point of all 2 newest records would be stored, because its retention is over: set a longer `retention`; the newest was written at 2023-11-14T22:14:00.001Z',
  ]);
});

const ids: Over = { dimensions: [{ in: 'value', path: ['id'] }] };
const idRow = (id: (i: number) => unknown) => (i: number) => ({
  key: keyOf(`k${i}`, START + (i % 5) * MINUTE),
  value: { N: 1, id: id(i) },
});

it('a dimension that is an id: other labels in each window', () => {
  expect(
    outcome(
      ids,
      rows(
        60,
        idRow((i) => `id-${i}`),
      ),
    ).warnings,
  ).toEqual([
    'dimension d0 has other labels in each window, such as "id-59": if it is the id of a row or of a request, leave it out; each label is a series, and at most 1000 are stored (max_series)',
  ]);
});

it.each<[about: string, over: Over, records: SampledRecord[]]>([
  [
    'labels that return',
    ids,
    rows(
      60,
      idRow((i) => `shop-${i % 29}`),
    ),
  ],
  [
    'few records',
    ids,
    rows(
      9,
      idRow((i) => i),
    ),
  ],
  [
    'many labels in one window',
    ids,
    rows(60, (i) => ({ key: keyOf(`k${i}`, START), value: { N: 1, id: i } })),
  ],
  ['a label that some records lack', ids, rows(12, (i) => ({ value: { N: 1, id: i === 3 ? 'a' : null } }))],
  [
    'a measure that some records lack',
    { measures: optional },
    rows(12, (i) => ({ value: { N: 1, ...(i === 3 && { paid: 1 }) } })),
  ],
  [
    'one window, corrected for an hour, with as long a grace',
    { window: { ...tumbling, graceMs: 60 * MINUTE } },
    rows(12, (i) => ({ at: i * 5 * MINUTE })),
  ],
])('nothing of %s', (_, over, records) => {
  expect(outcome(over, records).warnings).toEqual([]);
});

describe('points of several keys', () => {
  it('become dead letters, as the bridge makes of them', () => {
    const records = rows(6, (i) => ({ key: shopKey(i >> 1, { line: i % 2 }) }));
    const found = outcome({ ...plain, dimensions: [{ in: 'key', path: ['shop'] }] }, records);
    expect(found).toMatchObject({ points: 3, deadLetters: [{ reason: 'conflict', count: 3, offset: 5 }] });
    expect(found.deadLetters[0]!.message).toMatch(/map that part to a dimension$/);
  });

  it('of several partitions, without a key, too', () => {
    const over: Over = {
      key: { format: 'none', windowed: 'none' },
      start: { ...inKey, in: 'value' },
      dimensions: [{ in: 'value', path: ['shop'] }],
    };
    const records = rows(4, (i) => ({ key: null, partition: i % 2, value: { N: i, shop: 'a', w: START } }));
    const found = outcome(over, records);
    expect(found).toMatchObject({ points: 2, deadLetters: [{ reason: 'conflict', count: 2 }] });
    expect(found.deadLetters[0]!.message).toMatch(/produce them with a key$/);
  });
});
