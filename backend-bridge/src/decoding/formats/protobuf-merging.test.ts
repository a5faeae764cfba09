import { decode, keyOf, mapping, START } from '../decoding.test-support';
import { framed, registry, write } from './protobuf.test-support';

/** Messages that were joined, byte by byte: Protobuf merges their fields, and later ones win. */

const key = keyOf('gold', START);
const read = (value: Buffer, ...paths: string[]) =>
  decode(
    mapping({
      value: { format: 'protobuf' },
      measures: paths.map((path) => ({ path: path.split('.'), optional: true })),
    }),
    { key, value: framed(value) },
    registry,
  ).measures;
const label = (value: Buffer, path: string): string =>
  decode(
    mapping({
      value: { format: 'protobuf' },
      measures: [{ path: ['count'], optional: true }],
      dimensions: [{ in: 'value', path: path.split('.') }],
    }),
    { key, value: framed(value) },
    registry,
  ).values[0]!;

it('a message within is merged, not replaced', () => {
  const joined = Buffer.concat([
    write({ previous: { count: 1, total: 2.5, place: { city: 'Oslo' } } }),
    write({ previous: { count: 7, previous: { count: 9 } } }),
  ]);
  expect(read(joined, 'previous.count', 'previous.total', 'previous.previous.count')).toEqual([7, 2.5, 9]);
  expect(label(joined, 'previous.place.city')).toBe('Oslo');
});

it('lists and maps go on, and an entry of a map is replaced', () => {
  const joined = Buffer.concat([
    write({ packed: [1, 2], by_till: { a: 1, b: 2 }, places: { 1: { city: 'Oslo' } } }),
    write({ packed: [3], by_till: { b: 5 }, places: { 1: {} } }),
  ]);
  expect(read(joined, 'packed.2', 'by_till.a', 'by_till.b')).toEqual([3, 1, 5]);
  expect(label(joined, 'places.1.city')).toBe('');
});

it('of a oneof only the last field is set', () => {
  const joined = Buffer.concat([write({ name: 'a' }), write({ number: 5 })]);
  expect(label(joined, 'name')).toBe('');
  expect(read(joined, 'number')).toEqual([5]);
  const back = Buffer.concat([write({ number: 5 }), write({ name: 'a' })]);
  expect(label(back, 'name')).toBe('a');
  expect(read(back, 'number')).toEqual([undefined]);
});

it('well-known messages are the last of them', () => {
  const joined = Buffer.concat([write({ average: { value: 1 } }), write({ average: { value: 2 } })]);
  expect(read(joined, 'average')).toEqual([2]);
});

it('one message does not change the next', () => {
  const of = mapping({
    value: { format: 'protobuf' },
    measures: [
      { path: ['previous', 'count'], optional: true },
      { path: ['previous', 'total'], optional: true },
    ],
  });
  const first = { key, value: framed(write({ previous: { count: 1, total: 2.5 } })) };
  const next = { key, value: framed(write({ previous: { count: 4 } })) };
  expect(decode(of, first, registry, undefined, next).measures).toEqual([4, 0]);
});
