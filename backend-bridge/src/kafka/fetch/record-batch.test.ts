import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { Undecodable } from '../../decoding/undecodable';
import { crc32c } from './crc32c';
import { decodeRecordBatches, type FetchedMessage } from './record-batch';
import { unpack, type Codec } from './unpack';
import { zstdFrame } from '../../../../tests/support/zstd-frame';

const CODEC_NUMBERS: Readonly<Record<Codec, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };
const MIB = 1_048_576;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value < 0 ? -value * 2 - 1 : value * 2;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}

interface Written {
  readonly key?: string | null;
  readonly value?: Buffer | string | null;
  readonly delta?: number;
  readonly headers?: readonly (readonly [string, string])[];
}

function recordBytes({ key = 'k', value = 'v', delta = 0, headers = [] }: Written): Buffer {
  const sized = (bytes: Buffer | string | null): Buffer =>
    bytes === null
      ? varint(-1)
      : Buffer.concat([varint(Buffer.byteLength(bytes)), Buffer.from(bytes as string)]);
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(5),
    varint(delta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [sized(name), sized(text)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** A record batch as a broker stores it; `body` in place of the compressed records. */
function batch(
  firstOffset: number,
  records: readonly Written[],
  codec: Codec = 'none',
  over: { body?: Buffer; count?: number; lastDelta?: number; attributes?: number } = {},
): Buffer {
  const plain = Buffer.concat(records.map((record, delta) => recordBytes({ delta, ...record })));
  const compress = {
    none: (b: Buffer) => b,
    gzip: gzipSync,
    snappy: compressSync,
    lz4: compressFrameSync,
    zstd: (b: Buffer) => b,
  };
  const body = over.body ?? compress[codec](plain);
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(firstOffset), 0);
  head.writeInt32BE(49 + body.length, 8);
  head[16] = 2;
  head.writeInt16BE(over.attributes ?? CODEC_NUMBERS[codec], 21);
  head.writeInt32BE(over.lastDelta ?? records.length - 1, 23);
  head.writeBigInt64BE(1_000n, 27);
  head.writeBigInt64BE(2_000n, 35);
  head.writeBigInt64BE(-1n, 43);
  head.writeInt32BE(over.count ?? records.length, 57);
  const whole = Buffer.concat([head, body]);
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17);
  return whole;
}

const plenty = () => ({ kept: 64 * MIB, unpacked: 256 * MIB });
const read = (records: Buffer, from = 0, budget = plenty(), logEnd = 1_000_000): Promise<FetchedMessage[]> =>
  decodeRecordBatches(records, from, logEnd, 'topic/0', budget);
const shown = (messages: readonly FetchedMessage[]): string[] =>
  messages.map(({ offset, value, refusal, isControlRecord }) =>
    isControlRecord ? `-${offset}` : `${offset}:${refusal?.reason ?? String(value)}`,
  );

/** What each codec makes of one piece; pieces one behind the other are one body. */
const PIECES: Readonly<Record<Exclude<Codec, 'none'>, { readonly head: Buffer; of(bytes: Buffer): Buffer }>> =
  {
    gzip: { head: Buffer.alloc(0), of: (bytes) => gzipSync(bytes) },
    lz4: { head: Buffer.alloc(0), of: (bytes) => compressFrameSync(bytes) },
    zstd: { head: Buffer.alloc(0), of: zstdFrame },
    // The header and the blocks of Java's producers.
    snappy: {
      head: Buffer.from('82534e41505059000000000100000001', 'hex'),
      of: (bytes) => {
        const block = compressSync(bytes);
        const length = Buffer.alloc(4);
        length.writeUInt32BE(block.length);
        return Buffer.concat([length, block]);
      },
    },
  };

/** A record of `size` zeros among others, in a body a hundred times smaller or more. */
function bomb(
  codec: Exclude<Codec, 'none'>,
  before: readonly Written[],
  after: readonly Written[],
  size: number,
): Buffer {
  const { head, of } = PIECES[codec];
  const zeros = of(Buffer.alloc(MIB));
  const delta = before.length;
  // Everything before and after the value's bytes.
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(5),
    varint(delta),
    varint(1),
    Buffer.from('b'),
    varint(size),
  ]);
  const begin = Buffer.concat([
    ...before.map((each, d) => recordBytes({ delta: d, ...each })),
    varint(body.length + size + 1),
    body,
  ]);
  const end = Buffer.concat([
    varint(0),
    ...after.map((each, d) => recordBytes({ delta: delta + 1 + d, ...each })),
  ]);
  return Buffer.concat([head, of(begin), ...Array<Buffer>(size / MIB).fill(zeros), of(end)]);
}

/** What the work resolves to, and how many turns the event loop had meanwhile. */
async function countTurns<T>(work: Promise<T>): Promise<{ readonly result: T; readonly turns: number }> {
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  try {
    return { result: await work, turns };
  } finally {
    clearImmediate(next);
  }
}

describe('crc32c', () => {
  it('matches the standard', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });
});

describe('record batches', () => {
  it.each(['none', 'gzip', 'snappy', 'lz4'] as const)('are read: %s', async (codec) => {
    const records = [
      {
        key: 'a',
        value: '1',
        headers: [
          ['h', 'x'],
          ['h', 'y'],
          ['__proto__', 'z'],
        ] as const,
      },
      { key: null, value: null },
      { value: 'x'.repeat(200_000) },
    ];
    const messages = await read(batch(7, records, codec));
    expect(messages.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([
      ['7', '1005'],
      ['8', '1005'],
      ['9', '1005'],
    ]);
    expect(messages[0]).toMatchObject({ key: Buffer.from('a'), value: Buffer.from('1'), refusal: null });
    expect(Object.entries(messages[0]!.headers).map(([name, value]) => [name, String(value)])).toEqual([
      ['h', 'x,y'],
      ['__proto__', 'z'],
    ]);
    expect(messages[1]).toMatchObject({ key: null, value: null });
    expect(messages[2]!.value).toHaveLength(200_000);
  });

  /** A record before its headers. */
  const KEY_AND_VALUE = [
    Buffer.from([0]),
    varint(5),
    varint(0),
    varint(1),
    Buffer.from('k'),
    varint(1),
    Buffer.from('v'),
  ];

  it('with damaged headers are refused where these are read, and are records otherwise', async () => {
    for (const headers of [
      [varint(1), varint(50), Buffer.from('x')],
      [varint(1), varint(1), Buffer.from('x'), varint(-2)],
      [varint(2), varint(1), Buffer.from('x'), varint(-1), Buffer.from([0x80])],
    ]) {
      const record = Buffer.concat([...KEY_AND_VALUE, ...headers]);
      const body = Buffer.concat([varint(record.length), record]);
      const [message] = await read(batch(0, [{}], 'none', { body }));
      expect(String(message!.value)).toBe('v');
      expect(() => message!.headers).toThrow(Undecodable);
      expect(() => message!.headers).toThrow(/^the record's headers are damaged: /);
    }
  });

  it('have null for a header without a value', async () => {
    const record = Buffer.concat([
      ...KEY_AND_VALUE,
      varint(3),
      varint(1),
      Buffer.from('a'),
      varint(-1),
      varint(1),
      Buffer.from('a'),
      varint(1),
      Buffer.from('x'),
      varint(0),
      varint(0),
    ]);
    const body = Buffer.concat([varint(record.length), record]);
    const [message] = await read(batch(0, [{}], 'none', { body }));
    expect(message!.headers).toEqual({ a: [null, Buffer.from('x')], '': Buffer.alloc(0) });
  });

  it('decode a thousand headers of a record, however many it has', async () => {
    const headers = Array.from({ length: 10_000 }, (_, i) => ['h', String(i)] as const);
    const [message] = await read(batch(0, [{ headers }]));
    const before = process.cpuUsage();
    expect(message!.headers['h']).toHaveLength(1_000);
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });

  it('return messages from the requested offset', async () => {
    const two = Buffer.concat([
      batch(0, [{}, { value: 'b' }, { value: 'c' }], 'gzip'),
      batch(3, [{ value: 'd' }]),
    ]);
    expect(shown(await read(two, 2))).toEqual(['2:c', '3:d']);
    expect(shown(await read(two.subarray(0, two.length - 1), 2))).toEqual(['2:c']);
  });

  it('report their last offset when compaction removed the last records', async () => {
    expect(shown(await read(batch(0, [{}, {}], 'none', { lastDelta: 9 }), 5))).toEqual(['-9']);
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'that unpack to gigabytes keep what stands beside the bomb, and everything else its turns: %s',
    async (codec) => {
      const body = bomb(codec, [{ value: 'good' }], [{ value: 'too' }], 600 * MIB);
      const before = process.memoryUsage.rss();
      const work = read(batch(0, [], codec, { body, count: 3, lastDelta: 2 }));
      const { result: messages, turns } = await countTurns(work);
      expect(shown(messages)).toEqual(['0:good', '1:record_too_large', '2:too']);
      expect(messages[1]).toMatchObject({ key: Buffer.from('b'), refusal: { firstOffset: 1 } });
      expect(messages[1]!.refusal!.bytes).toBeGreaterThan(600 * MIB);
      expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MIB);
      expect(turns).toBeGreaterThan(20);
    },
  );

  it('leave turns while a zstd frame with a large window is unpacked', async () => {
    // One frame of 32 MiB of zeros, all of it its window, in a kilobyte: blocks of one repeated byte.
    const size = Buffer.alloc(4);
    size.writeUInt32LE(32 * MIB);
    const block = Buffer.from([0x02, 0x00, 0x10, 0x00]);
    const blocks = Array<Buffer>(256).fill(block);
    blocks[255] = Buffer.from([0x03, 0x00, 0x10, 0x00]);
    const body = Buffer.concat([Buffer.from('28b52ffda0', 'hex'), size, ...blocks]);
    const pieces = async (): Promise<number[]> => {
      const lengths: number[] = [];
      for await (const piece of unpack('zstd', body)) lengths.push(piece.length);
      return lengths;
    };
    const { result, turns } = await countTurns(pieces());
    expect(result).toEqual(Array<number>(256).fill(131_072));
    expect(turns).toBeGreaterThan(20);
  });

  /** Blocks of literals in a frame that says they may need each other, as python-lz4 writes it. */
  const linkedLz4 = (bytes: Buffer): Buffer => {
    const blocks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 60_000) {
      const literals = bytes.subarray(at, at + 60_000);
      const more = literals.length - 15;
      const token = Buffer.alloc(2 + Math.floor(more / 255), 0xff);
      token[0] = 0xf0;
      token[token.length - 1] = more % 255;
      const size = Buffer.alloc(4);
      size.writeUInt32LE(token.length + literals.length);
      blocks.push(size, token, literals);
    }
    return Buffer.concat([Buffer.from('04224d184040c0', 'hex'), ...blocks, Buffer.alloc(4)]);
  };

  it('are read where the blocks of LZ4 need each other, and hardly compress', async () => {
    const values = Array.from({ length: 4 }, () => randomBytes(100_000).toString('hex'));
    const plain = Buffer.concat(values.map((value, delta) => recordBytes({ delta, value })));
    const messages = await read(batch(0, [], 'lz4', { body: linkedLz4(plain), count: 4, lastDelta: 3 }));
    expect(messages.map(({ value }) => values.indexOf(String(value)))).toEqual([0, 1, 2, 3]);
  });

  it('with more records than the budget allows are read in several responses', async () => {
    const records = Array.from({ length: 2_000 }, (_, n) => ({ value: `${n}`.padEnd(1_000) }));
    const whole = batch(0, records, 'gzip');
    const values: string[] = [];
    let goes = 0;
    for (let from = 0; from < 2_000; goes += 1) {
      const messages = await read(whole, from, { kept: 500_000, unpacked: 256 * MIB });
      values.push(...messages.map(({ value }) => String(value).trim()));
      from = Number(messages.at(-1)!.offset) + 1;
    }
    expect(values).toEqual(records.map((_, n) => `${n}`));
    expect(goes).toBe(5);
  });

  const zstdWindow = Buffer.concat([
    Buffer.from('28b52ffd', 'hex'),
    Buffer.from([0x00, 0xff]),
    Buffer.alloc(20),
  ]);
  it.each<[string, Codec, Buffer]>([
    ['no gzip', 'gzip', Buffer.from('not compressed at all')],
    ['gzip cut off', 'gzip', gzipSync(Buffer.alloc(1_000)).subarray(0, 12)],
    ['a snappy block that says it is 4 GiB', 'snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2])],
    ['no LZ4', 'lz4', Buffer.from('not compressed at all')],
    ['no zstd', 'zstd', Buffer.from('not compressed at all')],
    ['a zstd window of terabytes', 'zstd', zstdWindow],
    ['a record of a negative length', 'none', Buffer.from([1, 1, 1])],
    ['a record longer than its batch', 'none', Buffer.concat([varint(1_000), Buffer.alloc(20)])],
    ['a number without an end', 'none', Buffer.alloc(40, 0xff)],
  ])('with %s become one message with a refusal', async (_, codec, body) => {
    const bad = batch(1, [], codec, { body, count: 3, lastDelta: 2 });
    const messages = await read(Buffer.concat([batch(0, [{}]), bad, batch(4, [{}])]));
    expect(shown(messages)).toEqual(['0:v', '3:batch_unreadable', '4:v']);
    expect(messages[1]!.refusal).toMatchObject({ firstOffset: 1 });
  });

  it('with an unknown compression become one message', async () => {
    const bad = batch(1, [{}], 'none', { attributes: 6 });
    expect(shown(await read(Buffer.concat([bad, batch(2, [{}])])))).toEqual(['1:batch_unreadable', '2:v']);
  });

  it('with a wrong checksum are fetched once more, then skipped', async () => {
    const bad = batch(1, [{}, {}]);
    bad[bad.length - 3]! ^= 0x40;
    const three = Buffer.concat([batch(0, [{}]), bad, batch(3, [{}])]);
    expect(shown(await read(three))).toEqual(['0:v']);
    expect(shown(await read(three, 1))).toEqual(['2:batch_unreadable', '3:v']);
  });

  it('appended after the broker had looked up the log end are read with the next response', async () => {
    const two = Buffer.concat([batch(0, [{}]), batch(1, [{}, {}])]);
    expect(shown(await read(two, 0, plenty(), 1))).toEqual(['0:v']);
    expect(shown(await read(two, 1, plenty(), 3))).toEqual(['1:v', '2:v']);
    // And again, when the same offset is read a second time.
    expect(shown(await read(two, 1, plenty(), 1))).toEqual([]);
    expect(shown(await read(two, 1, plenty(), 3))).toEqual(['1:v', '2:v']);
  });

  it('with a damaged header are fetched once more, then skipped at one offset', async () => {
    const bad = batch(1, [{}]);
    bad.writeInt32BE(-1, 8);
    const two = Buffer.concat([batch(0, [{}]), bad]);
    expect(shown(await read(two))).toEqual(['0:v']);
    expect(shown(await read(two, 1))).toEqual(['1:batch_unreadable']);
  });

  it('of arbitrary bytes return messages in order, and never throw', async () => {
    const some = batch(10, [{ key: 'a' }, { value: 'b'.repeat(50) }, { value: null }]);
    const packed = batch(13, [{ key: 'a' }, { value: 'b'.repeat(500) }], 'gzip');
    const whole = Buffer.concat([some, packed, batch(15, [{}], 'lz4')]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        async (changes) => {
          const changed = Buffer.from(whole);
          for (const [at, byte] of changes) changed[at] = byte;
          // With valid checksums, so that decoding reaches the changed bytes.
          for (let at = 0; at + 61 <= changed.length;) {
            const end = at + 12 + changed.readInt32BE(at + 8);
            if (end <= at + 61 || end > changed.length) break;
            changed.writeUInt32BE(crc32c(changed.subarray(at + 21, end)), at + 17);
            at = end;
          }
          const offsets = (await read(changed, 10)).map(({ offset }) => Number(offset));
          expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
          expect(offsets.every((offset) => offset >= 10)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
