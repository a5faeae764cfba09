import { Partitioners, type ICustomPartitioner, type Kafka, type Message, type Producer } from 'kafkajs';
import { murmur2 } from '../decoding/murmur2';
import { within, withDeadline } from '../domain/deadline';
import { UnavailableError } from '../domain/errors';
import { homePartition } from '../domain/revision';
import type { Log, Telemetry } from '../domain/telemetry';
import type { Undecodable } from '../decoding/undecodable';
import { LONGEST_MESSAGE } from './dead-letter-tally';
import { LogThrottle } from './log-throttle';

/** A record that produced no point, with its position. */
export interface DeadLetter {
  readonly metric: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Equals `offset`, unless the letter covers several records that cannot be separated. */
  readonly lastOffset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Bytes of the record, or of the rest of its batch, that were not read. Null: all were read. */
  readonly unreadBytes: number | null;
  readonly reason: Undecodable['reason'];
  readonly message: string;
}

export interface DeadLetterWriter {
  /**
   * Resolves when all are acknowledged. Rejects with UnavailableError; the call can be repeated, and no letter is
   * counted twice.
   */
  write(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

const BATCH = 200;
/**
 * Most key and value bytes per request and per letter, which with headers fits the default `max.message.bytes` of 1
 * MiB. Larger records are written without their bytes, with the size in a header.
 */
const BATCH_BYTES = 900_000;
const DEADLINE_MS = 6_000;
const CLOSE_MS = 1_000;

const bytesOf = ({ key, value }: DeadLetter): number => (key?.length ?? 0) + (value?.length ?? 0);

function headersOf(letter: DeadLetter): Record<string, string> {
  const { offset, lastOffset, unreadBytes } = letter;
  return {
    reason: letter.reason,
    message: letter.message.slice(0, LONGEST_MESSAGE),
    topic: letter.topic,
    partition: String(letter.partition),
    offset: String(offset),
    ...(lastOffset === offset ? {} : { last_offset: String(lastOffset) }),
    metric: letter.metric,
    timestamp: String(letter.timestampMs),
    ...(unreadBytes === null ? {} : { value_bytes: String(unreadBytes), value_left_out: 'true' }),
  };
}

function toMessage(letter: DeadLetter): Message {
  if (bytesOf(letter) > BATCH_BYTES) return withoutBytes(letter);
  return { key: letter.key, value: letter.value, headers: headersOf(letter) };
}

/** The letter without key and value bytes, for records above the dead-letter topic's limit. */
function withoutBytes(letter: DeadLetter): Message {
  const left = {
    key_bytes: String(letter.key?.length ?? 0),
    value_bytes: String(letter.unreadBytes ?? letter.value?.length ?? 0),
    value_left_out: 'true',
  };
  return { key: null, value: null, headers: { ...headersOf(letter), ...left } };
}

/**
 * Places keys as Java producers do. The partitioner of kafkajs does the same, but in time that grows with the square of
 * the key's length: it blocks the event loop for 20 s over a key of 200 KB.
 */
export const createPartitioner: ICustomPartitioner = () => {
  const kafkajsPartitioner = Partitioners.DefaultPartitioner();
  return (placed) => {
    const { key } = placed.message;
    if (!Buffer.isBuffer(key)) return kafkajsPartitioner(placed);
    return homePartition(murmur2(key), placed.partitionMetadata.length);
  };
};

/** Splits letters into requests. */
function* batches(letters: readonly DeadLetter[]): Generator<readonly DeadLetter[]> {
  let batch: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const whole = bytesOf(letter);
    const size = whole > BATCH_BYTES ? 0 : whole;
    if (batch.length === BATCH || (batch.length > 0 && bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** The first letter of each topic and reason, and how many there are. */
function byTopicAndReason(letters: readonly DeadLetter[]): [first: DeadLetter, count: number][] {
  const groups = new Map<string, [DeadLetter, number]>();
  for (const letter of letters) {
    const key = `${letter.topic} ${letter.reason}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [letter, 1]);
    else group[1] += 1;
  }
  return [...groups.values()];
}

/** Writes undecodable records to the dead-letter topic with acks=all, before the reader moves past them. */
export function createDeadLetterWriter(
  client: Kafka,
  topic: string,
  dependencies: { readonly log: Log; readonly telemetry: Telemetry },
  throttle = new LogThrottle(),
): DeadLetterWriter {
  const { log, telemetry } = dependencies;
  let producer: Producer | null = null;

  const close = async (): Promise<void> => {
    const open = producer;
    producer = null;
    if (open === null) return;
    await within(open.disconnect(), CLOSE_MS).catch(() => undefined);
  };

  const connected = async (): Promise<Producer> => {
    if (producer !== null) return producer;
    const made = client.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner,
      metadataMaxAge: 10_000,
    });
    await made.connect();
    producer = made;
    return made;
  };

  const send = async (letters: readonly DeadLetter[]): Promise<void> => {
    const open = await connected();
    try {
      await open.send({ topic, acks: -1, messages: letters.map(toMessage) });
    } catch (error) {
      if (
        (error as { type?: unknown }).type !== 'MESSAGE_TOO_LARGE' &&
        !String(error).includes('too large')
      ) {
        throw error;
      }
      if (letters.length === 1) await open.send({ topic, acks: -1, messages: letters.map(withoutBytes) });
      else {
        const half = letters.length >> 1;
        await send(letters.slice(0, half));
        await send(letters.slice(half));
      }
    }
  };

  return {
    write: async (letters) => {
      for (const batch of batches(letters)) {
        try {
          await withDeadline(send(batch), DEADLINE_MS, () => new Error(`no answer within ${DEADLINE_MS} ms`));
        } catch (error) {
          // An idempotent producer may stay unusable after a failure; the next attempt creates a new one.
          await close();
          throw new UnavailableError(
            'dead_letter',
            `the dead-letter topic ${topic} cannot be written (${(error as Error).message}); does it exist, and may this user write it?`,
            { cause: error },
          );
        }
      }
      for (const [first, count] of byTopicAndReason(letters)) {
        const { metric, topic: from, partition, offset, reason, message } = first;
        telemetry.deadLetters(from, reason, count);
        const records = throttle.due(`${from} ${reason}`, count);
        if (records === null) continue;
        log.warn({ metric, topic: from, partition, offset, reason, records }, `dead letter: ${message}`);
      }
    },
    close,
  };
}
