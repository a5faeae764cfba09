/** Types for the internal kafkajs modules that the bridge uses. */
declare module 'kafkajs/src/protocol/requests/fetch' {
  interface FetchArguments {
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
    }[];
  }
  interface Made {
    readonly response: { decode(raw: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
  }
  export type { FetchArguments };
  const fetchProtocol: {
    protocol(of: { readonly version: number | string }): (request: FetchArguments) => Made;
  };
  export default fetchProtocol;
}

declare module 'kafkajs/src/protocol/decoder' {
  export default class Decoder {
    constructor(buffer: Buffer);
    readInt16(): number;
    readInt32(): number;
    readInt64(): bigint;
    readString(): string | null;
    readBytes(): Buffer | null;
    readArray<T>(read: () => T): T[];
  }
}

declare module 'kafkajs/src/protocol/messageSet/decoder' {
  import type Decoder from 'kafkajs/src/protocol/decoder';

  export default function decodeMessageSet(decoder: Decoder, size: number): Promise<unknown[]>;
}

declare module 'kafkajs/src/consumer/batch' {
  /** One partition's part of a fetch response. */
  export default class Batch<Message> {
    constructor(topic: string, fetchedOffset: string, partition: { readonly messages: readonly Message[] });
    /** Without those before the offset, control records and aborted transactions. */
    readonly messages: readonly Message[];
  }
}
