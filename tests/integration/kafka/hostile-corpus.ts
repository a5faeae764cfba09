/** Records that nobody would write on purpose, between good ones, by a seed: what must not stop a partition. */
import kafkajs, { type CompressionTypes as Compression, type Message } from 'kafkajs';
import { codecs, registerCodecs } from '../../../backend-bridge/src/kafka/codecs';
import type { KafkaBroker } from '../../support/kafka';
import { createRandom } from '../../support/seeded-random';
import { zstdFrame } from '../../support/zstd-frame';

const MINUTE = 60_000;
const MIB = 1_048_576;
const SERIES = 200;
const BATCH = 150;
export const AVRO_SCHEMA = {
  type: 'record',
  name: 'Count',
  fields: [
    { name: 'N', type: 'long' },
    {
      name: 'tags',
      type: { type: 'map', values: { type: 'array', items: ['null', 'string', 'double'] } },
      default: {},
    },
  ],
} as const;
export const AVRO_SCHEMA_ID = 7;

type Random = () => number;
type Mutation = (random: Random, nowMs: number) => Pick<Message, 'key' | 'value'>;

function windowedKey(inner: Buffer | string, startMs: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(startMs));
  return Buffer.concat([Buffer.from(inner as string), bytes]);
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const someBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => below(random, 256)));
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const badKey =
  (make: (random: Random, nowMs: number) => Buffer | null): Mutation =>
  (random, nowMs) => ({
    key: make(random, nowMs),
    value: '{"N":1}',
  });
const badValue =
  (make: (random: Random) => Buffer | string): Mutation =>
  (random, nowMs) => ({
    key: windowedKey('bad', nowMs),
    value: make(random),
  });

const JSON_MUTATIONS: readonly Mutation[] = [
  badKey(() => null),
  badKey((random) => someBytes(random, below(random, 8))),
  badKey((random) => Buffer.concat([someBytes(random, 12), Buffer.from([0x7f, 1, 1, 1, 1, 1, 1, 1])])),
  badKey((_, nowMs) => windowedKey('bad', -nowMs)),
  badKey((_, nowMs) => windowedKey('bad', nowMs + 48 * 60 * MINUTE)),
  badKey((random, nowMs) => windowedKey('bad', nowMs + 1 + below(random, MINUTE - 1))),
  badKey((_, nowMs) => windowedKey(Buffer.from([0xff, 0xfe]), nowMs)),
  badKey((random, nowMs) => windowedKey('b'.repeat(1_025 + below(random, 50_000)), nowMs)),
  badValue((random) => `{"N":${nested(1_000 + below(random, 20_000))}}`),
  badValue((random) => `{"N":${'9'.repeat(400 + below(random, 20_000))}}`),
  badValue((random) => `{"N":"${'1'.repeat(below(random, 50_000))}x"}`),
  badValue(() => '{"N":1e400}'),
  badValue(() => '\ufeff{"N":1}'),
  badValue(() => '{"__proto__":{"N":1}}'),
  badValue(() => '[{"N":1}]'),
  badValue(() => ''),
  badValue((random) => '{"N":1,"rest":"'.padEnd(16 + below(random, 5_000), 'x')),
  badValue((random) => Buffer.concat([Buffer.from([0xff]), someBytes(random, below(random, 400))])),
];

const avroFrame = (id: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, body]);
};
const zigzag = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
};
const AVRO_MUTATIONS: readonly Mutation[] = [
  badValue((random) => someBytes(random, below(random, 5))),
  badValue((random) => avroFrame(0x80000000 + below(random, 1_000_000), Buffer.from([2, 0]))),
  badValue((random) => avroFrame(10_000 + below(random, 20), Buffer.from([2, 0]))),
  badValue((random) =>
    avroFrame(AVRO_SCHEMA_ID, Buffer.concat([zigzag(1), zigzag(2 ** (20 + below(random, 30)))])),
  ),
  badValue((random) =>
    avroFrame(AVRO_SCHEMA_ID, Buffer.concat([zigzag(1), Buffer.alloc(below(random, 3_000), 0xff)])),
  ),
  badValue(() =>
    avroFrame(
      AVRO_SCHEMA_ID,
      Buffer.concat([zigzag(1), zigzag(1), zigzag(1), Buffer.from('t'), zigzag(2 ** 33), Buffer.alloc(50)]),
    ),
  ),
];

export interface HostileCorpus {
  /** Number of each good point, by `series@start`. */
  readonly good: ReadonlyMap<string, number>;
  /** Offsets that must each be in one dead letter. */
  readonly bad: ReadonlySet<number>;
  readonly records: number;
}

export interface CorpusOptions {
  readonly topic: string;
  readonly format: 'json' | 'avro';
  readonly seed: number;
  readonly records: number;
  /** One batch in so many holds a value of some MiB that compresses to almost nothing, beside good records. */
  readonly bombEvery: number;
  readonly bombMiB: number;
  /** A multiple of a minute. */
  readonly nowMs: number;
}

const { CompressionCodecs, CompressionTypes } = kafkajs;
const { None, GZIP, Snappy, LZ4, ZSTD } = CompressionTypes;
const CODECS = [None, GZIP, Snappy, LZ4, ZSTD];
const BOMB_CODECS = [GZIP, Snappy, LZ4, ZSTD];
/** Snappy makes at best 3 bytes of 64, and brokers take batches of 1 MiB. */
const SNAPPY_BOMB_MIB = 16;

/** Writes a corpus into partition 0 of an empty topic. */
export async function writeHostileCorpus(kafka: KafkaBroker, options: CorpusOptions): Promise<HostileCorpus> {
  registerCodecs();
  // The bridge itself never writes zstd.
  CompressionCodecs[ZSTD] = () => ({
    ...codecs.zstd,
    compress: async ({ buffer }: { readonly buffer: Buffer }) => zstdFrame(buffer),
  });
  const { topic, format, records, nowMs } = options;
  const random = createRandom(options.seed);
  const mutations = format === 'json' ? JSON_MUTATIONS : AVRO_MUTATIONS;
  const good = new Map<string, number>();
  const bad = new Set<number>();
  const producer = kafka.client().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let bombs = 0;
  try {
    for (let offset = 0, batch = 0; offset < records; batch += 1) {
      const messages: Message[] = [];
      const bomb = batch % options.bombEvery === options.bombEvery - 1 ? below(random, BATCH) : -1;
      const compression: Compression = (
        bomb >= 0 ? BOMB_CODECS[bombs++ % BOMB_CODECS.length] : CODECS[batch % CODECS.length]
      )!;
      const bombMiB = compression === Snappy ? Math.min(options.bombMiB, SNAPPY_BOMB_MIB) : options.bombMiB;
      for (let i = 0; i < BATCH && offset < records; i += 1, offset += 1) {
        const headers =
          i === 3 ? Object.fromEntries(Array.from({ length: 300 }, (_, h) => [`h${h}`, 'x'])) : {};
        const place = { partition: 0, headers, timestamp: String(nowMs) };
        if (i === bomb) {
          bad.add(offset);
          messages.push({
            ...place,
            key: windowedKey('bad', nowMs),
            value: Buffer.alloc(bombMiB * MIB, 32),
          });
        } else if (random() < 0.5) {
          bad.add(offset);
          messages.push({ ...place, ...mutations[below(random, mutations.length)]!(random, nowMs) });
        } else {
          const startMs = nowMs - Math.floor(offset / SERIES) * MINUTE;
          const name = `s${offset % SERIES}`;
          good.set(`${name}@${startMs}`, offset);
          const value =
            format === 'json'
              ? `{"N":${offset}}`
              : avroFrame(AVRO_SCHEMA_ID, Buffer.concat([zigzag(offset), Buffer.from([0])]));
          messages.push({ ...place, key: windowedKey(name, startMs), value });
        }
      }
      await producer.send({ topic, compression, messages, acks: -1 });
    }
  } finally {
    await producer.disconnect();
  }
  return { good, bad, records };
}
