/**
 * Metadata request and response, version 10: the first that returns topic ids. kafkajs stops at version 6. It writes
 * header version 1; this version needs one more byte (no tagged fields), which is prepended to the body here.
 */

export interface TopicMetadata {
  readonly topic: string;
  /** Kafka error code; 0: none, 3: unknown topic. */
  readonly errorCode: number;
  /** 32 hexadecimal digits. */
  readonly topicId: string;
  /** By partition number. `leader` -1: no leader. */
  readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
}

export const METADATA_API_KEY = 3;
export const METADATA_VERSION = 10;

class Writer {
  private readonly parts: Buffer[] = [];

  varint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.push(rest);
    this.parts.push(Buffer.from(bytes));
    return this;
  }

  compactString(text: string): this {
    const bytes = Buffer.from(text, 'utf8');
    this.varint(bytes.length + 1);
    this.parts.push(bytes);
    return this;
  }

  bytes(...bytes: number[]): this {
    this.parts.push(Buffer.from(bytes));
    return this;
  }

  buffer(): Buffer {
    return Buffer.concat(this.parts);
  }
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length) throw new RangeError('the metadata response is truncated');
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new RangeError('the metadata response contains an overlong varint');
  }

  /** Null strings are returned as empty. */
  compactString(): string {
    const length = this.varint() - 1;
    if (length <= 0) return '';
    const from = this.at;
    this.skip(length);
    return this.bytes.toString('utf8', from, this.at);
  }

  hex(length: number): string {
    const from = this.at;
    this.skip(length);
    return this.bytes.toString('hex', from, this.at);
  }

  array<T>(item: () => T): T[] {
    const length = this.varint() - 1;
    const items: T[] = [];
    for (let i = 0; i < length; i += 1) items.push(item());
    return items;
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left -= 1) {
      this.varint();
      this.skip(this.varint());
    }
  }
}

/** Encodes a request for these topics, without auto-creation. */
export function encodeMetadataRequest(topics: readonly string[]): Buffer {
  const writer = new Writer().bytes(0).varint(topics.length + 1);
  for (const topic of topics) {
    writer
      .bytes(...new Array<number>(16).fill(0))
      .compactString(topic)
      .bytes(0);
  }
  return writer.bytes(0, 0, 0, 0).buffer();
}

/** Throws RangeError for bytes that are not a metadata response. */
export function decodeMetadataResponse(bytes: Buffer): TopicMetadata[] {
  const reader = new Reader(bytes);
  const int32s = (): number[] => reader.array(() => reader.int32());
  reader.tags();
  reader.int32(); // throttle time
  reader.array(() => {
    reader.int32();
    reader.compactString();
    reader.int32();
    reader.compactString();
    reader.tags();
  });
  reader.compactString(); // cluster id
  reader.int32(); // controller
  return reader.array(() => {
    const errorCode = reader.int16();
    const topic = reader.compactString();
    const topicId = reader.hex(16);
    reader.skip(1); // internal
    const partitions = reader.array(() => {
      const error = reader.int16();
      const partition = reader.int32();
      const leader = reader.int32();
      reader.int32(); // leader epoch
      int32s();
      int32s();
      int32s();
      reader.tags();
      return { partition, leader: error === 5 ? -1 : leader };
    });
    reader.int32(); // operations
    reader.tags();
    return { topic, errorCode, topicId, partitions: partitions.sort((a, b) => a.partition - b.partition) };
  });
}
