import { decode, json, mapping, MINUTE, refusalOf, START, type Over } from './decoding.test-support';

/** What Debezium, and Flink's debezium-json, write: the row is in `after`. */

const event = (op: string, before: object | null, after: object | null): object => ({ before, after, op });
const keyed: Over = {
  key: { format: 'json', windowed: 'none' },
  start: { from: 'field', in: 'key', path: ['at'], unit: 'ms' },
  dimensions: [{ in: 'key', path: ['shop'] }],
  measures: [{ path: ['after', 'cnt'], optional: false }],
};
const key = json({ shop: 'berlin', at: START });
const read = (value: object, over: Over = keyed) => decode(mapping(over), { key, value: json(value) });

describe('change events', () => {
  it('set the point of their row', () => {
    expect(read(event('c', null, { cnt: 7 }))).toMatchObject({ measures: [7], removed: false });
    expect(read(event('u', { cnt: 7 }, { cnt: 8 }))).toMatchObject({ measures: [8], removed: false });
    expect(read(event('r', null, { cnt: 9 }))).toMatchObject({ measures: [9], removed: false });
  });

  it('remove it with a delete', () => {
    const deleted = read(event('d', { cnt: 7 }, null));
    expect(deleted).toMatchObject({
      values: ['berlin'],
      startMs: START,
      measures: [undefined],
      removed: true,
    });
    expect(read(event('d', null, null)).removed).toBe(true);
    const optional = { ...keyed, measures: [{ path: ['AFTER', 'cnt'], optional: true }] };
    expect(read(event('d', { cnt: 7 }, null), optional).removed).toBe(true);
  });

  it('are read within another envelope', () => {
    const inPayload = { ...keyed, measures: [{ path: ['payload', 'after', 'cnt'], optional: false }] };
    expect(read({ payload: event('d', { cnt: 7 }, null) }, inPayload).removed).toBe(true);
    expect(read({ schema: null, payload: event('d', { cnt: 7 }, null) }).removed).toBe(true);
  });

  it('say which point goes by the row as it was before, where the key does not', () => {
    const inRow: Over = {
      key: { format: 'none', windowed: 'none' },
      start: { from: 'field', in: 'value', path: ['after', 'at'], unit: 'ms' },
      dimensions: [{ in: 'value', path: ['after', 'shop'] }],
      measures: [{ path: ['after', 'cnt'], optional: false }],
    };
    const row = { shop: 'rome', at: START + MINUTE, cnt: 3 };
    expect(read(event('d', row, null), inRow)).toMatchObject({
      values: ['rome'],
      startMs: START + MINUTE,
      removed: true,
    });
    const refused = refusalOf(mapping(inRow), { key, value: json(event('d', { cnt: 3 }, null)) });
    expect(refused.reason).toBe('tombstone_incomplete');
    expect(refused.message).toMatch(/no after.shop in "before".*REPLICA IDENTITY FULL/);
  });

  it('that are about no row are dead letters', () => {
    expect(refusalOf(mapping(keyed), { key, value: json({ op: 't' }) }).message).toMatch(/truncated/);
    expect(refusalOf(mapping(keyed), { key, value: json({ op: 'm', message: {} }) }).reason).toBe(
      'value_malformed',
    );
  });

  it('mark a deleted row where they are flattened', () => {
    const flat = { ...keyed, measures: [{ path: ['cnt'], optional: false }] };
    expect(read({ cnt: 7, __deleted: 'false' }, flat)).toMatchObject({ measures: [7], removed: false });
    expect(read({ cnt: 7, __deleted: 'true' }, flat).removed).toBe(true);
  });

  it('are none where the mapping reads something else than the row', () => {
    const other = { ...keyed, measures: [{ path: ['n'], optional: false }] };
    expect(read({ n: 1, op: 'd', after: null }, other)).toMatchObject({ measures: [1], removed: false });
  });
});
