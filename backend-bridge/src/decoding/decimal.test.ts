import { parse } from 'protobufjs';
import { decode, json, keyOf, mapping, refusalOf, START } from './decoding.test-support';
import type { RegisteredSchema, SchemaSource } from './format';

/** Decimals that no number holds, or that are damaged: refused where a mapping reads them, with the true reason. */

const key = keyOf('gold', START);
const FRAME = Buffer.from([0, 0, 0, 0, 1]);
const registry = (type: RegisteredSchema['type'], text: string): SchemaSource => ({
  known: () => ({ type, text, references: [] }),
});
const zigzag = (length: number): Buffer => {
  const wide = length * 2;
  return wide < 128 ? Buffer.from([wide]) : Buffer.from([(wide & 127) | 128, wide >> 7]);
};

interface Case {
  readonly format: 'json' | 'avro' | 'protobuf';
  /** A record with N: 5 and this decimal as D. */
  write(unscaled: Buffer, scale: number): { readonly value: Buffer; readonly schemas?: SchemaSource };
}

const cases: readonly Case[] = [
  {
    format: 'json',
    write: (unscaled, scale) => ({
      value: json({
        schema: {
          type: 'struct',
          fields: [
            { field: 'N', type: 'int64' },
            {
              field: 'D',
              type: 'bytes',
              name: 'org.apache.kafka.connect.data.Decimal',
              parameters: { scale: String(scale) },
            },
          ],
        },
        payload: { N: 5, D: unscaled.toString('base64') },
      }),
    }),
  },
  {
    format: 'avro',
    write: (unscaled, scale) => ({
      value: Buffer.concat([FRAME, Buffer.from([10]), zigzag(unscaled.length), unscaled]),
      schemas: registry(
        'AVRO',
        JSON.stringify({
          type: 'record',
          name: 'R',
          fields: [
            { name: 'N', type: 'long' },
            { name: 'D', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale } },
          ],
        }),
      ),
    }),
  },
  {
    format: 'protobuf',
    write: (unscaled, scale) => {
      const text =
        'syntax = "proto3"; import "confluent/type/decimal.proto"; message R { int64 N = 1; confluent.type.Decimal D = 2; }';
      const { root } = parse(
        'syntax = "proto3"; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; } message R { int64 N = 1; Decimal D = 2; }',
        { keepCase: true },
      );
      const body = root
        .lookupType('R')
        .encode({ N: 5, D: { value: unscaled, scale } })
        .finish();
      return { value: Buffer.concat([FRAME, Buffer.from([0]), body]), schemas: registry('PROTOBUF', text) };
    },
  },
];

describe.each(cases)('in $format', ({ format, write }) => {
  const of = (field: string) => mapping({ value: { format }, measures: [{ path: [field], optional: true }] });
  const read = (field: string, unscaled: Buffer, scale: number) => {
    const { value, schemas } = write(unscaled, scale);
    return decode(of(field), { key, value }, schemas).measures[0];
  };

  it('are numbers, with a negative scale too', () => {
    expect(read('D', Buffer.from([0, 0xdf]), 2)).toBe(2.23);
    if (format !== 'avro') expect(read('D', Buffer.from([0xff]), -3)).toBe(-1_000);
    expect(read('D', Buffer.alloc(0), 2)).toBe(0);
  });

  it.each([
    ['375 bytes', Buffer.alloc(375, 1), 2],
    ['scale 999', Buffer.from([1]), 999],
  ])('of %s are refused as such, and only where they are mapped', (what, unscaled, scale) => {
    const { value, schemas } = write(unscaled, scale);
    const refused = refusalOf(of('D'), { key, value }, schemas === undefined ? {} : { schemas });
    expect(refused).toMatchObject({
      reason: 'not_a_number',
      message: `D is a decimal of ${what}, not a number`,
    });
    const label = mapping({
      value: { format },
      measures: [{ path: ['N'], optional: true }],
      dimensions: [{ in: 'value', path: ['D'] }],
    });
    expect(refusalOf(label, { key, value }, schemas === undefined ? {} : { schemas }).reason).toBe(
      'bad_label',
    );
    expect(read('N', unscaled, scale)).toBe(5);
  });
});

it.each(['12.50', 'Z=Z', 'A', '=', 'AQ===', ' AQ==', '-_8='])(
  '%j is not a decimal in base64, and not another number',
  (written) => {
    const { value } = cases[0]!.write(Buffer.alloc(0), 2);
    const damaged = Buffer.from(value.toString().replace('"D":""', `"D":"${written}"`));
    expect(
      refusalOf(mapping({ measures: [{ path: ['D'], optional: true }] }), { key, value: damaged }),
    ).toMatchObject({
      reason: 'not_a_number',
      message: `D is ${JSON.stringify(written)}, as no decimal is in base64, not a number`,
    });
  },
);
