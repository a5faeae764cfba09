import { setImmediate } from 'node:timers/promises';
import type { Refusal } from '../../decoding/refusal';
import { Undecodable } from '../../decoding/undecodable';
import { crc32c } from './crc32c';
import { CODECS, unpack } from './unpack';

/** Larger records are skipped and become dead letters without their bytes. */
const MAX_RECORD_BYTES = 4_194_304;
/** A batch that decompresses to more is unreadable beyond this size. */
const MAX_BATCH_BYTES = 1_073_741_824;
/** Further headers of a record are left out: a small record can hold a million, and serializers write a handful. */
const MAX_HEADERS = 1_000;
/** Longest key that is kept of a record that is too large. */
const MAX_KEPT_KEY = 32_768;
/** Bytes unpacked between two yields to the event loop, at which earlier output can be freed. */
const TURN_BYTES = 8_388_608;
/** Approximate memory of one message besides its bytes. */
const MESSAGE_BYTES = 200;

const HEAD_BYTES = 61;
const CRC_FROM = 21;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** The fields by which kafkajs filters aborted transactions. */
interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
}

/** A message as kafkajs passes it on, with the reason when it was not read. */
export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>;
  readonly attributes: number;
  readonly magicByte: number;
  readonly isControlRecord: boolean;
  readonly batchContext: BatchContext;
  readonly refusal: Refusal | null;
}

/** What may still be decompressed of one response. A batch that exhausts it is read again from where it stopped. */
export interface Budget {
  /** Bytes that stay in memory with the messages. */
  kept: number;
  /** Bytes decompressed, kept or not. */
  unpacked: number;
}

interface Head {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly count: number;
  readonly context: BatchContext;
}

const NO_HEADERS: FetchedMessage['headers'] = Object.freeze({});

/** A message with lazily decoded headers: few formats need them, and a record may have very many. */
class Message implements FetchedMessage {
  readonly attributes = 0;
  readonly magicByte = 2;

  constructor(
    readonly offset: string,
    readonly timestamp: string,
    readonly key: Buffer | null,
    readonly value: Buffer | null,
    private readonly headerBytes: Buffer,
    readonly isControlRecord: boolean,
    readonly batchContext: BatchContext,
    readonly refusal: Refusal | null,
  ) {}

  get headers(): FetchedMessage['headers'] {
    if (this.headerBytes.length <= 1) return NO_HEADERS;
    try {
      return this.readHeaders();
    } catch (error) {
      throw new Undecodable(
        'value_malformed',
        `the record's headers are damaged: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }

  private readHeaders(): FetchedMessage['headers'] {
    const found = Object.create(null) as Record<string, Buffer | Buffer[]>;
    const reader = new Reader(this.headerBytes);
    for (let left = Math.min(reader.varint(), MAX_HEADERS); left > 0 && !reader.ended(); left -= 1) {
      const name = reader.sized()?.toString('utf8') ?? '';
      const value = reader.sized() as Buffer;
      const before = found[name];
      if (before === undefined) found[name] = value;
      else if (Array.isArray(before)) before.push(value);
      else found[name] = [before, value];
    }
    return found;
  }
}

/** Reads the fields of a record. Throws RangeError past the end. */
class Reader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  ended(): boolean {
    return this.at >= this.bytes.length;
  }

  /** A zigzag varint; inexact past 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a record is cut off within a number');
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  sized(): Buffer | null {
    const length = this.varint();
    if (length === -1) return null;
    if (length < 0 || this.at + length > this.bytes.length) {
      throw new RangeError('a key or value goes past the end of its record');
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }
}

/** The decompressed bytes of a batch, of which only the current piece is in memory. */
class Pieces {
  private buffer: Buffer = Buffer.alloc(0);
  private at = 0;
  private total = 0;
  private sinceTurn = 0;
  private readonly iterator: AsyncIterator<Buffer> | Iterator<Buffer>;

  constructor(
    source: AsyncIterable<Buffer> | Iterable<Buffer>,
    private readonly budget: Budget,
  ) {
    this.iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  get available(): number {
    return this.buffer.length - this.at;
  }

  /** Buffers at least this many bytes, or all that remain. */
  async fill(bytes: number): Promise<void> {
    const parts = [this.buffer.subarray(this.at)];
    let size = parts[0]!.length;
    while (size < bytes) {
      const piece = await this.next();
      if (piece === null) break;
      parts.push(piece);
      size += piece.length;
    }
    this.buffer = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    this.at = 0;
  }

  async skip(bytes: number): Promise<void> {
    let left = bytes - this.available;
    if (left <= 0) {
      this.at += bytes;
      return;
    }
    this.buffer = Buffer.alloc(0);
    this.at = 0;
    while (left > 0) {
      const piece = await this.next();
      if (piece === null) throw new RangeError('the batch ends within a record');
      if (piece.length > left) this.buffer = piece.subarray(left);
      left -= piece.length;
    }
  }

  take(bytes: number): Buffer {
    if (bytes > this.available) throw new RangeError('the batch ends within a record');
    this.at += bytes;
    return this.buffer.subarray(this.at - bytes, this.at);
  }

  /** The buffered bytes not consumed yet. */
  peek(): Buffer {
    return this.buffer.subarray(this.at);
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async next(): Promise<Buffer | null> {
    const result = await this.iterator.next();
    if (result.done === true) return null;
    const piece = result.value;
    this.total += piece.length;
    this.budget.unpacked -= piece.length;
    this.sinceTurn += piece.length;
    if (this.sinceTurn > TURN_BYTES) {
      this.sinceTurn = 0;
      await setImmediate();
    }
    if (this.total > MAX_BATCH_BYTES)
      throw new RangeError(`it unpacks to more than ${MAX_BATCH_BYTES} bytes`);
    return piece;
  }
}

function headOf(records: Buffer, at: number): Head {
  const firstOffset = Number(records.readBigInt64BE(at));
  const attributes = records.readInt16BE(at + 21);
  return {
    firstOffset,
    lastOffset: firstOffset + records.readInt32BE(at + 23),
    attributes,
    firstTimestamp: Number(records.readBigInt64BE(at + 27)),
    maxTimestamp: Number(records.readBigInt64BE(at + 35)),
    count: records.readInt32BE(at + 57),
    context: {
      producerId: records.readBigInt64BE(at + 43).toString(),
      inTransaction: (attributes & TRANSACTIONAL) !== 0,
    },
  };
}

const without = (
  head: Head,
  offset: number,
  timestamp: string,
  key: Buffer | null,
  refusal: Refusal | null,
) =>
  new Message(
    String(offset),
    timestamp,
    key,
    null,
    Buffer.from([0]),
    // Without a refusal it only marks the batch's last offset: compaction may have removed the last records.
    refusal === null,
    head.context,
    refusal,
  );

/** Offset and timestamp of a record, from its first bytes. */
function recordHead(reader: Reader, head: Head): { readonly offset: number; readonly timestamp: string } {
  reader.skip(1);
  const delta = reader.varint();
  const timestamp =
    (head.attributes & LOG_APPEND_TIME) !== 0 ? head.maxTimestamp : head.firstTimestamp + delta;
  return { offset: head.firstOffset + reader.varint(), timestamp: String(timestamp) };
}

/** Adds an oversized record without its value. */
function addLarge(messages: FetchedMessage[], bytes: Buffer, length: number, head: Head): number {
  const reader = new Reader(bytes);
  const { offset, timestamp } = recordHead(reader, head);
  const keyBytes = reader.varint();
  const key = keyBytes >= 0 && keyBytes <= MAX_KEPT_KEY ? reader.rest().subarray(0, keyBytes) : null;
  messages.push(
    without(head, offset, timestamp, key === null ? null : Buffer.from(key), {
      reason: 'record_too_large',
      message: `the record has ${length} bytes; the bridge reads records of at most ${MAX_RECORD_BYTES}`,
      firstOffset: offset,
      bytes: length,
    }),
  );
  return offset;
}

/**
 * Adds a batch's messages from `from` on. False when the budget is exhausted; the batch is then read again from after
 * the last message. An unreadable rest becomes one message that covers all remaining offsets.
 */
async function addBatch(
  messages: FetchedMessage[],
  head: Head,
  body: Buffer,
  from: number,
  budget: Budget,
): Promise<boolean> {
  const codec = CODECS[head.attributes & 0x07];
  const control = (head.attributes & CONTROL) !== 0;
  let reached = head.firstOffset;
  let next = Math.max(from, reached);
  const refuse = (error: unknown): void => {
    messages.push(
      without(head, head.lastOffset, String(head.maxTimestamp), null, {
        reason: 'batch_unreadable',
        message: `the records from offset ${next} to ${head.lastOffset} cannot be read (compression ${codec ?? 'unknown'}): ${(error as Error).message}`,
        firstOffset: next,
        bytes: body.length,
      }),
    );
  };
  if (codec === undefined) {
    refuse(new Error(`compression ${head.attributes & 0x07} is none of ${CODECS.join(', ')}`));
    return true;
  }
  let pieces: Pieces | null = null;
  try {
    pieces = new Pieces(unpack(codec, body), budget);
    for (let left = head.count; left > 0; left -= 1) {
      if (pieces.available < 5) await pieces.fill(5);
      const size = new Reader(pieces.peek());
      const length = size.varint();
      pieces.take(size.at);
      if (length < 0) throw new RangeError('a record has a negative length');
      let offset: number;
      if (length > MAX_RECORD_BYTES) {
        await pieces.fill(MAX_KEPT_KEY + 64);
        const begun = messages.length;
        offset = addLarge(messages, pieces.peek(), length, head);
        if (offset < next) messages.length = begun;
        if (offset > head.lastOffset || offset < reached) {
          messages.length = begun;
          throw new RangeError(`offset ${offset} is out of order`);
        }
        await pieces.skip(length);
      } else {
        if (pieces.available < length) await pieces.fill(length);
        const reader = new Reader(pieces.take(length));
        const place = recordHead(reader, head);
        offset = place.offset;
        if (offset > head.lastOffset || offset < reached)
          throw new RangeError(`offset ${offset} is out of order`);
        if (offset >= next) {
          const key = reader.sized();
          const value = reader.sized();
          const message = new Message(
            String(offset),
            place.timestamp,
            key,
            value,
            reader.rest(),
            control,
            head.context,
            null,
          );
          messages.push(message);
          budget.kept -= length + MESSAGE_BYTES;
        }
      }

      reached = offset + 1;
      next = Math.max(next, reached);
      if (budget.kept <= 0 && next <= head.lastOffset) return false;
    }
    if (next <= head.lastOffset) messages.push(without(head, head.lastOffset, '-1', null, null));
  } catch (error) {
    refuse(error);
  } finally {
    await pieces?.close();
  }
  return budget.unpacked > 0;
}

/** Batches that one response had damaged: the next one shows whether the log has them so. */
const suspects = new Set<string>();

/** False the first time, when the batch has to be fetched once more. */
function isDamagedTwice(suspect: string): boolean {
  if (suspects.delete(suspect)) return true;
  suspects.add(suspect);
  return false;
}

/**
 * The messages of record batches from `from` on, as far as the budget allows. `place` names the partition; `logEnd` is
 * its next offset, which the broker looks up before it reads: a response may hold a batch that was appended in between.
 * Never rejects: what cannot be read, in this response and the one before, becomes a message with a refusal.
 */
export async function decodeRecordBatches(
  records: Buffer,
  from: number,
  logEnd: number,
  place: string,
  budget: Budget,
): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  let last = -1;
  // The last batch may be truncated by the request's byte limit.
  for (let at = 0; at + HEAD_BYTES <= records.length;) {
    const end = at + 12 + records.readInt32BE(at + 8);
    const head = headOf(records, at);
    const unread = Math.max(from, last + 1);
    const suspect = `${place}/${unread}`;
    // The checksum does not cover the first offset.
    const inOrder =
      head.firstOffset > last && head.lastOffset >= head.firstOffset && head.lastOffset < logEnd;
    if (end < at + HEAD_BYTES || !inOrder) {
      if (!isDamagedTwice(suspect)) break;
      const refusal: Refusal = {
        reason: 'batch_unreadable',
        message: `the record batch at offset ${unread} has a damaged header`,
        firstOffset: unread,
        bytes: records.length - at,
      };
      messages.push(without(head, unread, '-1', null, refusal));
      break;
    }
    last = head.lastOffset;
    if (end > records.length) break;
    if (head.lastOffset >= from) {
      if (crc32c(records.subarray(at + CRC_FROM, end)) === records.readUInt32BE(at + 17)) {
        suspects.delete(suspect);
        if (!(await addBatch(messages, head, records.subarray(at + HEAD_BYTES, end), from, budget))) break;
      } else if (isDamagedTwice(suspect)) {
        messages.push(
          without(head, head.lastOffset, String(head.maxTimestamp), null, {
            reason: 'batch_unreadable',
            message: `the records from offset ${head.firstOffset} to ${head.lastOffset} do not match their checksum`,
            firstOffset: Math.max(from, head.firstOffset),
            bytes: end - at,
          }),
        );
      } else break;
    }
    at = end;
  }
  return messages;
}
