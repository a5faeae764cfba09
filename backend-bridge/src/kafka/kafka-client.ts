import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs';
import type { Log } from '../domain/telemetry';
import type { KafkaSourceOptions } from './options';

export interface ClientPatience {
  readonly requestTimeoutMs: number;
  readonly retries: number;
}

/**
 * How long before the end of a limited SASL session to re-authenticate. Brokers refuse to do so twice within a second.
 */
const REAUTHENTICATE_MS = 2_000;

/** A kafkajs client with the bridge's settings and log. Never auto-creates topics. */
export function createClient(
  options: Pick<KafkaSourceOptions, 'brokers' | 'clientId' | 'ssl'>,
  sasl: KafkaConfig['sasl'],
  patience: ClientPatience,
  log: Log,
): Kafka {
  const { brokers, clientId, ssl } = options;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ssl: typeof ssl === 'object' ? { ...ssl } : ssl === true,
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    reauthenticationThreshold: REAUTHENTICATE_MS,
    requestTimeout: patience.requestTimeoutMs,
    retry: {
      initialRetryTime: 200,
      maxRetryTime: 2_000,
      retries: patience.retries,
      // The bridge creates a new consumer itself, after describing the topics again.
      restartOnFailure: () => Promise.resolve(false),
    },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      // kafkajs logs many transient conditions as errors; what matters is in the source's status.
      const { message, error, groupId, topic, partition } = entry.log as Record<string, unknown>;
      const reason = typeof error === 'string' ? error : undefined;
      log.debug({ kafkajs: entry.namespace, reason, groupId, topic, partition }, String(message));
    },
  };
  return new kafkajs.Kafka(sasl === undefined ? config : { ...config, sasl });
}
