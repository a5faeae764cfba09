import { DeadLetterTally } from '../dead-letter-tally';
import type { DeadLetter } from '../dead-letters';
import { LogThrottle } from '../log-throttle';
import { json, keyOf, mapping, START } from '../../decoding/decoding.test-support';
import { createRecordDecoder } from '../../decoding/record-decoder';
import type { WriteBatch, WriteOutcome } from '../../domain/store';
import {
  PartitionProcessor,
  type PartitionBatch,
  type PartitionProcessorDependencies,
} from './partition-processor';
import type { SourceTopic } from './source-topic';

const RECORDS = 20;
const BAD = 13;

/** A store that fails on the point of one offset like a bug would, and accepts everything else in order. */
function processorOver(fails: (offset: number) => boolean, overCap: readonly number[] = []) {
  const warnings: object[] = [];
  const stored: number[] = [];
  const letters: DeadLetter[] = [];
  let applied = -1;
  const write = async ({ points, fromOffset, toOffset }: WriteBatch): Promise<WriteOutcome> => {
    if (fromOffset > applied + 1) return { kind: 'gap', neededOffset: applied + 1 };
    if (points.some(({ offset }) => fails(offset))) throw new RangeError('an offset outside of the buffer');
    stored.push(...points.map(({ offset }) => offset));
    applied = Math.max(applied, toOffset);
    const counts = { ignored: 0, expired: 0, corrected: 0, conflicts: [], overCap };
    return { kind: 'applied', accepted: points.length, ...counts };
  };
  const nothing = (): void => undefined;
  const decoder = createRecordDecoder(mapping(), { schemas: null, onUnsafeInteger: nothing });
  const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };
  const sourceTopic = {
    topic: 'topic',
    consumers: [{ metric: mapping().metric, decoder, incarnations }],
    records: 0,
    deadLetters: new DeadLetterTally(),
    overCapLog: new LogThrottle(() => 0),
    lastRecordMs: null,
    defaultPartitioner: true,
  } as unknown as SourceTopic;
  const dependencies = {
    store: { write, checkReady: async () => undefined },
    registry: null,
    deadLetters: { write: async (of: readonly DeadLetter[]) => void letters.push(...of) },
    growth: { isTopicCurrent: async () => true },
    log: { debug: nothing, info: nothing, warn: (fields: object) => warnings.push(fields), error: nothing },
    telemetry: { storeLatency: nothing, recordsRead: nothing, pointsWritten: nothing, hopFailed: nothing },
    clock: () => START,
  } as unknown as PartitionProcessorDependencies;
  const control = { pause: nothing, resume: nothing, seek: nothing, identityLost: nothing };
  const processor = new PartitionProcessor(sourceTopic, 0, 0, 0, 0, control, dependencies);
  const messages = Array.from({ length: RECORDS }, (_, offset) => ({
    key: keyOf(`k${offset}`, START),
    value: json({ N: offset }),
    offset: String(offset),
    timestamp: String(START),
  }));
  const batch = {
    messages,
    lastOffset: RECORDS - 1,
    active: () => true,
    done: nothing,
    heartbeat: async () => undefined,
  } as unknown as PartitionBatch;
  return { processor, sourceTopic, batch, stored, letters, warnings };
}

describe('a write that the store fails on', () => {
  it('loses only the failing record', async () => {
    const { processor, sourceTopic, batch, stored, letters } = processorOver((offset) => offset === BAD);
    await processor.take(batch);
    expect(processor.pausedBy).toBeNull();
    expect(processor.next).toBe(RECORDS);
    expect(stored).toEqual(Array.from({ length: RECORDS }, (_, i) => i).filter((i) => i !== BAD));
    expect(letters).toMatchObject([{ offset: BAD, reason: 'decoder_failed' }]);
    expect([...sourceTopic.deadLetters.byReason]).toEqual([['decoder_failed', 1]]);
    expect(sourceTopic.deadLetters.last).toMatchObject({ offset: BAD, metric: 'test', timeMs: START });
    processor.end();
  });

  it('loses nothing when the failure was transient', async () => {
    let faults = 0;
    const { processor, batch, stored, letters } = processorOver(
      (offset) => offset === BAD && (faults += 1) <= 5,
    );
    await processor.take(batch);
    expect(new Set(stored).size).toBe(RECORDS);
    expect(letters).toEqual([]);
    processor.end();
  });
});

describe('a metric that has reached max_series', () => {
  it('is named once in ten seconds, not for every slice', async () => {
    const { processor, batch, warnings } = processorOver(() => false, [0, 1]);
    await processor.take(batch);
    await processor.take({
      ...batch,
      messages: batch.messages.map((message, i) => ({ ...message, offset: String(RECORDS + i) })),
      lastOffset: 2 * RECORDS - 1,
    });
    expect(processor.next).toBe(2 * RECORDS);
    expect(warnings).toEqual([{ metric: 'test', records: 2 }]);
  });
});
