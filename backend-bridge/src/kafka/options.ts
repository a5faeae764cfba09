import type { KafkaSasl } from './login/sasl';
import type { SchemaRegistryOptions } from './schema-registry';

export interface KafkaTls {
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface KafkaSourceOptions {
  /** host:port of the bootstrap brokers. */
  readonly brokers: readonly string[];
  /** Equal on all bridges that share the partitions. */
  readonly groupId: string;
  readonly clientId: string;
  readonly ssl?: boolean | KafkaTls;
  readonly sasl?: KafkaSasl;
  /** Required by mappings with Avro. */
  readonly schemaRegistry?: SchemaRegistryOptions | undefined;
  readonly deadLetterTopic: string;
  /** Fetch size per partition, compressed. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Fetch size per response, compressed. Default 8 MiB. */
  readonly maxBytes?: number;
  /** Session timeout of the group. Default 8 s, so that another bridge reads the partitions within 15 s. */
  readonly sessionTimeoutMs?: number;
  /** How long a partition may be without a reader for our store while the group rebalances. Default 10 s. */
  readonly unreadAfterMs?: number;
  /** Poll interval for topics, log ends and progress. Default 1 s. */
  readonly pollMs?: number;
  /**
   * The consumer is rebuilt when it has not fetched, or a partition with lag has not advanced, for this long. Default
   * 30 s.
   */
  readonly stallMs?: number;
}
