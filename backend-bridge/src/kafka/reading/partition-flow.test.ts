import type { DeadLetter } from '../dead-letters';
import { json, keyOf, mapping, START } from '../../decoding/decoding.test-support';
import { createRecordDecoder } from '../../decoding/record-decoder';
import type { WriteBatch, WriteOutcome } from '../../domain/store';
import { PartitionFlow, type FlowBatch, type FlowTools } from './partition-flow';
import type { TopicFeed } from './topic-feed';

const RECORDS = 20;
const BAD = 13;

/** A store that fails on one offset's point as by a defect, and takes everything else in order. */
function flowOver(fails: (offset: number) => boolean) {
  const stored: number[] = [];
  const letters: DeadLetter[] = [];
  let applied = -1;
  const write = async ({ points, fromOffset, toOffset }: WriteBatch): Promise<WriteOutcome> => {
    if (fromOffset > applied + 1) return { kind: 'gap', neededOffset: applied + 1 };
    if (points.some(({ offset }) => fails(offset))) throw new RangeError('an offset outside of the buffer');
    stored.push(...points.map(({ offset }) => offset));
    applied = Math.max(applied, toOffset);
    const counts = { ignored: 0, expired: 0, corrected: 0, conflicts: [], overCap: [] };
    return { kind: 'applied', accepted: points.length, ...counts };
  };
  const nothing = (): void => undefined;
  const decoder = createRecordDecoder(mapping(), { schemas: null, onUnsafeInteger: nothing });
  const incarnations = { topicId: 'id', partitions: 1, incarnations: [{ number: 1, starts: [0] }] };
  const feed = {
    topic: 'topic',
    lanes: [{ metric: mapping().metric, decoder, incarnations }],
    records: 0,
    deadLetters: 0,
    lastRecordMs: null,
    javaPlaced: true,
  } as unknown as TopicFeed;
  const tools = {
    store: { write, checkReady: async () => undefined },
    registry: null,
    deadLetters: { write: async (of: readonly DeadLetter[]) => void letters.push(...of) },
    growth: { holds: async () => true },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    telemetry: { storeLatency: nothing, recordsRead: nothing, pointsWritten: nothing, hopFailed: nothing },
    clock: () => START,
  } as unknown as FlowTools;
  const control = { pause: nothing, resume: nothing, seek: nothing, identityLost: nothing };
  const flow = new PartitionFlow(feed, 0, 0, 0, 0, control, tools);
  const messages = Array.from({ length: RECORDS }, (_, offset) => ({
    key: keyOf(`k${offset}`, START),
    value: json({ N: offset }),
    offset: String(offset),
    timestamp: String(START),
  }));
  const batch = {
    messages,
    lastOffset: RECORDS - 1,
    wanted: () => true,
    done: nothing,
    heartbeat: async () => undefined,
  } as unknown as FlowBatch;
  return { flow, batch, stored, letters };
}

describe('a write that the store fails on', () => {
  it('costs only the record at fault', async () => {
    const { flow, batch, stored, letters } = flowOver((offset) => offset === BAD);
    await flow.take(batch);
    expect(flow.hold).toBeNull();
    expect(flow.next).toBe(RECORDS);
    expect(stored).toEqual(Array.from({ length: RECORDS }, (_, i) => i).filter((i) => i !== BAD));
    expect(letters).toMatchObject([{ offset: BAD, reason: 'decoder_failed' }]);
    flow.end();
  });

  it('costs none where it was a passing fault', async () => {
    let faults = 0;
    const { flow, batch, stored, letters } = flowOver((offset) => offset === BAD && (faults += 1) <= 5);
    await flow.take(batch);
    expect(new Set(stored).size).toBe(RECORDS);
    expect(letters).toEqual([]);
    flow.end();
  });
});
