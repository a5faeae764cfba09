import {
  decode,
  decodeAll,
  json,
  mapping,
  MINUTE,
  refusalOf,
  START,
  type Over,
} from './decoding.test-support';

/** Events of Debezium and Flink's debezium-json, with the row in `after`. */

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

  describe('that move a row', () => {
    const inRow: Over = {
      key: { format: 'json', windowed: 'none' },
      start: { from: 'field', in: 'value', path: ['after', 'at'], unit: 'ms' },
      dimensions: [{ in: 'value', path: ['after', 'shop'] }],
      measures: [{ path: ['after', 'cnt'], optional: false }],
    };
    const rome = { shop: 'rome', at: START, cnt: 3 };
    const pointsOf = (value: object, over = inRow) =>
      decodeAll(mapping(over), { key, value: json(value) }).map(({ values, startMs, removed, measures }) => ({
        values,
        startMs,
        removed,
        measures,
      }));
    const set = { values: ['oslo'], startMs: START, removed: false, measures: [4] };

    it('to other labels remove the point that it had', () => {
      expect(pointsOf(event('u', rome, { ...rome, shop: 'oslo', cnt: 4 }))).toEqual([
        { values: ['rome'], startMs: START, removed: true, measures: [undefined] },
        set,
      ]);
    });

    it('to another window too', () => {
      expect(pointsOf(event('u', { ...rome, at: START - MINUTE }, rome))).toEqual([
        { values: ['rome'], startMs: START - MINUTE, removed: true, measures: [undefined] },
        { values: ['rome'], startMs: START, removed: false, measures: [3] },
      ]);
    });

    it('keep the digits of long labels', () => {
      const long = (id: string, cnt: number): string => `{"shop":${id},"at":${START},"cnt":${cnt}}`;
      const value = `{"op":"u","before":${long('9007199254740993', 1)},"after":${long('9007199254740997', 2)}}`;
      const points = decodeAll(mapping(inRow), { key, value: Buffer.from(value) });
      expect(points.map(({ values }) => values[0])).toEqual(['9007199254740993', '9007199254740997']);
      const deleted = `{"op":"d","before":${long('9007199254740993', 1)},"after":null}`;
      expect(decode(mapping(inRow), { key, value: Buffer.from(deleted) }).values).toEqual([
        '9007199254740993',
      ]);
    });

    it.each([
      ['without before', null],
      ['with the key alone in before', { shop: null, at: null, cnt: null }],
      ['with part of the columns in before', { cnt: 3 }],
    ])('%s set the new point only', (_, before) => {
      expect(pointsOf(event('u', before, { ...rome, shop: 'oslo', cnt: 4 }))).toEqual([set]);
    });

    it('nowhere set one point', () => {
      expect(pointsOf(event('u', rome, { ...rome, cnt: 4 }))).toHaveLength(1);
      expect(pointsOf(event('u', rome, { ...rome, shop: 'oslo', cnt: 4 }), keyed)).toHaveLength(1);
    });
  });

  it('that are about no row are dead letters', () => {
    expect(refusalOf(mapping(keyed), { key, value: json({ op: 't' }) }).message).toMatch(/truncated/);
    expect(refusalOf(mapping(keyed), { key, value: json({ op: 'm', message: {} }) }).reason).toBe(
      'value_malformed',
    );
  });

  it('are followed by a tombstone, which says nothing more', () => {
    const inRow = { ...keyed, dimensions: [{ in: 'value', path: ['after', 'shop'] }] } as const;
    expect(decodeAll(mapping(inRow), { key: json({ id: 3 }), value: null })).toEqual([]);
    expect(decodeAll(mapping(keyed), { key, value: null })).toMatchObject([{ removed: true }]);
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
