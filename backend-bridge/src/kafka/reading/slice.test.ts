import { deflateSync } from 'node:zlib';
import type { WriteBatch } from '../../domain/store';
import type { PointWrite } from '../../domain/point';
import { mapping, json, keyOf, START } from '../../decoding/decoding.test-support';
import { createRecordDecoder, type RecordDecoder } from '../../decoding/record-decoder';
import { decodeSlice, usesDefaultPartitioner } from './slice';
import type { MetricConsumer, SourceTopic } from './source-topic';

/** Key hash 4 belongs to partition 0 of 2, and to 1 of 3. */
const sourceTopic = (...layouts: number[]): SourceTopic =>
  ({
    consumers: [
      {
        incarnations: {
          incarnations: layouts.map((count, index) => ({ number: index + 1, starts: Array(count).fill(0) })),
        },
      },
    ],
  }) as unknown as SourceTopic;

const writes = (...keyHashes: number[]): WriteBatch[] => [
  { points: keyHashes.map((keyHash) => ({ keyHash }) as PointWrite) } as unknown as WriteBatch,
];

describe('the default partitioner', () => {
  it('is used when one of the partition counts explains the placement', () => {
    expect(usesDefaultPartitioner(sourceTopic(2), 0, writes(4, 6))).toBe(true);
    expect(usesDefaultPartitioner(sourceTopic(2, 3), 1, writes(4, 1))).toBe(true);
  });

  it('is not used when none does', () => {
    expect(usesDefaultPartitioner(sourceTopic(2), 1, writes(1, 4))).toBe(false);
    expect(usesDefaultPartitioner(sourceTopic(2, 3), 2, writes(4))).toBe(false);
  });

  it('ignores records without a key', () => {
    expect(usesDefaultPartitioner(sourceTopic(2), 1, writes(0))).toBe(true);
  });
});

describe('a slice', () => {
  const { metric } = mapping();
  const records = ['a', 'b', 'c'].map((name, offset) => ({
    key: keyOf(name, START),
    value: json({ N: offset }),
    offset,
    timestampMs: START,
  }));

  it('loses only the record on which a decoder throws', async () => {
    const whole = createRecordDecoder(mapping(), { schemas: null, onUnsafeInteger: () => undefined });
    const decoder: RecordDecoder = {
      decodeInto: (slice, record, incarnation, nowMs) => {
        if (record.offset === 1) throw new TypeError('cannot read the property of nothing');
        whole.decodeInto(slice, record, incarnation, nowMs);
      },
    };
    const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };
    const consumer: MetricConsumer = { metric, mapping: mapping(), decoder, incarnations };
    const of = { topic: 'topic', consumers: [consumer], defaultPartitioner: true } as unknown as SourceTopic;
    const slice = await decodeSlice(of, 0, { fromOffset: 0, toOffset: 2, records }, null, START, true);
    expect(slice.writes[0]?.points.map(({ offset }) => offset)).toEqual([0, 2]);
    expect(slice.deadLetters).toMatchObject([{ offset: 1, reason: 'decoder_failed' }]);
    expect(slice.deadLetters[0]?.message).toMatch(/cannot read the property of nothing/);
  });

  it('whose records unpack to much leaves turns to everything else', async () => {
    const glue = Buffer.concat([
      Buffer.from([3, 5]),
      Buffer.alloc(16),
      deflateSync(json({ N: 1 }).toString().padEnd(4_000_000)),
    ]);
    const file = {
      path: 'count.avsc',
      bytes: Buffer.from('{"type":"record","name":"C","fields":[{"name":"N","type":"long"}]}'),
    };
    const of = mapping({ value: { format: 'avro', schema: file, framing: 'glue' } });
    const decoder = createRecordDecoder(of, { schemas: null, onUnsafeInteger: () => undefined });
    const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };
    const consumers: MetricConsumer[] = [{ metric, mapping: of, decoder, incarnations }];
    const topic = { topic: 'topic', consumers, defaultPartitioner: true } as unknown as SourceTopic;
    const many = Array.from({ length: 300 }, (_, offset) => ({ ...records[0]!, value: glue, offset }));
    const range = { fromOffset: 0, toOffset: 299, records: many };
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const slice = await decodeSlice(topic, 0, range, null, START, true);
    clearImmediate(next);
    expect(slice.deadLetters).toHaveLength(300);
    expect(turns).toBeGreaterThan(3);
  });

  it('refuses windows in the future only where the clock is certain', async () => {
    const decoder = createRecordDecoder(mapping(), { schemas: null, onUnsafeInteger: () => undefined });
    const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };
    const of = {
      topic: 'topic',
      consumers: [{ metric, decoder, incarnations }],
      defaultPartitioner: true,
    } as unknown as SourceTopic;
    const range = { fromOffset: 0, toOffset: 2, records };
    const dayBefore = START - 86_400_000;
    const refused = await decodeSlice(of, 0, range, null, dayBefore, true);
    expect(refused.deadLetters.map(({ reason }) => reason)).toEqual(Array(3).fill('window_in_future'));
    const uncertain = await decodeSlice(of, 0, range, null, dayBefore, false);
    expect(uncertain.writes[0]?.points).toHaveLength(3);
  });
});
