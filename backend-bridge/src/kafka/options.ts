import type { KafkaSasl } from './login/sasl';
import type { SchemaRegistryOptions } from './schema-registry';

export interface KafkaTls {
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface KafkaSourceOptions {
  /** host:port of the bootstrap brokers. */
  readonly brokers: readonly string[];
  /** The same on every bridge that shares the work. */
  readonly groupId: string;
  readonly clientId: string;
  readonly ssl?: boolean | KafkaTls;
  readonly sasl?: KafkaSasl;
  /** Needed by mappings with Avro. */
  readonly schemaRegistry?: SchemaRegistryOptions | undefined;
  readonly deadLetterTopic: string;
  /** Compressed bytes asked of one partition at a time. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Compressed bytes of one answer. Default 8 MiB. */
  readonly maxBytes?: number;
  /** How long the group waits for a silent bridge. Default 8 s: its partitions go on within 15 s. */
  readonly sessionTimeoutMs?: number;
  /** How long a partition may be read into no store of ours while the group rebalances. Default 10 s. */
  readonly unreadAfterMs?: number;
  /** How often topics, ends and progress are looked at. Default 1 s. */
  readonly pollMs?: number;
  /** A consumer that fetches nothing, or a partition that stands still with lag, for so long is built anew. Default 30 s. */
  readonly stallMs?: number;
}
