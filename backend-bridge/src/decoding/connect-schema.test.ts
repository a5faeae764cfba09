import fc from 'fast-check';
import { decode, json, keyOf, mapping, reasonOf, START, type Over } from './decoding.test-support';

/** Output of Kafka Connect's JsonConverter with `schemas.enable=true`. */

const key = keyOf('gold', START);
const DECIMAL = 'org.apache.kafka.connect.data.Decimal';
const struct = (...fields: object[]): object => ({ type: 'struct', fields, optional: false });
const connect = (schema: object | null, payload: unknown): Buffer => json({ schema, payload });
const read = (value: Buffer, over: Over = {}) => decode(mapping(over), { key, value });

describe('{schema, payload}', () => {
  it('is read as its payload', () => {
    const schema = struct({ field: 'N', type: 'int64', optional: false });
    expect(read(connect(schema, { N: 5 })).measures).toEqual([5]);
    expect(read(connect(null, { N: 5 })).measures).toEqual([5]);
    const bare = { measures: [{ path: [], optional: false }] };
    expect(read(connect({ type: 'int64', optional: false }, 7), bare).measures).toEqual([7]);
  });

  it('stays as it is where the mapping names payload, or there is more in the value', () => {
    const named = { measures: [{ path: ['payload', 'N'], optional: false }] };
    expect(read(connect(struct(), { N: 5 }), named).measures).toEqual([5]);
    expect(read(json({ schema: 'v1', payload: 'x', N: 6 })).measures).toEqual([6]);
  });

  it.each([
    [DECIMAL, { scale: '2' }, 'AN8=', 2.23],
    [DECIMAL, { scale: '2' }, '/zg=', -2],
    [DECIMAL, { scale: '2' }, 2.23, 2.23],
    [DECIMAL, null, 'AQ==', 1],
    ['io.debezium.data.VariableScaleDecimal', null, { scale: 1, value: 'AN8=' }, 22.3],
  ])('%s %j %j is %d', (name, parameters, written, number) => {
    const schema = struct({ field: 'N', type: 'bytes', name, version: 1, parameters });
    expect(read(connect(schema, { N: written })).measures).toEqual([number]);
  });

  it.each([
    ['org.apache.kafka.connect.data.Timestamp', START],
    ['io.debezium.time.Timestamp', START],
    ['io.debezium.time.MicroTimestamp', START * 1_000],
    ['io.debezium.time.NanoTimestamp', START * 1_000_000],
  ])('%s has its own unit', (name, at) => {
    const schema = struct({ field: 'N', type: 'int64' }, { field: 'at', type: 'int64', name, version: 1 });
    const point = read(connect(schema, { N: 1, at }), {
      start: { from: 'field', in: 'value', path: ['at'], unit: 's' },
    });
    expect(point.startMs).toBe(START);
  });

  it('a date is the start of its day', () => {
    const schema = struct({ field: 'day', type: 'int32', name: 'io.debezium.time.Date', version: 1 });
    const point = read(connect(schema, { N: 1, day: 19_675 }), {
      start: { from: 'field', in: 'value', path: ['day'], unit: 'ms' },
    });
    expect(point.startMs).toBe(Date.UTC(2023, 10, 14));
  });

  it('is a key too', () => {
    const of = mapping({
      key: { format: 'json', windowed: 'none' },
      start: { from: 'timestamp' },
      dimensions: [{ in: 'key', path: ['id'] }],
    });
    const written = connect(struct({ field: 'id', type: 'int32' }), { id: 7 });
    expect(decode(of, { key: written, value: json({ N: 1 }) }).values).toEqual(['7']);
  });

  it('any schema and payload are a point or a refusal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue({ maxDepth: 5 }), (fields, payload) => {
        const schema = { type: 'struct', fields };
        expect(reasonOf(mapping(), { key, value: json({ schema, payload }) })).toMatch(/^[a-z_]+$/);
      }),
    );
    const deep = `{"schema":${'{"type":"struct","fields":[{"field":"a"}],"x":'.repeat(5_000)}1${'}'.repeat(5_000)},"payload":{"N":1}}`;
    expect(reasonOf(mapping(), { key, value: Buffer.from(deep) })).toBe('decoded');
  });
});
