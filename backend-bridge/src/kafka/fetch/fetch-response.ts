import fetchProtocol, { type FetchArguments } from 'kafkajs/src/protocol/requests/fetch';
import Decoder from 'kafkajs/src/protocol/decoder';
import decodeMessageSet from 'kafkajs/src/protocol/messageSet/decoder';
import { decodeRecordBatches, type Budget, type FetchedMessage } from './record-batch';

/**
 * Decoder of fetch responses that replaces kafkajs's, which decompresses a whole response without a bound and crashes
 * the consumer repeatedly on an unreadable batch. Here memory is bounded, and what cannot be read becomes a message
 * with a refusal.
 */

/** The newest version that kafkajs supports; all accepted brokers (2.8 and newer) have it. */
const VERSION = 11;
const MAGIC_AT = 16;
/** Most bytes kept per response: messages and the buffers they slice. The rest is read with the next request. */
const KEPT_BYTES = 67_108_864;
/** Most decompressed bytes per response, skipped records included; a batch in progress is read to its end. */
const UNPACKED_BYTES = 268_435_456;

interface Partition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly preferredReadReplica: number;
  messages: FetchedMessage[];
}

interface Unread {
  readonly topic: string;
  readonly partition: Partition;
  readonly records: Buffer;
}

/** Record sets of brokers before 0.11, decoded by kafkajs. An unreadable set is skipped as a whole. */
async function oldMessages(records: Buffer, from: number): Promise<FetchedMessage[]> {
  try {
    return (await decodeMessageSet(new Decoder(records), records.length)) as FetchedMessage[];
  } catch (error) {
    const offset = Math.max(from, Number(records.readBigInt64BE(0)));
    return [
      {
        offset: String(offset),
        timestamp: '-1',
        key: null,
        value: null,
        headers: {},
        attributes: 0,
        magicByte: 1,
        isControlRecord: false,
        batchContext: { producerId: '-1', inTransaction: false },
        refusal: {
          reason: 'batch_unreadable',
          message: `the records from offset ${from} to ${offset} cannot be read: ${(error as Error).message}`,
          firstOffset: from,
          bytes: records.length,
        },
      },
    ];
  }
}

let turn = 0;

/** Decodes a response. `offsetOf`: the fetch offset of its request by partition. */
async function decodeFetchResponse(
  raw: Buffer | { readonly buffer: Buffer },
  offsetOf: (topic: string, partition: number) => number,
): Promise<unknown> {
  const decoder = new Decoder(Buffer.isBuffer(raw) ? raw : raw.buffer);
  const clientSideThrottleTime = decoder.readInt32();
  const errorCode = decoder.readInt16();
  const sessionId = decoder.readInt32();
  const unread: Unread[] = [];
  const responses = decoder.readArray(() => {
    const topicName = decoder.readString() ?? '';
    const partitions = decoder.readArray((): Partition => {
      const partition: Partition = {
        partition: decoder.readInt32(),
        errorCode: decoder.readInt16(),
        highWatermark: String(decoder.readInt64()),
        lastStableOffset: String(decoder.readInt64()),
        lastStartOffset: String(decoder.readInt64()),
        abortedTransactions: decoder.readArray(() => ({
          producerId: String(decoder.readInt64()),
          firstOffset: String(decoder.readInt64()),
        })),
        preferredReadReplica: decoder.readInt32(),
        messages: [],
      };
      const records = decoder.readBytes();
      if (records !== null && records.length > MAGIC_AT)
        unread.push({ topic: topicName, partition, records });
      return partition;
    });
    return { topicName, partitions };
  });
  const budget: Budget = { kept: KEPT_BYTES, unpacked: UNPACKED_BYTES };
  // Rotates the first partition, so that one that uses up the budget does not starve the others.
  turn += 1;
  for (let i = 0; i < unread.length && budget.kept > 0 && budget.unpacked > 0; i += 1) {
    const { topic, partition, records } = unread[(turn + i) % unread.length]!;
    const from = offsetOf(topic, partition.partition);
    partition.messages =
      records[MAGIC_AT]! < 2
        ? await oldMessages(records, from)
        : await decodeRecordBatches(
            records,
            from,
            Number(partition.highWatermark),
            `${topic}/${partition.partition}`,
            budget,
          );
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses };
}

function offsets(topics: FetchArguments['topics']): (topic: string, partition: number) => number {
  const asked = new Map<string, number>();
  for (const { topic, partitions } of topics) {
    for (const { partition, fetchOffset } of partitions)
      asked.set(`${topic}/${partition}`, Number(fetchOffset));
  }
  return (topic, partition) => asked.get(`${topic}/${partition}`) ?? 0;
}

let installed = false;

/** Installs this decoder in kafkajs for every client of the process. */
export function readFetchResponses(): void {
  if (installed) return;
  installed = true;
  const protocol = fetchProtocol.protocol.bind(fetchProtocol);
  fetchProtocol.protocol = ({ version }) => {
    const make = protocol({ version });
    if (Number(version) !== VERSION) return make;
    return (request) => {
      const made = make(request);
      const offsetOf = offsets(request.topics);
      return { ...made, response: { ...made.response, decode: (raw) => decodeFetchResponse(raw, offsetOf) } };
    };
  };
}
